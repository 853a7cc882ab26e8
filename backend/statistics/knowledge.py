"""知晓率 by town and month, and the questions that most families got wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, distinct, false, func, select
from sqlalchemy.orm import Session

from backend.kernel.ages import add_months
from backend.knowledge.models import QuizAnswer, QuizSet
from backend.people.models import Role
from backend.people.scopes import Scope
from backend.statistics.formulas import is_shown, knowledge_rate, share

MONTHS = 12
MOST_MISSED = 10


@dataclass(frozen=True)
class Sample:
    """Answers of finished sampled sets: of a town, a month, or several of them.

    `families`: sets; a family has one a month.
    """

    correct: int = 0
    asked: int = 0
    families: int = 0

    def __add__(self, other: Sample) -> Sample:
        return Sample(
            self.correct + other.correct, self.asked + other.asked, self.families + other.families
        )

    @property
    def rate(self) -> Decimal | None:
        """Per cent; None where there are too few families."""
        return knowledge_rate(self.correct, self.asked) if is_shown(self.families) else None


@dataclass(frozen=True)
class TownMonth:
    """`town_code` is None for sets that no child and so no town was named for."""

    town_code: str | None
    month: date
    sample: Sample


@dataclass(frozen=True)
class Missed:
    question_id: str
    wrong: int
    asked: int

    @property
    def share(self) -> Decimal:
        """How many in a hundred got it wrong, rounded down to 0.1."""
        return share(self.wrong, self.asked)


@dataclass(frozen=True)
class Span:
    """City months by their first days, both included; of one town, or of all in the scope."""

    first: date
    last: date
    town_code: str | None = None

    @property
    def months(self) -> list[date]:
        found = [self.first]
        while found[-1] < self.last:
            found.append(add_months(found[-1], 1))
        return found


def year_until(month: date, town_code: str | None = None) -> Span:
    """The twelve months that end with this one."""
    return Span(add_months(month, 1 - MONTHS), month, town_code)


def knowledge_by_town(session: Session, scope: Scope, span: Span) -> list[TownMonth]:
    """What the sampled families of the scope knew, by town and month; empty cells are left out."""
    rows = session.execute(
        select(
            QuizSet.town_code,
            QuizSet.month,
            func.count().filter(QuizAnswer.correct.is_(True)).label("correct"),
            func.count().label("asked"),
            func.count(distinct(QuizSet.id)).label("families"),
        )
        .join(QuizAnswer, QuizAnswer.set_id == QuizSet.id)
        .where(_counted(scope, span))
        .group_by(QuizSet.town_code, QuizSet.month)
        .order_by(QuizSet.month, QuizSet.town_code)
    )
    return [
        TownMonth(row.town_code, row.month, Sample(row.correct, row.asked, row.families))
        for row in rows
    ]


def most_missed(session: Session, scope: Scope, span: Span) -> list[Missed]:
    """The questions with the largest share of wrong answers, of those that enough families had."""
    wrong = func.count().filter(QuizAnswer.correct.is_(False))
    rows = session.execute(
        select(QuizAnswer.question_id, wrong.label("wrong"), func.count().label("asked"))
        .join(QuizSet, QuizSet.id == QuizAnswer.set_id)
        .where(_counted(scope, span))
        .group_by(QuizAnswer.question_id)
    )
    found = [Missed(row.question_id, row.wrong, row.asked) for row in rows]
    shown = [one for one in found if one.wrong and is_shown(one.asked)]
    return sorted(shown, key=lambda one: (-one.wrong / one.asked, -one.asked, one.question_id))[
        :MOST_MISSED
    ]


def total(samples: Iterable[Sample]) -> Sample:
    return sum(samples, Sample())


def _counted(scope: Scope, span: Span) -> ColumnElement[bool]:
    """Answers that count: of finished sampled sets, in the span, where the viewer may look."""
    if scope.role not in {Role.TOWN, Role.CITY}:
        return false()
    conditions = [
        QuizSet.sampled,
        QuizSet.finished_at.is_not(None),
        QuizSet.month.between(span.first, span.last),
        QuizAnswer.chosen.is_not(None),
    ]
    for town in (scope.town_code, span.town_code):
        if town is not None:
            conditions.append(QuizSet.town_code == town)
    return and_(*conditions)
