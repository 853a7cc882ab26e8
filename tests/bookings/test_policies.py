"""Rules as settings with a history, and the refusals that came with them."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import policies, queries, rules, service
from backend.bookings.attendance_models import BookingPause
from backend.bookings.models import Booking, BookingPolicy, TownRule, YearKind
from backend.bookings.policy_words import changes_in_words, in_words
from backend.bookings.rules import Policy
from backend.centres.models import Slot, SlotState
from backend.kernel.ages import add_months
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock, city_date
from backend.kernel.errors import Conflict, Invalid
from backend.people.models import Child
from backend.people.priority_models import PriorityGrant
from tests.bookings.family import Family, act, book, cancel, in_city, make_family, state_of
from tests.factories import MORNING, TOWN, make_booking, make_policy, make_slot, make_slots

Sessions = sessionmaker[Session]
OTHER = "320281100"
BIRTHDAY = Policy(year_kind=YearKind.BIRTHDAY)


def reason(sessions: Sessions, clock: FixedClock, family: Family, slot: int) -> str | None:
    """What the family's list says of a slot; the service must say the same."""
    with sessions() as session:
        page = queries.slots_for_child(
            session,
            queries.policy_at(session, clock.now()),
            clock.now(),
            child=session.get_one(Child, family.child),
            which=queries.SlotFilter(date(2026, 1, 1), date(2028, 1, 1)),
        )
    return next(one.reason for one in page.items if one.slot.id == slot)


def refused(
    sessions: Sessions, clock: FixedClock, family: Family, slot: int, kind: type[Conflict]
) -> str | None:
    assert reason(sessions, clock, family, slot) == kind.code
    with pytest.raises(kind) as refusal:
        book(sessions, clock, family, slot)
    detail: str | None = refusal.value.detail
    return detail


def test_at_most_two_sessions_are_open_at_once(sessions: Sessions, clock: FixedClock) -> None:
    family, slots = make_family(sessions), make_slots(sessions, 4)
    first = book(sessions, clock, family, slots[0])
    book(sessions, clock, family, slots[1])

    said = refused(sessions, clock, family, slots[2], rules.TooManyOpen)
    assert said == "一个宝宝最多同时有 2 个还没开始的预约"

    cancel(sessions, clock, family, first)
    book(sessions, clock, family, slots[2])


def test_what_has_begun_is_not_open_any_more(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    for slot in make_slots(sessions, 2, starts_at=MORNING + timedelta(days=1)):
        act(sessions, clock, service.confirm, book(sessions, clock, family, slot))
    later = make_slot(sessions, starts_at=MORNING + timedelta(days=3))
    refused(sessions, clock, family, later, rules.TooManyOpen)

    clock.advance(timedelta(days=1))  # the first begins at this very moment

    book(sessions, clock, family, later)


def test_a_town_may_keep_its_centres_for_its_own_families(
    sessions: Sessions, clock: FixedClock
) -> None:
    guest, neighbour = make_family(sessions, town_code=OTHER), make_family(sessions)
    slot = make_slot(sessions)
    with sessions.begin() as session:
        for days, serves in ((-9, True), (-3, False), (+3, True)):
            at = clock.now() + timedelta(days=days)
            session.add(
                TownRule(
                    town_code=TOWN, effective_from=at, serves_other_towns=serves, created_by="test"
                )
            )

    said = refused(sessions, clock, guest, slot, rules.OtherTown)
    assert said is not None
    assert "我的" in said
    book(sessions, clock, neighbour, slot)


def test_a_town_that_has_said_nothing_serves_all(sessions: Sessions, clock: FixedClock) -> None:
    book(sessions, clock, make_family(sessions, town_code=OTHER), make_slot(sessions))


def pause(sessions: Sessions, child: int, slot: int, days: int, *, lifted: bool = False) -> None:
    missed = make_booking(sessions, child_id=child, slot_id=slot, quota_number=None)
    with sessions.begin() as session:
        session.get_one(Booking, missed).state = rules.S.MISSED
        session.add(
            BookingPause(
                child_id=child,
                booking_id=missed,
                from_at=MORNING - timedelta(days=1),
                until_at=MORNING + timedelta(days=days),
                lifted_at=MORNING if lifted else None,
                lifted_by="staff:1" if lifted else None,
            )
        )


def test_a_pause_stands_until_its_end_unless_it_is_lifted(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, forgiven = make_family(sessions), make_family(sessions)
    old, slot = (
        make_slot(sessions, starts_at=MORNING - timedelta(days=2)),
        make_slot(sessions, starts_at=MORNING + timedelta(days=10)),
    )
    pause(sessions, family.child, old, 5)
    pause(sessions, forgiven.child, old, 5, lifted=True)

    said = refused(sessions, clock, family, slot, rules.BookingPaused)
    assert said == "11月28日 10:00 起可以再约"
    assert "申诉" in rules.BookingPaused.message
    book(sessions, clock, forgiven, slot)

    clock.advance(timedelta(days=5))
    book(sessions, clock, family, slot)


def grant(sessions: Sessions, child: int, until: date, *, ended: bool = False) -> None:
    with sessions.begin() as session:
        session.add(
            PriorityGrant(
                child_id=child,
                kind_sealed="k1:x",
                asked_at=MORNING,
                granted_at=MORNING,
                granted_by="staff:1",
                valid_until=until,
                ended_at=MORNING if ended else None,
            )
        )


@pytest.fixture
def held(sessions: Sessions) -> int:
    """Three places, the last two of them kept for priority until the day before."""
    slot = make_slot(sessions, capacity=3)
    with sessions.begin() as session:
        row = session.get_one(Slot, slot)
        row.held_places, row.held_until = 2, row.starts_at - timedelta(hours=48)
    return slot


def test_held_places_are_for_families_with_priority(
    sessions: Sessions, clock: FixedClock, held: int
) -> None:
    book(sessions, clock, make_family(sessions), held)
    plain, special = make_family(sessions), make_family(sessions)
    day = city_date(in_city(2026, 11, 26))
    grant(sessions, special.child, day)

    said = refused(sessions, clock, plain, held, rules.HeldForPriority)
    assert said == "11月24日 10:00 起向所有家庭开放"
    assert reason(sessions, clock, special, held) is None
    assert state_of(sessions, book(sessions, clock, special, held))[2] == 2

    clock.set(in_city(2026, 11, 24))
    book(sessions, clock, plain, held)


@pytest.mark.parametrize("how", ["over by then", "ended", "only asked"])
def test_priority_counts_when_it_is_granted_and_covers_the_day(
    sessions: Sessions, clock: FixedClock, held: int, how: str
) -> None:
    book(sessions, clock, make_family(sessions), held)
    family = make_family(sessions)
    if how == "only asked":
        with sessions.begin() as session:
            session.add(PriorityGrant(child_id=family.child, kind_sealed="k1:x", asked_at=MORNING))
    else:
        day = date(2026, 11, 25) if how == "over by then" else date(2027, 1, 1)
        grant(sessions, family.child, day, ended=how == "ended")

    refused(sessions, clock, family, held, rules.HeldForPriority)


def test_a_cancelled_session_says_that_it_is_cancelled(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, slot = make_family(sessions), make_slot(sessions)
    with sessions.begin() as session:
        session.execute(update(Slot).values(state=SlotState.CANCELLED))

    refused(sessions, clock, family, slot, rules.SlotCancelled)


def test_a_birthday_year_runs_from_birthday_to_birthday(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=12, year_kind=YearKind.BIRTHDAY)
    family = make_family(sessions, birth_date=date(2025, 11, 30))
    before = make_slots(sessions, 7, starts_at=in_city(2026, 11, 29))
    for slot in before[:6]:
        book(sessions, clock, family, slot)
    refused(sessions, clock, family, before[6], rules.QuotaUsedUp)

    booking = book(sessions, clock, family, make_slot(sessions, starts_at=in_city(2026, 11, 30)))

    with sessions() as session:
        found = session.get_one(Booking, booking)
        assert (found.quota_year, found.quota_number) == (2027, 1)
        child = session.get_one(Child, family.child)
        policy = queries.policy_at(session, clock.now())
        now = queries.quota(session, policy, clock.now(), child)
        assert (now.used, now.first_day, now.last_day) == (
            6,
            date(2025, 11, 30),
            date(2026, 11, 29),
        )


def test_a_change_of_the_kind_of_year_gives_nobody_more_than_six(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, max_open=12)
    family = make_family(sessions, birth_date=date(2025, 11, 25))
    for number, slot in enumerate(make_slots(sessions, 4), 1):  # on the 26th
        make_booking(sessions, child_id=family.child, slot_id=slot, quota_number=number)
    make_policy(
        sessions,
        max_open=12,
        year_kind=YearKind.BIRTHDAY,
        effective_from=clock.now() - timedelta(hours=1),
    )
    slots = make_slots(sessions, 3, starts_at=in_city(2026, 11, 27))

    numbers = [book(sessions, clock, family, slot) for slot in slots[:2]]
    refused(sessions, clock, family, slots[2], rules.QuotaUsedUp)

    with sessions() as session:
        found = [session.get_one(Booking, one) for one in numbers]
        assert [(one.quota_year, one.quota_number) for one in found] == [(2027, 1), (2027, 2)]


births = st.dates(date(2020, 1, 1), date(2027, 12, 31))


@given(birth=births, days=st.integers(0, 3 * 366), kind=st.sampled_from(list(YearKind)))
def test_every_session_lies_within_the_span_of_its_year(
    birth: date, days: int, kind: YearKind
) -> None:
    policy, day = Policy(year_kind=kind), birth + timedelta(days=days)
    starts_at = in_city(day.year, day.month, day.day)

    year = rules.quota_year(policy, starts_at, birth)
    first, end = rules.year_span(policy, year, birth)

    assert first <= day < end
    assert rules.year_span(policy, year + 1, birth)[0] == end


def test_a_leap_day_child_has_its_birthday_on_the_28th() -> None:
    birth = date(2024, 2, 29)

    assert rules.quota_year(BIRTHDAY, in_city(2025, 2, 27), birth) == 2025
    assert rules.quota_year(BIRTHDAY, in_city(2025, 2, 28), birth) == 2026
    assert rules.year_span(BIRTHDAY, 2026, birth) == (add_months(birth, 12), add_months(birth, 24))


@given(used=st.sets(st.integers(1, 6)), beside=st.integers(0, 7))
def test_numbers_of_the_other_kind_of_year_count_too(used: set[int | None], beside: int) -> None:
    try:
        number = rules.next_quota_number(used, beside)
    except rules.QuotaUsedUp:
        assert len(used) + beside >= 6
    else:
        assert number not in used
        assert len(used) + beside < 6


def test_the_next_policy_is_added_for_a_moment_to_come_and_never_changed(
    sessions: Sessions, clock: FixedClock
) -> None:
    start = clock.now() + timedelta(days=1)
    with sessions.begin() as session:
        policies.add_policy(
            session,
            clock,
            Policy(max_open=3),
            effective_from=start,
            note=" 试行三次 ",
            actor="staff:1",
        )

    with sessions() as session:
        assert policies.policy_at(session, start - timedelta(seconds=1)).max_open == 2
        assert policies.policy_at(session, start).max_open == 3
        (newest, *_) = policies.policy_rows(session)
        assert (newest.note, newest.created_by) == ("试行三次", "staff:1")
        actions = session.scalars(select(AuditEntry.action)).all()
        assert actions == ["policy.added"]
    with sessions() as session, pytest.raises(DBAPIError):
        session.execute(text("UPDATE booking_policies SET max_open = 6"))
    with sessions() as session, pytest.raises(DBAPIError):
        session.execute(text("DELETE FROM booking_policies"))


@pytest.mark.parametrize(
    ("policy", "days", "note"),
    [
        (Policy(), 0, "x"),
        (Policy(max_open=0), 1, "x"),
        (Policy(max_open=7), 1, "x"),
        (Policy(eligible_under_months=37), 1, "x"),
        (Policy(reconfirm_hours=0), 1, "x"),
        (Policy(), 1, " "),
        (Policy(), 1, "长" * 201),
    ],
)
def test_what_cannot_be_meant_is_refused(
    sessions: Sessions, clock: FixedClock, policy: Policy, days: int, note: str
) -> None:
    start = clock.now() + timedelta(days=days)
    with sessions() as session, pytest.raises(Invalid):
        policies.add_policy(
            session, clock, policy, effective_from=start, note=note, actor="staff:1"
        )


def test_two_rows_for_one_moment_are_one_too_many(sessions: Sessions, clock: FixedClock) -> None:
    start = clock.now() + timedelta(days=1)
    make_policy(sessions, effective_from=start)

    with sessions() as session, pytest.raises(Conflict):
        policies.add_policy(
            session, clock, Policy(), effective_from=start, note="x", actor="staff:1"
        )


def test_a_change_is_told_in_words() -> None:
    after = Policy(max_open=3, reconfirm_hours=24, year_kind=YearKind.BIRTHDAY)

    assert changes_in_words(Policy(), Policy()) == []
    assert changes_in_words(Policy(), after) == [
        "一个宝宝最多同时有几个没开始的预约：2 个 → 3 个",
        "开始前多久没有再次确认就让给候补：不要求 → 24 小时",
        "六次按哪一年计算：日历年（1 月 1 日起） → 宝宝的生日年",
    ]
    assert len(in_words(Policy())) == len(policies.NAMES)


def test_every_setting_has_a_column_and_every_column_a_setting() -> None:
    columns = {column.name for column in BookingPolicy.__table__.columns}

    assert columns - set(policies.NAMES) == {"effective_from", "note", "created_by"}


def test_what_is_already_booked_outlives_a_stricter_rule(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, slots = make_family(sessions), make_slots(sessions, 2)
    bookings = [book(sessions, clock, family, slot) for slot in slots]
    make_policy(sessions, max_open=1, effective_from=clock.now() - timedelta(seconds=1))

    act(sessions, clock, service.confirm, bookings[0])

    assert [state_of(sessions, one)[0] for one in bookings] == ["confirmed", "requested"]
    refused(sessions, clock, family, make_slot(sessions), rules.TooManyOpen)
