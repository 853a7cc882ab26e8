"""How soft the food of each age is, from purée to what the family eats."""

from __future__ import annotations

from collections.abc import Sequence

from backend.guides.pictures import bowls, frame, icons, svg, wording
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.frame import Drawing
from backend.guides.pictures.svg import Fragment
from backend.guides.pictures.tables import Band

TITLE = "从泥糊到家庭饭"
SUBTITLE = "每个年龄吃多软、多碎"
FIRST_ROW = 140
ROW_HEIGHT = 108
MIDDLE = svg.MARGIN + bowls.RADIUS
TEXT_LEFT = MIDDLE + bowls.RADIUS + 18
PILL_GAP = 12


def draw_textures(bands: Sequence[Band]) -> Drawing:
    eating = [band for band in bands if band.texture]
    rows = list(zip(eating, bowls.stages(), strict=True))
    last = FIRST_ROW + ROW_HEIGHT * (len(rows) - 1)
    way = svg.line(
        MIDDLE,
        FIRST_ROW,
        MIDDLE,
        last,
        stroke=Colour.QUIET,
        stroke_width=3,
        stroke_dasharray="0 8",
    )
    drawn = [
        _row(FIRST_ROW + ROW_HEIGHT * place, band, stage)
        for place, (band, stage) in enumerate(rows)
    ]
    alt = f"{TITLE}。" + wording.listed(
        f"{band.label_zh}：{wording.remarked(band.texture or '', awaited=_awaited(band))}"
        for band in eating
    )
    parts = (frame.heading(TITLE, SUBTITLE, icons.spoon()), way, *drawn)
    return Drawing("texture-stages", TITLE, alt, last + bowls.RADIUS + svg.MARGIN + 4, parts)


def _awaited(band: Band) -> bool:
    return band.marks.texture == "memory"


def _row(y: float, band: Band, stage: Fragment) -> Fragment:
    """The stage around `y`, and beside it the words, around `y` as well."""
    words = wording.lines(band.texture or "", svg.RIGHT - TEXT_LEFT, svg.BODY_SIZE)
    below = frame.PILL_HEIGHT + PILL_GAP - 4 if _awaited(band) else 0
    base = y - (frame.LINE_HEIGHT * len(words) + below) / 2 + 4
    parts = [
        svg.moved(MIDDLE, y, stage),
        svg.text(TEXT_LEFT, base, band.label_zh, frame.AGES_LETTERS),
    ]
    base += 3
    for words_in_line in words:
        base += frame.LINE_HEIGHT
        parts.append(svg.text(TEXT_LEFT, base, words_in_line))
    if _awaited(band):
        parts.append(frame.pill(TEXT_LEFT, base + PILL_GAP, wording.AWAITED))
    return svg.group(*parts)
