"""Sessions that families have booked are changed or cancelled, and the families hear of it."""

from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import rules, service, slot_changes
from backend.bookings.models import BookingState
from backend.centres import series, slot_edits
from backend.centres.models import Slot, SlotState
from backend.centres.obstacles import RoomTaken, TeacherCertificateExpired
from backend.centres.slot_edits import Reach, Wish, wish_of
from backend.kernel.clock import FixedClock, city_time
from backend.kernel.errors import Invalid, NotFound
from backend.outbox.models import Message
from tests.bookings.family import act, book, log_of, make_family, state_of, told
from tests.centres.scene import (
    ACTOR,
    HOUR,
    TOMORROW,
    Scene,
    make_room,
    make_scene,
    make_teacher,
    offer,
    weekly,
)

Sessions = sessionmaker[Session]


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock) -> Scene:
    return make_scene(sessions, clock)


def slot_of(sessions: Sessions, slot_id: int) -> Slot:
    with sessions() as session:
        return session.get_one(Slot, slot_id)


def change(
    sessions: Sessions,
    clock: FixedClock,
    slot_id: int,
    reach: Reach = Reach.THIS,
    **changes: Any,
) -> list[slot_changes.Effect]:
    with sessions.begin() as session:
        wish = replace(wish_of(session.get_one(Slot, slot_id)), **changes)
        return slot_changes.change_slots(
            session, clock, slot_id=slot_id, wish=wish, reach=reach, actor=ACTOR
        )


def cancel(
    sessions: Sessions, clock: FixedClock, slot_id: int, reach: Reach = Reach.THIS
) -> list[int]:
    with sessions.begin() as session:
        slots = slot_changes.slots_to_cancel(session, clock, slot_id, reach)
        ids = [slot.id for slot in slots]
        done = slot_changes.cancel_slots(
            session, clock, slot_ids=ids, reason="老师生病", actor=ACTOR
        )
        return [booking.id for booking in done.bookings]


def make_series(sessions: Sessions, clock: FixedClock, scene: Scene) -> list[int]:
    """Four Tuesdays."""
    with sessions.begin() as session:
        planned = series.preview_series(session, clock, weekly(1), scene.slot())
        seen = [one.day.day for one in planned]
        series.write_series(session, clock, weekly(1), scene.slot(), seen=seen, actor=ACTOR)
        return list(session.scalars(select(Slot.id).order_by(Slot.starts_at)))


def messages(sessions: Sessions, template: str) -> list[Message]:
    with sessions() as session:
        query = select(Message).where(Message.template == template).order_by(Message.id)
        return list(session.scalars(query))


def test_a_new_time_is_told_with_the_old_one_and_reminded_anew(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    start = TOMORROW + timedelta(days=2)
    slot = offer(sessions, clock, scene.slot(starts_at=start, ends_at=start + HOUR))
    family = make_family(sessions)
    booking = book(sessions, clock, family, slot)
    act(sessions, clock, service.confirm, booking)
    (old,) = messages(sessions, "booking_reminder")
    clock.advance(timedelta(minutes=1))

    (effect,) = change(sessions, clock, slot, starts=time(14), ends=time(15))

    assert (effect.families, effect.told) == (1, 1)
    assert f"{city_time(slot_of(sessions, slot).starts_at):%d %H:%M}" == "26 14:00"
    (moved,) = messages(sessions, "booking_moved")
    assert moved.data["before"] == "2026-11-26T10:00:00+08:00"
    assert moved.data["starts_at"] == "2026-11-26T14:00:00+08:00"
    assert moved.data["room"].startswith("活动室")
    (new,) = messages(sessions, "booking_reminder")
    assert new.due_at == old.due_at + 4 * HOUR
    assert new.data["starts_at"] == "2026-11-26T14:00:00+08:00"
    assert state_of(sessions, booking) == ("confirmed", 1, 1)


def test_a_new_room_is_told_and_a_new_title_teacher_or_capacity_is_not(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slot = offer(sessions, clock, scene.slot())
    family = make_family(sessions)
    book(sessions, clock, family, slot)
    other = make_teacher(sessions, clock, scene.institution)

    change(sessions, clock, slot, title="抓握和爬行", teacher_id=other, capacity=20)
    assert told(sessions, family.parent) == ["booking_requested"]

    room = make_room(sessions, clock, scene.centre, name="二楼绘本角")
    change(sessions, clock, slot, room_id=room)
    assert told(sessions, family.parent) == ["booking_requested", "booking_moved"]
    assert messages(sessions, "booking_moved")[0].data["room"] == "二楼绘本角"
    changed = slot_of(sessions, slot)
    assert (changed.title, changed.teacher_id, changed.capacity) == ("抓握和爬行", other, 20)


def test_the_effects_are_shown_before_and_write_nothing(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slots = make_series(sessions, clock, scene)
    book(sessions, clock, make_family(sessions), slots[1])
    offer(sessions, clock, scene.slot(starts_at=TOMORROW + 5 * HOUR, ends_at=TOMORROW + 6 * HOUR))

    with sessions() as session:
        wish = replace(wish_of(session.get_one(Slot, slots[0])), starts=time(15), ends=time(16))
        found = slot_changes.effects(session, clock, slot_id=slots[0], wish=wish, reach=Reach.LATER)

    assert [one.families for one in found] == [0, 1, 0, 0]
    assert [type(one.edit.problem) for one in found] == [RoomTaken, *[type(None)] * 3]
    assert slot_of(sessions, slots[1]).starts_at == TOMORROW + timedelta(weeks=1)
    with pytest.raises(RoomTaken) as refused:
        change(sessions, clock, slots[0], Reach.LATER, starts=time(15), ends=time(16))
    assert "11月24日 10:00" in str(refused.value.detail)
    assert slot_of(sessions, slots[1]).starts_at == TOMORROW + timedelta(weeks=1)


def test_this_and_all_later_carries_only_what_was_changed(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    first, second, third, fourth = make_series(sessions, clock, scene)
    change(sessions, clock, third, starts=time(16), ends=time(17))

    done = change(sessions, clock, second, Reach.LATER, title="绘本时光", capacity=12)

    assert [one.edit.slot.id for one in done] == [second, third, fourth]
    titles = [slot_of(sessions, one).title for one in (first, second, third, fourth)]
    assert titles == ["一起爬一爬", *["绘本时光"] * 3]
    assert f"{city_time(slot_of(sessions, third).starts_at):%H:%M}" == "16:00"


def test_the_capacity_never_falls_below_what_is_taken(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slots = make_series(sessions, clock, scene)
    for _ in range(2):
        book(sessions, clock, make_family(sessions), slots[1])

    change(sessions, clock, slots[0], Reach.LATER, capacity=2)
    with pytest.raises(slot_edits.CapacityBelowTaken) as refused:
        change(sessions, clock, slots[0], Reach.LATER, capacity=1)

    assert "12月1日 10:00 已经约出 2 个" in str(refused.value.detail)
    assert {slot_of(sessions, one).capacity for one in slots} == {2}


def test_a_day_moves_only_while_nobody_has_booked(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slots = make_series(sessions, clock, scene)
    change(sessions, clock, slots[0], day=date(2026, 11, 25))
    assert city_time(slot_of(sessions, slots[0]).starts_at).day == 25

    book(sessions, clock, make_family(sessions), slots[1])
    with pytest.raises(slot_edits.SlotDayFixed):
        change(sessions, clock, slots[1], day=date(2026, 12, 2))
    with pytest.raises(Invalid):
        change(sessions, clock, slots[0], Reach.LATER, day=date(2026, 11, 26))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "没有要改的"),
        ({"title": " "}, "名称"),
        ({"ends": time(9)}, "结束时间"),
        ({"capacity": 0}, "名额"),
        ({"day": date(2026, 11, 22)}, "已经过去"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene, wrong: dict[str, Any], said: str
) -> None:
    slot = offer(sessions, clock, scene.slot())

    with pytest.raises(Invalid) as refused:
        change(sessions, clock, slot, **wrong)
    assert said in str(refused.value.detail)


def test_a_teacher_without_a_certificate_takes_nothing_over(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slot = offer(sessions, clock, scene.slot())
    other = make_teacher(sessions, clock, scene.institution, until=None)

    with pytest.raises(TeacherCertificateExpired):
        change(sessions, clock, slot, teacher_id=other)


def test_what_has_begun_is_left_alone(sessions: Sessions, clock: FixedClock, scene: Scene) -> None:
    slot = offer(sessions, clock, scene.slot())
    clock.set(TOMORROW)

    with pytest.raises(slot_edits.SlotOver):
        change(sessions, clock, slot, title="晚了")
    with pytest.raises(slot_edits.SlotOver):
        cancel(sessions, clock, slot)
    with pytest.raises(NotFound):
        cancel(sessions, clock, 10**12)


def test_cancelling_gives_everything_back_and_tells_every_family(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slot = offer(sessions, clock, scene.slot(capacity=3))
    families = [make_family(sessions) for _ in range(3)]
    bookings = [book(sessions, clock, family, slot) for family in families]
    act(sessions, clock, service.confirm, bookings[0])
    act(sessions, clock, service.decline, bookings[2], reason="名额有限")

    assert cancel(sessions, clock, slot) == bookings[:2]

    cancelled = slot_of(sessions, slot)
    assert (cancelled.state, cancelled.taken) == (SlotState.CANCELLED, 0)
    for family, booking in zip(families[:2], bookings[:2], strict=True):
        assert state_of(sessions, booking)[:2] == ("cancelled_by_centre", None)
        assert log_of(sessions, booking)[-1][1:] == ("cancelled_by_centre", ACTOR)
        assert told(sessions, family.parent)[-1] == "booking_cancelled"
    assert state_of(sessions, bookings[2])[0] == BookingState.DECLINED.value
    assert messages(sessions, "booking_cancelled")[0].data["reason"] == "老师生病"


def test_a_cancelled_session_takes_nobody_and_frees_room_and_teacher(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slot = offer(sessions, clock, scene.slot())
    booking = book(sessions, clock, make_family(sessions), slot)
    cancel(sessions, clock, slot)

    with pytest.raises(rules.SlotClosed):
        book(sessions, clock, make_family(sessions), slot)
    with pytest.raises(rules.CannotUndo):
        act(sessions, clock, service.undo, booking)
    with pytest.raises(slot_edits.SlotOver):
        cancel(sessions, clock, slot)
    offer(sessions, clock, scene.slot())


def test_this_and_later_are_cancelled_together(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    slots = make_series(sessions, clock, scene)
    kept = book(sessions, clock, make_family(sessions), slots[0])
    gone = book(sessions, clock, make_family(sessions), slots[1])

    with sessions() as session:
        assert slot_changes.families_of(session, slots) == {slots[0]: 1, slots[1]: 1}
    assert cancel(sessions, clock, slots[1], Reach.LATER) == [gone]

    states = [slot_of(sessions, one).state for one in slots]
    assert states == [SlotState.OPEN, *[SlotState.CANCELLED] * 3]
    assert state_of(sessions, kept)[0] == "requested"


def test_cancelling_needs_a_reason(sessions: Sessions, clock: FixedClock, scene: Scene) -> None:
    slot = offer(sessions, clock, scene.slot())
    with pytest.raises(Invalid), sessions.begin() as session:
        slot_changes.cancel_slots(session, clock, slot_ids=[slot], reason=" ", actor=ACTOR)


def test_a_wish_is_what_a_slot_is(sessions: Sessions, clock: FixedClock, scene: Scene) -> None:
    slot = slot_of(sessions, offer(sessions, clock, scene.slot()))

    assert wish_of(slot) == Wish(
        title="一起爬一爬",
        day=date(2026, 11, 24),
        starts=time(10),
        ends=time(11),
        capacity=8,
        room_id=scene.room,
        teacher_id=scene.teacher,
    )
    assert slot_edits.differences(slot, wish_of(slot)) == frozenset()
