"""The vaccination programme's answers for one child, dose by dose: pure functions of its records.

Nothing recorded of a vaccine means that nobody wrote anything down, not that nothing was given:
its doses stay on the days of the birth date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from backend.handbook.schedule import Rule, Schedule
from backend.handbook.source import Mother, Vaccine
from backend.handbook.vaccines import ChildFacts, DoseAnswer, Programme, Status, forecast, plan
from backend.handbook.vaccines.child import Course, courses

PREFIX = "vaccine:"  # of the ids of items that are doses


@dataclass(frozen=True)
class KnownFacts:
    """What a family said once; None: nobody said. Immunoglobulin: each day on which it was used."""

    mother: Mother | None = None
    birth_grams: int | None = None
    had_varicella: bool | None = None
    immunoglobulin: tuple[date, ...] = ()


@dataclass(frozen=True)
class Records:
    """All that is recorded of a child. `done`: item id to day; ids of any kind."""

    birth: date
    done: Mapping[str, date] = field(default_factory=dict)
    known: KnownFacts = field(default_factory=KnownFacts)


@dataclass(frozen=True)
class DoseState:
    """One dose of one child.

    `by_birth`: of its vaccine nothing is recorded, and nothing moves or closes it. `waits_for`:
    the dose before it, where that one is open. `may_switch`: no product of its group was given.
    """

    rule: Rule
    answer: DoseAnswer
    by_birth: bool
    waits_for: str | None
    may_switch: bool


def dose_states(schedule: Schedule, records: Records, on: date) -> list[DoseState]:
    """Each dose that concerns the child on the day `on`, in the order of the programme."""
    facts = believable(schedule.programme, records, on)
    planned = {answer.id: answer for answer in plan(schedule.programme, facts)}
    answers = {answer.id: answer for answer in forecast(schedule.programme, facts, on)}
    return [
        state
        for course in courses(schedule.programme, facts)
        for state in _states(schedule, course, facts, answers, planned)
    ]


def _states(
    schedule: Schedule,
    course: Course,
    facts: ChildFacts,
    answers: Mapping[str, DoseAnswer],
    planned: Mapping[str, DoseAnswer],
) -> list[DoseState]:
    untouched = not _any_given(schedule.programme, course.vaccine, facts)
    states = []
    waits_for: str | None = None
    for dose in course.doses:
        answer, rule = answers[dose.id], _rule(schedule, course, dose.id)
        unmoved = _exception(rule, planned[dose.id], facts.birth) is None
        state = DoseState(rule, answer, untouched and unmoved, waits_for, untouched)
        states += [] if answer.status is Status.NOT_CHOSEN else [state]
        waits_for = None if answer.status is Status.GIVEN else answer.title
    return states


def exceptions(schedule: Schedule, records: Records, on: date) -> dict[str, date | None]:
    """The doses whose day the birth date alone does not say, and the day: rows of `item_dates`.

    None: not wanted, or only the clinic can say. The days follow from what is recorded and not
    from today (`on` only bounds what can be believed): an open dose counts as given on its
    first day.
    """
    facts = believable(schedule.programme, records, on)
    usual = {rule.id: rule for rule in schedule.rules}
    found: dict[str, date | None] = {}
    for answer in plan(schedule.programme, facts):
        item_id = f"{PREFIX}{answer.id}"
        if item_id in usual:
            moved = _exception(usual[item_id], answer, facts.birth)
            found |= {} if moved is None else {item_id: moved[0]}
        elif answer.earliest is not None and answer.status is not Status.GIVEN:
            found[item_id] = answer.earliest  # a dose that only some children get
    return found


def _exception(rule: Rule, planned: DoseAnswer, birth: date) -> tuple[date | None] | None:
    """None: the birth date says the day, or it was given. Otherwise the day in a box."""
    if planned.status is Status.GIVEN or planned.earliest == rule.due.on(birth):
        return None
    return (planned.earliest,)


def believable(programme: Programme, records: Records, on: date) -> ChildFacts:
    """What the programme can be asked with. What contradicts the rest is left out.

    Recording refuses such days; two registrations that were joined, or a corrected birth date,
    may bring them nevertheless, and a family must be able to read its handbook then.
    """
    known, birth = records.known, records.birth
    used = [day for day in known.immunoglobulin if birth <= day <= on]
    facts = ChildFacts(
        birth=birth,
        immunoglobulin=max(used, default=None),
        mother=known.mother,
        birth_grams=known.birth_grams,
        had_varicella=known.had_varicella is True,
    )  # the weight decides which doses are meant
    given: dict[str, date] = {}
    for course in courses(programme, facts):
        latest = birth
        for dose in course.doses:
            day = records.done.get(f"{PREFIX}{dose.id}")
            if day is not None and latest <= day <= on:
                given[dose.id] = latest = day
    return replace(facts, given=given)


def meant_for(programme: Programme, records: Records, item_id: str, on: date) -> bool:
    """Whether the programme gives this dose to this child at all."""
    meant = courses(programme, believable(programme, records, on))
    return any(f"{PREFIX}{dose.id}" == item_id for course in meant for dose in course.doses)


def backwards(schedule: Schedule, records: Records, item_id: str, day: date) -> str | None:
    """A recorded dose of the same vaccine to whose order `day` does not fit; None: it fits."""
    for rules in _series_with(schedule, item_id):
        place = rules.index(item_id)
        for other in rules:
            known = records.done.get(other)
            if known is None or other == item_id:
                continue
            if known > day if rules.index(other) < place else known < day:
                return other
    return None


def _series_with(schedule: Schedule, item_id: str) -> list[list[str]]:
    """The ids of the doses of each course that the item belongs to, in order."""
    found = []
    for vaccine in schedule.programme.vaccines:
        rows = [vaccine.doses, vaccine.exposure.low_weight_doses if vaccine.exposure else ()]
        for doses in rows:
            ids = [f"{PREFIX}{dose.id}" for dose in doses]
            found += [ids] if item_id in ids else []
    return found


def _any_given(programme: Programme, vaccine: Vaccine, facts: ChildFacts) -> bool:
    """Of the vaccine, or of another product of its group of choices."""
    group = vaccine.choice.group if vaccine.choice else None
    return any(
        dose.id in facts.given
        for other in programme.vaccines
        if other is vaccine or (other.choice and other.choice.group == group)
        for dose in (*other.doses, *(other.exposure.low_weight_doses if other.exposure else ()))
    )


def _rule(schedule: Schedule, course: Course, dose_id: str) -> Rule:
    """The item of a dose, in the words of the course that is meant for the child."""
    item_id = f"{PREFIX}{dose_id}"
    shorter = schedule.low_weight if course.low_weight else ()
    found = next((rule for rule in shorter if rule.id == item_id), None) or schedule.rule(item_id)
    assert found is not None  # the schedule is made from the same file
    return found
