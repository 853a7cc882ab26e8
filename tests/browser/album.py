"""The album of screenshots: takes a picture, keeps it small, and writes the table of all."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.house import House
from tests.browser.watch import Watch
from tests.process.product import TEN_IN_THE_MORNING

PATIENCE_MS = 30_000
MOST_COLOURS = 256  # a third of the bytes, and no difference to the eye
GROUPS = {  # folder: (title, pictures in a row)
    "doors": ("入口", 2),
    "curves": ("生长曲线：左边照标准的表另画在纸上，右边是家长端", 2),
    "app-light": ("家长端，浅色", 4),
    "app-dark": ("家长端，深色", 4),
    "console-1280": ("中心工作台，宽 1280", 2),
    "console-768": ("中心工作台，宽 768", 3),
}


@dataclass(frozen=True)
class Shot:
    """One picture: where it lies, what it shows, in the words of the index."""

    group: str
    file: str
    title: str


class Album:
    """Takes pictures and remembers what they show."""

    def __init__(self, browser: Browser, house: House, folder: Path) -> None:
        self.house = house
        self.shots: list[Shot] = []
        self._browser = browser
        self._folder = folder

    @contextmanager
    def window(self, **options: object) -> Iterator[tuple[Page, Watch]]:
        """A page of a browser of its own, its clock at the house's start."""
        context = self._browser.new_context(
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            **options,  # type: ignore[arg-type]  # Playwright's own keywords
        )
        context.set_default_timeout(PATIENCE_MS)
        context.clock.set_system_time(datetime.fromisoformat(TEN_IN_THE_MORNING))
        watch = Watch(context, self.house.base)
        yield context.new_page(), watch
        context.close()
        if watch.complaints:
            raise SystemExit("\n".join(watch.complaints))

    def take(self, page: Page, group: str, name: str, title: str, *, exact: bool = False) -> None:
        """What is in the window now, once its pictures and fonts are there.

        `exact`: every colour as it is, where thin lines tell each other apart by it.
        """
        page.evaluate(
            "() => Promise.all([document.fonts.ready,"
            " ...[...document.images].map((image) => image.decode().catch(() => {}))])"
        )
        file = self._folder / group / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        if not exact:
            picture = picture.quantize(MOST_COLOURS, dither=Image.Dither.NONE)
        picture.save(file, optimize=True)
        self.shots.append(Shot(group, f"{group}/{name}.png", title))


def write_index(folder: Path, shots: list[Shot]) -> None:
    """A table for each group, as many pictures to a row as can be told apart."""
    lines = [
        "# 每一页的样子",
        "",
        "由 `make screenshots` 生成，时间停在 2026-11-23 上午 10 点；人和孩子都是编造的。",
    ]
    for group, (title, columns) in GROUPS.items():
        mine = [shot for shot in shots if shot.group == group]
        lines += ["", f"## {title}", ""]
        for start in range(0, len(mine), columns):
            row = mine[start : start + columns]
            row += [Shot("", "", "")] * (columns - len(row))
            if start == 0:
                lines += ["|" + " |" * columns, "|" + "---|" * columns]
            lines.append("|" + "|".join(cell(shot) for shot in row) + "|")
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def cell(shot: Shot) -> str:
    return f" {shot.title}<br>![{shot.title}]({shot.file}) " if shot.file else " "
