"""How many families an audience has, how they can be reached, and a few of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session

from backend.bookings.policies import policy_at
from backend.campaigns.audience import Audience
from backend.campaigns.audience_sql import Asking, Told, between, told
from backend.handbook.models import ItemBit
from backend.handbook.schedule import Schedule
from backend.kernel.clock import Clock, city_midnight
from backend.knowledge.rules import month_of

SAMPLE = 10
FIRST_RANGE = 2_000  # parents looked at for the sample; doubled while it is not full

# `told` is run once and read twice. A family lives where its first child does, by the code.
# Children and parents come nearly in the order of their ids: sorting them costs less than hashing.
COUNT = """
SELECT town_code, sum(children) AS children, sum(parents) AS parents, sum(wechat) AS wechat
  FROM (SELECT town_code, count(*) AS children, 0 AS parents, 0 AS wechat
          FROM (SELECT DISTINCT ON (child_id) town_code FROM told ORDER BY child_id) AS child
         GROUP BY town_code
        UNION ALL
        SELECT town_code, 0, count(*), count(*) FILTER (WHERE allowed.balance > 0)
          FROM (SELECT DISTINCT ON (parent_id) parent_id, town_code
                  FROM told ORDER BY parent_id, town_code) AS family
          LEFT JOIN (SELECT identity.parent_id, kept.balance
                       FROM parent_identities AS identity
                       JOIN subscription_balances AS kept
                         ON kept.appid = identity.appid AND kept.openid = identity.openid
                      WHERE identity.appid = :appid AND kept.template_id = :template_id
                        AND kept.balance > 0)
            AS allowed ON allowed.parent_id = family.parent_id
         GROUP BY town_code) AS counted
 GROUP BY town_code
 ORDER BY town_code
"""
# One at a time and seldom, so it may have memory and every core there is: PostgreSQL takes the rows
# that its processes hand on for dearer than they are here.
ALL_HANDS = (
    text("SET LOCAL work_mem = '128MB'"),
    text("SET LOCAL parallel_setup_cost = 0"),
    text("SET LOCAL parallel_tuple_cost = 0.001"),
)
# Without its values a plan would read the text of the arrays anew for each child.
PLANNED_ANEW = text("SET LOCAL plan_cache_mode = force_custom_plan")
FIRST_OF_RANGE = """
SELECT told.parent_id, array_agg(told.child_id ORDER BY told.child_id) AS ids,
       array_agg(named.name_sealed ORDER BY told.child_id) AS names
  FROM told JOIN children AS named ON named.id = told.child_id
 GROUP BY told.parent_id
 ORDER BY told.parent_id
 LIMIT :most
"""


@dataclass(frozen=True)
class Channel:
    """WeChat's account and its id of our template; empty where WeChat does not send it."""

    appid: str
    template_id: str


@dataclass(frozen=True)
class TownCount:
    """`parents` get a message each; `wechat` of them have a permission left today."""

    town_code: str
    children: int
    parents: int
    wechat: int

    @property
    def in_app(self) -> int:
        return self.parents - self.wechat


@dataclass(frozen=True)
class Count:
    towns: tuple[TownCount, ...]

    @property
    def total(self) -> TownCount:
        return TownCount(
            "",
            sum(one.children for one in self.towns),
            sum(one.parents for one in self.towns),
            sum(one.wechat for one in self.towns),
        )


@dataclass(frozen=True)
class Sampled:
    """A parent who would be told, and of which children; names are the caller's to mask."""

    parent_id: int
    children: Mapping[int, str]  # id -> sealed name


def families(
    session: Session, clock: Clock, schedule: Schedule, audience: Audience, day: date
) -> Told:
    """Whom the audience is for on a city day, by the rules of booking that hold then.

    What is asked in this transaction is planned anew each time.
    """
    session.execute(PLANNED_ANEW)
    starts = max(clock.now(), city_midnight(day))
    policy = policy_at(session, starts)
    bits = {row.item_id: row.bit for row in session.execute(select(ItemBit.item_id, ItemBit.bit))}
    return told(audience, Asking(schedule, policy.year_kind, day, month_of(starts), bits))


def count(session: Session, who: Told, channel: Channel) -> Count:
    """One statement, whatever the size of the city."""
    for setting in ALL_HANDS:
        session.execute(setting)
    values = who.values | {"appid": channel.appid, "template_id": channel.template_id}
    rows = session.execute(with_told(who, COUNT), values)
    return Count(tuple(TownCount(row[0], *map(int, row[1:])) for row in rows))


def sample(session: Session, who: Told, limit: int = SAMPLE) -> list[Sampled]:
    """The first few families, by their parents' ids, looked for in ever larger ranges."""
    last = session.scalar(text("SELECT coalesce(max(id), 0) FROM parents")) or 0
    after, width = 0, FIRST_RANGE
    found: list[Sampled] = []
    while after < last and len(found) < limit:
        found += _sampled(session, between(who, after, after + width), limit - len(found))
        after, width = after + width, width * 2
    return found


def _sampled(session: Session, who: Told, most: int) -> list[Sampled]:
    rows = session.execute(with_told(who, FIRST_OF_RANGE), who.values | {"most": most})
    return [Sampled(row.parent_id, dict(zip(row.ids, row.names, strict=True))) for row in rows]


def with_told(who: Told, rest: str) -> TextClause:
    """A statement of ours that begins with the families; all of its pieces are fixed text."""
    return text("".join(["WITH told AS (", who.sql, ") ", rest]))
