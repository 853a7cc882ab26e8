"""微信触达: what became of the messages that were due, by town, kind and month."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    distinct,
    false,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from backend.kernel.ages import add_months
from backend.kernel.clock import CITY, Clock, city_midnight
from backend.outbox.models import Balance, Channel, Message, MessageState
from backend.people.models import Child, Guardian, Parent, ParentIdentity, Role
from backend.people.scopes import Scope
from backend.statistics.formulas import MIN_FAMILIES, is_shown, share

FORMULA = (
    "送达率 =（小程序服务通知发出＋公众号发出＋未发出但在小程序内已读）÷ 到期的消息；"
    "每条消息只算一类，按到期的月份和孩子所在街镇统计"
)
OUTCOMES = {
    "mini": "小程序服务通知",
    "service": "公众号",
    "read": "小程序内已读",
    "unread": "只在小程序内，未读",
    "underway": "还没发出",
    "unknown": "不知是否送达",
    "failed": "没能发出",
}
ARRIVED = ("mini", "service", "read")
MONTHS = 12

OF_PREGNANCY = "pregnancy_"  # such templates: where a family lives that expects a child is not told

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Reach:
    """Due messages by what became of them; `families`: how many parents they were for."""

    families: int = 0
    mini: int = 0
    service: int = 0
    read: int = 0
    unread: int = 0
    underway: int = 0
    unknown: int = 0
    failed: int = 0

    @property
    def due(self) -> int:
        return sum(self.parts)

    @property
    def parts(self) -> tuple[int, ...]:
        """In the order of OUTCOMES; each message is in one of them."""
        return tuple(getattr(self, name) for name in OUTCOMES)

    @property
    def rate(self) -> Decimal | None:
        """Per cent that arrived; None where nothing was due."""
        arrived = sum(getattr(self, name) for name in ARRIVED)
        return share(arrived, self.due) if self.due else None


@dataclass(frozen=True)
class MonthOfReach:
    towns: Mapping[str | None, Reach]
    kinds: Mapping[str, Reach]
    together: Reach


@dataclass(frozen=True)
class Left:
    """Families by how many messages WeChat still lets us send them, of all templates together."""

    none: int = 0
    one: int = 0
    more: int = 0

    @property
    def families(self) -> int:
        return self.none + self.one + self.more


def hidden(families: Mapping[Key, int]) -> set[Key]:
    """The rows that are not shown: too few families, or told by the total less the others.

    While those that are hidden are together too few, the next smallest hides with them.
    """
    left = dict(sorted(families.items(), key=lambda one: one[1]))
    gone = {key for key, count in left.items() if 0 < count < MIN_FAMILIES}
    for key, count in left.items():
        if not gone or sum(left[one] for one in gone) >= MIN_FAMILIES:
            break
        if count:
            gone.add(key)
    return gone


def reach_in(
    session: Session, clock: Clock, scope: Scope, month: date, town: str | None = None
) -> MonthOfReach:
    """Of one city month, by its first day, where the viewer may look."""
    due = _due(clock, scope, town, month, add_months(month, 1))
    query = select(due.c.town, due.c.template, *_counts(due)).group_by(
        func.grouping_sets(due.c.town, due.c.template, literal_column("()"))
    )
    level = func.grouping(due.c.town, due.c.template)
    towns: dict[str | None, Reach] = {}
    kinds: dict[str, Reach] = {}
    together = Reach()
    for row in session.execute(query.add_columns(level.label("level"))):
        found = Reach(*row[2:-1])
        if row.level == BY_TOWN:
            towns[row.town] = found
        elif row.level == BY_KIND:
            kinds[row.template] = found
        else:
            together = found
    return MonthOfReach(towns, kinds, together)


BY_TOWN, BY_KIND = 1, 2  # bits of GROUPING: what a row sums over


def reach_by_month(
    session: Session, clock: Clock, scope: Scope, last: date, town: str | None = None
) -> dict[date, Reach]:
    """The twelve months that end with this one; months without a message are left out."""
    due = _due(clock, scope, town, add_months(last, 1 - MONTHS), add_months(last, 1))
    rows = session.execute(select(due.c.month, *_counts(due)).group_by(due.c.month))
    return {row[0].date(): Reach(*row[1:]) for row in rows}


def permissions_left(
    session: Session, scope: Scope, *, appid: str, town: str | None = None
) -> Left:
    """Parents of living children of the scope, by what is left of their permissions."""
    family = [
        Guardian.parent_id == Parent.id,
        Child.deleted_at.is_(None),
        Child.departure.is_(None),
        *(Child.town_code == one for one in (scope.town_code, town) if one is not None),
    ]
    if not _may_look(scope):
        family.append(false())
    here = select(Guardian.parent_id).join(Child, Child.id == Guardian.child_id).where(*family)
    balance = (
        select(func.coalesce(func.sum(Balance.balance), 0))
        .join(
            ParentIdentity,
            and_(ParentIdentity.appid == Balance.appid, ParentIdentity.openid == Balance.openid),
        )
        .where(ParentIdentity.parent_id == Parent.id, Balance.appid == appid)
        .scalar_subquery()
    )
    each = select(balance.label("left")).where(Parent.deleted_at.is_(None), here.exists())
    rows = each.subquery()
    counted = select(
        func.count().filter(rows.c.left == 0),
        func.count().filter(rows.c.left == 1),
        func.count().filter(rows.c.left > 1),
    ).select_from(rows)
    return Left(*session.execute(counted).one())


def left_is_shown(left: Left) -> bool:
    """None of the groups may tell of a few families."""
    return all(one == 0 or is_shown(one) for one in (left.none, left.one, left.more))


def _counts(due: Any) -> list[ColumnElement[int]]:
    return [
        func.count(distinct(due.c.parent)),
        *(func.count().filter(due.c.outcome == name).label(name) for name in OUTCOMES),
    ]


def _due(clock: Clock, scope: Scope, town: str | None, begin: date, end: date) -> Any:
    """Each message that was due by now in the time, with its outcome; a subquery."""
    of_parent = (
        select(func.min(Child.town_code))
        .join(Guardian, Guardian.child_id == Child.id)
        .where(Guardian.parent_id == Message.parent_id, Child.deleted_at.is_(None))
        .scalar_subquery()
    )
    asked: Select[Any] = (
        select(
            Message.parent_id.label("parent"),
            Message.template.label("template"),
            func.date_trunc("month", func.timezone(CITY.key, Message.due_at)).label("month"),
            case(
                (Message.template.startswith(OF_PREGNANCY, autoescape=True), None),
                else_=func.coalesce(Child.town_code, of_parent),
            ).label("town"),
            _outcome().label("outcome"),
        )
        .outerjoin(Child, Child.id == Message.child_id)
        .where(
            Message.due_at >= city_midnight(begin),
            Message.due_at < city_midnight(end),
            Message.due_at <= clock.now(),
        )
    )
    if not _may_look(scope):
        asked = asked.where(false())
    inner = asked.subquery()
    outer = select(inner)
    for one in (scope.town_code, town):
        if one is not None:
            outer = outer.where(inner.c.town == one)
    return outer.subquery()


def _outcome() -> ColumnElement[str]:
    sent = Message.state == MessageState.SENT
    return case(
        (and_(sent, Message.channel == Channel.SERVICE), "service"),
        (sent, "mini"),
        (Message.read_at.is_not(None), "read"),
        (Message.state == MessageState.IN_APP, "unread"),
        (Message.state == MessageState.UNKNOWN, "unknown"),
        (Message.state == MessageState.FAILED, "failed"),
        else_="underway",
    )


def _may_look(scope: Scope) -> bool:
    return scope.role in {Role.TOWN, Role.CITY}
