"""Names for the bands between the lines, from the standard where it has some.

A band counts the lines that a value reaches: 0 below -3 SD, 7 from +3 SD. A line belongs to
the band above it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from backend.facts.errors import ContentError
from backend.facts.reading import read_yaml, validated
from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth.scores import LINES

Bands: TypeAlias = tuple[str, str, str, str, str, str, str, str]

NOT_APPLICABLE = "不适用"
INDICATORS = {
    "年龄别体重": (Indicator.WEIGHT,),
    "年龄别身长(身高)": (Indicator.LENGTH,),
    "身长(身高)别体重或年龄别BMI": (
        Indicator.BMI,
        Indicator.WEIGHT_FOR_LENGTH,
        Indicator.WEIGHT_FOR_HEIGHT,
    ),
}
AS_ABOVE = "同上"
NEUTRAL: Bands = (  # WHO 2006: our facts hold no names, so the lines name themselves
    "低于-3SD",
    "低于-2SD",
    "低于-1SD",
    "-1SD～+1SD",
    "-1SD～+1SD",
    "+1SD及以上",
    "+2SD及以上",
    "+3SD及以上",
)


@dataclass(frozen=True)
class Labels:
    """`levels` says where a value lies; `judgements` what the standard calls it, or nothing."""

    levels: Bands
    judgements: Mapping[Indicator, Bands]

    def label(self, indicator: Indicator, band: int) -> str:
        """The judgement where the standard has one, else the level."""
        judgements = self.judgements.get(indicator)
        return (judgements and judgements[band]) or self.levels[band]


NEUTRAL_LABELS = Labels(levels=NEUTRAL, judgements={})


class Named(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    z: str = Field(pattern=r"^(>=[+-]\d|<[+-]\d|[+-]\d\.\.[+-]\d)$")
    label: str
    indicator: str | None = None


class GrowthLabels(BaseModel):
    """`growth_labels` in content/facts/feeding.yaml."""

    levels_sd: tuple[Named, ...]
    nutrition: tuple[Named, ...]


class Facts(BaseModel):
    growth_labels: GrowthLabels


def load_labels(content_root: Path) -> Labels:
    """The names of WS/T 423—2022. Raises ContentError."""
    file = content_root / "facts" / "feeding.yaml"
    data = read_yaml(file)
    named = validated(file, file.read_text(encoding="utf-8"), data, Facts).growth_labels
    levels = _bands(named.levels_sd)
    if "" in levels:
        raise ContentError(file, 1, "growth_labels", "levels_sd 有一段没有名称")
    return Labels(levels, _judgements(file, named.nutrition))


def _judgements(file: Path, named: tuple[Named, ...]) -> dict[Indicator, Bands]:
    found: dict[Indicator, list[Named]] = {}
    indicators: tuple[Indicator, ...] = ()
    for name in named:
        if name.indicator != AS_ABOVE:
            indicators = INDICATORS.get(name.indicator or "", ())
        if not indicators:
            raise ContentError(file, 1, "growth_labels", f"不认识的指标：{name.indicator}")
        for indicator in indicators:
            found.setdefault(indicator, []).append(name)
    return {indicator: _bands(tuple(names)) for indicator, names in found.items()}


def _bands(named: tuple[Named, ...]) -> Bands:
    """Of two names for a band the later one counts: <-3 stands after <-2."""
    bands = [""] * (len(LINES) + 1)
    for name in named:
        for place in _places(name.z):
            bands[place] = name.label
    a, b, c, d, e, f, g, h = bands
    return (a, b, c, d, e, f, g, h)


def _places(z: str) -> range:
    if z.startswith("<"):
        return range(LINES.index(int(z[1:])) + 1)
    if z.startswith(">="):
        return range(LINES.index(int(z[2:])) + 1, len(LINES) + 1)
    low, high = (LINES.index(int(end)) for end in z.split(".."))
    return range(low + 1, high + 1)
