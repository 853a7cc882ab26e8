"""The answers for every dose of a child: given, due, overdue, upcoming, closed, not chosen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from backend.handbook.source import Dose, Vaccine
from backend.handbook.vaccines.answers import Because, DoseAnswer, Floor, Status
from backend.handbook.vaccines.case import Case, asked, because, case_of, interval_floor, said
from backend.handbook.vaccines.child import ChildFacts, Course, courses, refuse_wrong
from backend.handbook.vaccines.given import Judged, judge
from backend.handbook.vaccines.notes import circumstances, too_long_apart, unverified_interval
from backend.handbook.vaccines.programme import Programme
from backend.kernel.ages import add_months


def forecast(programme: Programme, facts: ChildFacts, on: date) -> tuple[DoseAnswer, ...]:
    """One answer for each dose of the programme, in the order of its file.

    `on` is the day for which it is asked; what was given lies on or before it. Doses for girls
    only are left out unless `facts.girl`. Raises WrongFacts.
    """
    meant = courses(programme, facts)
    refuse_wrong(meant, facts, on)
    case = case_of(programme, facts, on)
    return tuple(answer for course in meant for answer in _Series(case, course).answers())


def plan(programme: Programme, facts: ChildFacts) -> tuple[DoseAnswer, ...]:
    """The same answers if each open dose is given on its first day, whatever day it is today.

    So they change with what is recorded and never by themselves. The facts are those of a
    `forecast` that refused nothing.
    """
    case = case_of(programme, facts, facts.birth)
    return tuple(
        answer for course in courses(programme, facts) for answer in _Series(case, course).answers()
    )


class _Series:
    """The doses of one vaccine, answered one after the other."""

    def __init__(self, case: Case, course: Course) -> None:
        self.case = case
        self.course = course
        self.vaccine = course.vaccine
        given = case.facts.given
        self.judged: dict[str, Judged] = {
            dose.id: judge(case, self.vaccine, dose, self._day_before(place))
            for place, dose in enumerate(course.doses)
            if dose.id in given
        }
        self.taken = _products_taken(case, self.vaccine)
        self.silent = self._silence()
        self.days: dict[str, date] = {}  # when each dose was given, or can be at the earliest

    def answers(self) -> Iterator[DoseAnswer]:
        previous = self._day_before(0)
        for dose in self.course.doses:
            if dose.id in self.judged:
                previous = self.case.facts.given[dose.id]
                yield self._given(dose, self.judged[dose.id], previous)
            else:
                floors = self._floors(dose, previous)
                yield self._not_given(dose, floors, previous)
                previous = max(*(floor.day for floor in floors), self.case.on)
            self.days[dose.id] = previous

    def _day_before(self, place: int) -> date | None:
        """The day on which the dose before the one at `place` was given."""
        doses = self.course.doses
        before = doses[place - 1].id if place else doses[place].previous
        return self.case.facts.given.get(before or "")

    def _silence(self) -> Because | None:
        """Why the programme says nothing of the doses that were not given. None: it does."""
        if len(self.taken) > 1:
            return asked(self.vaccine, "同组两种产品都打过，程序没有写怎么接着打")
        done = [dose.id in self.judged for dose in self.course.doses]
        if done != sorted(done, reverse=True):
            return asked(self.vaccine, "中间有一剂没有记录，剂次按累计数算")
        if any(judged.early for judged in self.judged.values()):
            return asked(self.vaccine, "前面有一剂打早了，程序没有写算不算")
        return None

    def _not_chosen(self) -> bool:
        choice = self.vaccine.choice
        if choice is None:
            return False
        return self.vaccine.code not in self.taken if self.taken else not choice.default

    def _floors(self, dose: Dose, previous: date | None) -> list[Floor]:
        """Every day before which a rule gives this dose not; the age comes first."""
        floors = [self.case.age_floor(self.vaccine, dose, self.case.on)]
        if self.silent:
            return floors
        for floor in (
            interval_floor(self.vaccine, dose, previous),
            self.case.immunoglobulin_floor(self.vaccine, dose),
        ):
            floors += [floor] if floor is not None else []
        earliest = max(floor.day for floor in floors)
        for day, floor in self.case.live_neighbours(self.vaccine, dose):
            if day == self.case.on and earliest <= day:
                continue  # both may still be given today
            floors.append(floor)
            earliest = max(earliest, floor.day)
        return floors

    def _given(self, dose: Dose, judged: Judged, day: date) -> DoseAnswer:
        before = self._day_before(self.course.doses.index(dose))
        reasons = [
            *judged.reasons,
            *too_long_apart(self.vaccine, dose, before, day),
            *unverified_interval(self.vaccine, dose, day, self.days),
        ]
        return self._answer(dose, Status.GIVEN, judged.earliest, reasons)

    def _not_given(self, dose: Dose, floors: list[Floor], previous: date | None) -> DoseAnswer:
        vaccine, on = self.vaccine, self.case.on
        if self._not_chosen():
            reason = because(vaccine, dose.age_mark, "同组两种产品只选一种，这一种没有选")
            return self._answer(dose, Status.NOT_CHOSEN, None, [reason])
        closed = self._closed(floors)
        if closed is not None:
            return self._answer(dose, Status.CLOSED, None, [closed])
        earliest = max(floor.day for floor in floors)
        status = self._status(dose, earliest)
        if self.silent:
            return self._answer(dose, status, None, [self.silent])
        reasons = [floor.because for floor in floors if floor.day == earliest]
        if status is Status.OVERDUE:
            reasons.append(self.case.programme.rule(self.case.programme.file.limits.no_restart))
            reasons += [said(vaccine, dose.overdue_because)] if dose.overdue_because else []
        reasons += too_long_apart(vaccine, dose, previous, on)
        reasons += unverified_interval(vaccine, dose, earliest, self.days)
        return self._answer(dose, status, earliest, reasons)

    def _closed(self, floors: list[Floor]) -> Because | None:
        """Why the programme gives no more of this vaccine, if it does not."""
        vaccine, facts = self.vaccine, self.case.facts
        if vaccine.had_varicella is not None and facts.had_varicella:
            return said(vaccine, vaccine.had_varicella)
        if vaccine.ends_months is None or vaccine.ends_because is None:
            return None
        possible = max(*(floor.day for floor in floors), self.case.on)
        if possible < add_months(facts.birth, vaccine.ends_months):
            return None
        return said(vaccine, vaccine.ends_because)

    def _status(self, dose: Dose, earliest: date) -> Status:
        recommended_by = self.case.recommended_by(dose)
        if recommended_by is not None and self.case.on > recommended_by:
            return Status.OVERDUE
        return Status.DUE if earliest <= self.case.on else Status.UPCOMING

    def _answer(
        self, dose: Dose, status: Status, earliest: date | None, reasons: list[Because]
    ) -> DoseAnswer:
        chosen = status is not Status.NOT_CHOSEN
        every = [*reasons, *circumstances(self.course, dose, self.case.facts)]
        return DoseAnswer(
            id=dose.id,
            title=self.vaccine.title(dose),
            status=status,
            earliest=earliest,
            recommended_by=self.case.recommended_by(dose) if chosen else None,
            because=tuple(every),
            documents=self.case.programme.documents,
        )


def _products_taken(case: Case, vaccine: Vaccine) -> set[str]:
    """Which products of the vaccine's group of choices were given."""
    if vaccine.choice is None:
        return set()
    return {
        other.code
        for other in case.programme.vaccines
        if other.choice is not None
        and other.choice.group == vaccine.choice.group
        and case.any_given(other.code)
    }
