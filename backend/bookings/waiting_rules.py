"""The rules of the waiting list: values in, a value or a refusal out."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from backend.bookings.rules import Policy, closes_at, moment
from backend.bookings.waiting_models import WaitingState
from backend.kernel.errors import Conflict
from backend.outbox.hours import next_send_time

MOST_LINES = 3  # of one child at the same time: who waits everywhere keeps others from planning


class NotFull(Conflict):
    code = "not_full"
    message = "这个时段还有名额，不用候补，请直接预约"


class WaitingClosed(Conflict):
    code = "waiting_closed"
    message = "这个时段已停止候补"


class AlreadyWaiting(Conflict):
    code = "already_waiting"
    message = "这个宝宝已经在候补这个时段"


class TooManyLines(Conflict):
    code = "too_many_lines"
    message = "同时候补的时段太多，退出一个后再候补"


class NotOffered(Conflict):
    code = "not_offered"
    message = "还没有轮到您，有名额时会发消息告诉您"


class OfferGone(Conflict):
    code = "offer_gone"
    message = "这个名额已经转给下一个家庭"


W = WaitingState
IN_LINE = frozenset({W.WAITING, W.OFFERED})  # waiting_models.IN_LINE is the same set in SQL
STATE_TITLES: Mapping[WaitingState, str] = {
    W.WAITING: "候补中",
    W.OFFERED: "等家长接受",
    W.ACCEPTED: "已接受",
    W.EXPIRED: "过时未接受",
    W.LEFT: "已退出",
    W.CLOSED: "没有等到",
}


def offers_end(policy: Policy, starts_at: datetime) -> datetime:
    """Before this moment freed places are offered; from then on whoever is first books them."""
    return min(starts_at - timedelta(hours=policy.no_offer_hours), closes_at(policy, starts_at))


def line_counts(policy: Policy, starts_at: datetime, now: datetime) -> bool:
    """Whether a free place belongs to the families that wait for it."""
    return now < offers_end(policy, starts_at)


def offer_until(policy: Policy, starts_at: datetime, now: datetime) -> datetime:
    """The end of an offer made now: `offer_minutes`, and never after booking closes.

    At night no message may ring (outbox.hours), so the minutes of a night's offer count from
    08:00; else a family would lose a place of which nobody could tell it.
    """
    until = next_send_time(now) + timedelta(minutes=policy.offer_minutes)
    return min(until, closes_at(policy, starts_at))


def check_may_wait(policy: Policy, starts_at: datetime, now: datetime) -> None:
    """Raises WaitingClosed where no place would be offered any more."""
    if not line_counts(policy, starts_at, now):
        raise WaitingClosed(
            f"{moment(offers_end(policy, starts_at))} 起不再递补，有人取消时可以直接预约"
        )


def check_lines(slots: Collection[int], slot_id: int) -> None:
    """`slots`: those in whose lines the child stands. Raises AlreadyWaiting or TooManyLines."""
    if slot_id in slots:
        raise AlreadyWaiting
    if len(slots) >= MOST_LINES:
        raise TooManyLines(f"一个宝宝最多同时候补 {MOST_LINES} 个时段")


def check_offer(state: WaitingState, until: datetime | None, now: datetime) -> None:
    """Whether an entry may be accepted: up to `until`, which is excluded.

    Raises NotOffered or OfferGone.
    """
    if state is WaitingState.WAITING:
        raise NotOffered
    if state is not WaitingState.OFFERED or until is None:
        raise OfferGone(f"当前状态：{STATE_TITLES[state]}")
    if now >= until:
        raise OfferGone(f"接受时间到 {moment(until)} 为止")
