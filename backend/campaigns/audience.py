"""Whom a campaign is for, as a value: checked, stored as JSON, said in words. Pure.

Everything named must hold of one child at once, except the last, which is about the parent.
Sex, order of birth, health and priority are no questions that can be asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from backend.bookings.rules import FREE_SESSIONS_PER_YEAR
from backend.handbook.reminders import DAYS_OPEN
from backend.handbook.schedule import Age, Kind, Rule, Schedule
from backend.kernel.ages import add_months
from backend.kernel.errors import Invalid

Asked = TypeVar("Asked", bound=BaseModel)

ANY = "any"
OLDEST_MONTHS = 84  # children of seven are deleted


class AudienceInvalid(Invalid):
    code = "audience_invalid"
    message = "发送范围有误，请检查后再试"


class Visit(StrEnum):
    BOOKED = "booked"
    ATTENDED = "attended"


class CentreVisit(BaseModel):
    """A child that has booked, or attended, a session of this centre, whenever."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    centre_id: int = Field(ge=1)
    how: Visit


class Audience(BaseModel):
    """Empty means everybody with a child in the towns; no `towns` means the whole city.

    Ages are completed months on the day of sending, from included, to excluded. `dose` and
    `checkup`: the id of an item, or `any`. `sessions_below`: fewer of the year's six used.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    towns: tuple[str, ...] = ()
    from_months: int | None = Field(default=None, ge=0, le=OLDEST_MONTHS)
    to_months: int | None = Field(default=None, ge=1, le=OLDEST_MONTHS)
    centre: CentreVisit | None = None
    dose: str | None = None
    checkup: str | None = None
    sessions_below: int | None = Field(default=None, ge=1, le=FREE_SESSIONS_PER_YEAR)
    no_quiz_this_month: bool = False

    @model_validator(mode="after")
    def _ages_in_order(self) -> Self:
        end = OLDEST_MONTHS if self.to_months is None else self.to_months
        if (self.from_months or 0) >= end:
            raise ValueError("月龄要从小到大")
        return self


def make_audience(**values: Any) -> Audience:
    """An audience from what was typed. Raises AudienceInvalid with a sentence."""
    return checked(Audience, values)


def checked(kind: type[Asked], values: Mapping[str, Any]) -> Asked:
    """Raises AudienceInvalid with a sentence."""
    try:
        return kind.model_validate(dict(values))
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in message)
        raise AudienceInvalid(message if chinese else None) from error


def read_audience(stored: Mapping[str, Any]) -> Audience:
    """What a row of ours holds. Raises ValidationError for a shape that nobody knows."""
    return Audience.model_validate(dict(stored))


@dataclass(frozen=True)
class OpenItem:
    """One item as a question to all children on one day.

    By the birth date it is open for children born from `born_from` (closed for older ones) to
    `born_until` (not yet for younger ones); None: the birth date says nothing. A child with a
    day of its own is asked for when that day is not after `own_until`.
    """

    item_id: str
    born_from: date
    born_until: date | None
    own_until: date


def overdue_doses(schedule: Schedule, day: date, which: str) -> list[OpenItem]:
    """Doses that were due 14 days ago or earlier, may still be given, and are not recorded.

    The same as what a family is asked about by its last reminder.
    """
    usual = {rule.id for rule in schedule.rules}
    until = day - timedelta(days=DAYS_OPEN)
    return [
        OpenItem(
            rule.id,
            first_birth_before(rule.closes, day),
            last_birth_reaching(rule.due, until) if rule.id in usual else None,
            until,
        )
        for rule in _asked(schedule, Kind.VACCINE, which)
    ]


def checkups_due(schedule: Schedule, day: date, which: str) -> list[OpenItem]:
    """Check-ups whose time has begun and is not over, and that are not recorded."""
    return [
        OpenItem(
            rule.id,
            first_birth_before(rule.closes, day),
            last_birth_reaching(rule.opens, day),
            day,
        )
        for rule in _asked(schedule, Kind.CHECKUP, which)
    ]


def _asked(schedule: Schedule, kind: Kind, which: str) -> list[Rule]:
    """Raises AudienceInvalid for an item that the schedule does not have."""
    rules = [rule for rule in schedule.told if rule.kind is kind and which in (ANY, rule.id)]
    if not rules:
        raise AudienceInvalid("疫苗或体检的项目已不在日程里，请重新选择")
    return rules


def last_birth_reaching(age: Age, day: date) -> date:
    """The youngest child that has reached the age by that day."""
    birth = add_months(day - timedelta(days=age.days), -age.months)
    while age.on(birth + timedelta(days=1)) <= day:  # ends of months: a few births share a day
        birth += timedelta(days=1)
    return birth


def first_birth_before(age: Age, day: date) -> date:
    """The oldest child that has not reached the age on that day."""
    return last_birth_reaching(age, day) + timedelta(days=1)


def in_words(
    audience: Audience,
    schedule: Schedule,
    town_name: Callable[[str], str],
    centre_name: Callable[[int], str],
) -> list[tuple[str, str]]:
    """The audience for who writes and who approves: what is asked, and the answer wanted."""
    towns = "、".join(map(town_name, audience.towns))
    said = [("街镇", towns or "全市"), ("月龄", _ages(audience))]
    if audience.centre:
        verb = {Visit.BOOKED: "约过", Visit.ATTENDED: "到过"}[audience.centre.how]
        said.append(("中心", f"{verb}{centre_name(audience.centre.centre_id)}"))
    if audience.dose:
        what = "任何一剂" if audience.dose == ANY else _title(schedule, audience.dose)
        said.append(("疫苗", f"{what}过了应种日期 {DAYS_OPEN} 天还没有记录"))
    if audience.checkup:
        what = "任何一次" if audience.checkup == ANY else _title(schedule, audience.checkup)
        said.append(("体检", f"{what}到了时间还没有记录"))
    if audience.sessions_below:
        said.append(("六次指导", f"居家养育，今年用了不到 {audience.sessions_below} 次"))
    if audience.no_quiz_this_month:
        said.append(("问答", "家长这个月还没有答完一套"))
    return said


def _ages(audience: Audience) -> str:
    first, end = audience.from_months, audience.to_months
    if first is None and end is None:
        return "不限"
    if end is None:
        return f"满 {first} 月龄起"
    return f"{first or 0}～{end} 月龄（不含满 {end} 月龄），按发送那天算"


def _title(schedule: Schedule, item_id: str) -> str:
    rule = schedule.rule(item_id)
    return item_id if rule is None else rule.title
