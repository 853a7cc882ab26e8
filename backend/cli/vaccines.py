"""`vaccines`: what was typed, understood; and the answers as data or as lines to read."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from backend.handbook.vaccines import (
    ChildFacts,
    DoseAnswer,
    Mother,
    Status,
    WrongFacts,
)

SEXES = ("m", "f")
WORDS = {
    Status.GIVEN: "已打",
    Status.DUE: "可以打",
    Status.OVERDUE: "该打未打",
    Status.UPCOMING: "还没到",
    Status.CLOSED: "不再打",
    Status.NOT_CHOSEN: "没有选",
}


@dataclass(frozen=True)
class Typed:
    """The options as they were typed."""

    birth: str | None
    on: str | None
    sex: str | None
    given: tuple[str, ...]
    immunoglobulin: str | None
    mother_hbsag: str | None
    birth_weight: str | None
    had_varicella: bool


def understood(typed: Typed) -> tuple[ChildFacts, date]:
    """Raises WrongFacts for what cannot be read."""
    if typed.birth is None or typed.on is None:
        raise WrongFacts("请写出生日期和推算的日期：--birth 2026-01-31 --on 2026-11-23")
    if typed.sex not in (None, *SEXES):
        raise WrongFacts(f"--sex 写 m（男）或 f（女），不是 {typed.sex}")
    used = typed.immunoglobulin
    facts = ChildFacts(
        birth=_day("--birth", typed.birth),
        given=_given(typed.given),
        girl=typed.sex == "f",
        immunoglobulin=None if used is None else _day("--immunoglobulin", used),
        mother=_mother(typed.mother_hbsag),
        birth_grams=_grams(typed.birth_weight),
        had_varicella=typed.had_varicella,
    )
    return facts, _day("--on", typed.on)


def _given(entries: Iterable[str]) -> dict[str, date]:
    given: dict[str, date] = {}
    for entry in entries:
        dose_id, colon, text = entry.partition(":")
        if not colon:
            raise WrongFacts(f"--given 写成 剂次:日期，例如 hepb-1:2026-01-31，不是 {entry}")
        if dose_id in given:
            raise WrongFacts(f"{dose_id} 写了两次")
        given[dose_id] = _day(f"--given {dose_id}", text)
    return given


def _day(option: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:  # weeks and dates without hyphens are ISO, too
        raise WrongFacts(f"{option} 的日期写成 2026-01-31 的样子，不是 {text}")
    return day


def _mother(text: str | None) -> Mother | None:
    if text is None or text in {*Mother}:
        return None if text is None else Mother(text)
    raise WrongFacts(f"--mother-hbsag 写 {'、'.join(Mother)} 中的一个，不是 {text}")


def _grams(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text):
        raise WrongFacts(f"--birth-weight 写克数，例如 2500，不是 {text}")
    return int(text)


def as_data(dose: DoseAnswer) -> dict[str, str | None]:
    return {
        "id": dose.id,
        "status": dose.status,
        "earliest": dose.earliest.isoformat() if dose.earliest else None,
        "recommended_by": dose.recommended_by.isoformat() if dose.recommended_by else None,
        "reason": dose.reason,
        "source": dose.source,
    }


def as_lines(answers: tuple[DoseAnswer, ...], version: str, disclaimer: str) -> Iterator[str]:
    """A table that can be read aloud: one line for a dose, its reason and source below it."""
    yield f"{version}；{disclaimer}"
    for dose in answers:
        earliest = f"最早 {dose.earliest}" if dose.earliest else ""
        before = f"建议不晚于 {dose.recommended_by}" if dose.recommended_by else ""
        words = [f"{dose.title}（{dose.id}）", WORDS[dose.status], earliest, before]
        yield ""
        yield "  ".join(word for word in words if word)
        yield f"    {dose.reason}"
        yield f"    来源：{dose.source}"
