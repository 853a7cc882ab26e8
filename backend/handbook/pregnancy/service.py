"""A pregnancy from its due date to its end. The caller owns the transaction and checks consents.

Each change of state locks the pregnancy; what was planned goes in the same transaction, so no
message is right about what was and wrong about what is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import delete, insert, or_, select, text
from sqlalchemy.orm import Session

from backend.handbook.pregnancy import messages
from backend.handbook.pregnancy.dating import Dating, due_date, weeks_at_birth
from backend.handbook.pregnancy.models import Pregnancy, PregnancyParent, State
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.kernel.privacy import Vault, fold_name
from backend.people import children, consents
from backend.people.children import Registration
from backend.people.models import Child, Guardian, Relation

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


class PartnerHasAnother(Conflict):
    code = "partner_has_another"
    message = "另一位家长已经有一份进行中的孕期手册，这一份不能恢复"


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


def lock_parents(session: Session, parent_id: int) -> None:
    """Both parents of what this one ended last, in the order of their ids.

    Raises NotFound for a closed account.
    """
    last = latest(session, parent_id)
    whom = {parent_id} if last is None else {parent_id, *parents_of(session, last)}
    for one in sorted(whom):
        lock_parent(session, one)


def latest(session: Session, parent_id: int) -> Pregnancy | None:
    """The open one, or the last that is still kept; one's own or a shared one."""
    return session.scalar(
        select(Pregnancy)
        .join(PregnancyParent, PregnancyParent.pregnancy_id == Pregnancy.id)
        .where(PregnancyParent.parent_id == parent_id)
        .order_by((Pregnancy.state == State.OPEN).desc(), Pregnancy.id.desc())
        .limit(1)
    )


def open_one(session: Session, parent_id: int, *, lock: bool = False) -> Pregnancy:
    """Raises NoOpenPregnancy. The lock is the one that planning waits for."""
    mine = (
        select(Pregnancy)
        .join(PregnancyParent, PregnancyParent.pregnancy_id == Pregnancy.id)
        .where(PregnancyParent.parent_id == parent_id)
    )
    query = mine.where(Pregnancy.state == State.OPEN)
    if lock:
        query = query.with_for_update(of=Pregnancy, key_share=True)
        query = query.execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None or (lock and not _still_shares(session, found, parent_id)):
        raise NoOpenPregnancy
    return found


def _still_shares(session: Session, pregnancy: Pregnancy, parent_id: int) -> bool:
    """Asked once more with the lock held: a partner may have left while it was waited for."""
    return parent_id in parents_of(session, pregnancy)


def parents_of(session: Session, pregnancy: Pregnancy) -> dict[int, Relation | None]:
    """Who sees it, the one who opened it first, and what each is to the child."""
    rows = session.execute(
        select(PregnancyParent.parent_id, PregnancyParent.relation)
        .where(PregnancyParent.pregnancy_id == pregnancy.id)
        .order_by(PregnancyParent.opener.desc())
    )
    return {row.parent_id: row.relation for row in rows}


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
    session.execute(
        insert(PregnancyParent).values(
            pregnancy_id=made.id, parent_id=parent_id, opener=True, state=State.OPEN, since=now
        )
    )
    _note(session, clock, made, "begun", by=parent_id)
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
    _note(session, clock, pregnancy, "redated", by=parent_id)
    return pregnancy


def end(session: Session, clock: Clock, *, parent_id: int) -> Pregnancy:
    """It is over; nobody asks why. Every message of it to either parent stops, also in the list.

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
    _note(session, clock, pregnancy, "ended", by=parent_id)
    return pregnancy


def may_restore(pregnancy: Pregnancy, clock: Clock) -> bool:
    return (
        pregnancy.state is State.ENDED
        and pregnancy.closed_at is not None
        and clock.now() - pregnancy.closed_at <= RESTORE_WITHIN
    )


def restore(session: Session, clock: Clock, *, parent_id: int) -> Pregnancy:
    """Take a mistaken end back. Reminders go on from tomorrow: today's may have been sent.

    Call with both parents locked (`lock_parents`). Raises RestoreTooLate, PartnerHasAnother
    where the other one began anew meanwhile, or NoOpenPregnancy where nothing ended.
    """
    last = latest(session, parent_id)
    if last is None or last.state is State.BORN:
        raise NoOpenPregnancy
    if last.state is State.OPEN:
        return last
    if not may_restore(last, clock):
        raise RestoreTooLate
    others = [one for one in parents_of(session, last) if one != parent_id]
    for other in others:
        begun = latest(session, other)
        if begun is not None and begun.state is State.OPEN:
            raise PartnerHasAnother
    last.state, last.closed_at = State.OPEN, None
    last.plans_from = city_date(clock.now()) + timedelta(days=1)
    session.flush()
    _note(session, clock, last, "restored", by=parent_id)
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
    _share_with_partner(session, clock, pregnancy, parent_id, made)
    pregnancy.state, pregnancy.closed_at = State.BORN, clock.now()
    messages.stop(session, pregnancy)
    session.flush()
    _note(session, clock, pregnancy, "born", by=parent_id)
    return made


def _share_with_partner(
    session: Session, clock: Clock, pregnancy: Pregnancy, recorder: int, born: Sequence[Child]
) -> None:
    """The other parent becomes a guardian too, if the consents that every guardian gives stand."""
    for other, relation in parents_of(session, pregnancy).items():
        if other == recorder or not consents.stands_for_everybody(session, other):
            continue
        for child in born:
            session.add(
                Guardian(
                    child_id=child.id,
                    parent_id=other,
                    relation=relation or Relation.OTHER,
                    since=clock.now(),
                )
            )


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
    """Delete every pregnancy that a parent opened, with its entries and messages, for the partner
    too; leave those that are another's. Return how many were deleted.

    For a consent taken back and an account closed. Call with the parent locked.
    """
    kept = session.scalars(
        select(Pregnancy)
        .join(PregnancyParent, PregnancyParent.pregnancy_id == Pregnancy.id)
        .where(PregnancyParent.parent_id == parent_id)
        .order_by(Pregnancy.id)
        .with_for_update(of=Pregnancy)
    ).all()
    own = [one for one in kept if one.parent_id == parent_id]
    for pregnancy in kept:
        if pregnancy in own:
            messages.clear(session, pregnancy)
            _note(session, clock, pregnancy, "deleted", by=parent_id)
        else:
            drop_partner(session, clock, pregnancy, parent_id, by=parent_id)
    session.execute(
        delete(Pregnancy)
        .where(Pregnancy.parent_id == parent_id)
        .execution_options(synchronize_session=False)
    )
    return len(own)


def drop_partner(
    session: Session, clock: Clock, pregnancy: Pregnancy, partner_id: int, *, by: int
) -> None:
    """The partner sees it no more and is told nothing. Call with the pregnancy locked."""
    messages.clear_of(session, pregnancy, partner_id)
    session.execute(
        delete(PregnancyParent)
        .where(
            PregnancyParent.pregnancy_id == pregnancy.id,
            PregnancyParent.parent_id == partner_id,
            ~PregnancyParent.opener,
        )
        .execution_options(synchronize_session=False)
    )
    _note(session, clock, pregnancy, "partner_left", by=by)


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


def _note(session: Session, clock: Clock, pregnancy: Pregnancy, act: str, *, by: int) -> None:
    audit.record(
        session,
        clock,
        actor=f"parent:{by}",
        action=f"pregnancy.{act}",
        subject=f"parent:{pregnancy.parent_id}",
    )
