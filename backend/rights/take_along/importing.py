"""Our own copy comes back into a child of the family: what is new is added, nothing is replaced.

Both sides are compared in the words of the copy itself, so that what an export says and what an
import takes cannot drift apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from backend.handbook.doses import PREFIX, Records, backwards
from backend.handbook.records import kept_of, write_known
from backend.handbook.replanning import lock_own_child, replan
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict
from backend.kernel.privacy import Vault
from backend.people import consents
from backend.people.children import registrations
from backend.people.documents import Documents
from backend.people.models import Child, Purpose
from backend.rights.copies import record_of
from backend.rights.take_along import import_words as words
from backend.rights.take_along.book import Programmes
from backend.rights.take_along.files import CopyFile, CopyUnreadable, EntryRow, FactsRow, Part, Row
from backend.rights.take_along.import_facts import differing, joined
from backend.rights.take_along.import_rows import WRITERS, Target

UNSAID = {"recorded_at", "photo", "removed"}
Said = Mapping[str, Any]  # one row of a part, as the copy says it

OUTSIDE = "日期在出生之前或今天以后"
KEYS: dict[Part, Callable[[Said], str]] = {
    Part.HANDBOOK: lambda one: str(one["item"]),
    Part.GROWTH: lambda one: str(one["measured_on"]),
    Part.CHECKUPS: lambda one: str(one["visit"]),
    Part.SCREENINGS: lambda one: str(one["visit"]),
    Part.NEWBORN: lambda one: str(one["test"]),
    Part.DOCTOR: lambda one: "",
    Part.DIARY: lambda one: str(one["day"]),
}


class CopyOfAnotherChild(Conflict):
    code = "copy_of_another_child"
    message = "文件里的出生日期或性别和这个孩子不一样，没有导入"


@dataclass(frozen=True)
class Clash:
    """The family has it already and the file says something else. Ours stays."""

    part: Part
    title: str
    ours: str
    theirs: str


@dataclass
class Imported:
    """`left_out`: what was not taken, in words. `facts`: what was said once of vaccinations."""

    added: Counter[Part] = field(default_factory=Counter)
    known: Counter[Part] = field(default_factory=Counter)
    clashes: list[Clash] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    facts: bool = False


@dataclass
class _Import:
    """One import under way. `done` and `known`: the child's records as they grow."""

    target: Target
    programmes: Programmes
    child: Child
    records: Records
    done: dict[str, date]
    found: Imported = field(default_factory=Imported)
    new_items: list[str] = field(default_factory=list)


def import_copy(  # noqa: PLR0913  # whose, into what and by which programme are facts of their own
    session: Session,
    clock: Clock,
    vault: Vault,
    documents: Documents,
    programmes: Programmes,
    *,
    parent_id: int,
    child_id: int,
    copy: CopyFile,
) -> Imported:
    """Add what the file knows and we do not; times of writing come with it. Locks the child.

    Days of the plan and reminders that wait follow in the same transaction.

    Raises NotFound, ConsentNeeded, CopyOfAnotherChild, or CopyUnreadable for a day before the
    birth or a day or a time after now. The caller rolls back what it only wants to look at.
    """
    work = _begin(session, clock, vault, programmes, parent_id, child_id)
    consents.check_given(session, documents, parent_id)
    child, found = work.child, work.found
    _check_child(child, copy)
    _check_days(copy, child.birth_date, clock.now())
    _take_facts(work, copy.vaccine_facts)
    ids = registrations(session, child.id)
    ours = record_of(session, vault, ids, diaries=ids)
    for part in Part:
        if part is not Part.DIARY:
            _import_part(work, part, copy.rows(part), ours[part.value])
    agreed = consents.agrees(session, documents, parent_id, Purpose.DIARY)
    if agreed:
        _import_part(work, Part.DIARY, _notes(copy), ours[Part.DIARY.value])
    found.left_out += words.not_taken(copy, diary=agreed)
    _take_weeks(child, copy, found)
    session.flush()
    _follow(work)
    audit.record(
        session,
        clock,
        actor=f"parent:{parent_id}",
        action="child.imported",
        subject=f"child:{child.id}",
        detail={part.value: number for part, number in found.added.items()},
    )
    session.flush()
    return found


def _begin(
    session: Session,
    clock: Clock,
    vault: Vault,
    programmes: Programmes,
    parent_id: int,
    child_id: int,
) -> _Import:
    child = lock_own_child(session, parent_id=parent_id, child_id=child_id)
    records = kept_of(session, vault, child).records
    done = dict(records.done)
    target = Target(session, clock, vault, child.id, parent_id)
    return _Import(target, programmes, child, replace(records, done=done), done)


def _follow(work: _Import) -> None:
    """The plan by all that is recorded now; what waits and is done or has moved is not sent."""
    target = work.target
    records = kept_of(target.session, target.vault, work.child).records
    replan(
        target.session,
        work.programmes.schedule,
        child_id=work.child.id,
        records=records,
        on=city_date(target.clock.now()),
        done=work.new_items,
    )


def _take_facts(work: _Import, file: FactsRow) -> None:
    """First of all: they say which doses are meant for the child."""
    target, ours = work.target, work.records.known
    for one in differing(ours, file):
        work.found.clashes.append(Clash(Part.HANDBOOK, one.title, one.ours, one.theirs))
    known = joined(ours, file)
    if known != ours:
        write_known(
            target.session,
            target.clock,
            target.vault,
            parent_id=target.parent_id,
            child_id=target.child_id,
            known=known,
        )
        work.records = replace(work.records, known=known)
        work.found.facts = True


def _notes(copy: CopyFile) -> tuple[Row, ...]:
    return tuple(row for row in copy.diary if row.note and row.note.strip() and not row.removed)


def _import_part(
    work: _Import, part: Part, rows: tuple[Row, ...], ours: list[dict[str, Any]]
) -> None:
    key_of, found = KEYS[part], work.found
    kept = {key_of(one): one for one in ours if not one.get("removed")}
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda one: one.recorded_at):  # of two rows the later one counts
        latest[key_of(row.model_dump(mode="json"))] = row
    schedule = work.programmes.schedule
    for key, row in latest.items():
        said = row.model_dump(mode="json")
        if not _knows(work.programmes, part, key):
            found.left_out.append(words.unknown(part, key))
        elif key in kept:
            if _same(part, kept[key], said):
                found.known[part] += 1
            else:
                title = words.title(part, said, schedule)
                two = (words.said(part, kept[key]), words.said(part, said))
                found.clashes.append(Clash(part, title, *two))
        elif (other := _out_of_order(work, row)) is not None:
            day = f"{words.item_title(other, schedule)}是{work.done[other]}，前后对不上"
            title = words.title(part, said, schedule)
            found.clashes.append(Clash(part, title, day, words.said(part, said)))
        else:
            _add(work, part, row)


def _add(work: _Import, part: Part, row: Row) -> None:
    WRITERS[part](work.target, row)
    work.found.added[part] += 1
    if isinstance(row, EntryRow):
        work.done[row.item] = row.done_on
        work.new_items.append(row.item)


def _out_of_order(work: _Import, row: Row) -> str | None:
    """A recorded dose of the same vaccine whose day contradicts this one."""
    if not isinstance(row, EntryRow) or not row.item.startswith(PREFIX):
        return None
    return backwards(work.programmes.schedule, work.records, row.item, row.done_on)


def _knows(programmes: Programmes, part: Part, key: str) -> bool:
    """Whether this city's content has the item; nothing else could show it."""
    schedule, screenings = programmes.schedule, programmes.screenings
    if part is Part.HANDBOOK:
        return schedule.rule(key) is not None
    if part is Part.CHECKUPS:
        return screenings.visit(key) is not None
    if part is Part.SCREENINGS:
        return screenings.screening(key) is not None
    return True


def _same(part: Part, ours: Said, theirs: Said) -> bool:
    """Whether the file says nothing else. A place or a batch that it does not name is no other."""
    mine, said = _facts(ours), _facts(theirs)
    if part is Part.HANDBOOK:
        said |= {name: mine[name] for name in ("place", "batch") if said[name] is None}
    return mine == said


def _facts(said: Said) -> dict[str, Any]:
    """Without the time of writing and what a file cannot bring: the same words are the same."""
    return {name: value for name, value in said.items() if name not in UNSAID}


def _check_child(child: Child, copy: CopyFile) -> None:
    if (child.birth_date, child.sex) != (copy.child.birth_date, copy.child.sex):
        raise CopyOfAnotherChild


def _check_days(copy: CopyFile, birth: date, now: datetime) -> None:
    today = city_date(now)
    for part in Part:
        for place, row in enumerate(copy.rows(part)):
            days = [value for value in dict(row).values() if type(value) is date]
            early = [day for day in days if day < birth and part is not Part.DOCTOR]
            if early or row.recorded_at > now or any(day > today for day in days):
                raise CopyUnreadable(f"{part.value}.{place}：{OUTSIDE}")
    if not all(birth <= day <= today for day in copy.vaccine_facts.immunoglobulin):
        raise CopyUnreadable(f"vaccine_facts.immunoglobulin：{OUTSIDE}")


def _take_weeks(child: Child, copy: CopyFile, found: Imported) -> None:
    """The weeks of pregnancy, where nobody has said them yet."""
    weeks = copy.child.gestational_weeks
    if weeks is None or weeks == child.gestational_weeks:
        return
    if child.gestational_weeks is None:
        child.gestational_weeks = weeks
        return
    ours, theirs = f"{child.gestational_weeks}周", f"{weeks}周"
    found.clashes.append(Clash(Part.HANDBOOK, "出生孕周", ours, theirs))
