import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from backend.kernel.clock import FixedClock
from backend.sandbox import store
from backend.sandbox.config import SandboxConfig, SandboxRefused, refuse_production
from backend.sandbox.templates import WrongTemplates, load_templates
from tests.sandbox.running import Talk, listening, opened, state_of, until

TEMPLATES = """
templates:
  - {id: t-1, title: 预约结果通知, fields: {thing1: 服务项目}}
  - id: t-2
    title: 复诊提醒
    type: long
    fields: [{name: enum1, label: 时段, values: [上午, 下午]}]
"""
PROCESS = """
import sys
from pathlib import Path
from backend.sandbox.config import SandboxConfig
from backend.sandbox.server import serve
from backend.sandbox.templates import load_templates
folder = Path(sys.argv[1])
serve(SandboxConfig(port=int(sys.argv[2]), var_dir=folder, appid="wxa", secret="s", token="t",
      aes_key="a" * 43, webhook_url="http://127.0.0.1:9/",
      templates=load_templates(folder / "templates.yaml")))
"""


def test_a_restart_forgets_nothing(config: SandboxConfig, clock: FixedClock) -> None:
    with opened(config, clock) as client:
        before = Talk(client, config)
        before.people("post", "phones/2/choose")
        openid, token = before.openid(1), before.token()
        unused, used = before.code(), before.code()
        before.login(used)
        before.accept()
        before.accept()
        before.send(touser=openid, token=token)
        before.people("post", "faults", path="/sns/jscode2session", errcode=-1, times=1)
        messages = before.messages()

    with opened(config, clock) as client:
        after = Talk(client, config)
        assert after.token() == token
        assert after.messages() == messages
        assert after.login(unused)["errcode"] == -1
        assert after.login(unused)["openid"] == openid
        assert after.login(used)["errcode"] == 40163
        codes = [after.send(touser=openid)["errcode"] for _ in range(2)]
        assert codes == [0, 43101]
        names = [phone["name"] for phone in after.people("get", "phones")["items"]]
        assert names == ["妈妈手机", "爸爸手机", "奶奶手机", "邻居手机"]


def test_a_push_that_waited_is_delivered_after_a_restart(
    config: SandboxConfig, clock: FixedClock
) -> None:
    patient = replace(config, push_retry_seconds=3600)
    with opened(patient, clock) as client:
        talk = Talk(client, patient)
        talk.people("post", "follow", phone=1, follow=True)
        until(lambda: talk.people("get", "pushes")["items"][0]["attempts"] == 1)

    with listening() as webhook, opened(replace(config, webhook_url=webhook.url), clock):
        until(lambda: webhook.heard)


def test_a_step_that_fails_leaves_nothing_behind(talk: Talk) -> None:
    memory = state_of(talk.client).store

    def half_a_step() -> None:
        with memory.change():
            memory.set("half", "written")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half_a_step()
    assert memory.setting("half") is None


@pytest.mark.slow
def test_a_killed_sandbox_keeps_all_but_the_last_moment(tmp_path: Path) -> None:
    (tmp_path / "templates.yaml").write_text(TEMPLATES, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    api = f"http://127.0.0.1:{port}/sandbox/api"
    command = [sys.executable, "-c", PROCESS, str(tmp_path), str(port)]

    def answers() -> bool:
        try:
            return requests.get(f"{api}/phones", timeout=2).ok
        except requests.ConnectionError:
            return False

    process = subprocess.Popen(command, env={**os.environ, "BACKEND_MODE": "test"})
    try:
        until(answers)
        before = requests.post(f"{api}/phones", json={"name": "外婆手机"}, timeout=5).json()
        database = tmp_path / "wechat-sandbox.sqlite3-wal"
        until(lambda: "外婆手机".encode() in database.read_bytes())
        process.kill()
        process.wait()
        process = subprocess.Popen(command, env={**os.environ, "BACKEND_MODE": "test"})
        until(answers)
        after = requests.get(f"{api}/phones", timeout=5).json()["items"][-1]
        assert after == before
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_two_sandboxes_do_not_share_a_memory(
    talk: Talk, config: SandboxConfig, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PREDECESSOR_SECONDS", 0.1)

    with pytest.raises(SandboxRefused, match="another"), opened(config, clock):
        pass


def test_it_does_not_start_in_production() -> None:
    with pytest.raises(SandboxRefused, match="production"):
        refuse_production({"BACKEND_MODE": "production"})
    refuse_production({"BACKEND_MODE": "demo"})


def test_a_process_does_not_start_in_production(tmp_path: Path) -> None:
    (tmp_path / "templates.yaml").write_text(TEMPLATES, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-c", PROCESS, str(tmp_path), "0"],
        env={**os.environ, "BACKEND_MODE": "production"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode != 0
    assert "BACKEND_MODE=production" in result.stderr


def test_templates_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "templates.yaml"
    path.write_text(TEMPLATES, encoding="utf-8")

    templates = load_templates(path)

    assert templates["t-1"].fields[0].label == "服务项目"
    assert templates["t-2"].kind == "long"
    assert templates["t-2"].fields[0].values == ("上午", "下午")


@pytest.mark.parametrize(
    "text", ["", "[]", "- {id: a}", "[1]", "{", "- {id: a, title: b, type: x}"]
)
def test_a_wrong_template_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "templates.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(WrongTemplates, match=r"templates\.yaml"):
        load_templates(path)
