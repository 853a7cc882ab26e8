"""With a guard taken out, the races of test_waiting_races.py are lost. This proves it.

What one writes without thinking: a place is given to whoever sees it free, the next in line is
read and then marked, an offer is looked at and then used, an entry is marked in one transaction
and its place counted in another. A barrier between reading and writing makes the unlucky moment
certain.
"""

from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, rules
from backend.bookings.changes import take_place
from backend.bookings.waiting_line import fresh_slot
from backend.bookings.waiting_models import WaitingState
from backend.jobs.tasks import offer_places
from backend.kernel.clock import FixedClock
from tests.bookings.family import book, cancel, make_family
from tests.bookings.waiting import full_slot, line, states_in_line, taken, tick
from tests.concurrency.racing import at_once

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
W = WaitingState


def drift(sessions: Sessions) -> list[tuple[int, int]]:
    with sessions() as session:
        return [(row.taken, row.counted) for row in desk.counter_drift(session)]


def test_without_the_line_in_the_guard_a_passer_by_snatches_the_place(
    committed: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(committed, clock)
    line(committed, clock, slot, 1)
    cancel(committed, clock, holder, booking)

    with pytest.raises(rules.SlotFull):
        book(committed, clock, make_family(committed), slot)
    with committed.begin() as session:
        row = fresh_slot(session, slot)
        assert row is not None
        take_place(session, row)  # the same guarded UPDATE, but not in turn
    offer_places(committed, clock)

    assert states_in_line(committed, slot) == [W.WAITING]
    assert taken(committed, slot) == 1


def naive_offer(sessions: Sessions, everybody_has_read: Barrier, slot: int) -> int:
    """Read who is next, mark, count: no lock of the child, no compare and swap."""
    with sessions.begin() as session:
        entry: int = session.execute(
            text(
                "SELECT id FROM waiting_entries WHERE slot_id = :slot AND state = 'waiting'"
                " ORDER BY id LIMIT 1"
            ),
            {"slot": slot},
        ).scalar_one()
        everybody_has_read.wait(timeout=30)
        session.execute(
            text(
                "UPDATE waiting_entries SET state = 'offered', offered_at = now(),"
                " offer_until = now() + interval '2 hours' WHERE id = :entry"
            ),
            {"entry": entry},
        )
        session.execute(text("UPDATE slots SET taken = taken + 1 WHERE id = :slot"), {"slot": slot})
        return entry


def test_read_then_mark_gives_one_family_two_places(committed: Sessions, clock: FixedClock) -> None:
    slot, bookings = full_slot(committed, clock, capacity=2)
    line(committed, clock, slot, 2)
    for one in bookings:
        cancel(committed, clock, *one)
    everybody_has_read = Barrier(2)

    offered, _ = at_once(lambda _: naive_offer(committed, everybody_has_read, slot), [1, 2])

    assert offered[0] == offered[1]
    assert states_in_line(committed, slot) == [W.OFFERED, W.WAITING]
    assert drift(committed) == [(2, 1)]  # one place is lost for good


def naive_end(sessions: Sessions, everybody_has_read: Barrier, entry: int, state: str) -> None:
    """See that the offer stands, then accept it or let it run out."""
    with sessions.begin() as session:
        slot = session.execute(
            text("SELECT slot_id FROM waiting_entries WHERE id = :id AND state = 'offered'"),
            {"id": entry},
        ).scalar_one()
        everybody_has_read.wait(timeout=30)
        session.execute(
            text("UPDATE waiting_entries SET state = :state, ended_at = now() WHERE id = :id"),
            {"state": state, "id": entry},
        )
        if state == "expired":
            session.execute(
                text("UPDATE slots SET taken = taken - 1 WHERE id = :slot"), {"slot": slot}
            )
        else:
            session.execute(
                text(
                    "INSERT INTO bookings (child_id, slot_id, state, quota_year, quota_number,"
                    " requested_at, changed_at) SELECT child_id, slot_id, 'confirmed', 2026, 1,"
                    " now(), now() FROM waiting_entries WHERE id = :id"
                ),
                {"id": entry},
            )


def test_look_then_use_gives_an_accepted_place_to_the_next_too(
    committed: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(committed, clock)
    (_, entry), _ = line(committed, clock, slot, 2)
    cancel(committed, clock, holder, booking)
    tick(committed, clock)
    everybody_has_read = Barrier(2)

    at_once(
        lambda state: naive_end(committed, everybody_has_read, entry, state),
        ["accepted", "expired"],
    )
    offer_places(committed, clock)

    assert states_in_line(committed, slot)[1] is W.OFFERED
    assert drift(committed) == [(1, 2)]  # two families for one place


def test_marking_and_counting_apart_loses_the_place_of_a_worker_that_dies_between(
    committed: Sessions, clock: FixedClock
) -> None:
    slot, ((holder, booking),) = full_slot(committed, clock)
    line(committed, clock, slot, 2)
    cancel(committed, clock, holder, booking)
    with committed.begin() as session:
        session.execute(
            text(
                "UPDATE waiting_entries SET state = 'offered', offered_at = now(),"
                " offer_until = now() + interval '2 hours' WHERE id ="
                " (SELECT min(id) FROM waiting_entries WHERE slot_id = :slot)"
            ),
            {"slot": slot},
        )
    # here the worker is killed

    offer_places(committed, clock)

    assert states_in_line(committed, slot) == [W.OFFERED, W.OFFERED]  # of one place
    assert drift(committed) == [(1, 2)]
