"""Both standards, read once, and the published tables, read by other means than the product's."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from backend.handbook.growth.measurements import Indicator, Measurement
from backend.handbook.growth.standards import Standard, StandardName, load_standard
from backend.kernel.sex import Sex
from tests.conftest import ROOT

CONTENT = ROOT / "content"
WHO_LMS = CONTENT / "growth" / "who_lms.csv"
WHO_MONTH = Path(__file__).parent / "who_month.csv"  # WHO 2006 by month, two decimals
WST423_SD = CONTENT / "growth" / "wst423_sd.csv"


@cache
def who() -> Standard:
    return load_standard(CONTENT, StandardName.WHO)


@cache
def wst423() -> Standard:
    return load_standard(CONTENT, StandardName.WST423)


def published(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8") as lines:
        yield from csv.DictReader(lines)


def measuring(indicator: Indicator, sex: Sex, place: float, value: float) -> Measurement:
    """A child whose `indicator` has this value: a BMI at one metre is the weight."""
    if indicator in {Indicator.WEIGHT_FOR_LENGTH, Indicator.WEIGHT_FOR_HEIGHT}:
        return Measurement(sex, weight_kg=value, lenhei_cm=place)
    if indicator is Indicator.BMI:
        return Measurement(sex, weight_kg=value, lenhei_cm=100)
    return Measurement(
        sex,
        weight_kg=value if indicator is Indicator.WEIGHT else None,
        lenhei_cm=value if indicator is Indicator.LENGTH else None,
        head_cm=value if indicator is Indicator.HEAD else None,
    )
