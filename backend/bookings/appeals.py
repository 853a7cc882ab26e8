"""A family's word against “missed”, and the centre's answer. Locks: child, booking."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings import aftermath, rules
from backend.bookings.attendance import family_booking_locked
from backend.bookings.attendance_models import Appeal, AppealState, CheckIn, CheckInWay
from backend.bookings.changes import (
    Step,
    free_number,
    last_change,
    locked_booking,
    message_facts,
    take_step,
)
from backend.bookings.desk import DeskBooking, booking_in_scope
from backend.bookings.models import Booking, BookingState
from backend.bookings.rules import moment
from backend.centres.models import Slot
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.kernel.privacy import Vault
from backend.outbox import service as outbox
from backend.people.scopes import staff_actor

WORDS = "appeal-words"  # the vault's purpose
WORDS_LENGTH = 300  # characters
APPEAL_WITHIN = timedelta(days=14)  # after the centre said that nobody came
MOST_ROWS = 200


class CannotAppeal(Conflict):
    code = "cannot_appeal"
    message = "这个预约现在不能申诉"


class AlreadyAppealed(Conflict):
    code = "already_appealed"
    message = "这个预约已经申诉过，每次只能申诉一次"


class AppealDecided(Conflict):
    code = "appeal_decided"
    message = "这个申诉刚刚有人处理过"


class Decision(StrEnum):
    ATTENDED = "attended"  # the family was there
    EXCUSED = "excused"  # it was not, and it is not held against it
    REFUSED = "refused"


RESULTS = {
    Decision.ATTENDED: "已改为到场",
    Decision.EXCUSED: "次数已退还，这次不计为未到场",
    Decision.REFUSED: "维持未到场",
}


@dataclass(frozen=True)
class AppealRow:
    """An appeal for a clerk's eyes. The words are sealed; the face opens them."""

    booking: DeskBooking
    words_sealed: str
    made_at: datetime
    state: AppealState
    answer: str | None
    decided_at: datetime | None


def appeal(
    session: Session, clock: Clock, vault: Vault, *, parent_id: int, booking_id: int, words: str
) -> Appeal:
    """Say why a session was not missed, or not by the family's fault. Once, within 14 days.

    Raises NotFound, CannotAppeal, AlreadyAppealed or Invalid.
    """
    words = _checked(words, "请写明情况，中心会看到")
    booking = family_booking_locked(session, parent_id=parent_id, booking_id=booking_id)
    if session.get(Appeal, booking_id) is not None:
        raise AlreadyAppealed
    check_may_appeal(booking.state, marked_at(session, booking), clock.now())
    made = Appeal(
        booking_id=booking_id,
        parent_id=parent_id,
        words_sealed=vault.seal(words, WORDS),
        made_at=clock.now(),
        state=AppealState.OPEN,
    )
    session.add(made)
    session.flush()
    return made


def marked_at(session: Session, booking: Booking) -> datetime:
    change = last_change(session, booking.id)
    return booking.changed_at if change is None else change.at


def check_may_appeal(state: BookingState, marked: datetime, now: datetime) -> None:
    """Raises CannotAppeal for what was not missed, and more than 14 days after it was said."""
    if state is not BookingState.MISSED:
        raise CannotAppeal("只有记为未到场的预约可以申诉")
    if now > marked + APPEAL_WITHIN:
        raise CannotAppeal(f"申诉截止于 {moment(marked + APPEAL_WITHIN)}，请直接联系中心")


def decide(
    session: Session,
    clock: Clock,
    *,
    booking_id: int,
    staff_id: int,
    decision: Decision,
    answer: str = "",
) -> Appeal:
    """The centre's answer. Granted: attended after all, or excused; its pause is lifted.

    A refusal needs words for the family. Of two clerks the first one wins. Raises NotFound,
    AppealDecided or Invalid.
    """
    if decision is Decision.REFUSED or answer.strip():
        answer = _checked(answer, "请写明答复，家长会看到")
    booking = locked_booking(session, booking_id)
    found = session.get(Appeal, booking_id, populate_existing=True)
    if found is None:
        raise NotFound
    if found.state is not AppealState.OPEN:
        raise AppealDecided(
            None if found.decided_at is None else f"{moment(found.decided_at)} 处理"
        )
    actor = staff_actor(staff_id)
    granted = decision is not Decision.REFUSED
    found.state = AppealState.GRANTED if granted else AppealState.REFUSED
    found.answer, found.decided_at, found.decided_by = answer or None, clock.now(), actor
    session.flush()
    if granted:
        _grant(session, clock, booking, found, decision, actor)
    _tell(session, clock, booking, decision, answer)
    return found


def _grant(
    session: Session,
    clock: Clock,
    booking: Booking,
    appealed: Appeal,
    decision: Decision,
    actor: str,
) -> None:
    if booking.state is not BookingState.MISSED:
        raise AppealDecided(f"当前状态：{rules.STATE_TITLES[booking.state]}")
    reason = RESULTS[decision]
    if decision is Decision.ATTENDED:
        number = _number_again(session, booking)
        take_step(session, clock, booking, Step(BookingState.ATTENDED, actor, number, reason))
        _prove(session, clock, appealed, int(actor.partition(":")[2]))
    else:
        take_step(session, clock, booking, Step(BookingState.MISSED, actor, None, reason))
    aftermath.lift_pause(session, clock, booking.id, actor)
    aftermath.reconsider(session, clock, booking.child_id, actor)


def _number_again(session: Session, booking: Booking) -> int | None:
    """An attended session counts; a warning had given its number back. None beyond six."""
    if booking.quota_number is not None:
        return booking.quota_number
    try:
        return free_number(session, booking.child_id, booking.quota_year, None)
    except rules.QuotaUsedUp:
        return None


def _prove(session: Session, clock: Clock, appealed: Appeal, staff_id: int) -> None:
    """The appeal is the guardian's own word that the child was there."""
    if session.get(CheckIn, appealed.booking_id) is None:
        session.add(
            CheckIn(
                booking_id=appealed.booking_id,
                way=CheckInWay.LIST,
                scan_key=f"appeal:{appealed.booking_id}",
                scanned_at=clock.now(),
                synced_at=clock.now(),
                staff_id=staff_id,
                confirmed_at=appealed.made_at,
                confirmed_by=appealed.parent_id,
            )
        )
        session.flush()


def _tell(
    session: Session, clock: Clock, booking: Booking, decision: Decision, answer: str
) -> None:
    outbox.put(
        session,
        clock,
        key=f"appeal:{booking.id}",
        child_id=booking.child_id,
        template="appeal_answered",
        data=message_facts(booking) | {"result": RESULTS[decision], "answer": answer or None},
    )


def appeals(
    session: Session, centre_ids: Collection[int] | None, *, only_open: bool
) -> list[AppealRow]:
    """Appeals of the centres in the scope (None: all), open ones first, the oldest first."""
    query = (
        select(Appeal)
        .join(Booking, Booking.id == Appeal.booking_id)
        .join(Slot, Slot.id == Booking.slot_id)
        .order_by(Appeal.decided_at.desc().nulls_first(), Appeal.made_at)
        .limit(MOST_ROWS)
    )
    if centre_ids is not None:
        query = query.where(Slot.centre_id.in_(centre_ids))
    if only_open:
        query = query.where(Appeal.state == AppealState.OPEN)
    return [
        AppealRow(
            booking=booking_in_scope(session, one.booking_id, centre_ids),
            words_sealed=one.words_sealed,
            made_at=one.made_at,
            state=one.state,
            answer=one.answer,
            decided_at=one.decided_at,
        )
        for one in session.scalars(query).all()
    ]


def _checked(words: str, missing: str) -> str:
    words = words.strip()
    if not words:
        raise Invalid(missing)
    if len(words) > WORDS_LENGTH:
        raise Invalid(f"请不超过 {WORDS_LENGTH} 字")
    return words
