"""Measurements as a family keeps them: recorded, put right, taken back, compared."""

from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook import growth_service
from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth_models import GrowthEntry
from backend.handbook.growth_queries import Shown, growth_of, sealed
from backend.handbook.growth_rules import (
    MOST,
    MeasuredOnOutOfRange,
    Measures,
    NothingMeasured,
    TooManyMeasurements,
)
from backend.handbook.growth_service import Told
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.people.models import Child, DuplicateState
from tests.factories import MORNING, default_vault, make_child, make_parent
from tests.handbook.growth.standards import wst423

BIRTH = date(2026, 1, 15)
JUNE, AUGUST, OCTOBER = date(2026, 6, 15), date(2026, 8, 15), date(2026, 10, 15)

Sessions = sessionmaker[Session]


class Family:
    def __init__(self, sessions: Sessions, clock: FixedClock) -> None:
        self.sessions, self.clock, self.vault = sessions, clock, default_vault()
        self.parent = make_parent(sessions)
        self.child = make_child(sessions, parent_id=self.parent, birth_date=BIRTH)

    def record(
        self, day: date, *, was_on: date | None = None, confirmed: bool = False, **measured: int
    ) -> list[str]:
        measures = Measures(**measured)  # type: ignore[arg-type]  # its fields
        with self.sessions.begin() as session:
            return growth_service.record(
                session,
                self.clock,
                self.vault,
                wst423(),
                parent_id=self.parent,
                child_id=self.child,
                told=Told(day, measures, was_on, confirmed),
            )

    def remove(self, day: date) -> None:
        with self.sessions.begin() as session:
            growth_service.remove(
                session, parent_id=self.parent, child_id=self.child, measured_on=day
            )

    def shown(self) -> list[Shown]:
        with self.sessions() as session:
            return growth_of(
                session, self.vault, wst423(), parent_id=self.parent, child_id=self.child
            )[1]

    def weights(self) -> dict[date, int | None]:
        return {one.recorded.measured_on: one.recorded.measures.weight_g for one in self.shown()}


@pytest.fixture
def family(sessions: Sessions, clock: FixedClock) -> Family:
    return Family(sessions, clock)


def test_a_measurement_is_kept_and_comes_back_by_day(family: Family) -> None:
    assert family.record(OCTOBER, weight_g=8_900) == []
    assert family.record(JUNE, weight_g=7_200) == []

    assert family.weights() == {JUNE: 7_200, OCTOBER: 8_900}
    with family.sessions() as session:
        text = session.scalars(select(GrowthEntry.values_sealed)).first()
    assert text is not None
    assert "7200" not in text
    assert "weight" not in text


def test_a_value_that_is_hard_to_believe_is_kept_once_it_is_confirmed(family: Family) -> None:
    asked = family.record(OCTOBER, weight_g=17_800)
    assert len(asked) == 1
    assert family.weights() == {}

    assert family.record(OCTOBER, weight_g=17_800, confirmed=True) == []
    (kept,) = family.shown()
    assert [question.text for question in kept.assessment.questions] == asked


def test_a_second_measurement_of_a_day_replaces_the_first_after_a_question(family: Family) -> None:
    family.record(OCTOBER, weight_g=8_900)

    assert len(family.record(OCTOBER, weight_g=8_950)) == 1
    assert family.weights() == {OCTOBER: 8_900}
    assert family.record(OCTOBER, weight_g=8_950, confirmed=True) == []
    assert family.weights() == {OCTOBER: 8_950}


def test_a_measurement_is_put_right_without_a_question_and_may_move(family: Family) -> None:
    family.record(JUNE, weight_g=7_200)

    assert family.record(JUNE, was_on=JUNE, weight_g=7_300) == []
    assert family.record(AUGUST, was_on=JUNE, weight_g=7_900) == []

    assert family.weights() == {AUGUST: 7_900}


def test_one_that_is_gone_cannot_be_put_right(family: Family) -> None:
    with pytest.raises(NotFound):
        family.record(AUGUST, was_on=JUNE, weight_g=7_900)


def test_a_measurement_is_taken_back_and_twice_is_once(family: Family) -> None:
    family.record(JUNE, weight_g=7_200)
    family.remove(JUNE)
    family.remove(JUNE)

    assert family.weights() == {}


@pytest.mark.parametrize("day", [date(2026, 1, 14), date(2026, 11, 24)])
def test_a_day_before_the_birth_or_in_the_future_is_refused(family: Family, day: date) -> None:
    with pytest.raises(MeasuredOnOutOfRange):
        family.record(day, weight_g=7_000, confirmed=True)


def test_nothing_is_no_measurement(family: Family) -> None:
    with pytest.raises(NothingMeasured):
        family.record(JUNE)


def test_another_family_finds_nothing(family: Family, sessions: Sessions) -> None:
    family.record(JUNE, weight_g=7_200)
    mother, family.parent = family.parent, make_parent(sessions)

    with pytest.raises(NotFound):
        family.record(AUGUST, weight_g=7_900)
    with pytest.raises(NotFound):
        family.remove(JUNE)
    with pytest.raises(NotFound):
        family.shown()
    family.parent = mother
    assert family.weights() == {JUNE: 7_200}


def test_there_is_a_most_and_putting_right_still_works(family: Family, sessions: Sessions) -> None:
    day = BIRTH.toordinal()
    with sessions.begin() as session:
        session.add_all(
            GrowthEntry(
                child_id=family.child,
                measured_on=date.fromordinal(day - number),
                values_sealed=sealed(family.vault, Measures(weight_g=3_000)),
                recorded_at=MORNING,
            )
            for number in range(1, MOST)
        )
    family.record(JUNE, weight_g=7_200)

    with pytest.raises(TooManyMeasurements):
        family.record(AUGUST, weight_g=7_900)
    assert family.record(AUGUST, was_on=JUNE, weight_g=7_900) == []


def test_each_is_compared_with_the_last_one_that_measured_the_same(family: Family) -> None:
    family.record(JUNE, weight_g=7_200, length_mm=650)
    family.record(AUGUST, weight_g=8_100)
    family.record(OCTOBER, weight_g=8_900, length_mm=715)

    june, august, october = family.shown()

    assert june.changes == ()
    assert [one.indicator for one in august.changes] == [Indicator.WEIGHT]
    days = {one.indicator: one.velocity.days for one in october.changes if one.velocity}
    assert days == {Indicator.WEIGHT: 61, Indicator.LENGTH: 122}
    assert {one.indicator for one in october.changes} >= {Indicator.BMI}


def test_what_a_joined_registration_measured_is_the_childs(
    family: Family, sessions: Sessions
) -> None:
    second = make_child(sessions, birth_date=BIRTH)
    first, family.child = family.child, second
    with sessions.begin() as session:
        session.add_all(
            GrowthEntry(
                child_id=second,
                measured_on=day,
                values_sealed=sealed(family.vault, Measures(weight_g=7_000)),
                recorded_at=MORNING.replace(month=9),
            )
            for day in (JUNE, AUGUST)
        )
        session.execute(
            update(Child)
            .where(Child.id == second)
            .values(duplicate_of_id=first, duplicate_state=DuplicateState.SAME)
        )
    family.child = first
    with sessions.begin() as session:
        session.add(
            GrowthEntry(
                child_id=first,
                measured_on=JUNE,
                values_sealed=sealed(family.vault, Measures(weight_g=7_200)),
                recorded_at=MORNING,
            )
        )

    assert family.weights() == {JUNE: 7_200, AUGUST: 7_000}  # of two of a day the later one counts
    family.remove(JUNE)
    assert family.weights() == {AUGUST: 7_000}
    assert family.record(OCTOBER, was_on=AUGUST, weight_g=8_900) == []
    assert family.weights() == {OCTOBER: 8_900}
