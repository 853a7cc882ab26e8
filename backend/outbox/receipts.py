"""What WeChat tells of a message after it had taken it."""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, select, update
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.outbox import ledger
from backend.outbox.ledger import Key
from backend.outbox.messenger import REFUSED_OR_USED_UP
from backend.outbox.models import Message, MessageState
from backend.people.models import ParentIdentity

ARRIVED = "success"
NOT_FOUND = "no such message"
LATE = timedelta(hours=1)  # a receipt comes within seconds; be it a full hour
ON_THE_WIRE = (MessageState.SENT, MessageState.UNKNOWN, MessageState.SENDING)


def did_not_arrive(  # noqa: PLR0913  # what a receipt tells
    session: Session,
    clock: Clock,
    *,
    key: Key,
    template: str | None,
    errcode: int,
    status: str,
    account: str = "",
) -> bool:
    """Close the latest message of that template that this person was sent, as failed.

    WeChat names no message of ours (a send has no id that we keep), and sends one message of
    a template to one person at a time, so the latest it is: the one on the wire, else one sent
    a moment ago; one whose answer was lost, of which no time is known, only after those. What
    it used stays used: WeChat took it. `account` is "" for the mini-program. Locks the message,
    then the balance. False when there is no such message.
    """
    latest = session.scalar(
        select(Message.id)
        .join(
            ParentIdentity,
            and_(
                ParentIdentity.parent_id == Message.parent_id,
                ParentIdentity.appid == key.appid,
                ParentIdentity.openid == key.openid,
            ),
        )
        .where(
            Message.template == template,
            Message.account == account,
            Message.state.in_(ON_THE_WIRE),
        )
        .order_by(_latest_first(clock), Message.sent_at.desc().nulls_last(), Message.id.desc())
        .limit(1)
        .with_for_update(of=Message)
    )
    if latest is None:
        return False
    session.execute(
        update(Message)
        .where(Message.id == latest)
        .values(state=MessageState.FAILED, not_before=None, errcode=errcode, problem=status)
        .execution_options(synchronize_session=False)
    )
    if errcode == REFUSED_OR_USED_UP:
        ledger.refused(session, clock, [key])
    return True


def _latest_first(clock: Clock) -> ColumnElement[int]:
    return case(
        (Message.state == MessageState.SENDING, 0),
        (Message.sent_at > clock.now() - LATE, 1),
        (Message.state == MessageState.UNKNOWN, 2),
        else_=3,
    )


def job_finished(session: Session, *, appid: str, wechat_id: int, status: str) -> str:
    """TEMPLATESENDJOBFINISH of a 服务号: what became of the message with that id (MsgID).

    `success`, or the reason (`failed:user block`, `failed: system failed`, …), which closes the
    message as failed; the list in the app has it. Nothing falls on from here: WeChat had taken
    it, and the 服务号 is the last way. Returns what was done; twice is once.
    """
    if status == ARRIVED:
        return "arrived"
    closed = session.scalars(
        update(Message)
        .where(
            Message.account == appid,
            Message.wechat_id == wechat_id,
            Message.state.in_(ON_THE_WIRE),
        )
        .values(state=MessageState.FAILED, not_before=None, problem=status[:300])
        .returning(Message.id)
        .execution_options(synchronize_session=False)
    ).all()
    return "closed" if closed else NOT_FOUND
