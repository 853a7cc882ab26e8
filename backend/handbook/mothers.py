"""The mother's two visits after a birth, which belong to the plan of her child's family.

content/handbook/postpartum.yaml says when and where; what is done there and where it is from
stands in content/facts/prenatal.yaml. Why they are part of a child's plan: decision 30.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from backend.facts.figures import Facts
from backend.handbook.pages import Section
from backend.handbook.pregnancy.source import FactFile, VisitRow
from backend.handbook.source import HandbookError, Problem, Strict, read_file
from backend.kernel.yaml_lines import line_of
from backend.people.models import Child, DuplicateState, Guardian, Relation

PREFIX = "mother:"
MOTHER = aliased(Guardian)
ONE_BIRTH = timedelta(days=1)  # twins may be born on both sides of midnight
NOT_CHECKED = "这一句未核对，以医生为准"
BRING = ("身份证", "母子健康手册", "出院记录")


class VisitPlan(Strict):
    """Days of the child's life; birth is day 0. From `closes_day` on nobody asks any more."""

    id: str
    title: str
    first_day: int = Field(ge=0, le=365)
    target_day: int = Field(ge=1, le=365)
    until_day: int = Field(ge=1, le=365)
    closes_day: int = Field(ge=1, le=365)
    place: str


class PostpartumFile(Strict):
    """content/handbook/postpartum.yaml"""

    version: str
    visits: tuple[VisitPlan, ...]


@dataclass(frozen=True)
class MotherVisit:
    plan: VisitPlan
    sections: tuple[Section, ...]
    source: str

    @property
    def item_id(self) -> str:
        return f"{PREFIX}{self.plan.id}"


def mother_visits(content_root: Path, facts: Facts) -> Iterator[MotherVisit]:
    """Raises HandbookError with file and line."""
    path = content_root / "handbook" / "postpartum.yaml"
    file = read_file(path, PostpartumFile)
    known = read_file(content_root / "facts" / "prenatal.yaml", FactFile)
    rows = {row.id: row for row in known.public_service_visits}
    for place, plan in enumerate(file.visits):
        row = rows.get(plan.id)
        if row is None or row.gest_weeks is not None:
            raise _wrong(path, place, "id", f"事实表里没有这次产后服务：{plan.id}")
        if not plan.first_day <= plan.target_day <= plan.until_day < plan.closes_day:
            raise _wrong(path, place, "target_day", "日子应从早到晚")
        source = "；".join(facts.sources[key].title for key in row.src)
        yield MotherVisit(plan, tuple(_sections(plan, row, source)), source)


def _sections(plan: VisitPlan, row: VisitRow, source: str) -> Iterator[Section]:
    yield Section("做什么", row.free_items)
    yield Section("去哪里", (plan.place, "免费；没有人联系的，打电话给住处的社区卫生服务中心"))
    yield Section("带什么", BRING)
    if row.note:
        yield Section("说明", (f"{row.note}；{NOT_CHECKED}",))
    yield Section("来源", (source,))


def children_of_one_birth(session: Session, *, parent_id: int, child: Child) -> list[int]:
    """The child and its twins in this family, in the order in which children are locked.

    The visit is the mother's: written down for one, it is done for all of them. Who says so may
    look after cousins of one day too, so twins have one mother, or none of them has one here.
    """
    hers = session.scalars(_mothers_of(child.id)).all()
    twins = session.scalars(
        select(Child.id)
        .join(Guardian, Guardian.child_id == Child.id)
        .where(
            Guardian.parent_id == parent_id,
            Child.deleted_at.is_(None),
            Child.duplicate_state.is_distinct_from(DuplicateState.SAME),
            Child.birth_date.between(child.birth_date - ONE_BIRTH, child.birth_date + ONE_BIRTH),
            _mothers_of(Child.id).where(MOTHER.parent_id.in_(hers)).exists()
            if hers
            else ~_mothers_of(Child.id).exists(),
        )
    )
    return sorted({child.id, *twins})


def _mothers_of(child_id: int | InstrumentedAttribute[int]) -> Select[int]:
    return select(MOTHER.parent_id).where(
        MOTHER.child_id == child_id, MOTHER.relation == Relation.MOTHER
    )


def _wrong(path: Path, place: int, key: str, message: str) -> HandbookError:
    line = line_of(path.read_text(encoding="utf-8"), ("visits", place, key))
    return HandbookError(Problem(path, line, "postpartum_invalid", message))
