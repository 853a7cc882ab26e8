"""Which messages belong to a pregnancy, and how they are stopped."""

from __future__ import annotations

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from backend.handbook.pregnancy.models import Pregnancy, PregnancyParent
from backend.outbox.models import Message, MessageState

CHECKUP, WEEK = "pregnancy_checkup", "pregnancy_week"
NOTICE = "pregnancy_notice"  # the city's, to all of some weeks; its key is the campaign's
TEMPLATES = (CHECKUP, WEEK, NOTICE)
# `sending` too: delivery asks for the row once more before it hands such a message over.
NOT_GONE_OUT = (MessageState.WAITING, MessageState.CLAIMED, MessageState.SENDING)


def stop(session: Session, pregnancy: Pregnancy) -> int:
    """What has not gone out goes out to neither parent any more. Call with it locked.

    The planner's new rows wait for that lock. A worker that holds a row finds it gone when it
    marks it as being sent, and once more before it speaks to WeChat.
    """
    return _delete(session, pregnancy, only_waiting=True)


def clear(session: Session, pregnancy: Pregnancy) -> int:
    """Stop, and take what was said before out of the family's list. Call with it locked."""
    return _delete(session, pregnancy, only_waiting=False)


def stop_checkup(session: Session, pregnancy: Pregnancy, checkup_id: str) -> int:
    """A check-up is done: its reminder need not come."""
    return _delete(session, pregnancy, only_waiting=True, checkup_id=checkup_id)


def clear_of(session: Session, pregnancy: Pregnancy, parent_id: int) -> int:
    """One of its parents leaves: whatever was said or waits for this one goes."""
    return _delete(session, pregnancy, only_waiting=False, parent_id=parent_id)


def _delete(
    session: Session,
    pregnancy: Pregnancy,
    *,
    only_waiting: bool,
    checkup_id: str | None = None,
    parent_id: int | None = None,
) -> int:
    both = select(PregnancyParent.parent_id).where(PregnancyParent.pregnancy_id == pregnancy.id)
    doomed = delete(Message).where(
        Message.parent_id.in_(both) if parent_id is None else Message.parent_id == parent_id,
        Message.template.in_(TEMPLATES),
        or_(
            Message.key.startswith(f"pregnancy:{pregnancy.id}:", autoescape=True),
            and_(
                Message.template == NOTICE,
                Message.data["pregnancy_id"].astext == str(pregnancy.id),
            ),
        ),
    )
    if only_waiting:
        doomed = doomed.where(Message.state.in_(NOT_GONE_OUT))
    if checkup_id is not None:
        doomed = doomed.where(Message.data["item_id"].astext == checkup_id)
    ids = session.scalars(doomed.returning(Message.id).execution_options(synchronize_session=False))
    return len(ids.all())
