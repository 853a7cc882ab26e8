"""SQL and Python give the same verdicts on the same random months."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.models import Booking, BookingState
from backend.bookings.settlement import Attended, Terms, settle
from backend.centres.place_models import ContractUnit
from backend.kernel.clock import CITY, FixedClock, city_date
from tests.bookings.settling import (
    PRICE,
    Scene,
    at,
    close,
    lines_of,
    make_institution,
)
from tests.factories import MORNING, make_child

Sessions = sessionmaker[Session]


@pytest.fixture
def clock() -> FixedClock:
    """Thursday 2026-12-03: November is over."""
    return FixedClock(at(12, 3))


WORLDS = st.lists(
    st.fixed_dictionaries(
        {
            "child": st.integers(0, 3),
            "day": st.integers(1, 4),
            "half_hour": st.integers(0, 5),
            "mine": st.booleans(),
            "by_phone": st.booleans(),
            "on_paper": st.booleans(),
            "numbered": st.booleans(),
            "teacher": st.sampled_from([None, 0, 1]),
            "closed": st.integers(0, 9).map(lambda n: n == 0),
        }
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: (one["child"], one["day"], one["half_hour"], one["mine"]),
)
BIRTHS = (date(2025, 5, 5), date(2023, 11, 3), date(2026, 11, 2), date(2023, 11, 30))


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    world=WORLDS,
    unit=st.sampled_from(ContractUnit),
    ceiling=st.sampled_from([None, PRICE, 3 * PRICE + 1]),
    ends=st.sampled_from([date(2026, 11, 3), date(2026, 12, 31)]),
)
def test_sql_and_python_give_the_same_verdicts(
    sessions: Sessions,
    clock: FixedClock,
    world: list[dict[str, object]],
    unit: ContractUnit,
    ceiling: int | None,
    ends: date,
) -> None:
    term = (date(2026, 1, 1), ends)
    scene = Scene(sessions, unit=unit, ceiling_fen=ceiling, term=term)
    mine, elsewhere = settle_world(scene, world)
    expected = settle(
        Terms(*term, unit, PRICE, ceiling),
        mine,
        elsewhere=elsewhere,
    )

    found = lines_of(sessions, scene.statement(clock))

    assert found == {one.booking_id: (one.reason or "", one.amount_fen) for one in expected}


def settle_world(
    scene: Scene, world: list[dict[str, object]]
) -> tuple[list[Attended], list[Attended]]:
    """The same sessions as rows and as facts."""
    sessions = scene.sessions
    children = [make_child(sessions, birth_date=birth) for birth in BIRTHS]
    far = scene.another_centre(institution=make_institution(sessions))
    found: tuple[list[Attended], list[Attended]] = ([], [])
    for number, one in enumerate(world):
        starts_at = at(11, int(str(one["day"]))) + int(str(one["half_hour"])) * timedelta(
            minutes=30
        )
        mine, child = bool(one["mine"]), int(str(one["child"]))
        centre = scene.another_centre() if mine else far
        certified = one["teacher"] != 1
        teacher = (
            None
            if one["teacher"] is None
            else scene.another_teacher(until=date(2027, 1, 1) if certified else None)
        )
        slot = scene.slot(starts_at, centre_id=centre, room=None, teacher=teacher)
        if one["closed"]:
            close(sessions, starts_at + timedelta(minutes=10), centre_id=centre)
        quota_number = number % 6 + 1 if one["numbered"] else None
        booking = insert_attended(scene, children[child], slot, quota_number, number)
        scene.check_in(booking, confirmed=bool(one["by_phone"]))
        if one["on_paper"]:
            scene.signed(booking, starts_at.date())
        fact = Attended(
            booking_id=booking,
            child=children[child],
            day=city_date(starts_at),
            starts_at=starts_at.astimezone(CITY),
            ends_at=starts_at + timedelta(hours=1),
            birth_date=BIRTHS[child],
            under_months=36,
            quota_number=quota_number,
            by_phone=bool(one["by_phone"]),
            on_paper=bool(one["on_paper"]),
            closed=bool(one["closed"]) and mine,
            certified=certified,
        )
        found[0 if mine else 1].append(fact)
    return found


def insert_attended(
    scene: Scene, child: int, slot: int, quota_number: int | None, number: int
) -> int:
    with scene.sessions.begin() as session:
        booking = Booking(
            child_id=child,
            slot_id=slot,
            state=BookingState.ATTENDED,
            quota_year=2000 + number // 6,
            quota_number=quota_number,
            requested_at=MORNING,
            changed_at=MORNING,
        )
        session.add(booking)
        session.flush()
        return booking.id
