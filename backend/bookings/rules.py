"""The rules of booking, as the family hears them: values in, a value or a refusal out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.bookings.models import BookingState, YearKind
from backend.centres.models import SlotState
from backend.kernel.ages import add_months, age_months
from backend.kernel.clock import city_date, city_time
from backend.kernel.errors import Conflict, Invalid

FREE_SESSIONS_PER_YEAR = 6  # city plan of 2021-12-08; the database checks it too
UNDO_WITHIN = timedelta(minutes=10)
REASON_LENGTH = 200  # characters; a family reads it on a phone


class SlotFull(Conflict):
    code = "slot_full"
    message = "这个时段已经约满，请选择其他时段"


class SlotClosed(Conflict):
    code = "slot_closed"
    message = "这个时段已停止预约"


class SlotCancelled(SlotClosed):
    code = "slot_cancelled"
    message = "这次活动已经取消，请选择其他时段"


class SlotMoved(SlotClosed):
    """Nobody books what was read before the centre moved it."""

    code = "slot_moved"
    message = "这次活动刚刚改了时间，请看过再约"


class HeldForPriority(Conflict):
    code = "held_for_priority"
    message = "剩下的名额暂时留给优先家庭，请选其他时段，或过后再来"


class NotOpenYet(Conflict):
    code = "not_open_yet"
    message = "这个时段还没有开放预约"


class QuotaUsedUp(Conflict):
    code = "quota_used_up"
    message = "这一年的六次免费指导已经约满"


class TooOld(Conflict):
    code = "too_old"
    message = "宝宝的月龄超出了这个活动的范围"


class TooYoung(Conflict):
    code = "too_young"
    message = "宝宝还没有到这个活动适合的月龄"


class NotHomeCared(Conflict):
    code = "not_home_cared"
    message = "免费指导面向居家养育的宝宝，您登记的是已入托"


class OtherTown(Conflict):
    code = "other_town"
    message = "这个中心只服务本街镇的家庭，请选您所在街镇的中心"


class TooManyOpen(Conflict):
    code = "too_many_open"
    message = "宝宝手上的预约已满，参加或取消一次后再约"


class BookingPaused(Conflict):
    code = "booking_paused"
    message = "因多次未到场，暂停预约；有异议可以向中心申诉"


class AlreadyBooked(Conflict):
    code = "already_booked"
    message = "这个宝宝已经预约了这个时段"


class BookingStateChanged(Conflict):
    """Somebody else was faster; the detail says who, when and what."""

    code = "booking_state_changed"
    message = "这个预约刚刚被处理过"


class CannotCancel(Conflict):
    code = "cannot_cancel"
    message = "这个预约现在不能取消"


class NotStartedYet(Conflict):
    code = "not_started_yet"
    message = "活动还没有开始，不能登记到场或未到"


class CannotUndo(Conflict):
    code = "cannot_undo"
    message = "这一步不能撤销了"


@dataclass(frozen=True)
class Policy:
    """The city's settings at one moment (a row of booking_policies)."""

    opens_days: int = 14
    closes_minutes: int = 120
    free_cancel_hours: int = 24
    eligible_under_months: int = 36  # city plan of 2021-12-08: children under three
    max_open: int = 2  # sessions ahead of one child at the same time
    warn_months: int = 12  # the first missed session in so long is a warning
    pause_after: int = 2  # so many missed sessions …
    pause_within_days: int = 90  # … in so many days …
    pause_days: int = 30  # … pause booking for so long
    offer_minutes: int = 120  # a family on the waiting list has so long to accept
    no_offer_hours: int = 12  # no offers so shortly before the start
    held_until_hours: int = 48  # places for priority are kept until so long before the start
    reconfirm_hours: int | None = None  # None: not asked for
    year_kind: YearKind = YearKind.CALENDAR


S = BookingState
OPEN_STATES = frozenset({S.REQUESTED, S.CONFIRMED})
PLACE_STATES = OPEN_STATES | {S.ATTENDED, S.MISSED}  # models.HOLDS_A_PLACE is the same set in SQL
NEXT_STATES: Mapping[BookingState, frozenset[BookingState]] = {
    S.REQUESTED: frozenset({S.CONFIRMED, S.DECLINED, S.CANCELLED_BY_FAMILY, S.CANCELLED_BY_CENTRE}),
    S.CONFIRMED: frozenset({S.ATTENDED, S.MISSED, S.CANCELLED_BY_FAMILY, S.CANCELLED_BY_CENTRE}),
    S.DECLINED: frozenset(),
    S.ATTENDED: frozenset(),
    S.MISSED: frozenset(),
    S.CANCELLED_BY_FAMILY: frozenset(),
    S.CANCELLED_BY_CENTRE: frozenset(),
}
STATE_TITLES: Mapping[BookingState, str] = {
    S.REQUESTED: "待确认",
    S.CONFIRMED: "已确认",
    S.DECLINED: "未通过",
    S.ATTENDED: "已到场",
    S.MISSED: "未到场",
    S.CANCELLED_BY_FAMILY: "家庭已取消",
    S.CANCELLED_BY_CENTRE: "中心已取消",
}


def quota_year(policy: Policy, starts_at: datetime, birth: date) -> int:
    """The year a session counts towards, by the city's day on which it takes place.

    A calendar year by its number; a year from birthday to birthday by the calendar year in
    which it ends (docs/decisions/0013-quota-year.md).
    """
    day = city_date(starts_at)
    if policy.year_kind is YearKind.CALENDAR:
        return day.year
    return birth.year + age_months(birth, day) // 12 + 1


def year_span(policy: Policy, year: int, birth: date) -> tuple[date, date]:
    """The first day of a quota year and the day after its last."""
    if policy.year_kind is YearKind.CALENDAR:
        return date(year, 1, 1), date(year + 1, 1, 1)
    birthdays = year - birth.year
    return add_months(birth, 12 * (birthdays - 1)), add_months(birth, 12 * birthdays)


def next_quota_number(used: Collection[int | None], beside: int = 0) -> int:
    """The lowest free number from 1 to 6. Raises QuotaUsedUp when all six are taken.

    `beside`: sessions within the year that are numbered in a year of the other kind, from
    before the city changed it.
    """
    taken = {number for number in used if number is not None}
    for number in range(1, FREE_SESSIONS_PER_YEAR + 1):
        if number not in taken and len(taken) + beside < FREE_SESSIONS_PER_YEAR:
            return number
    raise QuotaUsedUp("取消一次尚未开始的预约（至少提前一天），就会退回一次")


def opens_at(policy: Policy, starts_at: datetime) -> datetime:
    return starts_at - timedelta(days=policy.opens_days)


def closes_at(policy: Policy, starts_at: datetime) -> datetime:
    return starts_at - timedelta(minutes=policy.closes_minutes)


def check_open(policy: Policy, starts_at: datetime, now: datetime) -> None:
    """Booking is open from `opens_at` (included) to `closes_at` (excluded).

    Raises NotOpenYet with the moment it opens, or SlotClosed.
    """
    opening = opens_at(policy, starts_at)
    if now < opening:
        raise NotOpenYet(f"{moment(opening)} 起可以预约")
    if now >= closes_at(policy, starts_at):
        raise SlotClosed(f"开始前 {_length(policy.closes_minutes)}停止预约")


def check_offered(state: SlotState) -> None:
    """Raises SlotClosed when the centre has closed the slot, SlotCancelled when it is off."""
    if state is SlotState.CANCELLED:
        raise SlotCancelled
    if state is not SlotState.OPEN:
        raise SlotClosed("中心暂停了这个时段的预约")


def check_capacity(taken: int, capacity: int) -> None:
    """Raises SlotFull. Only the friendly half: a guarded UPDATE wins the race."""
    if taken >= capacity:
        raise SlotFull


def holds_back(held_places: int, held_until: datetime | None, now: datetime) -> bool:
    """Whether places are kept for families with priority just now."""
    return held_places > 0 and held_until is not None and now < held_until


def check_held(taken: int, capacity: int, held_places: int, held_until: datetime | None) -> None:
    """For a child without priority, while places are held back. Raises HeldForPriority.

    The held places are the last ones of a slot, whoever has taken the others.
    """
    if taken >= capacity - held_places and held_until is not None:
        raise HeldForPriority(f"{moment(held_until)} 起向所有家庭开放")


def check_town(child_town: str, centre_town: str, serves_others: bool) -> None:
    """Raises OtherTown where a town keeps its centres for its own families."""
    if child_town != centre_town and not serves_others:
        raise OtherTown("如果您已经搬家，请在“我的”里修改宝宝资料")


def check_open_count(policy: Policy, open_ahead: int) -> None:
    """`open_ahead`: requested or confirmed sessions of the child to come. Raises TooManyOpen."""
    if open_ahead >= policy.max_open:
        raise TooManyOpen(f"一个宝宝最多同时有 {policy.max_open} 个还没开始的预约")


def check_paused(paused_until: datetime | None) -> None:
    """Raises BookingPaused, saying until when."""
    if paused_until is not None:
        raise BookingPaused(f"{moment(paused_until)} 起可以再约")


def check_age(policy: Policy, birth: date, day: date, *, from_months: int, to_months: int) -> None:
    """A child fits with completed months in [from, to) on the day of the session.

    Whatever the slot says, the plan serves children under `eligible_under_months`. Raises
    TooYoung (also for a day before birth) or TooOld.
    """
    months = age_months(birth, day)
    upper = min(to_months, policy.eligible_under_months)
    detail = f"适合 {from_months}–{upper} 月龄（不含满 {upper} 月龄），活动当天宝宝 {months} 月龄"
    if months < from_months or day < birth:
        raise TooYoung(detail if day >= birth else None)
    if months >= upper:
        raise TooOld(detail)


def check_home_cared(home_cared: bool) -> None:
    """The six sessions are for children cared for at home. Raises NotHomeCared."""
    if not home_cared:
        raise NotHomeCared("如果情况有变，请在“我的”里修改宝宝资料")


def may_cancel(state: BookingState, starts_at: datetime, now: datetime) -> bool:
    """A family may cancel what is open until it starts."""
    return state in OPEN_STATES and now < starts_at


def free_cancel_until(policy: Policy, starts_at: datetime) -> datetime:
    """The last moment at which a cancellation gives the session back."""
    return starts_at - timedelta(hours=policy.free_cancel_hours)


def cancel_keeps_number(policy: Policy, starts_at: datetime, now: datetime) -> bool:
    """True when a cancellation comes too late and the session stays used."""
    return now > free_cancel_until(policy, starts_at)


def check_cancel(state: BookingState, starts_at: datetime, now: datetime) -> None:
    """Raises CannotCancel for what is over, was refused or has begun."""
    if state not in OPEN_STATES:
        raise CannotCancel(f"当前状态：{STATE_TITLES[state]}")
    if now >= starts_at:
        raise CannotCancel("活动已经开始，有问题请联系中心")


def check_started(starts_at: datetime, now: datetime) -> None:
    """Nobody has attended or missed what has not begun. Raises NotStartedYet."""
    if now < starts_at:
        raise NotStartedYet(f"{moment(starts_at)} 开始")


def check_reason(reason: str) -> str:
    """The reason without surrounding blanks. Raises Invalid for an empty or endless one."""
    reason = reason.strip()
    if not reason:
        raise Invalid("请写明原因，家长会看到")
    if len(reason) > REASON_LENGTH:
        raise Invalid(f"原因请不超过 {REASON_LENGTH} 字")
    return reason


def check_undo(before: BookingState, after: BookingState, age: timedelta) -> None:
    """Whether a step of staff, `age` ago, may be taken back.

    Only a step of a booking's normal life, within UNDO_WITHIN; an undo itself and a merge of
    registrations stay. Raises CannotUndo.
    """
    if after not in NEXT_STATES[before]:
        raise CannotUndo("没有可以撤销的操作")
    if age > UNDO_WITHIN:
        raise CannotUndo("只能在 10 分钟内撤销")


def moment(instant: datetime) -> str:
    """An instant as the city says it: 11月23日 10:00."""
    local = city_time(instant)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


def _length(minutes: int) -> str:
    return f"{minutes // 60} 小时" if minutes % 60 == 0 else f"{minutes} 分钟"
