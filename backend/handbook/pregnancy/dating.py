"""Due date and gestational age: pure functions of what a family knows.

Cycles that are longer or shorter are not corrected for: the facts name no rule for it, and the
clinic's date can be written instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from backend.kernel.errors import Invalid

# Day 0 of week 40 is the due date (content/facts/prenatal.yaml); counted from the last period
# this is Naegele's rule. Conception is set two weeks later. Both from memory, not verified.
TERM = timedelta(days=280)
FROM_CONCEPTION = timedelta(days=266)
DAYS_PER_WEEK = 7
SILENT_WEEKS = 42  # from here on nothing is pushed: nobody knows what has happened
EMBRYO_DAYS = (3, 5, 6)
FIRST_SCAN_WEEK, LAST_SCAN_WEEK = 4, 42


class Method(StrEnum):
    """How a due date was found."""

    LMP = "lmp"
    ULTRASOUND = "ultrasound"
    IVF = "ivf"
    CLINIC = "clinic"


class DatingDayInFuture(Invalid):
    code = "dating_day_in_future"
    message = "这个日期还没有到，请检查"


class ScanAgeOutOfRange(Invalid):
    code = "scan_age_out_of_range"
    message = "超声的孕周应在4周到42周之间，天数应在0到6之间，请对照报告"


class EmbryoAgeUnknown(Invalid):
    code = "embryo_age_unknown"
    message = "胚胎的天数只有第3、5、6天，请对照移植记录"


class DueDateOutOfRange(Invalid):
    code = "due_date_out_of_range"
    message = "算出的预产期离今天太远，请检查填写的日期"


@dataclass(frozen=True)
class Dating:
    """One way to the due date. `day`: first day of the last period, scan, transfer, or due date."""

    method: Method
    day: date
    scan_weeks: int = 0
    scan_days: int = 0
    embryo_days: int = 0


@dataclass(frozen=True, order=True)
class GestationalAge:
    """Completed weeks and days; negative before the counting begins."""

    total_days: int

    @property
    def weeks(self) -> int:
        return self.total_days // DAYS_PER_WEEK

    @property
    def days(self) -> int:
        return self.total_days % DAYS_PER_WEEK


def due_date(dating: Dating, today: date) -> date:
    """The due date that a dating gives.

    Raises DatingDayInFuture, ScanAgeOutOfRange, EmbryoAgeUnknown, or DueDateOutOfRange when the
    pregnancy would not have begun by `today`, or be over by two weeks and more.
    """
    if dating.method is not Method.CLINIC and dating.day > today:
        raise DatingDayInFuture
    due = _due(dating)
    if not 0 <= gestation(due, today).total_days <= SILENT_WEEKS * DAYS_PER_WEEK:
        raise DueDateOutOfRange
    return due


def _due(dating: Dating) -> date:
    match dating.method:
        case Method.LMP:
            return _shifted(dating.day, TERM)
        case Method.ULTRASOUND:
            if not (
                FIRST_SCAN_WEEK <= dating.scan_weeks < LAST_SCAN_WEEK
                and 0 <= dating.scan_days < DAYS_PER_WEEK
            ):
                raise ScanAgeOutOfRange
            age = timedelta(weeks=dating.scan_weeks, days=dating.scan_days)
            return _shifted(dating.day, TERM - age)
        case Method.IVF:
            if dating.embryo_days not in EMBRYO_DAYS:
                raise EmbryoAgeUnknown
            return _shifted(dating.day, FROM_CONCEPTION - timedelta(days=dating.embryo_days))
        case Method.CLINIC:
            return dating.day


def _shifted(day: date, by: timedelta) -> date:
    try:
        return day + by
    except OverflowError:
        raise DueDateOutOfRange from None


def gestation(due: date, on: date) -> GestationalAge:
    """How far a pregnancy with that due date is on a day."""
    return GestationalAge((on - due + TERM).days)


def day_of_week(due: date, week: int) -> date:
    """The day on which so many weeks are completed."""
    return due - TERM + timedelta(weeks=week)


def weeks_at_birth(due: date, birth: date) -> int:
    """Completed weeks at birth, as a child's record holds them."""
    return gestation(due, birth).weeks
