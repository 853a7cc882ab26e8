"""Who would be told what in the next days, in numbers: before a change of schedule goes live.

An upper bound from the birth dates alone: what is recorded, moved or not wanted by then is told
to fewer. Of children it knows how many were born on a day, and nothing else.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.handbook.planner import births_near, told_to
from backend.handbook.reminders import Say
from backend.handbook.schedule import Schedule, load_schedule
from backend.handbook.source import HandbookError, Problem
from backend.people.models import Child, DuplicateState

FILES = ("schedule.yaml", "checkups.yaml", "vaccines.yaml")  # that a candidate may replace

Births = Mapping[date, int]
Saying = tuple[str, Say]  # item, and how it is told


@dataclass(frozen=True)
class ItemCount:
    title: str
    say: Say
    children: int
    before: int  # under the schedule in force; equal where nothing is compared


@dataclass(frozen=True)
class DayCount:
    """`children`: who are told something on that day, each once."""

    day: date
    children: int
    before: int
    items: tuple[ItemCount, ...]

    @property
    def changed(self) -> bool:
        return self.children != self.before or any(
            item.children != item.before for item in self.items
        )


def births_of(session: Session) -> dict[date, int]:
    """How many children who may be told something were born on which day."""
    rows = session.execute(
        select(Child.birth_date, func.count().label("children"))
        .where(
            Child.deleted_at.is_(None),
            Child.departure.is_(None),
            Child.duplicate_state.is_distinct_from(DuplicateState.SAME),
        )
        .group_by(Child.birth_date)
    )
    return {row.birth_date: row.children for row in rows}


def preview(
    now: Schedule, candidate: Schedule, births: Births, *, first: date, days: int
) -> list[DayCount]:
    """Each of the days under the candidate, beside the schedule in force."""
    return [_day(now, candidate, births, first + timedelta(days=number)) for number in range(days)]


def candidate_of(
    content_root: Path, files: Mapping[str, bytes], *, guides: Container[str] | None
) -> Schedule:
    """The schedule with some of its files replaced; everything else is the content in force.

    Raises HandbookError, ContentError, or ValueError for a name that is not among FILES.
    """
    unknown = set(files) - set(FILES)
    if unknown:
        raise ValueError(f"not a file of the schedule: {', '.join(sorted(unknown))}")
    with TemporaryDirectory(prefix="schedule-") as folder:
        root = Path(folder)
        shutil.copytree(content_root / "handbook", root / "handbook")
        for part in ("facts", "guides"):
            (root / part).symlink_to((content_root / part).resolve(), target_is_directory=True)
        for name, content in files.items():
            (root / "handbook" / name).write_bytes(content)
        try:
            return load_schedule(root, guides=guides)
        except (KeyError, RecursionError) as error:  # of a file that nobody has checked yet
            what = "引用的内容不存在或嵌套太深"
            raise HandbookError(Problem(root / FILES[0], 1, "handbook_invalid", what)) from error


def _day(now: Schedule, candidate: Schedule, births: Births, day: date) -> DayCount:
    told, children = _counted(candidate, births, day)
    if now is candidate:
        before, children_before = told, children
    else:
        before, children_before = _counted(now, births, day)
    titles = {rule.id: rule.title for schedule in (now, candidate) for rule in schedule.rules}
    items = tuple(
        ItemCount(titles[item], say, told[item, say], before[item, say])
        for item, say in _ordered(told, before)
    )
    return DayCount(day, children, children_before, items)


def _counted(schedule: Schedule, births: Births, day: date) -> tuple[Counter[Saying], int]:
    told: Counter[Saying] = Counter()
    born: set[date] = set()
    near = [one for one in births_near(schedule, day) if births.get(one.birth)]
    for birth, one in told_to(near, day, day):
        told[one.due.rule.id, one.say] += births[birth]
        born.add(birth)
    return told, sum(births[birth] for birth in born)


def _ordered(*counts: Counter[Saying]) -> Sequence[Saying]:
    """The most frequent first."""
    whole: Counter[Saying] = Counter()
    for one in counts:
        whole |= one
    return [saying for saying, _ in whole.most_common()]
