"""How long a child sleeps in a day and a night: rings of which one round is a whole day."""

from __future__ import annotations

from math import cos, pi, sin

from backend.guides.pictures import frame, icons, svg, wording
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.frame import Drawing
from backend.guides.pictures.svg import Fragment, Lettering
from backend.guides.pictures.tables import Range, Sleep, SleepRow

HOURS_A_DAY = 24
TITLE = "一天加起来睡多久"
SUBTITLE = "白天的小觉也算在里面"
UNIT = "小时"
IN_A_ROW = 2
FIRST_ROW = 152
ROW_HEIGHT = 172
RADIUS = 52
THICK = 14
HOURS = Lettering(20, bold=True, anchor=svg.CENTRED)
CENTRED = Lettering(16, bold=True, anchor=svg.CENTRED)
ROUND = "一整圈是一天一夜"
LEAST, MOST = "少则这么久", "多则到这里"
DASH = 3.5
KEY_LENGTH = 28


def draw_sleep(sleep: Sleep) -> Drawing:
    rows = sleep.hours_per_day
    rings = [_ring(place, row) for place, row in enumerate(rows)]
    y = FIRST_ROW + ROW_HEIGHT * ((len(rows) - 1) // IN_A_ROW) + RADIUS + 54
    parts = (
        frame.heading(TITLE, SUBTITLE, icons.moon()),
        *rings,
        frame.divider(y),
        frame.small(svg.MARGIN, y + 32, ROUND),
        _key(svg.MARGIN, y + 60, LEAST, None),
        _key(svg.WIDTH / 2, y + 60, MOST, DASH),
    )
    alt = f"{TITLE}，{SUBTITLE}：" + wording.listed(
        f"{wording.ages(row.age_months)}{wording.span(row.hours)}{UNIT}" for row in rows
    )
    return Drawing("sleep-by-age", TITLE, alt, y + 80, parts)


def _ring(place: int, row: SleepRow) -> Fragment:
    down, across = divmod(place, IN_A_ROW)
    x = svg.MARGIN + svg.INNER / IN_A_ROW * (across + 0.5)
    y = FIRST_ROW + ROW_HEIGHT * down
    return svg.moved(
        x,
        y,
        svg.circle(0, 0, RADIUS, fill="none", stroke=Colour.SUNK, stroke_width=THICK),
        *_arcs(row.hours),
        svg.text(0, 4, wording.span(row.hours), HOURS),
        frame.small(0, 24, UNIT, svg.CENTRED),
        svg.text(0, RADIUS + 34, wording.ages(row.age_months), CENTRED),
    )


def _key(x: float, y: float, words: str, dash: float | None) -> Fragment:
    """What a part of a ring means; the words stand on `y`."""
    return svg.group(
        _thick(f"M{x:g} {y - 5:g}h{KEY_LENGTH}", dash), frame.small(x + KEY_LENGTH + 10, y, words)
    )


def _arcs(hours: Range) -> tuple[Fragment, Fragment]:
    low, high = (hour / HOURS_A_DAY for hour in hours)
    length = 2 * pi * RADIUS * (high - low)
    dash = length / (2 * max(round(length / (2 * DASH)), 1))
    return _thick(_arc(0, low), None), _thick(_arc(low, high), dash)


def _thick(d: str, dash: float | None) -> Fragment:
    """A broad line; if it is dashed, it begins with a gap as long as a dash."""
    return svg.stroke(
        d,
        Colour.NIGHT,
        stroke_width=THICK,
        stroke_linecap="butt",
        stroke_dasharray=f"{dash:.2f}" if dash else None,
        stroke_dashoffset=f"{dash:.2f}" if dash else None,
    )


def _arc(begins: float, ends: float) -> str:
    """Part of the ring, from the top on with the clock; both in rounds."""
    x1, y1 = _on_ring(begins)
    x2, y2 = _on_ring(ends)
    large = int(ends - begins > 0.5)
    return f"M{x1:.1f} {y1:.1f}A{RADIUS} {RADIUS} 0 {large} 1 {x2:.1f} {y2:.1f}"


def _on_ring(rounds: float) -> tuple[float, float]:
    return RADIUS * sin(2 * pi * rounds), -RADIUS * cos(2 * pi * rounds)
