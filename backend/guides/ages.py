"""Age windows of guides, in the words parents and the outline use."""

from __future__ import annotations

from math import ceil

DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12
GRACE_DAYS = 2  # a calendar month begins up to two days away from the average one
WORDED_IN_DAYS = 42  # until the mother's check-up at 42 days parents count days
SECOND_BIRTHDAY = 730
LATE_SECOND_YEAR = 548  # windows from 18 months that end soon after the second birthday: months
TWO_MONTHS = 62  # an overhang of a window into the next year that its name leaves out


def age_text(age_days: tuple[int, int]) -> str:
    """A window of days of life, both ends included and birth day 0, in Chinese.

    (0, 28) → 出生～28天; (183, 273) → 6～8月龄 (months reached, both included);
    (61, 2191) → 2月龄～6岁; (1096, 2191) → 3～6岁.
    """
    first, last = age_days
    if last <= WORDED_IN_DAYS:
        return f"{first or '出生'}～{last}天"
    if last < SECOND_BIRTHDAY - GRACE_DAYS or _late_second_year(first, last):
        return _months(_month_reached(first), _month_reached(last - 2 * GRACE_DAYS))
    end = ceil((last - TWO_MONTHS) / DAYS_A_YEAR)
    years, over = divmod(first + GRACE_DAYS, DAYS_A_YEAR)
    if first == 0 or (years >= 1 and over <= 2 * GRACE_DAYS):
        return f"{int(years)}～{end}岁"
    return f"{_month_reached(first)}月龄～{end}岁"


def _late_second_year(first: int, last: int) -> bool:
    return first > LATE_SECOND_YEAR and last <= SECOND_BIRTHDAY + TWO_MONTHS


def _months(first: int, last: int) -> str:
    return f"{first}月龄" if first == last else f"{first}～{last}月龄"


def _month_reached(age_days: int) -> int:
    return int((age_days + GRACE_DAYS) // DAYS_A_MONTH)


def weeks_text(gest_weeks: tuple[int, int]) -> str:
    """A window of completed weeks of pregnancy, both ends included; negative is before it.

    (6, 12) → 孕6～12周; (-12, 8) → 备孕～孕8周; (-26, -1) → 备孕.
    """
    first, last = gest_weeks
    if last < 0:
        return "备孕"
    return f"备孕～孕{last}周" if first < 0 else f"孕{first}～{last}周"
