"""Each gate of the mini-program refuses a planted fault and says in which file and line."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.miniprogram.tools import MINIPROGRAM, SAMPLE, node_path, run_node

SUN = "data:text/javascript,Object.defineProperty(process,'platform',{value:'sunos'})"
TOO_LARGE = 1_600_000


@dataclass(frozen=True)
class Fault:
    """In `file`, `before` becomes `after`; the gate must then say `why` at `where`.

    `where` is the line of the change unless the fault shows elsewhere.
    """

    gate: str
    file: str
    before: str
    after: str
    why: str
    where: str | None = None

    def __str__(self) -> str:
        return f"{self.gate}: {self.why}"

    def plant(self, app: Path) -> str:
        """Break the copy of the sample; returns `file:line` as the gate must name it."""
        file = app / self.file
        sound = file.read_text(encoding="utf-8")
        start = sound.index(self.before)
        file.write_text(sound.replace(self.before, self.after, 1), encoding="utf-8")
        return self.where or f"app/{self.file}:{sound[:start].count(chr(10)) + 1}:"


HOME = "pages/home/home"
CARD = "components/card/card"
FAULTS = [
    Fault("build", f"{HOME}.wxml", "去详情</navigator>", "去详情", "end tag"),
    Fault("build", f"{HOME}.wxml", "<swiper-item>", "<swiper-itme>", "<swiper-itme>"),
    Fault("build", f"{HOME}.json", "card/card", "card/crad", "not found"),
    Fault("build", f"{HOME}.ts", "services/http", "services/htpp", "resolve"),
    Fault("build", f"{HOME}.wxml", "dates.wxs", "date.wxs", "date.wxs does not exist"),
    Fault("build", f"{HOME}.json", "enablePull", "enabledPull", "unknown setting"),
    Fault("build", f"{CARD}.json", "true", "false", '"component": true', f"app/{CARD}.json"),
    Fault("build", "app.json", "pages/form/form", "pages/from/from", "has no pages/from"),
    Fault("build", "app.json", "calls/calls", "call/call", "is not one of the pages", "app.json:2"),
    Fault("build", "app.json", '"@ground"', '"@grund"', "not declared in theme"),
    Fault("build", "app.json", '"@navigationText"', '"grey"', "must be one of"),
    Fault("build", "app.json", '"style"', '"stile"', "unknown setting"),
    Fault("build", "app.json", '"darkmode": true,', '"darkmode": true', "not JSON", "app.json:2"),
    Fault("build", "app.json", "sitemap.json", "map.json", "map.json does not exist"),
    Fault("build", "theme.json", '"tab": "#5a6068",', "", "no value for light", "theme.json:15:"),
    Fault("build", "theme.json", "static/leaf.png", "static/lef.png", "tab icon", "app.json:18:"),
    Fault("build", "theme.json", '"#ffffff"', '"white"', "must be a colour", "app.json:5:"),
    Fault("build", "app.wxss", ".title {", "title {{", "Unclosed block"),
    Fault("build", "app.wxss", "theme.wxss", "them.wxss", "does not exist"),
    Fault("types", "app.ts", "this.globalData", "document.title; this.globalData", "document"),
    Fault("types", f"{HOME}.ts", "slide: detail.current", "slide: detail.courant", "courant"),
    Fault("types", "pages/detail/detail.ts", "{ title:", "{ titel:", "titel"),
    Fault("lint", f"{HOME}.wxml", 'wx:key="id"', "", "wxml/wx-key", f"{HOME}.wxml:14:"),
    Fault("lint", f"{HOME}.wxml", 'wx:if="{{error}}"', 'wx:if="true"', "wx-if-string"),
    Fault("lint", f"{HOME}.wxml", "{{opened}}", "{{opened +}}", "interpolation"),
    Fault("lint", f"{HOME}.ts", "slide: detail.current", "slide: detail as any", "no-explicit-any"),
    Fault("lint", f"{HOME}.ts", "await this.load();", "wx.request({ url });", "services/http"),
    Fault("lint", "app.ts", "this.globalData", "console.log(path); this.globalData", "no-console"),
    Fault("imports", f"{HOME}.ts", "../services", "../../preview/runtime", "not part"),
    Fault("imports", f"{HOME}.ts", "../../services/http", "lodash", '"lodash"'),
    Fault("imports", "app.wxss", "./theme", "../preview/runtime/base", "not part"),
    Fault("styles", "app.wxss", ".title {", ".title:has(.a) {", ":has"),
    Fault("styles", "app.wxss", "font-size: 40rpx;", ".a { color: red; }", "nested"),
    Fault("styles", "app.wxss", "font-size: 40rpx", "backdrop-filter: blur(2px)", "backdrop"),
    Fault("styles", "app.wxss", "padding: 24rpx", "height: 100dvh", "dvh"),
    Fault("styles", "app.wxss", "padding: 24rpx", "background: url(/static/a.png)", "as data:"),
    Fault("styles", f"{CARD}.wxss", ".title", "view", "styled by classes"),
    Fault("wcc", f"{HOME}.wxml", "去详情</navigator>", "去详情", "tag missing"),
    Fault("wcc", "utils/numbers.wxs", "function (text) {", "(text) => {", "wcc"),
    Fault("wcc", "app.wxss", ".title", "*", "unexpected token"),
    Fault("format", f"{HOME}.ts", "opened: ''", 'opened: ""', "Prettier"),
]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A copy of the sample that a test may break."""
    return Path(shutil.copytree(SAMPLE, tmp_path / "app"))


def check(app: Path, gate: str) -> subprocess.CompletedProcess[str]:
    return run_node("checks/check.mjs", "--app", app, "--only", gate)


def test_the_clean_sample_passes_every_gate(app: Path) -> None:
    done = run_node("checks/check.mjs", "--app", app)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("pass") == 8


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_refused_with_file_and_line(app: Path, fault: Fault) -> None:
    where = fault.plant(app)

    done = check(app, fault.gate)

    assert done.returncode == 1, done.stdout + done.stderr
    named = [line for line in done.stdout.splitlines() if where in line]
    assert any(fault.why in line for line in named), f"{where} {done.stdout}"


@pytest.mark.parametrize("file", ["app.ts", f"{HOME}.wxml", f"{CARD}.ts", f"{CARD}.wxml"])
def test_a_missing_file_is_refused(app: Path, file: str) -> None:
    (app / file).unlink()

    done = check(app, "build")

    assert done.returncode == 1
    assert file in done.stdout


def test_a_page_that_app_json_does_not_name_is_refused(app: Path) -> None:
    shutil.copytree(app / "pages" / "form", app / "pages" / "other")
    for file in (app / "pages" / "other").iterdir():
        file.rename(file.with_name(file.name.replace("form", "other")))

    done = check(app, "build")

    assert done.returncode == 1
    assert "app/pages/other/other.wxml: is a page that app.json does not name" in done.stdout


def test_a_package_above_the_limit_is_refused_and_its_largest_file_named(app: Path) -> None:
    (app / "static" / "photo.png").write_bytes(b"\x89PNG" + bytes(TOO_LARGE))

    done = check(app, "size")

    assert done.returncode == 1
    assert "app/static/photo.png" in done.stdout


def test_official_compilers_that_cannot_run_here_fail_the_gate(app: Path) -> None:
    script = MINIPROGRAM / "checks" / "check.mjs"
    command = [node_path(), "--import", SUN, str(script), "--app", str(app), "--only", "wcc"]
    environ = {name: value for name, value in os.environ.items() if name != "CHENGYU_ALLOW_NO_WCC"}

    refused = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    allowed = subprocess.run(
        command,
        env={**environ, "CHENGYU_ALLOW_NO_WCC": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert "wcc was not run here: no binary for sunos" in refused.stdout
    assert allowed.returncode == 0


def test_an_unknown_gate_is_refused(app: Path) -> None:
    done = check(app, "typos")

    assert done.returncode == 1
    assert 'no gate "typos"' in done.stderr


def test_a_build_that_only_checks_writes_nothing(app: Path, tmp_path: Path) -> None:
    out = tmp_path / "dist"

    done = run_node("preview/build.mjs", "--check", app, out)

    assert done.returncode == 0, done.stderr
    assert not out.exists()
