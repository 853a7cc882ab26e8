"""A cancellation of whole sessions is taken back: all that can come back, once, in ten minutes."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk, rules, service, slot_changes, slot_undo
from backend.bookings.cancellation_models import SlotCancellation
from backend.bookings.rules import CannotUndo
from backend.bookings.slot_undo import FamilyGone, Undone
from backend.bookings.waiting_models import WaitingState
from backend.bookings.waiting_rules import TooManyLines
from backend.centres import closures
from backend.centres import service as centre_service
from backend.centres.closures import NewClosure
from backend.centres.models import Slot, SlotState
from backend.centres.obstacles import PlaceClosed, RoomTaken
from backend.centres.slot_edits import Reach, wish_of
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.outbox.models import Message, MessageState
from backend.people.models import Child, Staff
from tests.bookings import waiting
from tests.bookings.family import Family, act, book, log_of, make_family, state_of, told
from tests.bookings.test_slot_changes import make_series, slot_of
from tests.centres.scene import ACTOR, HOUR, TOMORROW, Scene, make_scene, offer
from tests.factories import make_staff

Sessions = sessionmaker[Session]
LATER = timedelta(days=2)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock) -> Scene:
    return make_scene(sessions, clock)


@pytest.fixture
def slot(sessions: Sessions, clock: FixedClock, scene: Scene) -> int:
    start = TOMORROW + LATER
    return offer(sessions, clock, scene.slot(starts_at=start, ends_at=start + HOUR, capacity=3))


def call_off(sessions: Sessions, clock: FixedClock, *slots: int) -> int:
    clock.advance(MINUTE)
    with sessions.begin() as session:
        off = slot_changes.cancel_slots(
            session, clock, slot_ids=slots, reason="老师生病", actor=ACTOR
        )
        return off.id


def undo(sessions: Sessions, clock: FixedClock, cancellation: int) -> Undone:
    clock.advance(MINUTE)
    with sessions.begin() as session:
        return slot_undo.undo_cancellation(
            session, clock, cancellation_id=cancellation, actor=ACTOR
        )


def sent(sessions: Sessions, template: str) -> None:
    """As if the worker had sent these."""
    with sessions.begin() as session:
        session.execute(
            update(Message).where(Message.template == template).values(state=MessageState.SENT)
        )


def drift(sessions: Sessions) -> list[desk.Drift]:
    with sessions() as session:
        return desk.counter_drift(session)


def booked(
    sessions: Sessions, clock: FixedClock, slot: int, count: int
) -> list[tuple[Family, int]]:
    families = [make_family(sessions) for _ in range(count)]
    return [(family, book(sessions, clock, family, slot)) for family in families]


def test_everything_is_as_it_was_and_nobody_hears_of_it_when_nothing_had_left(
    sessions: Sessions, clock: FixedClock, slot: int
) -> None:
    (one, first), (two, second) = booked(sessions, clock, slot, 2)
    act(sessions, clock, service.confirm, first)
    before = told(sessions, one.parent)

    done = undo(sessions, clock, call_off(sessions, clock, slot))

    assert (done.slots, done.returned, done.told, done.left_out) == ([slot], 2, 0, [])
    stands = slot_of(sessions, slot)
    assert (stands.state, stands.taken) == (SlotState.OPEN, 2)
    assert state_of(sessions, first) == ("confirmed", 1, 2)
    assert state_of(sessions, second) == ("requested", 1, 2)
    assert log_of(sessions, first)[-2:] == [
        ("confirmed", "cancelled_by_centre", ACTOR),
        ("cancelled_by_centre", "confirmed", ACTOR),
    ]
    assert told(sessions, one.parent) == before  # the reminder again, and no cancellation
    assert told(sessions, two.parent) == ["booking_requested"]
    with sessions() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "slot.restored"))
        assert [(row.subject, row.detail["bookings"]) for row in noted] == [(f"slot:{slot}", 2)]
    assert drift(sessions) == []


def test_what_the_cancellation_kept_from_wechat_goes_out_after_all(
    sessions: Sessions, clock: FixedClock, slot: int
) -> None:
    """Confirmed by night, cancelled and taken back before the worker sends again at eight."""
    (one, first), (two, second) = booked(sessions, clock, slot, 2)
    act(sessions, clock, service.confirm, first)
    clock.advance(MINUTE)
    act(sessions, clock, service.confirm, second)
    with sessions.begin() as session:
        session.execute(
            update(Message)
            .where(Message.parent_id == two.parent, Message.template == "booking_confirmed")
            .values(read_at=clock.now())
        )

    undo(sessions, clock, call_off(sessions, clock, slot))

    assert to_send(sessions, one) == ["booking_confirmed", "booking_reminder"]
    assert to_send(sessions, two) == ["booking_reminder"]  # has read the rest in the app


def test_of_two_messages_that_were_overtaken_the_newer_one_goes_out(
    sessions: Sessions, clock: FixedClock, slot: int
) -> None:
    ((family, first),) = booked(sessions, clock, slot, 1)
    act(sessions, clock, service.confirm, first)
    clock.advance(MINUTE)
    with sessions.begin() as session:
        wish = replace(wish_of(session.get_one(Slot, slot)), title="改了名字的活动")
        wish = replace(wish, starts=time(15, 0), ends=time(16, 0))
        slot_changes.change_slots(
            session, clock, slot_id=slot, wish=wish, reach=Reach.THIS, actor=ACTOR
        )

    undo(sessions, clock, call_off(sessions, clock, slot))

    assert to_send(sessions, family) == ["booking_moved", "booking_reminder"]


def to_send(sessions: Sessions, family: Family) -> list[str]:
    with sessions() as session:
        waiting = select(Message.template).where(
            Message.parent_id == family.parent, Message.state == MessageState.WAITING
        )
        return list(session.scalars(waiting.order_by(Message.template)))


def test_who_was_told_of_the_cancellation_is_told_that_it_is_taken_back(
    sessions: Sessions, clock: FixedClock, slot: int
) -> None:
    (one, first), (two, _) = booked(sessions, clock, slot, 2)
    act(sessions, clock, service.confirm, first)
    off = call_off(sessions, clock, slot)
    sent(sessions, "booking_cancelled")

    done = undo(sessions, clock, off)

    assert done.told == 2
    assert told(sessions, one.parent)[-2:] == ["booking_restored", "booking_reminder"]
    assert told(sessions, two.parent)[-2:] == ["booking_cancelled", "request_restored"]


def test_who_has_read_it_in_the_app_keeps_it_and_is_told(
    sessions: Sessions, clock: FixedClock, slot: int
) -> None:
    ((one, _),) = booked(sessions, clock, slot, 1)
    off = call_off(sessions, clock, slot)
    with sessions.begin() as session:
        session.execute(
            update(Message)
            .where(Message.template == "booking_cancelled")
            .values(read_at=clock.now())
        )

    assert undo(sessions, clock, off).told == 1
    assert told(sessions, one.parent)[-2:] == ["booking_cancelled", "request_restored"]


def test_a_family_that_a_rule_is_against_by_now_is_named_and_the_others_return(
    sessions: Sessions, clock: FixedClock, scene: Scene, slot: int
) -> None:
    (busy, gave_up), (gone, left), (_, kept) = booked(sessions, clock, slot, 3)
    others = [
        offer(
            sessions,
            clock,
            scene.slot(starts_at=TOMORROW + n * HOUR, ends_at=TOMORROW + (n + 1) * HOUR),
        )
        for n in range(2)
    ]
    off = call_off(sessions, clock, slot)
    for other in others:  # two ahead is as many as one child may have
        book(sessions, clock, busy, other)
    with sessions.begin() as session:
        session.get_one(Child, gone.child).deleted_at = clock.now()

    done = undo(sessions, clock, off)

    assert done.returned == 1
    assert [(one.booking_id, type(one.why)) for one in done.left_out] == [
        (gave_up, rules.TooManyOpen),
        (left, FamilyGone),
    ]
    assert state_of(sessions, gave_up)[:2] == ("cancelled_by_centre", None)
    assert state_of(sessions, kept) == ("requested", 1, 1)
    assert told(sessions, busy.parent).count("booking_cancelled") == 1
    assert drift(sessions) == []


def test_a_number_that_was_used_meanwhile_is_replaced_by_a_free_one(
    sessions: Sessions, clock: FixedClock, scene: Scene, slot: int
) -> None:
    ((family, first),) = booked(sessions, clock, slot, 1)
    off = call_off(sessions, clock, slot)
    other = offer(sessions, clock, scene.slot())
    second = book(sessions, clock, family, other)
    assert state_of(sessions, second)[1] == 1

    undo(sessions, clock, off)

    assert (state_of(sessions, first)[1], state_of(sessions, second)[1]) == (2, 1)


def test_the_line_returns_in_its_order_and_an_offer_comes_again(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    start = TOMORROW + LATER
    slot = offer(sessions, clock, scene.slot(starts_at=start, ends_at=start + HOUR, capacity=2))
    (_, freed), _ = booked(sessions, clock, slot, 2)
    line = waiting.line(sessions, clock, slot, 3)
    act(sessions, clock, service.decline, freed, reason="名额有限")
    waiting.tick(sessions, clock)
    assert waiting.states_in_line(sessions, slot)[0] is WaitingState.OFFERED
    off = call_off(sessions, clock, slot)
    waiting.tick(sessions, clock)
    assert set(waiting.states_in_line(sessions, slot)) == {WaitingState.CLOSED}

    done = undo(sessions, clock, off)

    assert (done.returned, done.left_out) == (1, [])
    assert waiting.states_in_line(sessions, slot) == [WaitingState.WAITING] * 3
    clock.advance(MINUTE)
    waiting.tick(sessions, clock)
    assert waiting.states_in_line(sessions, slot) == [
        WaitingState.OFFERED,
        *[WaitingState.WAITING] * 2,
    ]
    assert told(sessions, line[0][0].parent).count("waiting_offered") == 2
    assert "waiting_cancelled" not in told(sessions, line[1][0].parent)
    assert drift(sessions) == []
    again = call_off(sessions, clock, slot)
    waiting.tick(sessions, clock)
    sent(sessions, "waiting_cancelled")
    undo(sessions, clock, again)
    assert told(sessions, line[1][0].parent)[-2:] == ["waiting_cancelled", "waiting_restored"]


def test_who_waits_for_as_much_elsewhere_by_now_is_left_out_of_the_line(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slot = offer(sessions, clock, scene.slot(capacity=1))
    booked(sessions, clock, slot, 1)
    ((family, _),) = waiting.line(sessions, clock, slot, 1)
    off = call_off(sessions, clock, slot)
    waiting.tick(sessions, clock)
    for _ in range(3):
        full, _ = waiting.full_slot(sessions, clock)
        waiting.join(sessions, clock, family, full)

    done = undo(sessions, clock, off)

    assert [(one.child_id, one.booking_id) for one in done.left_out] == [(family.child, None)]
    assert type(done.left_out[0].why) is TooManyLines
    assert waiting.states_in_line(sessions, slot) == [WaitingState.CLOSED]


def test_all_sessions_of_one_act_return_but_for_one_whose_room_is_taken(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slots = make_series(sessions, clock, scene)
    (((_, lost),), ((_, kept),)) = (booked(sessions, clock, one, 1) for one in slots[:2])
    off = call_off(sessions, clock, *slots)
    start = slot_of(sessions, slots[0]).starts_at
    taken = scene.slot(starts_at=start, ends_at=start + HOUR, teacher_id=None)
    offer(sessions, clock, taken)

    done = undo(sessions, clock, off)

    assert done.slots == slots[1:]
    assert [(at, type(why)) for at, why in done.off] == [(start, RoomTaken)]
    assert state_of(sessions, lost)[0] == "cancelled_by_centre"
    assert state_of(sessions, kept)[0] == "requested"
    states = [slot_of(sessions, one).state for one in slots]
    assert states == [SlotState.CANCELLED, *[SlotState.OPEN] * 3]
    assert drift(sessions) == []


def test_where_no_session_can_stand_nothing_is_undone_and_another_try_is_free(
    sessions: Sessions, clock: FixedClock, scene: Scene, slot: int
) -> None:
    ((_, booking),) = booked(sessions, clock, slot, 1)
    off = call_off(sessions, clock, slot)
    start = slot_of(sessions, slot).starts_at
    with sessions.begin() as session:
        shut = closures.add_closure(
            session,
            clock,
            NewClosure(scene.centre, None, start, start + HOUR, "停电"),
            actor=ACTOR,
        ).id

    with pytest.raises(CannotUndo) as refused:
        undo(sessions, clock, off)
    assert PlaceClosed.message in str(refused.value.detail)
    assert state_of(sessions, booking)[0] == "cancelled_by_centre"

    with sessions.begin() as session:
        found = closures.closure_in_scope(session, shut, None)
        closures.remove_closure(session, clock, found, actor=ACTOR)
    assert undo(sessions, clock, off).returned == 1


def test_a_session_that_was_closed_for_booking_stands_closed(
    sessions: Sessions, clock: FixedClock, slot: int
) -> None:
    with sessions.begin() as session:
        centre_service.close_slot(session, clock, slot_id=slot, actor=ACTOR)

    undo(sessions, clock, call_off(sessions, clock, slot))

    assert slot_of(sessions, slot).state is SlotState.CLOSED


def test_after_ten_minutes_and_a_second_time_it_is_refused_with_a_reason(
    sessions: Sessions, clock: FixedClock, slot: int
) -> None:
    off = call_off(sessions, clock, slot)
    with sessions() as session:
        assert slot_undo.undoable(session, slot, clock.now()) == off
    undo(sessions, clock, off)

    with pytest.raises(CannotUndo) as twice:
        undo(sessions, clock, off)
    assert "已撤销" in str(twice.value.detail)
    with sessions() as session:
        assert slot_undo.undoable(session, slot, clock.now()) is None

    again = call_off(sessions, clock, slot)
    clock.advance(timedelta(minutes=9, seconds=1))
    with pytest.raises(CannotUndo) as late:
        undo(sessions, clock, again)
    assert "10 分钟" in str(late.value.detail)
    with pytest.raises(NotFound):
        undo(sessions, clock, 10**12)
    with sessions() as session:
        assert session.get_one(SlotCancellation, again).undone_at is None


def test_what_has_begun_meanwhile_does_not_stand_again(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slot = offer(sessions, clock, scene.slot())
    clock.set(TOMORROW - 3 * MINUTE)
    off = call_off(sessions, clock, slot)
    clock.set(TOMORROW)

    with pytest.raises(CannotUndo) as refused:
        undo(sessions, clock, off)
    assert "已经开始" in str(refused.value.detail)


def test_another_clerk_of_the_centre_may_undo_and_is_named(
    sessions: Sessions, clock: FixedClock, slot: int
) -> None:
    off = call_off(sessions, clock, slot)
    staff = make_staff(sessions)
    with sessions.begin() as session:
        session.get_one(Staff, staff).name = "李老师"
        slot_undo.undo_cancellation(session, clock, cancellation_id=off, actor=f"staff:{staff}")

    with pytest.raises(CannotUndo) as refused:
        undo(sessions, clock, off)
    assert "李老师" in str(refused.value.detail)
