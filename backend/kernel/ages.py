"""Ages on a day, counted as the standards and the vaccination schedule count them."""

import calendar
from datetime import date
from typing import NamedTuple

DAYS_PER_MONTH = 30.4375  # WHO Child Growth Standards 2006: 365.25 / 12

SHORTEST_MONTH = 28  # a day up to it is in every month


def age_days(birth: date, on: date) -> int:
    """Days since birth; the day of birth is 0, days before it are negative."""
    return (on - birth).days


def age_months(birth: date, on: date) -> int:
    """Completed calendar months; a child born on the 31st completes a month on its last day."""
    months = (on.year - birth.year) * 12 + on.month - birth.month
    return months - 1 if on < add_months(birth, months) else months


def add_months(day: date, months: int) -> date:
    """The same day some months later, aligned to the end of a shorter month (cn-nip-2026)."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day <= SHORTEST_MONTH:
        return date(year, month0 + 1, day.day)
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))


def age_text(birth: date, on: date) -> str:
    """An age as families say it: 出生第5天, 7月龄又12天, 2岁3个月."""
    if on < birth:
        return "未出生"
    months = age_months(birth, on)
    if months < 1:
        return f"出生第{age_days(birth, on) + 1}天"
    if months < 24:
        rest = (on - add_months(birth, months)).days
        return f"{months}月龄又{rest}天" if rest else f"{months}月龄"
    years, rest_months = divmod(months, 12)
    return f"{years}岁{rest_months}个月" if rest_months else f"{years}岁"


class PregnancyWeeks(NamedTuple):
    """Weeks of pregnancy that are completed on `day`; both included."""

    first: int
    last: int
    day: date
