"""Publications on their way: a row before each call, its outcome after, no transaction meanwhile.

Killed while preparing, it is prepared again: nobody sees a draft. Killed while sending, it is
`unknown`: nothing is sent a second time by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import and_, or_, select, true
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import InboundEvent
from backend.accounts.service import TooEarly
from backend.guides.library import Library
from backend.kernel.clock import Clock
from backend.outbox.hours import is_quiet
from backend.outreach import cards, rules
from backend.outreach.article_html import ReadyArticle, ready_article
from backend.outreach.models import Publication, PublicationState, Way
from backend.outreach.publishing import WORKER, move
from backend.outreach.rules import PublicationRefused

LEASE = timedelta(minutes=5)  # a step that takes longer belongs to a worker that died
ASK_EVERY = timedelta(seconds=20)
LONGEST_RUN = timedelta(days=3)  # WeChat decides within minutes, a person of its within a day
AT_ONCE = 10

S = PublicationState
log = structlog.get_logger()


class Refused(Exception):
    """WeChat said no."""

    def __init__(self, errcode: int) -> None:
        super().__init__(str(errcode))
        self.errcode = errcode


class NotSent(Exception):
    """The call was never made, or WeChat was busy: it can be made later."""


class Unsure(Exception):
    """No answer: it may have arrived."""


class JobEarly(TooEarly):
    """The end of a job whose beginning is not written down yet."""


@dataclass(frozen=True)
class JobState:
    """`done` None: WeChat works on it."""

    done: bool | None
    problem: str = ""
    links: tuple[str, ...] = ()


class Publisher(Protocol):
    """WeChat for one account. Calls raise Refused, NotSent or Unsure."""

    def prepare(self, articles: Sequence[ReadyArticle]) -> str:
        """Upload pictures and put the draft; its media id."""

    def send(self, way: Way, media_id: str, client_id: str) -> str:
        """Publish a draft, or send it to all followers; WeChat's id of the job."""

    def state(self, way: Way, remote_id: str) -> JobState:
        """How far a job is."""


@dataclass(frozen=True)
class Running:
    """What the steps need. `publisher` is None for an account that is retired."""

    sessions: sessionmaker[Session]
    clock: Clock
    library: Library
    site: str
    publisher: Callable[[str], Publisher | None]


def run(parts: Running) -> int:
    """One step of everything that waits for one; how many were taken.

    Each is marked just before its own call: what is marked and waits behind the pictures of
    another would be taken for dead, and sent by who took it and by us.
    """
    taken: set[int] = set()
    while len(taken) < AT_ONCE:
        with parts.sessions.begin() as session:
            due = _due(session, parts.clock, taken)
            step = None if due is None else _begin(session, parts, due)
        if due is None:
            break
        taken.add(due.id)
        if step is not None:
            _step(parts, step)
    return len(taken)


def _due(session: Session, clock: Clock, taken: Collection[int]) -> Publication | None:
    now = clock.now()
    late = Publication.stepped_at < now - LEASE
    waited = Publication.stepped_at <= now - ASK_EVERY
    # A mass message rings on the phones of all followers; a draft and an article on nobody's.
    rings = (Publication.way == Way.MASS) & (Publication.state == S.READY)
    wants = or_(
        Publication.state.in_((S.QUEUED, S.READY)) & ((Publication.errcode.is_(None)) | waited),
        and_(Publication.state.in_((S.PREPARING, S.SENDING)), late),
        and_(Publication.state == S.RUNNING, waited),
    )
    return session.scalar(
        select(Publication)
        .where(wants, Publication.id.not_in(taken), ~rings if is_quiet(now) else true())
        .order_by(Publication.stepped_at, Publication.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _begin(session: Session, parts: Running, one: Publication) -> Publication | None:
    """Mark the step before it is made. None where there is nothing to call."""
    clock = parts.clock
    if one.state is S.PREPARING:
        move(session, clock, one, S.QUEUED, WORKER)
    if one.state is S.SENDING:
        one.problem = "提交时服务中断，不知道微信收到没有，请到公众平台查看"
        move(session, clock, one, S.UNKNOWN, WORKER)
        return None
    if one.state is S.RUNNING:
        if one.changed_at < clock.now() - LONGEST_RUN:
            one.problem = "三天没有等到微信的结果，请到公众平台查看是否已发出"
            move(session, clock, one, S.FAILED, WORKER)
            return None
        one.stepped_at = clock.now()
        return one
    try:
        rules.meant(parts.library, one.articles)
    except PublicationRefused as error:
        one.problem = error.detail or error.message
        move(session, clock, one, S.FAILED, WORKER)
        return None
    move(session, clock, one, S.PREPARING if one.state is S.QUEUED else S.SENDING, WORKER)
    return one


def _step(parts: Running, one: Publication) -> None:
    """One call, and what came of it. `one` is read only: it belongs to no session any more."""
    publisher = parts.publisher(one.appid)
    try:
        if publisher is None:
            raise NotSent("no client")
        change = _called(parts, publisher, one)
    except Refused as error:
        change = _refused(one.state, error.errcode)
    except NotSent:
        change = _Change(_before(one.state), errcode=-1, problem="微信暂时没有响应，会自动再试")
    except Unsure:
        change = _unsure(one.state)
    with parts.sessions.begin() as session:
        _write(session, parts.clock, one, change)
    log.info("publication_stepped", id=one.id, state=change.after and change.after.value)


@dataclass(frozen=True)
class _Change:
    """`after` None: it stays as it is."""

    after: PublicationState | None
    errcode: int | None = None
    problem: str = ""
    values: tuple[tuple[str, Any], ...] = ()


def _called(parts: Running, publisher: Publisher, one: Publication) -> _Change:
    if one.state is S.PREPARING:
        with parts.sessions() as session:
            covers = cards.covers_of(session, one)
        media_id = publisher.prepare(articles_of(parts.library, one, parts.site, covers))
        return _Change(S.READY, values=(("media_id", media_id),))
    if one.state is S.SENDING:
        assert one.media_id is not None
        remote_id = publisher.send(one.way, one.media_id, one.client_id)
        return _Change(S.RUNNING, values=(("remote_id", remote_id),))
    assert one.remote_id is not None
    job = publisher.state(one.way, one.remote_id)
    if job.done is None:
        return _Change(None)
    after = S.DONE if job.done else S.FAILED
    return _Change(after, problem=job.problem, values=(("links", list(job.links)),))


def _before(state: PublicationState) -> PublicationState | None:
    return {S.PREPARING: S.QUEUED, S.SENDING: S.READY}.get(state)


def _refused(state: PublicationState, errcode: int) -> _Change:
    """A question that is refused says nothing about the job: it is asked again."""
    if state is S.RUNNING:
        return _Change(None)
    return _Change(S.FAILED, errcode=errcode, problem=rules.refusal(errcode))


def _unsure(state: PublicationState) -> _Change:
    if state is S.SENDING:
        return _Change(S.UNKNOWN, problem="微信没有回答，不知道收到没有，请到公众平台查看")
    return _Change(_before(state), errcode=-1, problem="微信暂时没有响应，会自动再试")


def _write(session: Session, clock: Clock, seen: Publication, change: _Change) -> None:
    """Unless somebody else was faster: an event, or a worker that took it for dead."""
    one = session.get_one(
        Publication, seen.id, with_for_update={"key_share": True}, populate_existing=True
    )
    if one.state is not seen.state or one.stepped_at != seen.stepped_at:
        return
    if change.after is None:
        return
    one.errcode, one.problem = change.errcode, change.problem
    for name, value in change.values:
        setattr(one, name, value)
    move(session, clock, one, change.after, WORKER)


def articles_of(
    library: Library, one: Publication, site: str, covers: Mapping[int, bytes]
) -> list[ReadyArticle]:
    """Raises PublicationRefused for a guide that has changed since."""
    ready = []
    for guide, article in zip(rules.meant(library, one.articles), one.articles, strict=True):
        card = rules.card_of(article, one.author)
        drawn = [library.pictures[name] for name in guide.pictures if name in library.pictures]
        chosen = None if card.cover is None else covers[card.cover]
        ready.append(ready_article(guide, drawn, card, site, chosen))
    return ready


def job_finished(session: Session, clock: Clock, event: InboundEvent) -> str:
    """PUBLISHJOBFINISH and MASSSENDJOBFINISH: the end of a job of ours, with its numbers."""
    published = event.payload.get("PublishEventInfo")
    way = Way.PUBLISH if isinstance(published, dict) else Way.MASS
    told: Mapping[str, Any] = published if isinstance(published, dict) else event.payload
    remote_id = str(told.get("publish_id" if way is Way.PUBLISH else "MsgID", ""))
    one = session.scalar(
        select(Publication)
        .where(
            Publication.appid == event.appid,
            Publication.way == way,
            Publication.remote_id == remote_id,
        )
        .with_for_update(key_share=True)
    )
    if one is None:
        return _unknown_job(session, event.appid, way)
    if one.state is S.RUNNING:
        good, problem = _end_of(way, told)
        one.problem, one.errcode = problem, None
        one.links = links_in(way, told) or one.links
        move(session, clock, one, S.DONE if good else S.FAILED, WORKER)
    if way is Way.MASS and one.state in (S.DONE, S.FAILED):
        one.total_count = _number(told, "TotalCount")
        one.sent_count = _number(told, "SentCount")
        one.error_count = _number(told, "ErrorCount")
        one.links = links_in(way, told) or one.links
    return f"job {one.state.value}"


def _unknown_job(session: Session, appid: str, way: Way) -> str:
    sending = select(Publication.id).where(
        Publication.appid == appid, Publication.way == way, Publication.state == S.SENDING
    )
    if session.scalar(sending.limit(1)) is not None:
        raise JobEarly
    return "no job of ours"


def _end_of(way: Way, told: Mapping[str, Any]) -> tuple[bool, str]:
    if way is Way.PUBLISH:
        status = int(told["publish_status"])
        return status == 0, rules.PUBLISH_PROBLEMS.get(status, "") if status else ""
    said = str(told.get("Status", ""))
    return said == rules.MASS_SENT, (
        "" if said == rules.MASS_SENT else rules.MASS_PROBLEMS.get(said, f"微信说：{said[:40]}")
    )


def links_in(way: Way, told: Mapping[str, Any]) -> list[str]:
    """The addresses of the articles, in their order; one alone comes without a list."""
    if way is Way.PUBLISH:
        block, index, url = told.get("article_detail"), "idx", "article_url"
    else:
        block, index, url = told.get("ArticleUrlResult"), "ArticleIdx", "ArticleUrl"
        block = block.get("ResultList") if isinstance(block, dict) else None
    items = block.get("item") if isinstance(block, dict) else None
    many = items if isinstance(items, list) else [items]
    listed = [one for one in many if isinstance(one, dict) and one.get(url)]
    return [str(one[url]) for one in sorted(listed, key=lambda one: int(one.get(index) or 0))]


def _number(told: Mapping[str, Any], name: str) -> int | None:
    text = str(told.get(name, ""))
    return int(text) if text.isdecimal() else None
