"""Rooms, teachers and whole sessions: where clerks and families collide, threads do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, rules, slot_changes, slot_undo
from backend.bookings import service as book_service
from backend.bookings.changes import take_place
from backend.bookings.models import Booking, BookingChange
from backend.centres import closures, obstacles, service
from backend.centres.closures import NewClosure
from backend.centres.models import Slot, SlotState
from backend.centres.obstacles import PlaceClosed, RoomTaken, TeacherTaken
from backend.centres.service import NewSlot
from backend.centres.slot_edits import Reach, SlotsChangedMeanwhile, wish_of
from backend.kernel.clock import FixedClock, city_time
from backend.kernel.errors import DomainError
from backend.outbox.models import Message
from tests.bookings.family import Family, act, book, cancel, make_family
from tests.centres.scene import ACTOR, HOUR, TOMORROW, Scene, make_scene, offer
from tests.concurrency.racing import at_once, kinds
from tests.factories import MORNING
from tests.soak import record

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]


def call(what: Callable[[], object]) -> object:
    return what()


def variants(scene: Scene, share: str, number: int) -> list[NewSlot]:
    """Two sessions at overlapping times that share the room or the teacher."""
    starts = TOMORROW + number * 2 * HOUR
    other = {"teacher_id": None} if share == "room" else {"room_id": None}
    return [
        scene.slot(starts_at=starts, ends_at=starts + HOUR, **other),
        scene.slot(starts_at=starts + HOUR / 2, ends_at=starts + HOUR, **other),
    ]


@pytest.mark.parametrize(("share", "refusal"), [("room", RoomTaken), ("teacher", TeacherTaken)])
def test_of_two_clerks_at_once_one_gets_the_room_or_the_teacher(
    committed: Sessions, clock: FixedClock, races: int, share: str, refusal: type[DomainError]
) -> None:
    scene = make_scene(committed, clock)
    for number in range(races):
        made, refused = at_once(
            lambda new: offer(committed, clock, new), variants(scene, share, number)
        )

        assert len(made) == 1
        assert kinds(refused) == {refusal}
    record(f"two clerks offer at once with one {share}", races=races, twice_in_one_place=0)


@pytest.mark.parametrize("share", ["room", "teacher"])
def test_without_the_constraint_both_get_it(
    committed: Sessions, clock: FixedClock, share: str
) -> None:
    """The rule reads before it writes; only the database sees both."""
    scene = make_scene(committed, clock)
    with committed.begin() as session:
        session.execute(text(f"ALTER TABLE slots DROP CONSTRAINT ex_slots_{share}_id"))
    pair = variants(scene, share, 0)

    with committed() as first, committed() as second:
        for session, new in zip((first, second), pair, strict=True):
            facts = obstacles.facts_of(session, new.setting, *new.when.busy)
            assert facts.obstacle(new.when, new.capacity) is None
        for session, new in zip((first, second), pair, strict=True):
            service.write_slot(session, clock, new)
        first.commit()
        second.commit()

    with committed() as session:
        assert len(session.scalars(select(Slot.id)).all()) == 2


def call_off(sessions: Sessions, clock: FixedClock, slot_id: int) -> None:
    """As the console does it: again when a family was faster."""
    for attempt in range(10):
        try:
            with sessions.begin() as session:
                slot_changes.cancel_slots(
                    session, clock, slot_ids=[slot_id], reason="停电", actor=ACTOR
                )
            return
        except SlotsChangedMeanwhile:
            if attempt == 9:
                raise


def test_no_booking_survives_the_cancellation_of_its_session(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    scene = make_scene(committed, clock)
    for number in range(races):
        starts = TOMORROW + number * 2 * HOUR
        new = scene.slot(starts_at=starts, ends_at=starts + HOUR, capacity=10)
        slot = offer(committed, clock, new)
        early = [make_family(committed) for _ in range(3)]
        kept = [book(committed, clock, family, slot) for family in early]
        late = [make_family(committed) for _ in range(5)]
        acts: list[Callable[[], object]] = [partial(call_off, committed, clock, slot)]
        acts += [partial(book, committed, clock, family, slot) for family in late]
        acts += [partial(cancel, committed, clock, early[0], kept[0])]

        _, refused = at_once(call, acts)

        assert kinds(refused) <= {rules.SlotClosed, rules.SlotCancelled, rules.CannotCancel}
        with committed() as session:
            found = session.get_one(Slot, slot)
            states = session.scalars(select(Booking.state).where(Booking.slot_id == slot)).all()
            assert (found.state, found.taken) == (SlotState.CANCELLED, 0)
            assert not set(states) & rules.PLACE_STATES
            assert desk.counter_drift(session) == []
    record("a session is cancelled while families book", races=races, bookings_left=0)


def move(sessions: Sessions, clock: FixedClock, slot_id: int) -> None:
    """An hour later. Again when a family was faster, as a clerk who looks again."""
    for attempt in range(10):
        try:
            with sessions.begin() as session:
                slot = session.get_one(Slot, slot_id)
                own = wish_of(slot)
                later = (
                    city_time(slot.starts_at + HOUR / 2).time(),
                    city_time(slot.ends_at + HOUR / 2).time(),
                )
                wish = replace(own, starts=later[0], ends=later[1])
                slot_changes.change_slots(
                    session, clock, slot_id=slot_id, wish=wish, reach=Reach.THIS, actor=ACTOR
                )
            return
        except SlotsChangedMeanwhile:
            if attempt == 9:
                raise


def test_nobody_with_a_booking_believes_in_the_old_time(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    """Whoever was told the old time is told the new one too, or has no booking."""
    scene = make_scene(committed, clock)
    for number in range(races):
        starts = MORNING + timedelta(days=1 + number % 10, hours=number // 10 % 4)
        new = scene.slot(starts_at=starts, ends_at=starts + HOUR / 2, capacity=20)
        slot = offer(committed, clock, replace(new, room_id=None, teacher_id=None))
        early = make_family(committed)
        first = book(committed, clock, early, slot)
        families = [make_family(committed) for _ in range(5)]
        acts: list[Callable[[], object]] = [partial(move, committed, clock, slot)]
        acts += [partial(act, committed, clock, book_service.confirm, first)]
        acts += [partial(book, committed, clock, family, slot) for family in families]

        _, refused = at_once(call, acts)

        assert kinds(refused) <= {rules.SlotMoved}
        with committed() as session:
            moved_to = city_time(session.get_one(Slot, slot).starts_at).isoformat()
            assert moved_to == city_time(starts + HOUR / 2).isoformat()
            for family in (early, *families):
                booked = session.scalars(
                    select(Booking.id).where(
                        Booking.child_id == family.child, Booking.slot_id == slot
                    )
                ).all()
                told = session.scalars(
                    select(Message)
                    .where(Message.child_id == family.child)
                    .order_by(Message.id.desc())
                ).all()
                assert not booked or moved_to in {m.data["starts_at"] for m in told}
                latest = [m for m in told if m.template != "booking_reminder"]
                assert not booked or latest[0].data["starts_at"] == moved_to
    record("a session is moved while families book", races=races, told_the_old_time=0)


def test_without_the_guard_a_family_books_the_time_that_it_read_before_the_move(
    committed: Sessions, clock: FixedClock
) -> None:
    scene = make_scene(committed, clock)
    slot = offer(committed, clock, scene.slot())
    with committed() as reader:
        read = reader.get_one(Slot, slot)
        move(committed, clock, slot)

        with pytest.raises(rules.SlotMoved):
            take_place(reader, read)
        naive = "UPDATE slots SET taken = taken + 1 WHERE id = :slot AND taken < capacity"
        assert reader.connection().execute(text(naive), {"slot": slot}).rowcount == 1


def test_a_session_is_not_offered_into_a_closure_that_is_just_made(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    """Either the closure sees the session, or the session is refused."""
    scene = make_scene(committed, clock)
    for number in range(races):
        starts = TOMORROW + number * 2 * HOUR
        new = scene.slot(starts_at=starts, ends_at=starts + HOUR)
        hit: list[list[int]] = []

        def close(new: NewSlot = new, hit: list[list[int]] = hit) -> None:
            with committed.begin() as session:
                wanted = NewClosure(scene.centre, None, new.starts_at, new.ends_at, "停电")
                made = closures.add_closure(session, clock, wanted, actor=ACTOR)
                hit.append(closures.slots_hit(session, made, clock.now()))

        both: list[Callable[[], object]] = [close, partial(offer, committed, clock, new)]
        _, refused = at_once(call, both)

        assert kinds(refused) <= {PlaceClosed}
        assert len(hit[0]) + len(refused) == 1


def test_two_sessions_of_the_same_families_are_cancelled_at_once_without_deadlock(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    scene = make_scene(committed, clock)
    for number in range(races):
        starts = [TOMORROW + number * 2 * HOUR, TOMORROW + number * 2 * HOUR + HOUR]
        slots = [
            offer(committed, clock, scene.slot(starts_at=start, ends_at=start + HOUR))
            for start in starts
        ]
        families: list[Family] = [make_family(committed) for _ in range(4)]
        for family in families:
            for slot in slots:
                book(committed, clock, family, slot)

        done, refused = at_once(lambda slot: call_off(committed, clock, slot), slots)

        assert (len(done), refused) == (2, [])


def undo(sessions: Sessions, clock: FixedClock, cancellation: int) -> slot_undo.Undone:
    with sessions.begin() as session:
        return slot_undo.undo_cancellation(
            session, clock, cancellation_id=cancellation, actor=ACTOR
        )


def cancelled(sessions: Sessions, clock: FixedClock, slot: int) -> int:
    with sessions.begin() as session:
        return slot_changes.cancel_slots(
            session, clock, slot_ids=[slot], reason="停电", actor=ACTOR
        ).id


def test_of_two_clerks_who_undo_at_once_one_does_while_the_families_book_elsewhere(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    scene = make_scene(committed, clock)
    start = TOMORROW + 40 * HOUR
    elsewhere = offer(
        committed,
        clock,
        replace(
            scene.slot(starts_at=start, ends_at=start + HOUR, capacity=20 + 3 * races),
            room_id=None,
            teacher_id=None,
        ),
    )
    for number in range(races):
        starts = TOMORROW + number * 2 * HOUR
        slot = offer(committed, clock, scene.slot(starts_at=starts, ends_at=starts + HOUR))
        families = [make_family(committed) for _ in range(3)]
        kept = [book(committed, clock, family, slot) for family in families]
        act_id = cancelled(committed, clock, slot)
        acts: list[Callable[[], object]] = [partial(undo, committed, clock, act_id)] * 2
        acts += [partial(book, committed, clock, family, elsewhere) for family in families]

        done, refused = at_once(call, acts)

        assert kinds(refused) == {rules.CannotUndo}
        assert len(done) == 4
        with committed() as session:
            found = session.get_one(Slot, slot)
            back = [session.get_one(Booking, one).quota_number for one in kept]
            assert (found.state, found.taken) == (SlotState.OPEN, 3)
            assert None not in back
            assert desk.counter_drift(session) == []
            restored = session.scalars(
                select(BookingChange.id).where(
                    BookingChange.booking_id.in_(kept), BookingChange.after == "requested"
                )
            ).all()
            assert len(restored) == 6  # asked for, and brought back, each once
    record("two clerks undo a cancellation at once", races=races, undone_twice=0)


def test_without_the_guard_both_clerks_believe_that_they_undo(
    committed: Sessions, clock: FixedClock
) -> None:
    """Each reads that nobody has; only the guarded UPDATE tells the second one."""
    scene = make_scene(committed, clock)
    act_id = cancelled(committed, clock, offer(committed, clock, scene.slot()))
    read = text("SELECT undone_at IS NULL FROM slot_cancellations WHERE id = :id")
    naive = text("UPDATE slot_cancellations SET undone_at = now(), undone_by = 'x' WHERE id = :id")

    with committed() as first, committed() as second:
        assert first.scalar(read, {"id": act_id})
        assert second.scalar(read, {"id": act_id})
        assert first.connection().execute(naive, {"id": act_id}).rowcount == 1
        first.commit()
        assert second.connection().execute(naive, {"id": act_id}).rowcount == 1
        second.commit()

    with pytest.raises(rules.CannotUndo):
        undo(committed, clock, act_id)
