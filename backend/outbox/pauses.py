"""What is not sent for now: an account, or one template of it, by a person or by the worker.

One pause at most is open for an account and template; template "" is the whole account. A
pause without an end lasts until somebody resumes. What waits meanwhile stays as it is; what is
no longer of use then stays in the app alone (see `usefulness`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, NotFound
from backend.outbox.models import PauseReason, SendingPause

WHOLE_ACCOUNT = ""
WORKER = "worker"
BY_TIME = "time"  # who ended a pause whose end had come
FIRST_OUTAGE = timedelta(seconds=30)
LONGEST_OUTAGE = timedelta(minutes=10)
# These end by themselves within minutes: the table is trace enough, and the log is for ever.
UNLOGGED = frozenset({PauseReason.MINUTE_RATE, PauseReason.TOKEN, PauseReason.OUTAGE})

Lane = tuple[str, str]
"""An account's appid, and a template's name of ours or WHOLE_ACCOUNT."""


class PauseEnded(Conflict):
    code = "pause_ended"
    message = "这个暂停已经结束，请刷新页面查看"


@dataclass(frozen=True)
class Pause:
    """A pause for the operator's eyes."""

    id: int
    appid: str
    template: str
    reason: PauseReason
    errcode: int | None
    since: datetime
    until: datetime | None
    paused_by: str
    ended_at: datetime | None
    ended_by: str | None


def pause(  # noqa: PLR0913  # a pause is these facts
    session: Session,
    clock: Clock,
    lane: Lane,
    *,
    reason: PauseReason,
    by: str,
    until: datetime | None = None,
    errcode: int | None = None,
) -> bool:
    """Send nothing of this lane until then, or until somebody resumes.

    An open pause that lasts as long stays as it is, a shorter one becomes this one. True when
    this changed something. `by`: `worker` or `staff:7`.
    """
    now = clock.now()
    _end_what_is_over(session, now, lane)
    row: dict[str, Any] = {
        "appid": lane[0],
        "template": lane[1],
        "reason": reason,
        "errcode": errcode,
        "since": now,
        "until": until,
        "paused_by": by,
    }
    added = insert(SendingPause).values(row)
    new = added.excluded
    statement = added.on_conflict_do_update(
        index_elements=["appid", "template"],
        index_where=SendingPause.ended_at.is_(None),
        set_={"until": new.until, "reason": new.reason, "errcode": new.errcode, "paused_by": by},
        where=and_(
            SendingPause.until.is_not(None),
            or_(new.until.is_(None), new.until > SendingPause.until),
        ),
    ).returning(SendingPause.id)
    changed = session.scalar(statement)
    if changed is not None and reason not in UNLOGGED:
        _record(session, clock, by, "sending.paused", changed, lane, reason)
    return changed is not None


def pause_for_outage(session: Session, clock: Clock, appid: str) -> datetime:
    """WeChat answers badly: give it a moment, each time twice as long while it goes on."""
    now = clock.now()
    last = session.execute(
        select(SendingPause.since, SendingPause.until)
        .where(
            SendingPause.appid == appid,
            SendingPause.template == WHOLE_ACCOUNT,
            SendingPause.reason == PauseReason.OUTAGE,
        )
        .order_by(SendingPause.since.desc())
        .limit(1)
    ).first()
    length = FIRST_OUTAGE
    if last is not None and last.until is not None:
        before = last.until - last.since
        length = before * 2 if now - last.until < before * 2 else FIRST_OUTAGE
    until = now + min(length, LONGEST_OUTAGE)
    pause(session, clock, (appid, WHOLE_ACCOUNT), reason=PauseReason.OUTAGE, by=WORKER, until=until)
    return until


def resume(session: Session, clock: Clock, *, pause_id: int, by: str) -> None:
    """Send again what waits. Raises NotFound, or PauseEnded when it is over already."""
    now = clock.now()
    found = session.execute(
        update(SendingPause)
        .where(SendingPause.id == pause_id, *_open(now))
        .values(ended_at=now, ended_by=by)
        .returning(SendingPause.appid, SendingPause.template, SendingPause.reason)
        .execution_options(synchronize_session=False)
    ).first()
    if found is None:
        if session.get(SendingPause, pause_id) is None:
            raise NotFound
        raise PauseEnded
    lane = (found.appid, found.template)
    _record(session, clock, by, "sending.resumed", pause_id, lane, found.reason)


def pauses(session: Session, clock: Clock, *, ended: int = 0) -> list[Pause]:
    """What is paused now, the longest first, and after it so many of those that are over."""
    now = clock.now()
    columns = [getattr(SendingPause, name) for name in Pause.__dataclass_fields__]
    standing = session.execute(select(*columns).where(*_open(now)).order_by(SendingPause.since))
    found = [Pause(*row) for row in standing]
    if ended:
        over = select(*columns).where(~and_(*_open(now))).order_by(SendingPause.id.desc())
        found += [Pause(*row) for row in session.execute(over.limit(ended))]
    return found


def standing(session: Session, now: datetime) -> dict[Lane, PauseReason]:
    """The lanes in which nothing more may be sent at this instant, and why."""
    rows = session.execute(STANDING, {"now": now})
    return {(row.appid, row.template): PauseReason(row.reason) for row in rows}


STANDING = text("""
    SELECT appid, template, reason FROM sending_pauses
     WHERE ended_at IS NULL AND (until IS NULL OR until > :now)
""")


def holds(paused: Collection[Lane], lane: Lane) -> bool:
    """Whether the lane or its whole account is among those paused."""
    return lane in paused or (lane[0], WHOLE_ACCOUNT) in paused


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    lasts = or_(SendingPause.until.is_(None), SendingPause.until > now)
    return SendingPause.ended_at.is_(None), lasts


def _end_what_is_over(session: Session, now: datetime, lane: Lane) -> None:
    session.execute(
        update(SendingPause)
        .where(
            SendingPause.appid == lane[0],
            SendingPause.template == lane[1],
            SendingPause.ended_at.is_(None),
            SendingPause.until <= now,
        )
        .values(ended_at=SendingPause.until, ended_by=BY_TIME)
        .execution_options(synchronize_session=False)
    )


def _record(  # noqa: PLR0913
    session: Session,
    clock: Clock,
    by: str,
    action: str,
    pause_id: int,
    lane: Lane,
    reason: PauseReason,
) -> None:
    audit.record(
        session,
        clock,
        actor=by,
        action=action,
        subject=f"sending_pause:{pause_id}",
        detail={"appid": lane[0], "template": lane[1], "reason": reason.value},
    )
