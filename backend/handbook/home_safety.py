"""The safety check of a home: what is asked at which age, and what to do where it is not so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.facts.errors import ContentError
from backend.facts.figures import Facts
from backend.facts.reading import read_model
from backend.handbook.diary.models import HomeCheck
from backend.handbook.diary.service import Book
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Invalid
from backend.kernel.privacy import Vault

ANSWERS = "home-check"  # the vault's purpose
FILE = Path("handbook") / "home-safety.yaml"
UNVERIFIED = "未核对，请以专业人员的说法为准"


class Answer(StrEnum):
    DONE = "done"  # 做到了
    NOT_YET = "not_yet"  # 还没有
    NOT_HERE = "not_here"  # 不适用


class NothingAnswered(Invalid):
    code = "home_check_empty"
    message = "请先选几条，再保存"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ItemSource(_Strict):
    id: str = Field(pattern=r"^[a-z]+(-[a-z]+)+$")
    months: tuple[int, int]
    text: str
    next: str
    mark: Literal["verified", "memory"]
    sources: tuple[str, ...]

    @model_validator(mode="after")
    def _sure_by_a_source(self) -> Self:
        if not 0 <= self.months[0] < self.months[1]:
            raise ValueError("months：第一个数应小于第二个数")
        if (self.mark == "verified") != bool(self.sources):
            raise ValueError("verified 要有 sources，memory 不写 sources")
        return self


class HazardSource(_Strict):
    id: str = Field(pattern=r"^[a-z]+$")
    title: str
    guide: str | None = None
    items: tuple[ItemSource, ...] = Field(min_length=1)


class HomeFile(_Strict):
    version: str
    checked_on: str
    hazards: tuple[HazardSource, ...] = Field(min_length=1)


@dataclass(frozen=True)
class HomeItem:
    """One line of the check. `source` says where it is from, or that nobody has checked it."""

    id: str
    months: tuple[int, int]
    text: str
    next: str
    verified: bool
    source: str


@dataclass(frozen=True)
class Hazard:
    id: str
    title: str
    guide: str | None
    items: tuple[HomeItem, ...]


@dataclass(frozen=True)
class HomeList:
    version: str
    hazards: tuple[Hazard, ...]

    def at(self, months: int) -> list[Hazard]:
        """What is asked of the home of a child of so many months."""
        asked = [
            Hazard(one.id, one.title, one.guide, _of_age(one.items, months)) for one in self.hazards
        ]
        return [one for one in asked if one.items]

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(item.id for hazard in self.hazards for item in hazard.items)


@dataclass(frozen=True)
class Checked:
    """The last check of a home."""

    day: date
    answers: dict[str, Answer]


def _of_age(items: tuple[HomeItem, ...], months: int) -> tuple[HomeItem, ...]:
    return tuple(item for item in items if item.months[0] <= months < item.months[1])


def load_home_list(content: Path, facts: Facts) -> HomeList:
    """Read content/handbook/home-safety.yaml. Raises ContentError."""
    file = content / FILE
    source = read_model(file, HomeFile)
    hazards = tuple(_hazard(file, one, facts) for one in source.hazards)
    ids = [item.id for hazard in hazards for item in hazard.items]
    if len(ids) != len(set(ids)):
        raise ContentError(file, 1, "home_item_twice", "有条目的 id 出现了两次")
    return HomeList(source.version, hazards)


def _hazard(file: Path, source: HazardSource, facts: Facts) -> Hazard:
    try:
        items = tuple(_item(one, facts) for one in source.items)
    except KeyError as error:
        message = f"{source.id}：没有这个数字或来源：{error.args[0]}"
        raise ContentError(file, 1, "home_item_unknown", message) from error
    return Hazard(source.id, source.title, source.guide, items)


def _item(source: ItemSource, facts: Facts) -> HomeItem:
    titles = [f"《{facts.sources[key].title}》" for key in source.sources]
    return HomeItem(
        source.id,
        source.months,
        facts.fill(source.text),
        facts.fill(source.next),
        source.mark == "verified",
        "、".join(titles) or UNVERIFIED,
    )


def check_answers(known: HomeList, answers: Mapping[str, Answer]) -> None:
    """Raises NothingAnswered, or Invalid for what is not on the list."""
    if not answers:
        raise NothingAnswered
    if not answers.keys() <= known.ids:
        raise Invalid("清单刚刚更新过，请重新打开再选")


def keep(  # whose, which list and which answers are three facts
    session: Session,
    clock: Clock,
    vault: Vault,
    known: HomeList,
    book: Book,
    answers: Mapping[str, Answer],
) -> Checked:
    """Today's check; a second one of a day replaces the first. The child is locked.

    Raises NothingAnswered or Invalid.
    """
    check_answers(known, answers)
    now = clock.now()
    told = json.dumps({name: answer.value for name, answer in sorted(answers.items())})
    values = {
        "answers_sealed": vault.seal(told, ANSWERS),
        "list_version": known.version,
        "recorded_by": book.parent_id,
        "recorded_at": now,
    }
    session.execute(
        insert(HomeCheck)
        .values(child_id=book.child.id, day=city_date(now), **values)
        .on_conflict_do_update(index_elements=["child_id", "day"], set_=values)
    )
    return Checked(city_date(now), dict(answers))


def last_check(session: Session, vault: Vault, book: Book) -> Checked | None:
    row = session.scalars(
        select(HomeCheck)
        .where(HomeCheck.child_id.in_(book.ids))
        .order_by(HomeCheck.day.desc(), HomeCheck.recorded_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else Checked(row.day, answers_of(vault, row))


def answers_of(vault: Vault, row: HomeCheck) -> dict[str, Answer]:
    told: dict[str, str] = json.loads(vault.open(row.answers_sealed, ANSWERS))
    return {name: Answer(answer) for name, answer in told.items()}
