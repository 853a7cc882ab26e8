"""A pregnancy from its due date to its end. The caller owns the transaction and checks consents.

Each change of state locks the pregnancy; what was planned goes in the same transaction, so no
message is right about what was and wrong about what is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import delete, or_, select, text
from sqlalchemy.orm import Session

from backend.handbook.pregnancy import messages
from backend.handbook.pregnancy.dating import Dating, due_date, weeks_at_birth
from backend.handbook.pregnancy.models import Pregnancy, State
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.kernel.privacy import Vault, fold_name
from backend.people import children
from backend.people.children import Registration
from backend.people.models import Child

RESTORE_WITHIN = timedelta(minutes=10)  # a mistaken tap is noticed at once
CLOSED_STAY = timedelta(days=60)  # said in content/consents/pregnancy.md, as is the next
UNTOLD_STAY = timedelta(days=180)  # after a due date of which nobody said what became
MOST_AT_ONCE = 4  # children of one birth
EARLIEST_WEEK, LATEST_WEEK = 20, 44  # of a birth; the table of children checks it too


class PregnancyOpen(Conflict):
    code = "pregnancy_open"
    message = "已经有一份孕期手册，可以在里面修改预产期"


class NoOpenPregnancy(NotFound):
    code = "no_open_pregnancy"
    message = "没有进行中的孕期手册，请刷新后再看"


class RestoreTooLate(Conflict):
    code = "restore_too_late"
    message = "已经过了可以恢复的时间，需要时可以重新建一份"


class BirthOutOfRange(Invalid):
    code = "birth_out_of_range"
    message = "出生日期和预产期相差太远，请检查日期"


class SiblingsAlike(Invalid):
    code = "siblings_alike"
    message = "两个宝宝的姓名和性别一样，请检查"


def lock_parent(session: Session, parent_id: int) -> None:
    """One beginning or taking back of consent at a time. Raises NotFound for a closed account."""
    found = session.scalar(
        text("SELECT id FROM parents WHERE id = :id AND deleted_at IS NULL FOR NO KEY UPDATE"),
        {"id": parent_id},
    )
    if found is None:
        raise NotFound


def latest(session: Session, parent_id: int) -> Pregnancy | None:
    """The open one, or the last that is still kept."""
    return session.scalar(
        select(Pregnancy)
        .where(Pregnancy.parent_id == parent_id)
        .order_by(Pregnancy.id.desc())
        .limit(1)
    )


def open_one(session: Session, parent_id: int, *, lock: bool = False) -> Pregnancy:
    """Raises NoOpenPregnancy. The lock is the one that planning waits for."""
    query = select(Pregnancy).where(Pregnancy.parent_id == parent_id, Pregnancy.state == State.OPEN)
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NoOpenPregnancy
    return found


def begin(
    session: Session, clock: Clock, *, parent_id: int, dating: Dating, multiple: bool
) -> Pregnancy:
    """Open the pregnancy handbook. Call with the parent locked, the consent seen after that.

    Raises PregnancyOpen or what dating.due_date raises.
    """
    now = clock.now()
    due = due_date(dating, city_date(now))
    before = latest(session, parent_id)
    if before is not None and before.state is State.OPEN:
        raise PregnancyOpen
    made = Pregnancy(
        parent_id=parent_id,
        due_date=due,
        dated_by=dating.method,
        multiple=multiple,
        state=State.OPEN,
        plans_from=city_date(now),
        created_at=now,
        dated_at=now,
    )
    session.add(made)
    session.flush()
    _note(session, clock, made, "begun")
    return made


def redate(
    session: Session, clock: Clock, *, parent_id: int, dating: Dating, multiple: bool
) -> Pregnancy:
    """Move the due date. What was planned for the old one goes; the next run plans the new one.

    Raises NoOpenPregnancy or what dating.due_date raises.
    """
    now = clock.now()
    pregnancy = open_one(session, parent_id, lock=True)
    due = due_date(dating, city_date(now))
    if due != pregnancy.due_date:
        messages.stop(session, pregnancy)
        pregnancy.plans_from = city_date(now)
    pregnancy.due_date, pregnancy.dated_by = due, dating.method
    pregnancy.multiple, pregnancy.dated_at = multiple, now
    session.flush()
    _note(session, clock, pregnancy, "redated")
    return pregnancy


def end(session: Session, clock: Clock, *, parent_id: int) -> Pregnancy:
    """It is over; nobody asks why. Every message of it stops, also those in the list.

    Saying it twice is saying it once. Raises NoOpenPregnancy where there never was one.
    """
    try:
        pregnancy = open_one(session, parent_id, lock=True)
    except NoOpenPregnancy:
        last = latest(session, parent_id)
        if last is None or last.state is not State.ENDED:
            raise
        return last
    pregnancy.state, pregnancy.closed_at = State.ENDED, clock.now()
    messages.clear(session, pregnancy)
    session.flush()
    _note(session, clock, pregnancy, "ended")
    return pregnancy


def may_restore(pregnancy: Pregnancy, clock: Clock) -> bool:
    return (
        pregnancy.state is State.ENDED
        and pregnancy.closed_at is not None
        and clock.now() - pregnancy.closed_at <= RESTORE_WITHIN
    )


def restore(session: Session, clock: Clock, *, parent_id: int) -> Pregnancy:
    """Take a mistaken end back. Reminders go on from tomorrow: today's may have been sent.

    Call with the parent locked. Raises RestoreTooLate, or NoOpenPregnancy where nothing ended.
    """
    last = latest(session, parent_id)
    if last is None or last.state is State.BORN:
        raise NoOpenPregnancy
    if last.state is State.OPEN:
        return last
    if not may_restore(last, clock):
        raise RestoreTooLate
    last.state, last.closed_at = State.OPEN, None
    last.plans_from = city_date(clock.now()) + timedelta(days=1)
    session.flush()
    _note(session, clock, last, "restored")
    return last


def record_birth(
    session: Session, clock: Clock, vault: Vault, *, parent_id: int, born: Sequence[Registration]
) -> list[Child]:
    """The family says that it is born: each child gets its book, and the pregnancy's pushes end.

    Weeks of gestation that nobody wrote come from the due date. Consents are checked by the
    caller. Raises NoOpenPregnancy, BirthOutOfRange, SiblingsAlike or what children.register
    raises.
    """
    children.lock_registrations(session, parent_id)
    pregnancy = open_one(session, parent_id, lock=True)
    _check_siblings(born)
    children.lock_identities(session, vault, born)
    made = []
    for new in born:
        weeks = _weeks(pregnancy.due_date, new.birth_date)
        whole = replace(new, gestational_weeks=new.gestational_weeks or weeks)
        made.append(children.register(session, clock, vault, parent_id=parent_id, new=whole))
    pregnancy.state, pregnancy.closed_at = State.BORN, clock.now()
    messages.stop(session, pregnancy)
    session.flush()
    _note(session, clock, pregnancy, "born")
    return made


def _check_siblings(born: Sequence[Registration]) -> None:
    if not 1 <= len(born) <= MOST_AT_ONCE:
        raise Invalid(f"一次登记 1 到 {MOST_AT_ONCE} 个宝宝")
    told = {(fold_name(one.name), one.sex, one.birth_date) for one in born}
    if len(told) < len(born):
        raise SiblingsAlike


def _weeks(due: date, birth: date) -> int:
    weeks = weeks_at_birth(due, birth)
    if not EARLIEST_WEEK <= weeks <= LATEST_WEEK:
        raise BirthOutOfRange
    return weeks


def forget(session: Session, clock: Clock, *, parent_id: int) -> int:
    """Delete every pregnancy of a parent, with its entries and messages; return how many.

    For a consent taken back and an account closed. Call with the parent locked.
    """
    kept = session.scalars(
        select(Pregnancy)
        .where(Pregnancy.parent_id == parent_id)
        .order_by(Pregnancy.id)
        .with_for_update()
    ).all()
    for pregnancy in kept:
        messages.clear(session, pregnancy)
        _note(session, clock, pregnancy, "deleted")
    session.execute(
        delete(Pregnancy)
        .where(Pregnancy.parent_id == parent_id)
        .execution_options(synchronize_session=False)
    )
    return len(kept)


def forget_old(session: Session, clock: Clock) -> int:
    """Delete what was closed two months ago, or never closed; return how many."""
    now = clock.now()
    over = or_(
        Pregnancy.closed_at < now - CLOSED_STAY,
        Pregnancy.due_date < city_date(now - UNTOLD_STAY),
    )
    old = session.scalars(select(Pregnancy).where(over).order_by(Pregnancy.id).with_for_update())
    gone = old.all()
    for pregnancy in gone:
        messages.clear(session, pregnancy)
        session.delete(pregnancy)
    session.flush()
    return len(gone)


def _note(session: Session, clock: Clock, pregnancy: Pregnancy, act: str) -> None:
    audit.record(
        session,
        clock,
        actor=f"parent:{pregnancy.parent_id}",
        action=f"pregnancy.{act}",
        subject=f"parent:{pregnancy.parent_id}",
    )
