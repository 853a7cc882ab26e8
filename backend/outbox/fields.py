"""What WeChat takes as the value of a template field, and how a text is made to fit.

A value that breaks these rules is refused with 47003 when it is already too late, so every
value is fitted or refused here. Source: 小程序订阅消息 subscribeMessage.send, 订阅消息参数值
内容限制说明 (as of 2026-11).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache

ELLIPSIS = "…"
LONGEST_THING = 20
LONGEST_PHRASE = 5
LONGEST_NAME = 10
LONGEST_LATIN_NAME = 20
LONGEST_NUMBER = 32
LONGEST_SYMBOL = 5

HAN = r"[\u4e00-\u9fff]"
CLOCK_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d"
DAY = r"(\d{4})年(\d{1,2})月(\d{1,2})日"
FIELD_NAME = re.compile(r"([a-z_]+?)(\d+)")


class UnfitValue(Exception):
    """A field would be refused by WeChat. Its text names the field, never the value."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field = field
        self.rule = rule


def one_line(text: str) -> str:
    """Without line breaks and control characters; runs of white space become one blank."""
    if text.isprintable():  # as nearly every text; no white space but blanks is left in it
        return " ".join(text.split())
    kept = (c if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp") else " " for c in text)
    return " ".join("".join(kept).split())


def width(text: str) -> int:
    """Characters as WeChat may count them: one outside the basic plane (😀, 𠮷) counts two."""
    return len(text.encode("utf-16-le")) // 2


def shorten(text: str, longest: int, mark: str = ELLIPSIS) -> str:
    """The text, or its beginning and `mark`, at most `longest` wide."""
    if width(text) <= longest:
        return text
    kept = text
    while width(kept) + width(mark) > longest:
        kept = kept[:-1]
    return kept.rstrip() + mark


def fit(field: str, text: str) -> str:
    """A value that WeChat accepts for the field (`thing1`, `time2`, …).

    Texts are cut with `…`; a phrase, a name, a number or a time cannot be cut and say the
    same. Raises UnfitValue for an empty value, a wrong shape or an unknown kind of field.
    """
    value = one_line(text)
    if not value:
        raise UnfitValue(field, "empty")
    return FITTERS[kind_of_field(field)](field, value)


@cache
def kind_of_field(field: str) -> str:
    """`thing` of `thing1`. Raises UnfitValue for a name that WeChat does not give."""
    match = FIELD_NAME.fullmatch(field)
    if match is None or match[1] not in FITTERS:
        raise UnfitValue(field, "not a field of a kind that we send")
    return match[1]


def _thing(_field: str, value: str) -> str:
    return shorten(value, LONGEST_THING)


def _phrase(field: str, value: str) -> str:
    if re.fullmatch(f"{HAN}{{1,{LONGEST_PHRASE}}}", value) is None:
        raise UnfitValue(field, f"a phrase is 1 to {LONGEST_PHRASE} Chinese characters")
    return value


def _name(_field: str, value: str) -> str:
    """WeChat takes no digit in a name; names that go out are masked with stars anyway."""
    longest = LONGEST_NAME if re.search(HAN, value) else LONGEST_LATIN_NAME
    masked = "".join("*" if c.isdigit() else c for c in value)
    return shorten(masked, longest, mark="")


def _number(field: str, value: str) -> str:
    if re.fullmatch(r"\d+(\.\d+)?", value) is None or len(value) > LONGEST_NUMBER:
        raise UnfitValue(field, "not a number")
    return value


def _characters(field: str, value: str) -> str:
    if re.fullmatch(r"[\x20-\x7e]+", value) is None:
        raise UnfitValue(field, "only letters, digits and signs without Chinese")
    return shorten(value, LONGEST_NUMBER, mark="")


def _time(field: str, value: str) -> str:
    return _moment(field, value, rf"(?:{DAY} )?{CLOCK_TIME}")


def _date(field: str, value: str) -> str:
    return _moment(field, value, rf"{DAY}(?: {CLOCK_TIME})?")


def _moment(field: str, value: str, pattern: str) -> str:
    match = re.fullmatch(pattern, value)
    if match is None:
        raise UnfitValue(field, "not a time as WeChat writes it")
    if match[1] is not None:
        try:
            date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            raise UnfitValue(field, "no such day") from None
    return value


def _shaped(pattern: str) -> Callable[[str, str], str]:
    """For kinds whose values a person writes: they are right or wrong, and never cut."""
    compiled = re.compile(pattern)

    def fitter(field: str, value: str) -> str:
        if compiled.fullmatch(value) is None:
            raise UnfitValue(field, "not of the shape of its kind")
        return value

    return fitter


def _symbol(field: str, value: str) -> str:
    if len(value) > LONGEST_SYMBOL or any(unicodedata.category(c)[0] not in "PS" for c in value):
        raise UnfitValue(field, f"1 to {LONGEST_SYMBOL} signs")
    return value


FITTERS: Mapping[str, Callable[[str, str], str]] = {
    "thing": _thing,
    "phrase": _phrase,
    "name": _name,
    "number": _number,
    "character_string": _characters,
    "time": _time,
    "date": _date,
    "letter": _shaped(r"[A-Za-z]{1,32}"),
    "symbol": _symbol,
    "amount": _shaped(r"[¥￥$€£]\d{1,10}(\.\d{1,2})?元?|\d{1,10}(\.\d{1,2})?元"),
    "phone_number": _shaped(r"[0-9+\-() ]{1,17}"),
    "car_number": _shaped(rf"{HAN}?[A-Z0-9]{{1,7}}{HAN}?"),
}
