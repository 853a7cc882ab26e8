"""What all pictures share: a drawing, its heading, its closing lines and its range bars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.guides.pictures import icons, svg, wording
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.svg import Fragment, Lettering

TITLE_LETTERS = Lettering(19, bold=True)
AGES_LETTERS = Lettering(16, bold=True)
LINE_HEIGHT = 21
FIGURE_LETTERS = Lettering(17, bold=True, anchor=svg.ENDING)
BAR_HEIGHT = 10
PILL_HEIGHT = 28


@dataclass(frozen=True)
class Drawing:
    """A picture before it is painted."""

    name: str
    title: str
    alt: str
    height: int
    parts: tuple[Fragment, ...]


def heading(title: str, subtitle: str, *emblem: Fragment) -> Fragment:
    """Title and what belongs below it; an emblem of the size of a tile in the corner."""
    return svg.group(
        svg.text(svg.MARGIN, 42, title, TITLE_LETTERS),
        small(svg.MARGIN, 68, subtitle),
        svg.moved(svg.RIGHT - icons.TILE, svg.MARGIN - 2, *emblem),
    )


def small(x: float, y: float, words: str, anchor: str | None = None) -> Fragment:
    """Words that explain."""
    return svg.text(x, y, words, Lettering(svg.SMALL_SIZE, Colour.QUIET, anchor=anchor))


def paragraph(y: float, words: str) -> tuple[Fragment, float]:
    """Quiet words from the base line `y` on, and the base line below them."""
    rows = wording.lines(words, svg.INNER, svg.SMALL_SIZE)
    written = [small(svg.MARGIN, y + LINE_HEIGHT * place, row) for place, row in enumerate(rows)]
    return svg.group(*written), y + LINE_HEIGHT * len(rows)


def paragraphs(y: float, texts: Iterable[str]) -> tuple[Fragment, float]:
    """Paragraphs one below the other."""
    written = []
    for words in texts:
        part, y = paragraph(y, words)
        written.append(part)
    return svg.group(*written), y


def pill(x: float, y: float, words: str) -> Fragment:
    """Words that call for care, with their upper left corner at (x, y)."""
    width = wording.width(words, svg.SMALL_SIZE) + 22
    return svg.group(
        svg.rect(x, y, width, PILL_HEIGHT, rx=PILL_HEIGHT / 2, fill=Colour.WARN_SOFT),
        svg.text(
            x + width / 2,
            y + 19,
            words,
            Lettering(svg.SMALL_SIZE, Colour.WARN, anchor=svg.CENTRED),
        ),
    )


def divider(y: float) -> Fragment:
    return svg.line(svg.MARGIN, y, svg.RIGHT, y, stroke=Colour.LINE, stroke_width=1)


def range_bar(
    x: float, y: float, width: float, amounts: tuple[float, float], scale: float, fill: Colour
) -> Fragment:
    """A track from nothing to `scale`, and the amounts on it."""
    low, high = (amount / scale * width for amount in amounts)
    length = max(high - low, BAR_HEIGHT)
    begins = min(max((low + high - length) / 2, 0), width - length)
    return svg.group(
        svg.bar(x, y, width, BAR_HEIGHT, Colour.SUNK),
        svg.bar(x + begins, y, length, BAR_HEIGHT, fill),
    )


def amount(x: float, y: float, figure: str, unit: str) -> Fragment:
    """A figure and its unit that end at `x`."""
    number = svg.text(x, y, figure, FIGURE_LETTERS)
    if not unit:
        return number
    room = wording.width(unit, svg.SMALL_SIZE)
    return svg.group(
        svg.moved(-room - 4, 0, number),
        small(x, y, unit, svg.ENDING),
    )
