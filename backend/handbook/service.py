"""What a family writes into the handbook, and how it reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import delete
from sqlalchemy.orm import Session

from backend.handbook.doses import PREFIX, KnownFacts, Records, backwards, meant_for
from backend.handbook.models import HandbookEntry
from backend.handbook.mothers import PREFIX as MOTHERS
from backend.handbook.mothers import children_of_one_birth
from backend.handbook.questions import Question, questions
from backend.handbook.records import (
    Done,
    Kept,
    kept_of,
    write_done,
    write_known,
)
from backend.handbook.replanning import hold_off_planner, lock_own_child, replan
from backend.handbook.schedule import Rule, Schedule
from backend.handbook.settling import settle_children
from backend.handbook.timeline import Item, item_on, next_step, timeline
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.privacy import Vault
from backend.people.children import own_child, registrations
from backend.people.models import Child


class DoneDateOutOfRange(Invalid):
    code = "done_date_out_of_range"
    message = "日期应在出生之后、今天或今天以前，请检查"


class DosesBackwards(Invalid):
    code = "doses_backwards"
    message = "这个日期和同一种疫苗别的剂次前后对不上，请检查"


class DoseNotMeant(Invalid):
    code = "dose_not_meant"
    message = "按现在填的情况没有这一剂，请先填母亲乙肝表面抗原和出生体重"


@dataclass(frozen=True)
class Book:
    """A child's timeline. `last_place`: where something was done last time, to be offered."""

    child: Child
    items: list[Item]
    last_place: str | None


@dataclass(frozen=True)
class Recorded:
    """The item as it stands now, and what comes next of its kind."""

    item: Item
    next: Item | None


@dataclass(frozen=True)
class Facts:
    """What a family said once, what would still change an answer, and where the dates end."""

    child: Child
    today: date
    known: KnownFacts
    questions: list[Question]


def read_timeline(
    session: Session,
    clock: Clock,
    vault: Vault,
    schedule: Schedule,
    *,
    parent_id: int,
    child_id: int,
) -> Book:
    """The child and its timeline as it stands today in the city. Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    kept = kept_of(session, vault, child)
    return Book(child, _items(schedule, kept, city_date(clock.now())), kept.last_place)


def record_done(  # noqa: PLR0913  # who, which child, what and when are facts of their own
    session: Session,
    clock: Clock,
    vault: Vault,
    schedule: Schedule,
    *,
    parent_id: int,
    child_id: int,
    item_id: str,
    done: Done,
) -> Recorded:
    """Write that an item is done; the days that move with it, and its reminder that still
    waits, go in the same transaction.

    Recording again puts everything right that was said of it. Locks the child. A dose that is
    too early is recorded: the answer asks about it. Raises NotFound for an unknown item or
    another family's child, DoneDateOutOfRange before the birth or after today, DoseNotMeant,
    or DosesBackwards where the doses of a vaccine would change their order.
    """
    _rule(schedule, item_id)
    child, twins = _lock(session, parent_id, child_id, item_id)
    today = city_date(clock.now())
    if not child.birth_date <= done.on <= today:
        raise DoneDateOutOfRange
    kept = kept_of(session, vault, child)
    _check_dose(schedule, kept.records, item_id, done.on, today)
    for one in (child.id, *twins):
        write_done(
            session, clock, vault, parent_id=parent_id, child_id=one, item_id=item_id, done=done
        )
    settle_children(session, twins, without=[item_id])
    kept = kept.after(item_id, done)
    replan(
        session,
        schedule,
        child_id=child.id,
        records=kept.records,
        on=today,
        done=[item_id],
    )
    items = _items(schedule, kept, today)
    item = next(one for one in items if one.id == item_id)
    return Recorded(item, next_step(items, item))


def undo_done(  # noqa: PLR0913  # as above
    session: Session,
    clock: Clock,
    vault: Vault,
    schedule: Schedule,
    *,
    parent_id: int,
    child_id: int,
    item_id: str,
) -> Recorded:
    """Take the record back; without one this changes nothing. Raises NotFound as above.

    A reminder whose day is still to come is planned again by the next run of that day.
    """
    rule = _rule(schedule, item_id)
    child, twins = _lock(session, parent_id, child_id, item_id)
    kept = kept_of(session, vault, child).after(item_id, None)
    session.execute(
        delete(HandbookEntry).where(
            HandbookEntry.child_id.in_([*registrations(session, child.id), *twins]),
            HandbookEntry.item_id == item_id,
        )
    )
    today = city_date(clock.now())
    replan(session, schedule, child_id=child.id, records=kept.records, on=today)
    items = _items(schedule, kept, today)
    item = next((one for one in items if one.id == item_id), None)
    if item is None:  # of a product that is not chosen any more
        unchosen = item_on(rule, child.birth_date, today, None)
        item = replace(unchosen, alternative=rule.alternative)
    return Recorded(item, None)


def read_facts(
    session: Session,
    clock: Clock,
    vault: Vault,
    schedule: Schedule,
    *,
    parent_id: int,
    child_id: int,
) -> Facts:
    """What the family said of the child, and what to ask. Raises NotFound."""
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    return _facts(schedule, child, kept_of(session, vault, child), city_date(clock.now()))


def keep_facts(  # noqa: PLR0913  # as above
    session: Session,
    clock: Clock,
    vault: Vault,
    schedule: Schedule,
    *,
    parent_id: int,
    child_id: int,
    known: KnownFacts,
) -> Facts:
    """Keep the whole of what the family says, and move the days that follow from it.

    Locks the child. Raises NotFound, or DoneDateOutOfRange for a day of immunoglobulin.
    """
    child = lock_own_child(session, parent_id=parent_id, child_id=child_id)
    today = city_date(clock.now())
    if not all(child.birth_date <= day <= today for day in known.immunoglobulin):
        raise DoneDateOutOfRange
    write_known(session, clock, vault, parent_id=parent_id, child_id=child.id, known=known)
    kept = kept_of(session, vault, child)
    replan(session, schedule, child_id=child.id, records=kept.records, on=today)
    return _facts(schedule, child, kept, today)


def replan_child(
    session: Session, clock: Clock, vault: Vault, schedule: Schedule, *, child_id: int
) -> None:
    """After a birth date was put right, or registrations were joined or parted. Locks the child."""
    hold_off_planner(session, child_id)
    child = session.get_one(Child, child_id, populate_existing=True)
    records = kept_of(session, vault, child).records
    replan(session, schedule, child_id=child_id, records=records, on=city_date(clock.now()))


def _lock(session: Session, parent_id: int, child_id: int, item_id: str) -> tuple[Child, list[int]]:
    """The child, and who else is meant: of a visit of the mother's, its twins.

    Raises NotFound before anything is locked.
    """
    twins = []
    if item_id.startswith(MOTHERS):
        seen = own_child(session, parent_id=parent_id, child_id=child_id)
        born = children_of_one_birth(session, parent_id=parent_id, child=seen)
        for one in born:  # always in this order, whichever of them was asked for
            hold_off_planner(session, one)
        twins = [one for one in born if one != child_id]
    return lock_own_child(session, parent_id=parent_id, child_id=child_id), twins


def _rule(schedule: Schedule, item_id: str) -> Rule:
    rule = schedule.rule(item_id)
    if rule is None:
        raise NotFound
    return rule


def _check_dose(schedule: Schedule, records: Records, item_id: str, day: date, today: date) -> None:
    if not item_id.startswith(PREFIX):
        return
    if not meant_for(schedule.programme, records, item_id, today):
        raise DoseNotMeant
    other = backwards(schedule, records, item_id, day)
    if other is not None:
        title = _rule(schedule, other).title
        raise DosesBackwards(f"{title}记的是{_said(records.done[other])}")


def _said(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _items(schedule: Schedule, kept: Kept, today: date) -> list[Item]:
    records = kept.records
    items = timeline(schedule, records.birth, today, records.done, records.known)
    return [_with_words(item, kept.done) for item in items]


def _with_words(item: Item, done: Mapping[str, Done]) -> Item:
    entry = done.get(item.id)
    return item if entry is None else replace(item, place=entry.place, batch=entry.batch)


def _facts(schedule: Schedule, child: Child, kept: Kept, today: date) -> Facts:
    asked = questions(schedule.programme, kept.records, today)
    return Facts(child, today, kept.records.known, asked)
