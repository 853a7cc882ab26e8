"""The cases of vaccine_cases/*.yaml: rows that a person wrote from the rules, read as values.

How a row is written is said in vaccine_cases/README.md. Offsets are counted here and not by the
product, so that a mistake in the product's arithmetic fails a case.
"""

import calendar
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "vaccine_cases"
STATUSES = ("given", "due", "overdue", "upcoming", "closed", "not_chosen")
UNLISTED = "unlisted"
TERM = re.compile(r"([+-]?)(\d+)([dm])")
EXPECTED = re.compile(r"(?P<fields>[^\[]+)(?:\[(?P<words>[^\]]+)\])?")


@dataclass(frozen=True)
class Options:
    """What else is known of a child."""

    sex: str | None = None
    immunoglobulin: date | None = None
    mother: str | None = None
    weight: int | None = None
    had_varicella: bool = False


@dataclass(frozen=True)
class Expected:
    """What a dose has to be. A field that is not in `fields` is not looked at."""

    dose: str
    fields: tuple[tuple[str, str | date | None], ...]
    words: tuple[str, ...] = ()
    not_words: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """A child on a day. `expected` is empty when the question must be refused."""

    id: str
    rule: str
    row: str
    birth: date
    on: date
    given: tuple[tuple[str, date], ...]
    options: Options
    expected: tuple[Expected, ...]

    @property
    def refused(self) -> bool:
        return not self.expected


@dataclass(frozen=True)
class Said:
    """What the product said of one dose."""

    id: str
    status: str
    earliest: date | None
    recommended_by: date | None
    reason: str
    source: str


def later(day: date, months: int) -> date:
    """The same day some months later; in a shorter month its last day."""
    year, month = day.year + (day.month - 1 + months) // 12, (day.month - 1 + months) % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def day_of(offset: str, birth: date, change: date) -> date:
    """`8m-1d` from birth, term by term from the left; `change-1d` from the day of the change."""
    day, rest = (change, offset[6:]) if offset.startswith("change") else (birth, offset)
    terms = TERM.findall(rest)
    if "".join("".join(term) for term in terms) != rest or not offset:
        raise ValueError(f"not an offset: {offset!r}")
    for sign, number, unit in terms:
        count = -int(number) if sign == "-" else int(number)
        day = day + timedelta(days=count) if unit == "d" else later(day, count)
    return day


def differences(case: Case, said: Mapping[str, Said]) -> list[str]:
    """What the product says otherwise than the case, in words."""
    found = []
    for expected in case.expected:
        dose = said.get(expected.dose)
        fields = dict(expected.fields)
        if dose is None or fields.get("status") == UNLISTED:
            if (dose is None) != (fields.get("status") == UNLISTED):
                found.append(f"{expected.dose} {'not ' if dose is None else ''}listed")
            continue
        found += [
            f"{dose.id} {name} {getattr(dose, name)}, not {value}"
            for name, value in fields.items()
            if getattr(dose, name) != value
        ]
        found += _words_amiss(expected, dose)
    return found


def _words_amiss(expected: Expected, dose: Said) -> Iterator[str]:
    for word in expected.words:
        if word not in dose.reason:
            yield f"{dose.id} without {word}: {dose.reason}"
    for word in expected.not_words:
        if word in dose.reason:
            yield f"{dose.id} says {word}: {dose.reason}"
    for word in expected.documents:
        if word not in dose.source:
            yield f"{dose.id} not from {word}: {dose.source}"


@cache
def cases() -> tuple[Case, ...]:
    births = yaml.safe_load((FOLDER / "births.yaml").read_text(encoding="utf-8"))
    return tuple(
        case
        for file in sorted(FOLDER.glob("*.yaml"))
        if file.stem != "births"
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))
        for case in _cases(file.stem, group, births)
    )


def _cases(topic: str, group: dict[str, str], births: dict[str, date]) -> Iterator[Case]:
    birth, change = births[group["birth"]], births["change"]
    for number, row in enumerate(group["cases"], 1):
        on, given, expected, *options = [cell.strip() for cell in row.split("|")]
        doses = [*_listed(group.get("given", "")), *_listed(given)]
        yield Case(
            id=f"{topic}/{group['group']}:{number}",
            rule=group["rule"],
            row=row,
            birth=birth,
            on=day_of(on, birth, change),
            given=tuple((dose, day_of(at, birth, change)) for dose, at in map(str.split, doses)),
            options=_options([group.get("options", ""), *options], birth, change),
            expected=()
            if expected == "refused"
            else tuple(_expected(text, birth, change) for text in expected.split(";")),
        )


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _options(texts: list[str], birth: date, change: date) -> Options:
    known = dict(word.partition("=")[::2] for text in texts for word in text.split())
    if wrong := known.keys() - {"sex", "ig", "mother", "weight", "had-varicella"}:
        raise ValueError(f"not an option: {wrong}")
    return Options(
        sex=known.get("sex"),
        immunoglobulin=day_of(known["ig"], birth, change) if "ig" in known else None,
        mother=known.get("mother"),
        weight=int(known["weight"]) if "weight" in known else None,
        had_varicella="had-varicella" in known,
    )


def _expected(text: str, birth: date, change: date) -> Expected:
    match = EXPECTED.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an expectation: {text!r}")
    dose, status, *days = match["fields"].split()
    if status not in {*STATUSES, UNLISTED, "~"}:
        raise ValueError(f"not a status: {text!r}")
    values: list[tuple[str, str | date | None]] = [] if status == "~" else [("status", status)]
    for name, offset in zip(("earliest", "recommended_by"), days, strict=False):
        if offset != "~":
            values.append((name, None if offset == "-" else day_of(offset, birth, change)))
    words = _listed(match["words"] or "")
    return Expected(
        dose,
        tuple(values),
        tuple(word for word in words if word[0] not in "!@"),
        tuple(word[1:] for word in words if word[0] == "!"),
        tuple(word[1:] for word in words if word[0] == "@"),
    )
