"""Numbers in a text: which of them are declared, and which ages cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from backend.guides.ages import DAYS_A_MONTH, DAYS_A_YEAR, GRACE_DAYS

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[～~-]\d+(?:\.\d+)?)?")
NO_FIGURE = re.compile(r"(?<=打)120(?!\d)|^\s*\d+\.\s", re.MULTILINE)  # emergency call, list number
IN_WORDS = re.compile(
    r"[一二两三四五六七八九十百半]+(?:个半|个)?"
    r"(?:毫升|毫克|克|公斤|小时|分钟|秒钟|周岁|岁|月龄|月(?=[^子初底])|国际单位|厘米)"
)
LAST_MONTH_OF_SERVICE = 84  # the seventh birthday
POSSIBLE: tuple[tuple[re.Pattern[str], Callable[..., bool]], ...] = (
    (re.compile(r"\d+岁(?:零|又)?(\d+)个?月"), lambda months: months < 12),
    (re.compile(r"(\d+)(?:个月|月龄)"), lambda months: months <= LAST_MONTH_OF_SERVICE),
    (re.compile(r"(\d+)月(\d+)[日号]"), lambda month, day: 1 <= month <= 12 and 1 <= day <= 31),
    (re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)[～~](\d+(?:\.\d+)?)"), lambda low, high: low < high),
)
AGE_IN_TITLE = re.compile(r"(\d+)(?:[～~](\d+))?(个月|月龄|月|岁半|岁)")


def undeclared(text: str, figures: Iterable[str]) -> Iterator[str]:
    """Numbers of a text that are not part of a declared figure, each with what follows it."""
    covered = [match.span() for figure in figures for match in places(figure, text)]
    covered += [match.span() for match in NO_FIGURE.finditer(text)]
    for match in NUMBER.finditer(text):
        begin, end = match.span()
        if not any(first <= begin and end <= last for first, last in covered):
            yield text[begin : end + 4]


def unused(text: str, figures: Iterable[str]) -> Iterator[str]:
    """Declared figures that stand nowhere in the text."""
    return (figure for figure in figures if next(places(figure, text), None) is None)


def places(figure: str, text: str) -> Iterator[re.Match[str]]:
    """Where a figure stands in a text, not as a part of a longer number or range."""
    end = r"(?![\d.～~-])" if figure[-1:].isdigit() else ""
    return re.finditer(rf"(?<![\d.～~-]){re.escape(figure)}{end}", text)


def in_words(text: str) -> list[str]:
    """Amounts and ages written in Chinese numerals, which could not be compared."""
    return [match.group() for match in IN_WORDS.finditer(text)]


def impossible_ages(text: str) -> Iterator[str]:
    """Ages, dates and ranges that cannot be: 1岁13个月, 90月龄, 13月5日, 9～6个月."""
    for pattern, can_be in POSSIBLE:
        for match in pattern.finditer(text):
            if not can_be(*(float(number) for number in match.groups())):
                yield match.group()


def ages_outside(title: str, age_days: tuple[int, int]) -> Iterator[str]:
    """Ages in a title that the window of days, both ends included, leaves out."""
    for match in AGE_IN_TITLE.finditer(title):
        unit = DAYS_A_YEAR if "岁" in match[3] else DAYS_A_MONTH
        extra = 0.5 if match[3] == "岁半" else 0.0
        for number in filter(None, (match[1], match[2])):
            begins = (int(number) + extra) * unit - GRACE_DAYS
            ends = begins + unit + 2 * GRACE_DAYS
            if ends < age_days[0] or begins > age_days[1]:
                yield match.group()
                break
