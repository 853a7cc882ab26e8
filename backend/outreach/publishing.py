"""The way of a publication from draft to the queue, and what a person does about it. No commit."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.accounts.models import Capability, WeChatAccount
from backend.guides.library import Library
from backend.kernel import audit
from backend.kernel.clock import CITY, Clock, city_time
from backend.kernel.errors import Invalid, NotFound
from backend.outreach import cards, rules
from backend.outreach.models import Publication, PublicationState, Way
from backend.outreach.rules import PublicationBySelf, PublicationChanged, PublicationNotAllowed
from backend.people.scopes import Acting

S = PublicationState
RIGHTS = {Way.PUBLISH: Capability.PUBLISH, Way.MASS: Capability.MASS}
WORKER = "system"
TOLD = frozenset({S.RUNNING, S.DONE, S.FAILED, S.UNKNOWN})


@dataclass(frozen=True)
class Draft:
    """What is to be published: guides in their order, and the office as their author."""

    way: Way
    slugs: Sequence[str]
    author: str


def begin(
    session: Session,
    clock: Clock,
    library: Library,
    account: WeChatAccount,
    draft: Draft,
    sender: Acting,
) -> Publication:
    """A new draft. Raises PublicationNotAllowed, PublicationRefused or Invalid."""
    check_right(account, draft.way)
    author = draft.author.strip()
    if not 1 <= len(author) <= rules.LONGEST_AUTHOR:
        raise Invalid(f"作者（单位）要填，不超过 {rules.LONGEST_AUTHOR} 字")
    now = clock.now()
    one = Publication(
        appid=account.appid,
        way=draft.way,
        state=S.DRAFT,
        articles=[
            rules.as_article(guide, cards.first_card(session, account.appid, guide, author))
            for guide in rules.chosen(library, draft.slugs)
        ],
        author=author,
        author_id=sender.staff_id,
        client_id=secrets.token_hex(16),
        problem="",
        links=[],
        created_at=now,
        changed_at=now,
        stepped_at=now,
    )
    session.add(one)
    session.flush()
    _note(session, clock, one, sender.actor, "written")
    return one


def check_right(account: WeChatAccount, way: Way) -> None:
    if not account.can(RIGHTS[way]):
        raise PublicationNotAllowed("微信没有给这个账号这项权限，可以复制到公众平台手工发布")


def submit(
    session: Session, clock: Clock, library: Library, one: Publication, sender: Acting
) -> None:
    """Publishing goes to the queue; a mass message to a second person."""
    rules.meant(library, one.articles)
    after = S.SUBMITTED if one.way is Way.MASS else S.QUEUED
    rules.check_step(one.state, after)
    one.submitted_by, one.problem = sender.staff_id, ""
    move(session, clock, one, after, sender.actor)


def approve(
    session: Session, clock: Clock, library: Library, one: Publication, sender: Acting
) -> None:
    """Raises PublicationBySelf, or PublicationRefused for a guide that has changed meanwhile."""
    if one.state is not S.SUBMITTED:
        raise PublicationChanged(f"现在是“{rules.STATE_TITLES[one.state]}”")
    if sender.staff_id in (one.author_id, one.submitted_by):
        raise PublicationBySelf
    rules.meant(library, one.articles)
    one.approved_by = sender.staff_id
    move(session, clock, one, S.QUEUED, sender.actor)


def take_back(session: Session, clock: Clock, one: Publication, sender: Acting) -> None:
    """A mass message that waits for its second person becomes a draft again."""
    if one.state is not S.SUBMITTED:
        raise PublicationChanged(f"现在是“{rules.STATE_TITLES[one.state]}”")
    move(session, clock, one, S.DRAFT, sender.actor)


def cancel(session: Session, clock: Clock, one: Publication, sender: Acting) -> None:
    """While nothing of it is being sent."""
    if one.state not in rules.OPEN:
        raise PublicationChanged(f"现在是“{rules.STATE_TITLES[one.state]}”，已不能取消")
    move(session, clock, one, S.CANCELLED, sender.actor)


def stop_waiting(session: Session, clock: Clock, actor: str, why: str) -> int:
    """Cancel whatever would go out by itself; how many. Its text and guides can be copied."""
    waiting = session.scalars(
        select(Publication)
        .where(Publication.state.in_((S.QUEUED, S.PREPARING, S.READY)))
        .order_by(Publication.id)
        .with_for_update(key_share=True)
    ).all()
    for one in waiting:
        if one.state is S.PREPARING:
            move(session, clock, one, S.QUEUED, actor)
        one.problem = why
        move(session, clock, one, S.CANCELLED, actor)
    return len(waiting)


def settle_unknown(
    session: Session, clock: Clock, one: Publication, sender: Acting, *, went_out: bool
) -> None:
    """What a person has seen on WeChat's site, who may be wrong.

    A mass message keeps its client id and gets a new draft: if the first one did go out, its
    draft is used up, and only by the id can WeChat say so, within a day. A publication has no
    such id; there the used draft is what WeChat refuses.
    """
    if one.state is not S.UNKNOWN:
        raise PublicationChanged(f"现在是“{rules.STATE_TITLES[one.state]}”")
    one.problem = "由人核对：已发出" if went_out else ""
    again = S.QUEUED if one.way is Way.MASS else S.READY
    move(session, clock, one, S.DONE if went_out else again, sender.actor, by_hand=1)


def found(session: Session, publication_id: int, appids: Sequence[str]) -> Publication:
    """One of these accounts, to be looked at. Raises NotFound."""
    one = session.get(Publication, publication_id)
    if one is None or one.appid not in appids:
        raise NotFound
    return one


def locked(session: Session, publication_id: int, appids: Sequence[str]) -> Publication:
    """One of these accounts, to be changed by one at a time. Raises NotFound."""
    found = session.scalar(
        select(Publication)
        .where(Publication.id == publication_id, Publication.appid.in_(appids))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound
    return found


def check_seen(one: Publication, seen: datetime) -> None:
    if one.changed_at != seen:
        raise PublicationChanged


def publications_of(session: Session, appid: str, most: int = 50) -> Sequence[Publication]:
    return session.scalars(
        select(Publication)
        .where(Publication.appid == appid)
        .order_by(Publication.id.desc())
        .limit(most)
    ).all()


def masses_since(session: Session, appid: str, since: datetime) -> int:
    """Mass messages that we have handed over, those whose end is not known included."""
    counted = (S.SENDING, S.RUNNING, S.DONE, S.UNKNOWN)
    return (
        session.scalar(
            select(func.count()).where(
                Publication.appid == appid,
                Publication.way == Way.MASS,
                Publication.state.in_(counted),
                Publication.stepped_at >= since,
            )
        )
        or 0
    )


def mass_quota(session: Session, clock: Clock, account: WeChatAccount) -> tuple[str, int, int]:
    """The span in words, how many it allows, how many we have used of them."""
    day = city_time(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=CITY)
    if account.kind.value == "subscription":
        return "今天", 1, masses_since(session, account.appid, day)
    return "本月", 4, masses_since(session, account.appid, day.replace(day=1))


def move(
    session: Session,
    clock: Clock,
    one: Publication,
    after: PublicationState,
    actor: str,
    **detail: int,
) -> None:
    """The next state, in the audit log. Raises PublicationChanged for a leap.

    Of a worker's steps only those that tell something: while WeChat is away, or the account is
    retired, it makes the others every twenty seconds, and the log is for ever.
    """
    rules.check_step(one.state, after)
    now = clock.now()
    one.state, one.stepped_at = after, now
    one.changed_at = rules.later(now, one.changed_at)
    if not rules.NEXT_STATES[after]:
        one.ended_at = now
    session.flush()
    if actor != WORKER or after in TOLD:
        _note(session, clock, one, actor, after.value, **detail)


def _note(
    session: Session, clock: Clock, one: Publication, actor: str, what: str, **detail: int
) -> None:
    audit.record(
        session,
        clock,
        actor=actor,
        action=f"publication.{what}",
        subject=f"publication:{one.id}",
        detail={"account": one.appid, "way": one.way.value, **detail},
    )
