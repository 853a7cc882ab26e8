"""From a manuscript to a PDF with typst; its fonts come with the installation.

Both packages are heavy (55 MB) and needed by one command, so they are an extra and imported here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

from backend.guides.book.manuscript import Code, Manuscript

TEMPLATE = Path(__file__).with_name("book.typ")
FONTS = "manimgx_fonts_cjk"  # Noto Sans CJK, OFL 1.1
NEEDED = ("typst", "segno", FONTS)


class CannotTypeset(Exception):
    """What must be installed first, in Chinese and English."""


def check_tools(needed: Sequence[str] = NEEDED) -> None:
    """Raises CannotTypeset when a part of the extra `book` is missing."""
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        names = ", ".join(missing)
        raise CannotTypeset(
            f"印书要用的排版程序和字体还没有装（缺 {names}），请运行：pip install '.[book]'\n"
            f"the typesetter and its fonts are missing ({names}): pip install '.[book]'"
        )


def to_pdf(manuscript: Manuscript, day: date) -> bytes:
    """The finished book. The same manuscript and day give the same bytes.

    Raises CannotTypeset.
    """
    check_tools()
    import typst

    pdf, warnings = typst.compile_with_warnings(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[_font_folder()],
        ignore_system_fonts=True,  # the same book on every machine
        sys_inputs={"book": json.dumps(manuscript.data, ensure_ascii=False)},
        pdf_standards=["ua-1"],  # headings, pictures and tables that a screen reader can follow
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
    )
    if warnings:  # page numbers that did not settle, a font that is not there
        said = "\n".join(warning.message for warning in warnings)
        raise CannotTypeset(f"排版有问题，没有印：\n{said}")
    return pdf


def code_for(site: str) -> Code:
    """QR codes of the pages under this address. Raises CannotTypeset."""
    check_tools()
    import segno

    def code(slug: str) -> str:
        made = segno.make(f"{site.rstrip('/')}/g/{slug}", error="m", micro=False)
        return made.svg_inline(border=0, dark="#2d2823", omitsize=True)

    return code


def _font_folder() -> str:
    spec = find_spec(FONTS)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return str(spec.submodule_search_locations[0])
