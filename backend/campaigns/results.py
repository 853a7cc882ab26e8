"""Campaigns for screens: the list, one of them, what has become of its messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.bookings.changes import actor_name
from backend.campaigns.expecting import in_tens, rounded
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.service import in_scope, is_to_expecting, key_range
from backend.kernel.audit import AuditEntry
from backend.people.models import Staff
from backend.people.scopes import Scope

SHOWN = 100
STEP_TITLES = {
    "written": "写了草稿",
    "changed": "改了草稿",
    "submitted": "提交审批",
    "draft": "退回草稿",
    "approved": "批准",
    "running": "开始发送",
    "paused": "暂停",
    "finished": "发完",
    "cancelled": "取消",
    "tested": "给测试家庭发了一条",
    "exported": "导出结果",
}
# The town stands in the message, so that one pass over its index is enough.
OUTCOME = text("""
SELECT data #>> '{children,0,items,0,town}' AS town_code,
       count(*) AS put,
       count(*) FILTER (WHERE state IN ('waiting', 'claimed', 'sending')) AS waiting,
       count(*) FILTER (WHERE state = 'sent') AS sent,
       count(*) FILTER (WHERE state = 'in_app') AS in_app,
       count(*) FILTER (WHERE state = 'failed') AS failed,
       count(*) FILTER (WHERE state = 'unknown') AS unknown,
       count(read_at) AS read
  FROM messages
 WHERE template IN ('campaign', 'pregnancy_notice') AND key ~>=~ :first AND key ~<~ :end
 GROUP BY town_code
 ORDER BY town_code
""")


@dataclass(frozen=True)
class Line:
    """One campaign in the list."""

    id: int
    state: CampaignState
    headline: str
    town_code: str | None
    planned_at: datetime
    author: str
    families: str


@dataclass(frozen=True)
class Outcome:
    """Messages of a town: `waiting` on their way, the others where they ended; `read` of all."""

    town_code: str
    put: int
    waiting: int
    sent: int
    in_app: int
    failed: int
    unknown: int
    read: int


@dataclass(frozen=True)
class Result:
    towns: tuple[Outcome, ...]

    @property
    def total(self) -> Outcome:
        names = [name for name in Outcome.__dataclass_fields__ if name != "town_code"]
        return Outcome("", *(sum(getattr(one, name) for one in self.towns) for name in names))


@dataclass(frozen=True)
class Step:
    at: datetime
    who: str
    title: str


def campaigns(session: Session, scope: Scope) -> Sequence[Line]:
    """The newest hundred of the scope; what waits for somebody first."""
    chosen = in_scope(scope).add_columns(Staff.name).join(Staff, Staff.id == Campaign.author_id)
    urgent_first = Campaign.state != CampaignState.SUBMITTED
    rows = session.execute(chosen.order_by(urgent_first, Campaign.id.desc()).limit(SHOWN))
    return [
        Line(
            one.id,
            one.state,
            one.headline,
            one.town_code,
            one.planned_at,
            author,
            families_of(one),
        )
        for one, author in rows
    ]


def families_of(campaign: Campaign) -> str:
    """How many are told, or would be, as it may be shown; nothing before it was submitted."""
    if campaign.expected is None:
        return ""
    return shown(campaign)(campaign.put_count or campaign.expected)


def shown(campaign: Campaign) -> Callable[[int], str]:
    """How numbers of its families and messages are written."""
    return in_tens if is_to_expecting(campaign) else str


def said(campaign: Campaign, number: int, unit: str) -> str:
    """The same in a sentence: 12 个, 少于 10 条."""
    return in_tens(number, unit) if is_to_expecting(campaign) else f"{number} {unit}"


def result(session: Session, campaign: Campaign) -> Result:
    """By town; of a campaign to expecting families in tens, and of no place."""
    first, end = key_range(campaign.id)
    rows = session.execute(OUTCOME, {"first": first, "end": end}).all()
    if is_to_expecting(campaign):
        return Result(tuple(Outcome("", *map(rounded, row[1:])) for row in rows))
    return Result(tuple(Outcome(row[0] or "", *row[1:]) for row in rows))


def percent_done(campaign: Campaign) -> int:
    """How far through the city's parents it has come; 100 only when it is through."""
    if campaign.state is CampaignState.FINISHED:
        return 100
    return min(99, 100 * campaign.cursor_id // max(1, campaign.last_id or 1))


def history(session: Session, campaign_id: int) -> list[Step]:
    """Who did what, the oldest first, as the audit log has it."""
    rows = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject == f"campaign:{campaign_id}",
            AuditEntry.action != "campaign.previewed",
        )
        .order_by(AuditEntry.id)
    ).all()
    names = {actor: actor_name(session, actor) for actor in {row.actor for row in rows}}
    return [
        Step(row.at, names[row.actor], STEP_TITLES.get(row.action.partition(".")[2], row.action))
        for row in rows
    ]
