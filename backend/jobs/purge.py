"""What is deleted when its time is over."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, func, or_, select, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.expression import Delete

from backend.accounts.followers import forget_left
from backend.accounts.keeping import forget_keys
from backend.accounts.models import LinkCode
from backend.accounts.service import EVENTS_STAY, forget_handled
from backend.handbook.pregnancy.service import forget_old
from backend.jobs.heartbeats import FORGET_LONG_GONE
from backend.jobs.models import TaskRun
from backend.kernel.clock import Clock, city_date
from backend.outbox.models import Message, SendingPause
from backend.people.models import (
    Attempt,
    Child,
    IdempotentAnswer,
    Invitation,
    Parent,
    ParentToken,
    StaffSession,
)
from backend.people.priority import STAYS as PRIORITY_STAYS
from backend.people.priority_models import PriorityGrant
from backend.rights.handbook_grants.models import HandbookGrant
from backend.rights.take_along.doctor_models import DoctorLink

ANSWERS_LIVE = timedelta(hours=24)
INVITATIONS_STAY = timedelta(days=30)  # after their end: a clerk may be asked who joined how
DOCTOR_LINKS_STAY = timedelta(days=90)  # so long a family sees which link was looked at
# Records of how personal data are handled: three years at least (PIPL art. 56).
HANDBOOK_GRANTS_STAY = timedelta(days=3 * 366)  # after their end; the looks stay in the audit log
LINK_CODES_STAY = timedelta(days=1)  # longer than the hour in which they are counted
LEFT_STAY = timedelta(days=90)  # who left a 公众号 and never said who they are
ATTEMPTS_STAY = timedelta(days=1)  # longer than any window in which they are counted
STAFF_SESSIONS_STAY = timedelta(days=90)
PAUSES_STAY = timedelta(days=90)  # after their end
TASK_RUNS_STAY = timedelta(days=400)
FAILED_JOBS_STAY = timedelta(days=30)

# Jobs have no clock of ours: the engine stamps its events with the database's.
FAILED_JOBS = text("""
    DELETE FROM procrastinate_jobs AS job
    WHERE job.status IN ('failed', 'succeeded', 'cancelled', 'aborted')
      AND NOT EXISTS (SELECT 1 FROM procrastinate_events AS event
                      WHERE event.job_id = job.id AND event.at > clock_timestamp() - :stay)
""")


def purge_expired(session: Session, clock: Clock) -> dict[str, int]:
    """Delete expired sign-ins, codes, answers and traces of work; return how many of each."""
    statements = _statements(clock.now())
    deleted = {name: _count(session, statement) for name, statement in statements.items()}
    deleted["pregnancies"] = forget_old(session, clock)
    deleted["account_keys"] = forget_keys(session, clock)
    deleted["followers"] = forget_left(session, clock.now() - LEFT_STAY)
    deleted["events"] = forget_handled(session, clock.now() - EVENTS_STAY)
    jobs = session.execute(FAILED_JOBS, {"stay": FAILED_JOBS_STAY})
    assert isinstance(jobs, CursorResult)
    session.execute(FORGET_LONG_GONE)
    return deleted | {"jobs": jobs.rowcount}


def _statements(now: datetime) -> dict[str, Delete]:
    return {
        "tokens": delete(ParentToken).where(ParentToken.expires_at < now),
        "invitations": delete(Invitation).where(Invitation.expires_at < now - INVITATIONS_STAY),
        "answers": delete(IdempotentAnswer).where(IdempotentAnswer.created_at < now - ANSWERS_LIVE),
        "doctor_links": delete(DoctorLink).where(DoctorLink.expires_at < now - DOCTOR_LINKS_STAY),
        "handbook_grants": delete(HandbookGrant).where(
            func.coalesce(
                HandbookGrant.closed_at,
                HandbookGrant.ends_at,
                HandbookGrant.decided_at,
                HandbookGrant.asked_at,
            )
            < now - HANDBOOK_GRANTS_STAY
        ),
        "link_codes": delete(LinkCode).where(LinkCode.expires_at < now - LINK_CODES_STAY),
        "attempts": delete(Attempt).where(Attempt.at < now - ATTEMPTS_STAY),
        "staff_sessions": delete(StaffSession).where(
            StaffSession.seen_at < now - STAFF_SESSIONS_STAY
        ),
        # A plan that ran beside a deletion may have left a reminder of nobody.
        "messages": delete(Message).where(
            or_(
                Message.child_id.in_(select(Child.id).where(Child.deleted_at.is_not(None))),
                Message.parent_id.in_(select(Parent.id).where(Parent.deleted_at.is_not(None))),
            )
        ),
        # Refused, taken back or run out: whether a child is one of these is nobody's business now.
        "priority": delete(PriorityGrant).where(
            or_(
                PriorityGrant.ended_at < now - PRIORITY_STAYS,
                PriorityGrant.valid_until < city_date(now - PRIORITY_STAYS),
            )
        ),
        "sending_pauses": delete(SendingPause).where(
            func.coalesce(SendingPause.ended_at, SendingPause.until) < now - PAUSES_STAY
        ),
        "task_runs": delete(TaskRun).where(TaskRun.nominal_at < now - TASK_RUNS_STAY),
    }


def _count(session: Session, statement: Delete) -> int:
    result: Any = session.execute(statement, execution_options={"synchronize_session": False})
    return int(result.rowcount)
