"""What WeChat accepts as the value of a template field; anything else is 47003.

Source: 小程序订阅消息 subscribeMessage.send, 订阅消息参数值内容限制说明 (as of 2026-11).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from backend.sandbox.templates import Template, TemplateField

CLOCK_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d"
DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
HAN = r"[\u4e00-\u9fff]"


class FieldRefused(Exception):
    """47003. `problem` is what stands after `argument invalid! ` in WeChat's sentence."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None and len(text.replace(".", "")) <= 32


def _symbols(text: str) -> bool:
    return len(text) <= 5 and all(unicodedata.category(c)[0] in "PS" for c in text)


def _name(text: str) -> bool:
    longest = 10 if re.search(HAN, text) else 20
    return len(text) <= longest and not any(c.isdigit() for c in text)


def _moments(text: str, pattern: str) -> bool:
    """One moment or two joined by `~`, each of them a real one."""
    ends = text.split("~")
    return len(ends) <= 2 and all(
        re.fullmatch(pattern, end.strip()) is not None and _real_day(end.strip()) for end in ends
    )


def _real_day(text: str) -> bool:
    day = re.match(r"(\d{4})年(\d{1,2})月(\d{1,2})日", text)
    if day is None:
        return True
    try:
        datetime(*(int(part) for part in day.groups()))  # type: ignore[arg-type] # noqa: DTZ001
    except ValueError:
        return False
    return True


RULES: Mapping[str, Callable[[str], bool]] = {
    "thing": lambda text: len(text) <= 20,
    "number": _number,
    "letter": matches(r"[A-Za-z]{1,32}"),
    "symbol": _symbols,
    "character_string": matches(r"[\x20-\x7e]{1,32}"),
    "time": lambda text: _moments(text, rf"(?:{DAY} )?{CLOCK_TIME}"),
    "date": lambda text: _moments(text, rf"{DAY}(?: {CLOCK_TIME})?"),
    "amount": matches(r"[¥￥$€£]\d{1,10}(\.\d{1,2})?元?|\d{1,10}(\.\d{1,2})?元"),
    "phone_number": matches(r"[\d+\-() ]{1,17}"),
    "car_number": matches(rf"{HAN}?[A-Z0-9]{{1,7}}{HAN}?"),
    "name": _name,
    "phrase": matches(rf"{HAN}{{1,5}}"),
}


def check(template: Template, data: Any) -> dict[str, str]:
    """The values of a message for this template, in its order. Raises FieldRefused."""
    if not isinstance(data, dict):
        raise FieldRefused("data is empty")
    known = {field.name for field in template.fields}
    for name in data:
        if name not in known:
            raise FieldRefused(f"data.{name}.value invalid")
    return {field.name: _value(field, data.get(field.name)) for field in template.fields}


def _value(field: TemplateField, given: Any) -> str:
    value = given.get("value") if isinstance(given, dict) else None
    if value is None or (isinstance(value, str) and not value.strip()):
        raise FieldRefused(f"data.{field.name}.value is empty")
    if not isinstance(value, str) or not _allowed(field, value):
        raise FieldRefused(f"data.{field.name}.value invalid")
    return value


def _allowed(field: TemplateField, value: str) -> bool:
    if any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in value):
        return False
    if field.values:
        return value in field.values
    rule = RULES.get(field.name.rstrip("0123456789"))
    return rule is not None and rule(value)
