"""Our own copy comes back into a child of the family: what is new is added, nothing is replaced.

Both sides are compared in the words of the copy itself, so that what an export says and what an
import takes cannot drift apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.handbook.growth_queries import registrations
from backend.kernel import audit
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict
from backend.kernel.privacy import Vault
from backend.people.children import own_child
from backend.people.models import Child
from backend.rights.copies import record_of
from backend.rights.take_along import import_words as words
from backend.rights.take_along.book import DOSE, Programmes, doses_by_id
from backend.rights.take_along.files import CopyFile, CopyUnreadable, Part, Row
from backend.rights.take_along.import_rows import WRITERS, Target

Said = Mapping[str, Any]  # one row of a part, as the copy says it

KEYS: dict[Part, Callable[[Said], str]] = {
    Part.HANDBOOK: lambda one: str(one["item"]),
    Part.GROWTH: lambda one: str(one["measured_on"]),
    Part.CHECKUPS: lambda one: str(one["visit"]),
    Part.SCREENINGS: lambda one: str(one["visit"]),
    Part.NEWBORN: lambda one: str(one["test"]),
    Part.DOCTOR: lambda one: "",
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
    """`left_out`: what this city's programme does not know, by name."""

    added: Counter[Part] = field(default_factory=Counter)
    known: Counter[Part] = field(default_factory=Counter)
    clashes: list[Clash] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def import_copy(  # noqa: PLR0913  # whose, into what and by which programme are facts of their own
    session: Session,
    clock: Clock,
    vault: Vault,
    programmes: Programmes,
    *,
    parent_id: int,
    child_id: int,
    copy: CopyFile,
) -> Imported:
    """Add what the file knows and we do not; times of writing come with it. Locks the child.

    Raises NotFound, CopyOfAnotherChild, or CopyUnreadable for a day before the birth or a day
    or a time after now. The caller rolls back what it only wants to look at.
    """
    own_child(session, parent_id=parent_id, child_id=child_id)
    # FOR UPDATE, the one lock that a planner's new reminders wait for.
    session.execute(select(Child.id).where(Child.id == child_id).with_for_update())
    child = own_child(session, parent_id=parent_id, child_id=child_id)
    _check_child(child, copy)
    _check_days(copy, child.birth_date, clock.now())
    target = Target(session, vault, child.id, parent_id)
    ours = record_of(session, vault, registrations(session, child.id))
    found = Imported()
    for part in Part:
        _import_part(part, copy.rows(part), ours[part.value], programmes, target, found)
    _take_weeks(child, copy, found)
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


def _import_part(
    part: Part,
    rows: tuple[Row, ...],
    ours: list[dict[str, Any]],
    programmes: Programmes,
    target: Target,
    found: Imported,
) -> None:
    key_of = KEYS[part]
    kept = {key_of(one): one for one in ours}
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda one: one.recorded_at):  # of two rows the later one counts
        latest[key_of(row.model_dump(mode="json"))] = row
    for key, row in latest.items():
        said = row.model_dump(mode="json")
        if not _knows(programmes, part, key):
            found.left_out.append(words.unknown(part, key))
        elif key not in kept:
            WRITERS[part](target, row)
            found.added[part] += 1
        elif _facts(kept[key]) == _facts(said):
            found.known[part] += 1
        else:
            title = words.title(part, said, programmes.schedule)
            clash = Clash(part, title, words.said(part, kept[key]), words.said(part, said))
            found.clashes.append(clash)


def _knows(programmes: Programmes, part: Part, key: str) -> bool:
    """Whether this city's content has the item; nothing else could show it."""
    schedule, screenings = programmes.schedule, programmes.screenings
    if part is Part.HANDBOOK:
        dose = key.removeprefix(DOSE)
        return schedule.rule(key) is not None or dose in doses_by_id(schedule.programme)
    if part is Part.CHECKUPS:
        return screenings.visit(key) is not None
    if part is Part.SCREENINGS:
        return screenings.screening(key) is not None
    return True


def _facts(said: Said) -> dict[str, Any]:
    """Without the time of writing: two families that write the same say the same."""
    return {name: value for name, value in said.items() if name != "recorded_at"}


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
                raise CopyUnreadable(f"{part.value}.{place}：日期在出生之前或今天以后")


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
