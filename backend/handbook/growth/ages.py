"""Ages as the two standards count them, and the corrected age of a child born early."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from backend.kernel.ages import DAYS_PER_MONTH, add_months, age_days, age_months

TERM_DAYS = 37 * 7  # of pregnancy: born before, a child is preterm (PRETERM2017)
DUE_DAYS = 40 * 7
CORRECTED_UNTIL_MONTHS = 24  # of life: PREEMIE2024, figure corrected-age-until


@dataclass(frozen=True, slots=True)
class Age:
    """`days` since birth for WHO 2006, `months` for WS/T 423—2022.

    Months are completed months and the days after them ÷ 30.4375.
    """

    days: float
    months: float

    @property
    def whole_days(self) -> int:
        """An age that was made of months has a part of a day; WHO's programs round it."""
        return math.floor(self.days + 0.5)


def of_days(days: float) -> Age:
    """Where no calendar is known, each month has 30.4375 days."""
    return Age(days, days / DAYS_PER_MONTH)


def between(birth: date, on: date) -> Age:
    """With a calendar months are its own, so that a child is 6.0 months old on that day."""
    months = age_months(birth, on)
    rest = (on - add_months(birth, months)).days
    return Age(age_days(birth, on), months + rest / DAYS_PER_MONTH)


def corrected_birth(birth: date, measured_on: date, gestational_days: int | None) -> date | None:
    """The due date, from which the age of a preterm child counts; None when it does not."""
    if gestational_days is None or gestational_days >= TERM_DAYS:
        return None
    if age_months(birth, measured_on) >= CORRECTED_UNTIL_MONTHS:
        return None
    return birth + timedelta(days=DUE_DAYS - gestational_days)
