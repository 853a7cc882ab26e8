"""SVG made of presentation attributes alone, which is what WeChat's <image> shows everywhere.

A picture is drawn once; its colours are names until `paint` gives them the values of a theme.
No ids: pictures may stand on one page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import NewType

from backend.guides.pictures.colours import Colour, Theme

WIDTH = 345  # CSS px: a phone of 375 less the margins of a page
MARGIN = 20
INNER = WIDTH - 2 * MARGIN
RIGHT = WIDTH - MARGIN

BODY_SIZE = 15
SMALL_SIZE = 14  # nothing is written smaller
CENTRED = "middle"
ENDING = "end"

ROUND_STROKES = {"stroke_width": "2", "stroke_linecap": "round", "stroke_linejoin": "round"}
"""What every stroke is unless it says otherwise."""

Fragment = NewType("Fragment", str)
"""Markup, as opposed to words, which are escaped."""

Value = str | float

COLOUR_NAME = re.compile(r'"@([a-z-]+)"')


@dataclass(frozen=True)
class Lettering:
    """How words are written; they begin at the given place unless `anchor` says otherwise."""

    size: int = BODY_SIZE
    fill: Colour = Colour.INK
    bold: bool = False
    anchor: str | None = None


def element(name: str, *children: Fragment, **attributes: Value | None) -> Fragment:
    """One element. `_` in a name of an attribute is `-`; None leaves the attribute out."""
    written = "".join(
        f' {key.replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Fragment(f"<{name}{written}/>")
    return Fragment(f"<{name}{written}>{''.join(children)}</{name}>")


def _attribute(value: Value) -> str:
    return escape(value) if isinstance(value, str) else f"{round(value, 1):g}"


def text(x: float, y: float, words: str, lettering: Lettering = Lettering()) -> Fragment:
    """Words on the base line `y`."""
    return element(
        "text",
        Fragment(escape(words, quote=False)),
        x=x,
        y=y,
        font_size=lettering.size,
        fill=lettering.fill,
        font_weight="600" if lettering.bold else None,
        text_anchor=lettering.anchor,
    )


def rect(x: float, y: float, width: float, height: float, **attributes: Value | None) -> Fragment:
    return element("rect", x=x, y=y, width=width, height=height, **attributes)


def circle(x: float, y: float, radius: float, **attributes: Value | None) -> Fragment:
    return element("circle", cx=x, cy=y, r=radius, **attributes)


def path(d: str, **attributes: Value | None) -> Fragment:
    return element("path", d=d, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: Value | None) -> Fragment:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def stroke(d: str, colour: Colour, **attributes: Value | None) -> Fragment:
    """A path that is only drawn along, not filled."""
    return path(d, fill="none", stroke=colour, **attributes)


def group(*children: Fragment, **attributes: Value | None) -> Fragment:
    return element("g", *children, **attributes)


def moved(x: float, y: float, *children: Fragment, scale: float = 1) -> Fragment:
    """The children, drawn from (x, y) on."""
    larger = "" if scale == 1 else f" scale({scale:g})"
    return group(*children, transform=f"translate({x:g} {y:g}){larger}")


def bar(x: float, y: float, width: float, height: float, fill: Colour) -> Fragment:
    """A bar with round ends; as wide as it is high at least."""
    return rect(x, y, max(width, height), height, rx=height / 2, fill=fill)


def document(title: str, height: int, *children: Fragment) -> Fragment:
    """The whole picture on its card."""
    card = rect(
        0.5,
        0.5,
        WIDTH - 1,
        height - 1,
        rx=20,
        fill=Colour.CARD,
        stroke=Colour.LINE,
        stroke_width=1,
    )
    return element(
        "svg",
        element("title", Fragment(escape(title, quote=False))),
        card,
        *children,
        **{"xmlns": "http://www.w3.org/2000/svg", "xml:lang": "zh-CN"},
        width=WIDTH,
        height=height,
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        font_family="sans-serif",
        **ROUND_STROKES,
    )


def paint(drawing: Fragment, theme: Theme) -> bytes:
    """The drawing in the colours of a theme."""
    return COLOUR_NAME.sub(lambda name: f'"{theme[name[0][1:-1]]}"', drawing).encode()
