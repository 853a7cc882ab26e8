"""The two standards with their tables, read from content/growth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from backend.handbook.growth.ages import Age
from backend.handbook.growth.labels import NEUTRAL_LABELS, Labels, load_labels
from backend.handbook.growth.measurements import BY_LENGTH, Indicator, Posture
from backend.handbook.growth.reading import Key, read_line_tables, read_lms_tables
from backend.handbook.growth.tables import Table

FOLDER = "growth"
LMS_FILE = "who_lms.csv"
LINES_FILE = "wst423_sd.csv"


class StandardName(StrEnum):
    WHO = "who"
    WST423 = "wst423"


DEFAULT = StandardName.WST423  # the national standard; the city may choose the other one
TITLES = {
    StandardName.WHO: "世界卫生组织儿童生长标准（2006）",
    StandardName.WST423: "WS/T 423—2022《7岁以下儿童生长标准》",
}


@dataclass(frozen=True)
class Standard:
    """`stands_from` and `ends_before` are ages as the standard counts them: WHO 2006 in whole
    days, WS/T 423—2022 in months. A child is measured lying before `stands_from`.
    """

    name: StandardName
    tables: Mapping[Key, Table]
    labels: Labels
    counts_days: bool
    stands_from: float
    ends_before: float

    @property
    def title(self) -> str:
        return TITLES[self.name]

    def counted(self, age: Age) -> float:
        return age.whole_days if self.counts_days else age.months

    def usual_posture(self, age: Age) -> Posture:
        return Posture.LYING if self.counted(age) < self.stands_from else Posture.STANDING

    def applies(self, indicator: Indicator, age: Age) -> bool:
        """Whether the indicator is used at this age, whatever its table holds."""
        if not 0 <= self.counted(age) < self.ends_before:
            return False
        return BY_LENGTH.get(indicator, self.usual_posture(age)) is self.usual_posture(age)


def load_standard(content_root: Path, name: StandardName) -> Standard:
    """Read one standard. Raises ContentError with file and line."""
    folder = content_root / FOLDER
    if name is StandardName.WHO:
        return Standard(
            name,
            read_lms_tables(folder / LMS_FILE),
            NEUTRAL_LABELS,
            counts_days=True,
            stands_from=731,
            ends_before=1857,
        )
    return Standard(
        name,
        read_line_tables(folder / LINES_FILE),
        load_labels(content_root),
        counts_days=False,
        stands_from=24,
        ends_before=84,  # 未满7岁
    )
