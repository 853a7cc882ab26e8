"""Signing, sending back and withdrawing texts. A decision is a row; nothing is ever changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.guides.loading import Shelf
from backend.guides.review_models import ReviewDecision, ReviewedText, Verdict
from backend.guides.versions import Text, title_of
from backend.kernel import audit
from backend.kernel.ages import add_months
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.people.scopes import staff_actor

VALID_MONTHS = 12  # unless the office says otherwise
LONGEST_MONTHS = 36  # guidelines change; nobody signs for ever
SHORTEST = timedelta(days=1)
LONGEST_NOTE = 1000  # characters
TAKEN_BACK_WITHIN = timedelta(minutes=10)
TAKEN_BACK_NOTE = "误点撤销"


class TextChanged(Conflict):
    code = "review_text_changed"
    message = "文章刚刚更新过，请重新看一遍再审"


class DecidedMeanwhile(Conflict):
    code = "review_decided_meanwhile"
    message = "刚刚有人对这一篇作了决定，请看过再定"


class NothingSigned(Conflict):
    code = "review_nothing_signed"
    message = "这一篇现在没有生效的审定，不用撤下"


class CannotTakeBack(Conflict):
    code = "review_cannot_take_back"
    message = "这次审定不能撤销了，需要时请撤下"


class WrongValidity(Invalid):
    code = "review_valid_until_wrong"
    message = "有效期从明天起，最长三年，请检查日期"


class NoteNeeded(Invalid):
    code = "review_note_needed"
    message = f"请写明原因，不超过 {LONGEST_NOTE} 字"


@dataclass(frozen=True)
class Signer:
    """Whose name and office stand under a decision."""

    staff_id: int
    name: str
    office: str


@dataclass(frozen=True)
class Seen:
    """A text as a reviewer had it before the eyes, and the newest decision then (0: none)."""

    source: Text
    decision_id: int


@dataclass(frozen=True)
class Signed:
    """An approval. `fresh`: this version was not signed before, so it may be taken back."""

    decision_id: int
    fresh: bool


def source_on(shelf: Shelf, slug: str) -> Text:
    """The text with this slug as it is now. Raises NotFound."""
    texts: list[Text] = [*shelf.guides, *shelf.recipes]
    found = next((one for one in texts if one.slug == slug), None)
    if found is None:
        raise NotFound
    return found


def seen_on(shelf: Shelf, slug: str, content_hash: str, decision_id: int) -> Seen:
    """What a form says was read. Raises NotFound, or TextChanged if it is another text now."""
    source = source_on(shelf, slug)
    if source.content_hash != content_hash:
        raise TextChanged(title_of(source))
    return Seen(source, decision_id)


def default_until(today: date) -> date:
    return add_months(today, VALID_MONTHS)


def latest_until(today: date) -> date:
    return add_months(today, LONGEST_MONTHS)


def approve(
    session: Session, clock: Clock, seen: Seen, *, by: Signer, valid_until: date, note: str = ""
) -> Signed:
    """Sign a version until a day, that day included.

    Raises WrongValidity, NoteNeeded for a note that is too long, or DecidedMeanwhile.
    """
    today = city_date(clock.now())
    if not today + SHORTEST <= valid_until <= latest_until(today):
        raise WrongValidity
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        raise NoteNeeded
    _check_newest(session, seen)
    before = _newest_of_version(session, seen.source.slug, seen.source.content_hash)
    fresh = before is None or before.verdict is not Verdict.APPROVED
    _keep(session, clock, seen.source)
    row = _row(clock, seen.source.slug, seen.source.content_hash, by)
    row.verdict, row.valid_until, row.note = Verdict.APPROVED, valid_until, note
    return Signed(_write(session, clock, row), fresh)


def approve_all(
    session: Session, clock: Clock, texts: Sequence[Seen], *, by: Signer, valid_until: date
) -> list[Signed]:
    """Sign several versions or, if one cannot be signed, none. Raises what `approve` raises."""
    return [approve(session, clock, seen, by=by, valid_until=valid_until) for seen in texts]


def send_back(session: Session, clock: Clock, seen: Seen, *, by: Signer, note: str) -> None:
    """Give a version back to its authors with a note. Raises NoteNeeded or DecidedMeanwhile."""
    note = _reason(note)
    _check_newest(session, seen)
    _keep(session, clock, seen.source)
    row = _row(clock, seen.source.slug, seen.source.content_hash, by)
    row.verdict, row.note = Verdict.RETURNED, note
    _write(session, clock, row)


def withdraw(session: Session, clock: Clock, seen: Seen, *, by: Signer, note: str) -> None:
    """Take a text away from its readers: no version that was ever signed stands in for it.

    Raises NoteNeeded, DecidedMeanwhile, or NothingSigned.
    """
    note = _reason(note)
    _check_newest(session, seen)
    signed = _signed_versions(session, seen.source.slug)
    if not signed:
        raise NothingSigned
    for content_hash in signed:
        row = _row(clock, seen.source.slug, content_hash, by)
        row.verdict, row.note = Verdict.WITHDRAWN, note
        _write(session, clock, row)


def take_back(session: Session, clock: Clock, ids: Sequence[int], *, by: Signer) -> None:
    """Withdraw fresh approvals of one's own that were a slip of the hand; older ones stand.

    Raises CannotTakeBack when one of them is older than ten minutes, another's, no longer the
    newest decision, or renewed what was signed before.
    """
    _one_after_the_other(session)
    for decision_id in ids:
        decision = session.get(ReviewDecision, decision_id)
        if decision is None or not _may_take_back(session, clock, decision, by):
            raise CannotTakeBack
        row = _row(clock, decision.slug, decision.content_hash, by)
        row.verdict, row.note = Verdict.WITHDRAWN, TAKEN_BACK_NOTE
        _write(session, clock, row)


def _may_take_back(session: Session, clock: Clock, decision: ReviewDecision, by: Signer) -> bool:
    before = _newest_of_version(session, decision.slug, decision.content_hash, decision.id)
    return (
        decision.verdict is Verdict.APPROVED
        and decision.staff_id == by.staff_id
        and decision.decided_at > clock.now() - TAKEN_BACK_WITHIN
        and _newest_id(session, decision.slug) == decision.id
        and (before is None or before.verdict is not Verdict.APPROVED)
    )


def _reason(note: str) -> str:
    note = note.strip()
    if not note or len(note) > LONGEST_NOTE:
        raise NoteNeeded
    return note


def _check_newest(session: Session, seen: Seen) -> None:
    """Nobody signs over a decision that he has not seen."""
    _one_after_the_other(session)
    if _newest_id(session, seen.source.slug) != seen.decision_id:
        raise DecidedMeanwhile(title_of(seen.source))


def _one_after_the_other(session: Session) -> None:
    """Until the end of the transaction nobody else decides.

    Their numbers so become visible in their order: whoever follows the newest number
    (`CurrentLibrary`) misses none.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('review-decisions', 0))"))


def _newest_id(session: Session, slug: str) -> int:
    newest = select(func.max(ReviewDecision.id)).where(ReviewDecision.slug == slug)
    return session.scalar(newest) or 0


def _newest_of_version(
    session: Session, slug: str, content_hash: str, before: int | None = None
) -> ReviewDecision | None:
    question = select(ReviewDecision).where(
        ReviewDecision.slug == slug, ReviewDecision.content_hash == content_hash
    )
    if before is not None:
        question = question.where(ReviewDecision.id < before)
    return session.scalars(question.order_by(ReviewDecision.id.desc()).limit(1)).one_or_none()


def _signed_versions(session: Session, slug: str) -> list[str]:
    """The versions of a text whose newest decision is an approval."""
    rows = session.scalars(
        select(ReviewDecision).where(ReviewDecision.slug == slug).order_by(ReviewDecision.id)
    )
    newest = {row.content_hash: row.verdict for row in rows}
    return [name for name, verdict in newest.items() if verdict is Verdict.APPROVED]


def _keep(session: Session, clock: Clock, source: Text) -> None:
    session.execute(
        insert(ReviewedText)
        .values(
            slug=source.slug,
            content_hash=source.content_hash,
            text=source.text,
            kept_at=clock.now(),
        )
        .on_conflict_do_nothing()
    )


def _row(clock: Clock, slug: str, content_hash: str, by: Signer) -> ReviewDecision:
    return ReviewDecision(
        slug=slug,
        content_hash=content_hash,
        valid_until=None,
        office=by.office,
        reviewer=by.name,
        staff_id=by.staff_id,
        decided_at=clock.now(),
    )


def _write(session: Session, clock: Clock, row: ReviewDecision) -> int:
    session.add(row)
    session.flush()
    audit.record(
        session,
        clock,
        actor=staff_actor(row.staff_id),
        action=f"text.{row.verdict.value}",
        subject=f"text:{row.slug}",
        detail={"decision": row.id, "version": row.content_hash},
    )
    return row.id
