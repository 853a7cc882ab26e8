"""With the guards taken out, the races of test_booking_races.py are lost. This proves it.

Count, then insert, is what one writes without thinking. A barrier between reading and writing
makes the unlucky moment certain. On copies of the tables without constraints it sells eight of
three places and eight of six sessions; on the real tables the constraints alone hold it back.
"""

from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from tests.bookings.family import Family, make_family
from tests.concurrency.racing import at_once, kinds
from tests.factories import make_slot, make_slots

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
TRIES = 8


def naive_booking(
    sessions: Sessions, schema: str, everybody_has_read: Barrier, family: Family, slot_id: int
) -> int:
    """Count, then insert, with no lock. Returns the booking; raises when it saw no room."""
    with sessions.begin() as session:
        session.execute(text(f"SET LOCAL search_path TO {schema}, public"))
        free = session.scalar(
            text(
                "SELECT capacity - (SELECT count(*) FROM bookings WHERE slot_id = slots.id)"
                " FROM slots WHERE id = :slot"
            ),
            {"slot": slot_id},
        )
        used = session.scalar(
            text("SELECT count(quota_number) FROM bookings WHERE child_id = :child"),
            {"child": family.child},
        )
        everybody_has_read.wait(timeout=30)
        if free is None or free <= 0 or used is None or used >= 6:
            raise LookupError("no room")
        booking: int = session.execute(
            text(
                "INSERT INTO bookings (id, child_id, slot_id, state, quota_year, quota_number,"
                " requested_at, changed_at) VALUES (nextval('naive_ids'), :child, :slot,"
                " 'requested', 2026, :number, now(), now()) RETURNING id"
            ),
            {"child": family.child, "slot": slot_id, "number": used + 1},
        ).scalar_one()
        session.execute(
            text("UPDATE slots SET taken = taken + 1 WHERE id = :slot"), {"slot": slot_id}
        )
        return booking


@pytest.fixture
def scratch(committed: Sessions) -> Sessions:
    """A schema `scratch` with copies of slots and bookings that have no constraint at all."""
    with committed.begin() as session:
        session.execute(text("CREATE SEQUENCE naive_ids START 1000000"))
        session.execute(text("CREATE SCHEMA scratch"))
        session.execute(text("CREATE TABLE scratch.bookings (LIKE public.bookings)"))
    return committed


def copy_slots(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(text("CREATE TABLE scratch.slots AS SELECT * FROM public.slots"))


def race(
    sessions: Sessions, schema: str, tries: list[tuple[Family, int]]
) -> tuple[list[int], list[Exception]]:
    everybody_has_read = Barrier(len(tries))
    return at_once(lambda one: naive_booking(sessions, schema, everybody_has_read, *one), tries)


def test_count_then_insert_sells_eight_of_three_places(scratch: Sessions) -> None:
    slot = make_slot(scratch, capacity=3)
    copy_slots(scratch)
    tries = [(make_family(scratch), slot) for _ in range(TRIES)]

    booked, refused = race(scratch, "scratch", tries)

    assert len(booked) == TRIES
    assert refused == []


def test_count_then_insert_gives_one_child_eight_of_six_sessions(scratch: Sessions) -> None:
    family, slots = make_family(scratch), make_slots(scratch, TRIES, capacity=500)
    copy_slots(scratch)

    booked, refused = race(scratch, "scratch", [(family, slot) for slot in slots])

    assert len(booked) == TRIES
    assert refused == []


def test_the_check_of_the_capacity_alone_keeps_three_places_at_three(scratch: Sessions) -> None:
    slot = make_slot(scratch, capacity=3)
    tries = [(make_family(scratch), slot) for _ in range(TRIES)]

    booked, refused = race(scratch, "public", tries)

    assert len(booked) == 3
    assert kinds(refused) == {IntegrityError}


def test_the_unique_number_alone_keeps_a_child_within_six(scratch: Sessions) -> None:
    family, slots = make_family(scratch), make_slots(scratch, TRIES, capacity=500)

    booked, refused = race(scratch, "public", [(family, slot) for slot in slots])

    assert len(booked) == 1  # all of them counted none and wanted the first number
    assert kinds(refused) == {IntegrityError}
