"""The ages at which parents look for warning signs: a winding way past all free check-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from backend.guides.pictures import frame, icons, svg, wording
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.frame import Drawing
from backend.guides.pictures.svg import Fragment, Lettering
from backend.guides.pictures.tables import SignGroup, Visit

TITLE = "哪几次体检要看预警征象"
LOOKED_AT, NOT_LOOKED_AT = "要看", "不用看"
CLOSING = (
    "体检前先在家对照一遍。出现任何一条，请去社区或县级妇幼保健机构复筛。",
    "这是提醒，不是诊断。",
)
ROWS = 4
FIRST_ROW = 124
ROW_HEIGHT = 86
TURN = ROW_HEIGHT // 2
LEFT, RIGHT = 68, svg.WIDTH - 68
DOT = 14
AGES = Lettering(15, bold=True, anchor=svg.CENTRED)


@dataclass(frozen=True)
class Stop:
    """A check-up and, where there is one, the group of signs of its age."""

    visit: Visit
    group: SignGroup | None

    @property
    def ages(self) -> str:
        if self.group:
            return self.group.label_zh
        target = self.visit.target
        return f"{target.months}月龄" if target.days is None else f"{target.days}天"


@dataclass(frozen=True)
class Place:
    """Where a stop is drawn."""

    x: float
    y: float
    stop: Stop


def draw_warning_ages(groups: Sequence[SignGroup], visits: Sequence[Visit]) -> Drawing:
    by_months = {group.age_months: group for group in groups}
    stops = [Stop(visit, by_months.get(visit.target.months or 0)) for visit in visits]
    places = _places(stops)
    counts = sorted(len(group.items) for group in groups)
    items = wording.span((counts[0], counts[-1]))
    subtitle = f"{len(visits)}次体检，{len(groups)}次要看，每次{items}条"
    y = FIRST_ROW + ROW_HEIGHT * ROWS
    closing, end = frame.paragraphs(y + 50, CLOSING)
    parts = (
        frame.heading(TITLE, subtitle, icons.sprout()),
        _way(),
        _directions(places),
        *(_stop(place) for place in places),
        *_key(y - 8),
        frame.divider(y + 18),
        closing,
    )
    looked_at = "、".join(stop.ages for stop in stops if stop.group)
    others = "、".join(stop.visit.title for stop in stops if not stop.group)
    alt = f"{TITLE}：{subtitle}。{LOOKED_AT}：{looked_at}。{NOT_LOOKED_AT}：{others}。"
    return Drawing("warning-ages", TITLE, alt + "".join(CLOSING), round(end) + 4, parts)


def _places(stops: Sequence[Stop]) -> list[Place]:
    """Stops along the way: the first rows hold one more, every second row runs to the left."""
    short, longer_rows = divmod(len(stops), ROWS)
    places: list[Place] = []
    for row in range(ROWS):
        held = short + (row < longer_rows)
        for step in range(held):
            along = (RIGHT - LEFT) * step / max(held - 1, 1)
            x = RIGHT - along if row % 2 else LEFT + along
            places.append(Place(x, FIRST_ROW + ROW_HEIGHT * row, stops[len(places)]))
    return places


def _way() -> Fragment:
    """To and fro, with half a circle at each turn."""
    d = f"M{LEFT} {FIRST_ROW}"
    for row in range(ROWS):
        d += f"H{LEFT if row % 2 else RIGHT}"
        if row < ROWS - 1:
            d += f"a{TURN} {TURN} 0 0 {0 if row % 2 else 1} 0 {ROW_HEIGHT}"
    return svg.stroke(d, Colour.SUNK, stroke_width=12)


def _directions(places: Sequence[Place]) -> Fragment:
    """An arrowhead on the way from each stop to the next."""
    d = ""
    for here, there in pairwise(places):
        middle = (here.x + there.x) / 2
        if here.y != there.y:
            x = here.x + (TURN if here.x > svg.WIDTH / 2 else -TURN)
            d += f"M{x - 4:g} {here.y + TURN - 2:g}l4 4l4-4"
        elif here.x < there.x:
            d += f"M{middle - 2:g} {here.y - 4:g}l4 4l-4 4"
        else:
            d += f"M{middle + 2:g} {here.y - 4:g}l-4 4l4 4"
    return svg.stroke(d, Colour.QUIET)


def _stop(place: Place) -> Fragment:
    return svg.moved(
        place.x,
        place.y,
        _dot(looked_at=place.stop.group is not None),
        svg.text(0, 36, place.stop.ages, AGES),
    )


def _dot(*, looked_at: bool) -> Fragment:
    if not looked_at:
        return svg.circle(0, 0, DOT - 4, fill=Colour.CARD, stroke=Colour.QUIET)
    return svg.group(
        svg.circle(0, 0, DOT, fill=Colour.CLAY),
        svg.stroke("M-6 0l4 5l8-9", Colour.CARD, stroke_width=3),
    )


def _key(y: float) -> tuple[Fragment, Fragment]:
    def entry(x: float, words: str, *, looked_at: bool) -> Fragment:
        return svg.moved(x + DOT, y, _dot(looked_at=looked_at), frame.small(DOT + 10, 5, words))

    return (
        entry(svg.MARGIN, LOOKED_AT, looked_at=True),
        entry(svg.MARGIN + 96, NOT_LOOKED_AT, looked_at=False),
    )
