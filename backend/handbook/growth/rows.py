"""A batch: rows of text, each scored by itself. A row that cannot be scored is no error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from backend.handbook.growth import ages
from backend.handbook.growth.ages import Age
from backend.handbook.growth.assessment import score
from backend.handbook.growth.labels import NOT_APPLICABLE
from backend.handbook.growth.measurements import Indicator, Measurement, Posture
from backend.handbook.growth.standards import Standard
from backend.kernel.sex import Sex

COLUMNS = (
    "indicator",
    "sex",
    "age_days",
    "measured_lying_or_standing",
    "weight_kg",
    "lenhei_cm",
    "head_cm",
)
ADDED = ("z", "label")
NOTHING = ("", NOT_APPLICABLE)
LEAST, MOST = 0.01, 10_000.0  # kg or cm: what lies beyond is no measurement of a person
INDICATORS = {str(one): one for one in Indicator}
SEXES = {str(one): one for one in Sex}
POSTURES: dict[str, Posture | None] = {"": None, **{str(one): one for one in Posture}}


class WrongHead(ValueError):
    """The text says in a sentence which columns are missing or there twice."""


class WrongNumber(ValueError):
    """An age that is neither empty nor a number of days."""


@dataclass(frozen=True)
class Columns:
    """Where the columns of `COLUMNS` stand in a file. Others may stand between them."""

    places: tuple[int, ...]
    width: int

    @classmethod
    def of(cls, head: Sequence[str]) -> Columns:
        """Raises WrongHead."""
        names = [name.strip().lower() for name in head]
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise WrongHead(f"第一行要有这几列：{','.join(COLUMNS)}；现在缺：{','.join(missing)}")
        twice = [name for name in (*COLUMNS, *ADDED) if names.count(name) > 1]
        if twice:
            raise WrongHead(f"第一行里有重复的列，请删去一个：{','.join(twice)}")
        return cls(tuple(names.index(name) for name in COLUMNS), len(head))

    def fields(self, row: Sequence[str]) -> list[str]:
        return [row[place].strip() for place in self.places]


def score_row(standard: Standard, fields: Sequence[str]) -> tuple[str, str]:
    """z with four decimals and the label, of the fields in the order of `COLUMNS`.

    What an indicator does not need may be missing or wrong. Only the age always has to be right
    if it is there, since it chooses between lying and standing.
    """
    indicator = INDICATORS.get(fields[0].lower())
    sex = SEXES.get(fields[1].lower())
    try:
        age = _age(fields[2])
    except WrongNumber:
        return NOTHING
    if indicator is None or sex is None:
        return NOTHING
    posture = fields[3].lower()
    known = posture in POSTURES
    measurement = Measurement(
        sex=sex,
        weight_kg=_size(fields[4]),
        lenhei_cm=_size(fields[5]) if known else None,
        head_cm=_size(fields[6]),
        posture=POSTURES[posture] if known else None,
    )
    found = score(standard, indicator, measurement, age)
    if found is None:
        return NOTHING
    return f"{found.z:z.4f}", found.label


def _age(text: str) -> Age | None:
    """Raises WrongNumber."""
    if not text:
        return None
    days = _number(text)
    if days is None or days < 0:
        raise WrongNumber
    return ages.of_days(days)


def _size(text: str) -> float | None:
    number = _number(text) if text else None
    return number if number is not None and LEAST <= number <= MOST else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in text else None
