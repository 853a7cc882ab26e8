"""Which warning signs are asked at an age, and what the answers lead to. Pure functions.

Never a score, never a diagnosis: one sign is enough to ask the clinic, and the clinic looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from backend.handbook.screening_file import Outcome, Preterm, Screening, ScreeningProgramme
from backend.kernel.ages import age_months
from backend.kernel.errors import Conflict, Invalid


class Answer(StrEnum):
    YES = "yes"  # the sign is there
    NO = "no"
    UNSURE = "unsure"


class Basis(StrEnum):
    ACTUAL = "actual"
    CORRECTED = "corrected"


class ScreeningIncomplete(Invalid):
    code = "screening_incomplete"
    message = "每一条都请选一项：有、没有或不确定"


class ScreeningTooEarly(Conflict):
    code = "screening_too_early"
    message = "还没有到这个月龄，到时候再来看"


@dataclass(frozen=True)
class Fit:
    """What is asked of a child on a day.

    `screening` goes by `basis`, None before the first age; `by_actual` is what the birth date
    alone would ask, where that is something else: the clinic says which one counts.
    """

    basis: Basis
    actual_months: int
    corrected_months: int | None
    screening: Screening | None
    by_actual: Screening | None


def fit(programme: ScreeningProgramme, birth: date, weeks: int | None, on: date) -> Fit:
    """The signs of the last age that is reached (ASD2022, BPHS3).

    `weeks` of pregnancy at birth. Born early, a child is looked at by its corrected age until
    it is two (actual age); that rule is from memory, so both columns are named where they differ.
    """
    actual = age_months(birth, on)
    by_actual = _at(programme.screenings, actual)
    preterm = programme.words.preterm
    term = due_date(preterm, birth, weeks)
    if term is None or actual >= preterm.until_months:
        return Fit(Basis.ACTUAL, actual, None, by_actual, None)
    corrected = max(age_months(term, on), 0)
    chosen = _at(programme.screenings, corrected) if on >= term else None
    other = by_actual if by_actual != chosen else None
    return Fit(Basis.CORRECTED, actual, corrected, chosen, other)


def due_date(preterm: Preterm, birth: date, weeks: int | None) -> date | None:
    """The day on which a child born early had come to term; None for one born in time."""
    if weeks is None or weeks >= preterm.before_weeks:
        return None
    return birth + timedelta(weeks=preterm.full_term_weeks - weeks)


def check_reached(screening: Screening, birth: date, on: date) -> None:
    """Raises ScreeningTooEarly before the actual age; the corrected one comes later still."""
    if age_months(birth, on) < screening.group.applies_from_months:
        raise ScreeningTooEarly


def check_answers(screening: Screening, answers: Mapping[str, Answer]) -> None:
    """Raises ScreeningIncomplete unless each sign of this age has its answer, and no other."""
    if set(answers) != {sign.id for sign in screening.group.items}:
        raise ScreeningIncomplete


def outcome(answers: Iterable[Answer]) -> Outcome:
    given = set(answers)
    if Answer.YES in given:
        return Outcome.CLINIC
    return Outcome.ASK if Answer.UNSURE in given else Outcome.GO_ON


@dataclass(frozen=True)
class Answers:
    """What a family has answered for one age."""

    visit_id: str
    answers: Mapping[str, Answer]
    answered_on: date
    answered_at: datetime
    talked_on: date | None  # when the family spoke with the clinic, as it says


@dataclass(frozen=True)
class Visited:
    """A check-up that the family has recorded."""

    done_on: date
    recorded_at: datetime


def needs_attention(kept: Sequence[Answers], visits: Sequence[Visited]) -> Answers | None:
    """The newest answers that still lead to the clinic.

    They are settled by talking to the clinic, or by a check-up that was recorded afterwards and
    did not take place before the day of the answers.
    """
    open_ones = [
        one
        for one in kept
        if outcome(one.answers.values()) is Outcome.CLINIC
        and one.talked_on is None
        and not any(
            visit.done_on >= one.answered_on and visit.recorded_at > one.answered_at
            for visit in visits
        )
    ]
    return max(open_ones, key=lambda one: one.answered_at, default=None)


def _at(screenings: Sequence[Screening], months: int) -> Screening | None:
    return next(
        (
            one
            for one in screenings
            if one.group.applies_from_months <= months < one.group.applies_to_months_exclusive
        ),
        None,
    )
