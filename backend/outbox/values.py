"""The facts of a message and how the city writes them. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import StrEnum
from string import Formatter
from typing import Any, Self

from backend.kernel.clock import CITY
from backend.outbox.fields import one_line

WEEKDAYS = "一二三四五六日"
NOTHING_SAID = "—"  # for a fact that is null: a sentence stays a sentence, a field is never empty


class MissingFact(Exception):
    """A message lacks a fact that its template needs, or holds one of another kind."""


class FactKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    MOMENT = "moment"  # ISO 8601 with offset
    DAY = "day"  # ISO 8601 date


class _Moment:
    """An instant as the city's people write it."""

    def __init__(self, iso: str) -> None:
        instant = datetime.fromisoformat(iso)
        if instant.tzinfo is None:
            raise ValueError("an instant needs an offset")
        self._local = instant.astimezone(CITY)

    def __format__(self, spec: str) -> str:
        day, clock = _Day.of(self._local.date()), f"{self._local:%H:%M}"
        if spec == "short":
            return f"{day:short}（周{WEEKDAYS[self._local.weekday()]}）{clock}"
        return format(day, "date") if spec == "date" else f"{day:date} {clock}"


class _Day:
    def __init__(self, iso: str) -> None:
        self._day = date.fromisoformat(iso)

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.isoformat())

    def __format__(self, spec: str) -> str:
        day = self._day
        short = f"{day.month}月{day.day}日"
        return short if spec == "short" else f"{day.year}年{short}"


SPECS: Mapping[FactKind, frozenset[str]] = {
    FactKind.TEXT: frozenset({""}),
    FactKind.NUMBER: frozenset({""}),
    FactKind.MOMENT: frozenset({"time", "short", "date"}),
    FactKind.DAY: frozenset({"short", "date"}),
}
ALWAYS = {"child": FactKind.TEXT, "child_id": FactKind.NUMBER}
SAMPLES: Mapping[FactKind, Any] = {
    FactKind.TEXT: "江阴市澄江街道中山社区科学育儿指导与亲子活动服务中心（人民路总部一号楼二层）",
    FactKind.NUMBER: 9_007_199_254_740_991,
    FactKind.MOMENT: "2026-12-31T23:59:00+08:00",
    FactKind.DAY: "2026-12-31",
}


def value_of(name: str, kind: FactKind, given: Mapping[str, Any]) -> Any:
    if name not in given:
        raise MissingFact(name)
    value = given[name]
    if kind is FactKind.TEXT:
        return NOTHING_SAID if value is None or not one_line(str(value)) else str(value)
    try:
        return MAKERS[kind](value)
    except (TypeError, ValueError):
        raise MissingFact(name) from None


def instant_of(name: str, kind: FactKind, given: Mapping[str, Any]) -> datetime | date:
    """A fact that says when, as itself. Raises MissingFact for none, or one of another kind."""
    try:
        if kind is FactKind.DAY:
            return date.fromisoformat(given[name])
        instant = datetime.fromisoformat(given[name])
        if kind is FactKind.MOMENT and instant.tzinfo is not None:
            return instant
    except (KeyError, TypeError, ValueError):
        pass
    raise MissingFact(name)


MAKERS: Mapping[FactKind, Callable[[Any], Any]] = {
    FactKind.NUMBER: int,
    FactKind.MOMENT: _Moment,
    FactKind.DAY: _Day,
}


def placeholders(text: str) -> list[tuple[str, str]]:
    """Names and format specs in a text. Raises ValueError for anything cleverer."""
    found = []
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or conversion or (spec and not spec.isidentifier()):
            raise ValueError(f"{{{name}}}: only plain names of facts")
        found.append((name, spec or ""))
    return found


def fill(text: str, values: Mapping[str, Any]) -> str:
    return text.format_map(values)
