"""A campaign goes out: batch after batch into the outbox, each with its cursor in one transaction.

Whoever is killed loses his batch and nothing else: the next run begins at the cursor, and the
key of a message makes it once whatever happens. Few wait in the outbox at a time, so that other
messages never stand in a long line behind a campaign, and so that stopping one stops it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.campaigns import service, words
from backend.campaigns.audience import AudienceInvalid
from backend.campaigns.audience_sql import Told, between
from backend.campaigns.counting import families, with_told
from backend.campaigns.expecting import Expecting
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.service import Draft, Rules, draft_of, key_range
from backend.campaigns.words import CampaignTextRefused
from backend.handbook.schedule import Schedule
from backend.kernel.clock import Clock, city_date
from backend.outbox.hours import is_quiet
from backend.outbox.notices import Notice, full_week

BATCH = 2_000  # parents looked at in one transaction
MOST_WAITING = 4_000  # messages of campaigns in the outbox; a few seconds' work for one worker
MOST_BATCHES = 50  # in one run; the next tick goes on
TOO_LATE = timedelta(hours=24)  # after its hour: the list in the app alone
LATE = "超过计划时间一天，只在小程序里显示"
SYSTEM = "system"

S = CampaignState
log = structlog.get_logger()

RANGE_END = text("""
SELECT max(id) FROM (SELECT id FROM parents WHERE id > :after AND id <= :last
                      ORDER BY id LIMIT :batch) AS looked_at
""")
WAITING = text("""
SELECT count(*) FROM messages
 WHERE state IN ('waiting', 'claimed', 'sending') AND due_at <= :now
   AND template IN ('campaign', 'pregnancy_notice')
""")
# One message a parent, of all children that fit, in the shape that `settle` keeps true: a child
# that dies tomorrow is not in it the day after.
IN_RANGE = "parent_id > :after AND parent_id <= :until"
PUT = f"""
INSERT INTO messages (key, parent_id, child_id, template, data, state, problem, due_at, created_at)
SELECT CAST(:key AS text) || told.parent_id, told.parent_id,
       CASE WHEN count(*) = 1 THEN min(told.child_id) END, 'campaign',
       jsonb_build_object('children', jsonb_agg(jsonb_build_object(
           'child_id', told.child_id, 'items', jsonb_build_array(
               CAST(:facts AS jsonb) || jsonb_build_object('town', told.town_code)))
           ORDER BY told.child_id)),
       CASE WHEN full_week.parent_id IS NULL AND CAST(:why AS text) IS NULL
            THEN 'waiting' ELSE 'in_app' END,
       CASE WHEN CAST(:why AS text) IS NOT NULL THEN CAST(:why AS text)
            WHEN full_week.parent_id IS NOT NULL THEN CAST(:enough AS text) END,
       :now, :now
  FROM told
  LEFT JOIN {full_week(IN_RANGE)} AS full_week ON full_week.parent_id = told.parent_id
 GROUP BY told.parent_id, full_week.parent_id
ON CONFLICT (key) DO NOTHING
RETURNING id
"""  # noqa: S608  # a piece of ours


@dataclass(frozen=True)
class Batch:
    """What one transaction did. `more`: there are parents left to look at."""

    put: int
    more: bool


def start_due(session: Session, clock: Clock) -> int:
    """Approved campaigns whose hour has come begin; return how many."""
    now = clock.now()
    due = session.scalars(
        select(Campaign)
        .where(Campaign.state == S.APPROVED, Campaign.planned_at <= now)
        .order_by(Campaign.id)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    for campaign in due:
        campaign.last_id = session.scalar(text("SELECT coalesce(max(id), 0) FROM parents"))
        campaign.state, campaign.started_at = S.RUNNING, now
        service.note_state(session, clock, campaign, SYSTEM)
    return len(due)


def put_batch(
    session: Session, clock: Clock, schedule: Schedule, rules: Rules, campaign_id: int
) -> Batch:
    """Tell the next 2,000 parents, and remember that. Nothing for one that is not running.

    The audience is taken now: who has withdrawn a consent or recorded the dose since is not
    told. A guide that may not be read any more, or an item that is gone, pauses the campaign.
    """
    campaign = session.scalar(
        select(Campaign)
        .where(Campaign.id == campaign_id, Campaign.state == S.RUNNING)
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    if campaign is None:
        return Batch(0, more=False)
    until = _range_end(session, rules, campaign)
    if until is None:
        campaign.state, campaign.ended_at = S.FINISHED, clock.now()
        campaign.cursor_id = campaign.last_id or 0
        service.note_state(session, clock, campaign, SYSTEM)
        return Batch(0, more=False)
    try:
        draft = draft_of(campaign)
        words.check_text(draft.said, rules.words, rules.guides)
        put = _put(session, clock, schedule, rules, campaign, draft, until)
    except (AudienceInvalid, CampaignTextRefused, ValidationError) as error:
        why = getattr(error, "detail", None) or "发送范围已无法识别"
        service.pause(session, clock, campaign, SYSTEM, f"已自动暂停：{why}")
        return Batch(0, more=False)
    campaign.cursor_id, campaign.put_count = until, campaign.put_count + put
    session.flush()
    return Batch(put, more=True)


def _range_end(session: Session, rules: Rules, campaign: Campaign) -> int | None:
    """Up to which parent the next batch goes; None when all were looked at."""
    after, last = campaign.cursor_id, campaign.last_id or 0
    if service.is_to_expecting(campaign):
        return rules.expecting.range_end(session, after=after, last=last, most=BATCH)
    found: int | None = session.scalar(RANGE_END, {"after": after, "last": last, "batch": BATCH})
    return found


def _put(  # noqa: PLR0913  # what a batch needs
    session: Session,
    clock: Clock,
    schedule: Schedule,
    rules: Rules,
    campaign: Campaign,
    draft: Draft,
    until: int,
) -> int:
    """The messages of one batch. Raises AudienceInvalid."""
    day, audience = city_date(clock.now()), draft.audience
    if isinstance(audience, Expecting):
        notice = notice_of(campaign, draft, clock.now(), until)
        return rules.expecting.put(session, audience.on(day), notice)
    who = families(session, clock, schedule, audience, day)
    return put_messages(session, clock, campaign, who, until)


def notice_of(
    campaign: Campaign, draft: Draft, now: datetime, until: int, key: str | None = None
) -> Notice:
    return Notice(
        key=key or key_range(campaign.id)[0],
        facts=words.facts_of(campaign.id, draft.said),
        after=campaign.cursor_id,
        until=until,
        now=now,
        urgent=campaign.urgent,
        late=LATE if campaign.planned_at < now - TOO_LATE else None,
    )


def put_messages(
    session: Session,
    clock: Clock,
    campaign: Campaign,
    who: Told,
    until: int,
    *,
    key: str | None = None,
) -> int:
    """Messages to the families of `who` after the cursor, up to the parent `until`."""
    notice = notice_of(campaign, draft_of(campaign), clock.now(), until, key)
    ranged = between(who, notice.after, notice.until)
    facts = json.dumps(dict(notice.facts), ensure_ascii=False)
    rows = session.execute(with_told(ranged, PUT), ranged.values | notice.values | {"facts": facts})
    return len(rows.all())


def run(sessions: sessionmaker[Session], clock: Clock, schedule: Schedule, rules: Rules) -> int:
    """Begin what is due and put batches until enough waits; return how many messages were put.

    Safe in any number of processes at once: one works at a campaign, the others pass it by.
    """
    if is_quiet(clock.now()):
        return 0
    with sessions.begin() as session:
        start_due(session, clock)
    put, again = 0, True
    for _ in range(MOST_BATCHES):
        if not again:
            break
        again = False
        for campaign_id in _running(sessions):
            if _enough_waits(sessions, clock.now()):
                return put
            with sessions.begin() as session:
                done = put_batch(session, clock, schedule, rules, campaign_id)
            put, again = put + done.put, again or done.more
    return put


def _running(sessions: sessionmaker[Session]) -> list[int]:
    with sessions() as session:
        running = select(Campaign.id).where(Campaign.state == S.RUNNING).order_by(Campaign.id)
        return list(session.scalars(running))


def _enough_waits(sessions: sessionmaker[Session], now: datetime) -> bool:
    with sessions() as session:
        return (session.scalar(WAITING, {"now": now}) or 0) >= MOST_WAITING
