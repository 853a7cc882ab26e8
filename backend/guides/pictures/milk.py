"""Milk a day by age, with both official sets of numbers where there are two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backend.guides.pictures import frame, icons, svg, wording
from backend.guides.pictures.colours import Colour
from backend.guides.pictures.frame import Drawing
from backend.guides.pictures.svg import Fragment
from backend.guides.pictures.tables import Band, Range

TITLE = "一天喝多少奶"
SUBTITLE = "两份指南写得不一样的，都写出来"
UNIT = "毫升"
FIRST_ROW = 92
FIRST_BAR, NEXT_BAR = 36, 47
TIMES_LEFT = 124
MAIN_SOURCE = "CNS2022"
SHORT_TITLES = {MAIN_SOURCE: "膳食指南", "NFE2025": "评估指南"}
COLOURS = {MAIN_SOURCE: Colour.SKY, "NFE2025": Colour.CLAY}


@dataclass(frozen=True)
class MilkAmount:
    """What one text says; `ages` only where it divides the band further."""

    source: str
    ages: str
    ml: Range

    @property
    def label(self) -> str:
        return " ".join(filter(None, (SHORT_TITLES[self.source], self.ages)))


def draw_milk(bands: Sequence[Band], source_titles: Mapping[str, str]) -> Drawing:
    amounts = [list(_amounts(band)) for band in bands]
    most = max(milk.ml[1] for of_band in amounts for milk in of_band)
    parts = [frame.heading(TITLE, SUBTITLE, icons.milk())]
    y: float = FIRST_ROW
    for band, of_band in zip(bands, amounts, strict=True):
        drawn, y = _band(y, band, of_band, most)
        parts.append(drawn)
    parts.append(frame.divider(y))
    y += 30
    titles = (f"{short}：{source_titles[key]}" for key, short in SHORT_TITLES.items())
    closing, y = frame.paragraphs(y, titles)
    parts.append(closing)
    alt = f"{TITLE}。" + wording.listed(
        _spoken(band, of_band) for band, of_band in zip(bands, amounts, strict=True)
    )
    return Drawing("milk-by-age", TITLE, alt, round(y) + 4, tuple(parts))


def _amounts(band: Band) -> Iterator[MilkAmount]:
    """Empty for milk on demand."""
    if band.milk.ml:
        yield MilkAmount(MAIN_SOURCE, "", band.milk.ml)
    for source, others in band.milk.ml_alt.items():
        for other in others:
            yield MilkAmount(source, other.ages, other.ml)


def _awaited(band: Band) -> bool:
    return band.marks.milk_ml == "memory"


def _spoken(band: Band, amounts: Sequence[MilkAmount]) -> str:
    told = [
        f"{milk.label if band.milk.ml_alt else ''}{wording.span(milk.ml)}{UNIT}" for milk in amounts
    ]
    words = "，".join([band.milk.times, *told])
    return f"{band.label_zh}：{wording.remarked(words, awaited=_awaited(band))}"


def _band(
    y: float, band: Band, amounts: Sequence[MilkAmount], most: float
) -> tuple[Fragment, float]:
    """The rows of a band from `y` on, and where the next one begins."""
    parts = [
        frame.divider(y),
        svg.text(svg.MARGIN, y + 30, band.label_zh, frame.AGES_LETTERS),
    ]
    times = wording.remarked(band.milk.times, awaited=_awaited(band))
    y += 30
    if not amounts:
        closing, y = frame.paragraph(y + 25, times)
        return svg.group(*parts, closing), y - 4
    parts.append(frame.small(TIMES_LEFT, y, times))
    if not band.milk.ml_alt:
        parts.append(_bar_row(y, amounts[0], most))
        return svg.group(*parts), y + 36
    for place, milk in enumerate(amounts):
        y += NEXT_BAR if place else FIRST_BAR
        parts += [svg.text(svg.MARGIN, y, milk.label), _bar_row(y, milk, most)]
    return svg.group(*parts), y + 36


def _bar_row(y: float, milk: MilkAmount, most: float) -> Fragment:
    """An amount on the base line `y`, and its bar below."""
    return svg.group(
        frame.amount(svg.RIGHT, y, wording.span(milk.ml), UNIT),
        frame.range_bar(svg.MARGIN, y + 9, svg.INNER, milk.ml, most, COLOURS[milk.source]),
    )
