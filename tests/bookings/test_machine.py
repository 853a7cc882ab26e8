"""A year of a small city at random: whatever comes in whatever order, the promises hold.

Few children and few slots, so that everything collides; a clock that jumps over minutes, days
and New Year; a city that changes its rules. After every step the whole database is asked.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, queries, service
from backend.bookings.models import Booking, BookingChange, BookingState, YearKind
from backend.bookings.rules import NEXT_STATES, OPEN_STATES
from backend.centres.models import Slot
from backend.kernel.clock import FixedClock
from backend.kernel.errors import DomainError
from tests.bookings.family import Family, act, book, cancel, in_city, make_family
from tests.factories import make_policy, make_slots
from tests.soak import at_full, record

Sessions = sessionmaker[Session]
START = in_city(2026, 12, 20)
BIRTHDAYS = (date(2024, 12, 23), date(2025, 6, 1), date(2026, 1, 2))
SLOTS = 40

a_child = st.integers(0, len(BIRTHDAYS) - 1)
a_slot = st.integers(0, SLOTS - 1)
so_far_back = st.integers(0, 5)  # so many bookings back
STAFF: dict[str, Callable[..., Booking]] = {
    "confirm": service.confirm,
    "decline": service.decline,
    "cancel": service.cancel_by_centre,
    "attended": service.mark_attended,
    "missed": service.mark_missed,
    "undo": service.undo,
}
REASONED = {"decline", "cancel"}


class City(RuleBasedStateMachine):
    sessions: Sessions
    families: list[Family]
    slots: list[int]

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock(START)
        self.policies = 0

    @rule(who=a_child, slot=a_slot)
    def request(self, who: int, slot: int) -> None:
        family = self.families[who]
        with self.sessions() as session:
            allowed = queries.policy_at(session, self.clock.now()).max_open
        before = self._open_ahead(family)
        with suppress(DomainError):
            book(self.sessions, self.clock, family, self.slots[slot])
            assert before < allowed

    @rule(who=a_child, back=so_far_back)
    def cancel_by_family(self, who: int, back: int) -> None:
        booking = self._booking(back)
        if booking is not None:
            with suppress(DomainError):
                cancel(self.sessions, self.clock, self.families[who], booking)

    @rule(step=st.sampled_from(sorted(STAFF)), back=so_far_back)
    def staff_step(self, step: str, back: int) -> None:
        booking = self._booking(back)
        if booking is not None:
            reason = {"reason": "名额调整"} if step in REASONED else {}
            with suppress(DomainError):
                act(self.sessions, self.clock, STAFF[step], booking, **reason)

    @rule(minutes=st.sampled_from([1, 9, 11, 90, 24 * 60, 3 * 24 * 60, 7 * 24 * 60]))
    def wait(self, minutes: int) -> None:
        self.clock.advance(timedelta(minutes=minutes))

    @rule(max_open=st.integers(1, 12), kind=st.sampled_from(list(YearKind)))
    def change_the_rules(self, max_open: int, kind: YearKind) -> None:
        self.policies += 1
        at = self.clock.now() + timedelta(microseconds=self.policies)
        make_policy(self.sessions, effective_from=at, max_open=max_open, year_kind=kind)
        self.clock.advance(timedelta(milliseconds=1))

    @invariant()
    def no_child_has_more_than_six_numbers_of_a_year(self) -> None:
        with self.sessions() as session:
            numbers = session.execute(
                select(Booking.child_id, Booking.quota_year, Booking.quota_number).where(
                    Booking.quota_number.is_not(None)
                )
            ).all()
        assert len(numbers) == len(set(numbers))
        counts = Counter((row.child_id, row.quota_year) for row in numbers)
        assert all(count <= 6 for count in counts.values())

    @invariant()
    def places_are_what_the_rows_say(self) -> None:
        with self.sessions() as session:
            assert desk.counter_drift(session) == []
            full = session.scalars(select(Slot.id).where(Slot.taken > Slot.capacity)).all()
        assert full == []

    @invariant()
    def every_log_is_a_chain_that_ends_where_the_booking_is(self) -> None:
        with self.sessions() as session:
            bookings = {one.id: one for one in session.scalars(select(Booking))}
            changes = session.scalars(select(BookingChange).order_by(BookingChange.id)).all()
        ends: dict[int, BookingChange] = {}
        for change in changes:
            before = ends.get(change.booking_id)
            if before is None:
                assert (change.before, change.quota_before) == (None, None)
            else:
                assert (change.before, change.quota_before) == (before.after, before.quota_after)
                assert change.before is not None
                forward = change.after in NEXT_STATES[change.before]
                undone = change.before in NEXT_STATES[change.after]
                assert forward or undone
            ends[change.booking_id] = change
        assert ends.keys() == bookings.keys()
        for number, last in ends.items():
            assert last.after is bookings[number].state
            assert last.quota_after == bookings[number].quota_number

    def _booking(self, back: int) -> int | None:
        with self.sessions() as session:
            query = select(Booking.id).order_by(Booking.id.desc()).offset(back).limit(1)
            return session.scalar(query)

    def _open_ahead(self, family: Family) -> int:
        with self.sessions() as session:
            rows = session.scalars(
                select(Booking.id)
                .join(Booking.slot)
                .where(
                    Booking.child_id == family.child,
                    Booking.state.in_(OPEN_STATES),
                    Slot.starts_at > self.clock.now(),
                )
            )
            return len(rows.all())


class Careless(City):
    """What the machine must notice: a booking that takes no place and leaves no trace."""

    @rule(who=a_child, slot=a_slot)
    def write_without_the_rules(self, who: int, slot: int) -> None:
        with self.sessions.begin() as session:
            session.add(
                Booking(
                    child_id=self.families[who].child,
                    slot_id=self.slots[slot],
                    state=BookingState.REQUESTED,
                    quota_year=2026,
                    quota_number=None,
                    requested_at=self.clock.now(),
                    changed_at=self.clock.now(),
                )
            )


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "few"), [(City, 200), (Careless, 20)])
def test_a_year_of_everything_keeps_its_promises(
    sessions: Sessions, kind: type[City], few: int
) -> None:
    families = [make_family(sessions, birth_date=birth) for birth in BIRTHDAYS]
    weeks = [START + timedelta(days=2 + 7 * week) for week in range(SLOTS // 8)]
    slots = [one for at in weeks for one in make_slots(sessions, 8, capacity=2, starts_at=at)]
    examples = at_full(few, 3000)
    with sessions.begin() as session:
        play = partial(run_in_savepoints, session, kind, (sessions, families, slots), examples)
        if kind is City:
            play()
        else:
            with pytest.raises(AssertionError):
                play()
    if kind is City:
        record("random years of bookings", examples=examples, broken=0)


def run_in_savepoints(
    session: Session,
    kind: type[City],
    world: tuple[Sessions, list[Family], list[int]],
    examples: int,
) -> None:
    """Each example in a savepoint of one transaction."""
    connection = session.connection()

    class Example(kind):  # type: ignore[valid-type, misc]  # a machine of either kind
        def __init__(self) -> None:
            super().__init__()
            self.sessions, self.families, self.slots = world
            self.savepoint = connection.begin_nested()

        def teardown(self) -> None:
            self.savepoint.rollback()

    quiet = settings(
        max_examples=examples,
        stateful_step_count=at_full(16, 30),
        # a fault that is meant to be found need not be made small
        phases=[Phase.generate] if kind is Careless else list(Phase),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        database=None,
    )
    run_state_machine_as_test(Example, settings=quiet)
