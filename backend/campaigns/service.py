"""The way of a campaign from draft to approval, and stopping it. No step commits.

Locks: the campaign, then its messages by id.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, false, or_, select, text
from sqlalchemy.orm import Session

from backend.campaigns import words
from backend.campaigns.audience import Audience, AudienceInvalid
from backend.campaigns.expecting import TOO_FEW, Expecting, ExpectingFamilies, rounded
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.words import CampaignBySelf, CampaignChanged, Text
from backend.guides.problems import Words
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Forbidden, Invalid, NotFound
from backend.people.models import Role
from backend.people.scopes import Acting, Scope

TICK = timedelta(microseconds=1)  # two versions never bear the same time
S = CampaignState

# What nobody has read goes, also when a worker holds it: it finds nothing left to mark. What is on
# the wire may arrive, but is not tried again. Locked by id first, as the delivery locks them.
TAKE_BACK = text("""
WITH held AS (
    SELECT id, parent_id, read_at, state FROM messages
     WHERE template IN ('campaign', 'pregnancy_notice') AND key ~>=~ :first AND key ~<~ :end
       AND state IN ('waiting', 'claimed', 'sending')
     ORDER BY id FOR UPDATE
), gone AS (
    DELETE FROM messages
     WHERE id IN (SELECT id FROM held WHERE read_at IS NULL AND state <> 'sending')
    RETURNING parent_id
), kept AS (
    UPDATE messages SET state = 'in_app', not_before = NULL, problem = :why
     WHERE id IN (SELECT id FROM held WHERE read_at IS NOT NULL AND state <> 'sending')
    RETURNING id
), flying AS (
    UPDATE messages SET problem = :why WHERE id IN (SELECT id FROM held WHERE state = 'sending')
    RETURNING id
)
SELECT count(*) AS gone, min(parent_id) AS first_parent FROM gone
""")
STOPPED = "群发已暂停或取消"


@dataclass(frozen=True)
class Draft:
    """What a campaign consists of before anybody has approved it."""

    said: Text
    audience: Audience | Expecting
    planned_at: datetime
    urgent: bool = False


@dataclass(frozen=True)
class Rules:
    """What texts are checked against: word lists, and what families can read now; and the door to
    families that expect a child."""

    words: Words
    guides: Container[str]
    expecting: ExpectingFamilies


def check_draft(draft: Draft, rules: Rules, writer: Acting, now: datetime) -> None:
    """Raises CampaignTextRefused, CampaignTimeWrong, or AudienceInvalid beyond the own scope."""
    words.check_text(draft.said, rules.words, rules.guides)
    words.check_planned(draft.planned_at, now)
    town, audience = writer.town_code, draft.audience
    if isinstance(audience, Expecting):
        if town is not None:
            raise AudienceInvalid("孕期家庭只能由市里群发")
        return
    if town is not None and audience.towns != (town,):
        raise AudienceInvalid("只能发给本街镇的家庭")
    if audience.centre and not writer.scope.holds_centre(audience.centre.centre_id):
        raise AudienceInvalid("请选本街镇的中心")


def begin(session: Session, clock: Clock, rules: Rules, draft: Draft, writer: Acting) -> Campaign:
    """A new draft. Raises what `check_draft` raises."""
    now = clock.now()
    check_draft(draft, rules, writer, now)
    campaign = Campaign(
        town_code=writer.town_code,
        state=S.DRAFT,
        author_id=writer.staff_id,
        note="",
        cursor_id=0,
        put_count=0,
        created_at=now,
        changed_at=now,
        **_columns(draft),
    )
    session.add(campaign)
    session.flush()
    _note(session, clock, campaign, writer.actor, "written")
    return campaign


def change(
    session: Session,
    clock: Clock,
    rules: Rules,
    draft: Draft,
    writer: Acting,
    campaign: Campaign,
) -> None:
    """Other words, families or hours; only of a draft. Whoever changes it is its author now."""
    check_draft(draft, rules, writer, clock.now())
    if campaign.state is not S.DRAFT:
        raise words.not_now(campaign.state)
    _check_own(campaign, writer)
    for name, value in _columns(draft).items():
        setattr(campaign, name, value)
    campaign.author_id = writer.staff_id
    _touch(clock, campaign)
    _note(session, clock, campaign, writer.actor, "changed")


def submit(
    session: Session, clock: Clock, rules: Rules, campaign: Campaign, writer: Acting, expected: int
) -> None:
    """Ask a second person. `expected`: the families counted now, kept to compare with.

    A million of them take seconds, so they are counted before the campaign is locked: `as_seen`,
    the count, then `locked` in the same version.

    Raises Invalid where there is nobody to tell, or so few that expect a child.
    """
    if expected == 0 and is_to_expecting(campaign):
        raise Invalid(f"这些孕周的家庭现在{TOO_FEW} 个，不能群发，请放宽孕周")
    if expected == 0:
        raise Invalid("这个范围里现在没有可以发的家庭，请改范围")
    _check_own(campaign, writer)
    words.check_step(campaign.state, S.SUBMITTED)
    check_draft(draft_of(campaign), rules, writer, clock.now())
    campaign.submitted_by, campaign.expected, campaign.note = writer.staff_id, expected, ""
    _move(session, clock, campaign, S.SUBMITTED, writer.actor, families=expected)


def approve(
    session: Session, clock: Clock, rules: Rules, campaign: Campaign, writer: Acting
) -> None:
    """The second person says yes. Raises CampaignBySelf, and what a check of the draft raises:
    a guide may be withdrawn and an hour be over since it was written."""
    words.check_step(campaign.state, S.APPROVED)
    if writer.staff_id in (campaign.author_id, campaign.submitted_by):
        raise CampaignBySelf
    draft = draft_of(campaign)
    words.check_text(draft.said, rules.words, rules.guides)
    words.check_planned(draft.planned_at, clock.now())
    campaign.approved_by, campaign.approved_at = writer.staff_id, clock.now()
    _move(session, clock, campaign, S.APPROVED, writer.actor)


def send_back(
    session: Session, clock: Clock, campaign: Campaign, writer: Acting, note: str
) -> None:
    """To the draft, by the second person with a reason, or by the town itself."""
    words.check_step(campaign.state, S.DRAFT)
    campaign.note = check_note(note)
    campaign.submitted_by, campaign.expected = None, None
    _move(session, clock, campaign, S.DRAFT, writer.actor)


def pause(session: Session, clock: Clock, campaign: Campaign, actor: str, note: str = "") -> int:
    """Nothing more goes out. What waits is taken back, and put again after `resume`."""
    words.check_step(campaign.state, S.PAUSED)
    campaign.note = note
    gone = take_back(session, campaign, rewind=True)
    _move(session, clock, campaign, S.PAUSED, actor, taken_back=_noted(campaign, gone))
    return gone


def pause_all(session: Session, clock: Clock, actor: str, note: str) -> int:
    """Pause what runs and what would begin now; how many."""
    begun = and_(Campaign.state == S.APPROVED, Campaign.planned_at <= clock.now())
    found = session.scalars(
        select(Campaign)
        .where(or_(Campaign.state == S.RUNNING, begun))
        .order_by(Campaign.id)
        .with_for_update(key_share=True)
    ).all()
    for campaign in found:
        pause(session, clock, campaign, actor, note)
    return len(found)


def resume(session: Session, clock: Clock, campaign: Campaign, writer: Acting) -> None:
    """Go on where it stopped; a campaign that had not begun begins at its hour."""
    after = S.APPROVED if campaign.started_at is None else S.RUNNING
    if campaign.state is not S.PAUSED:
        raise words.not_now(campaign.state)
    campaign.note = ""
    _move(session, clock, campaign, after, writer.actor)


def cancel(session: Session, clock: Clock, campaign: Campaign, writer: Acting, note: str) -> int:
    """For good. What waits is withdrawn; what was sent stays sent. Returns how many were."""
    words.check_step(campaign.state, S.CANCELLED)
    campaign.note = check_note(note)
    gone = take_back(session, campaign, rewind=False)
    campaign.ended_at = clock.now()
    _move(session, clock, campaign, S.CANCELLED, writer.actor, taken_back=_noted(campaign, gone))
    return gone


def take_back(session: Session, campaign: Campaign, *, rewind: bool) -> int:
    """Withdraw what waits. `rewind`: so that those families are looked at again."""
    first, end = key_range(campaign.id)
    row = session.execute(TAKE_BACK, {"first": first, "end": end, "why": STOPPED}).one()
    if rewind and row.first_parent is not None:
        campaign.cursor_id = min(campaign.cursor_id, row.first_parent - 1)
        campaign.put_count -= row.gone
    return int(row.gone)


def key_range(campaign_id: int) -> tuple[str, str]:
    """Keys of its messages are from the first on and before the second."""
    return f"campaign:{campaign_id}:", f"campaign:{campaign_id};"  # ; follows :


def locked(
    session: Session, campaign_id: int, scope: Scope, seen: datetime | None = None
) -> Campaign:
    """A campaign of the scope as it stands now, to be changed by one at a time.

    `seen`: the version that the page has shown. Raises NotFound or CampaignChanged.
    """
    campaign = session.scalar(
        in_scope(scope)
        .where(Campaign.id == campaign_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return _in_version(campaign, seen)


def as_seen(session: Session, campaign_id: int, scope: Scope, seen: datetime) -> Campaign:
    """A campaign of the scope in the version that the page has shown, only to be read.

    Raises NotFound or CampaignChanged.
    """
    return _in_version(session.scalar(in_scope(scope).where(Campaign.id == campaign_id)), seen)


def _in_version(campaign: Campaign | None, seen: datetime | None) -> Campaign:
    if campaign is None:
        raise NotFound
    if seen is not None and seen != campaign.changed_at:
        raise CampaignChanged
    return campaign


def in_scope(scope: Scope) -> Any:
    """A town sees its own campaigns, the city all of them, nobody else any."""
    if scope.role is Role.CITY:
        return select(Campaign)
    if scope.town_code is None:  # the city's own have none either
        return select(Campaign).where(false())
    return select(Campaign).where(Campaign.town_code == scope.town_code)


def draft_of(campaign: Campaign) -> Draft:
    """Raises ValidationError for an audience of a shape that nobody knows."""
    said = Text(campaign.headline, campaign.sentence, campaign.guide_slug)
    audience: Audience | Expecting = (
        Expecting.model_validate(campaign.audience)
        if is_to_expecting(campaign)
        else Audience.model_validate(campaign.audience)
    )
    return Draft(said, audience, campaign.planned_at, campaign.urgent)


def is_to_expecting(campaign: Campaign) -> bool:
    """Numbers of such a campaign are shown in tens alone."""
    return "kind" in campaign.audience


def check_note(note: str) -> str:
    """Raises Invalid for a reason that is empty or endless."""
    note = note.strip()
    if not 1 <= len(note) <= words.LONGEST_NOTE:
        raise Invalid(f"请写明原因，不超过 {words.LONGEST_NOTE} 字")
    return note


def _check_own(campaign: Campaign, writer: Acting) -> None:
    """The city decides about a town's words; it does not write them. Raises Forbidden."""
    if campaign.town_code != writer.town_code:
        raise Forbidden


def _noted(campaign: Campaign, gone: int) -> int:
    return rounded(gone) if is_to_expecting(campaign) else gone


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "headline": draft.said.headline,
        "sentence": draft.said.sentence,
        "guide_slug": draft.said.guide_slug,
        "audience": draft.audience.model_dump(mode="json"),
        "urgent": draft.urgent,
        "planned_at": draft.planned_at,
    }


def _move(
    session: Session,
    clock: Clock,
    campaign: Campaign,
    after: CampaignState,
    actor: str,
    **detail: int,
) -> None:
    words.check_step(campaign.state, after)
    campaign.state = after
    note_state(session, clock, campaign, actor, **detail)


def note_state(
    session: Session, clock: Clock, campaign: Campaign, actor: str, **detail: int
) -> None:
    """A new version of the campaign, and who brought it into its state."""
    _touch(clock, campaign)
    _note(session, clock, campaign, actor, campaign.state.value, **detail)


def note_test(session: Session, clock: Clock, campaign: Campaign, writer: Acting) -> None:
    _note(session, clock, campaign, writer.actor, "tested")


def note_export(session: Session, clock: Clock, campaign: Campaign, writer: Acting) -> None:
    _note(session, clock, campaign, writer.actor, "exported")


def _touch(clock: Clock, campaign: Campaign) -> None:
    campaign.changed_at = max(clock.now(), campaign.changed_at + TICK)


def _note(
    session: Session, clock: Clock, campaign: Campaign, actor: str, what: str, **detail: int
) -> None:
    session.flush()
    audit.record(
        session,
        clock,
        actor=actor,
        action=f"campaign.{what}",
        subject=f"campaign:{campaign.id}",
        detail=dict(detail),
    )
