"""What somebody should look at before a month is paid: numbers and links, never a verdict.

Each sign has innocent explanations (a large family, a list ticked after the session, a teacher
who hurried). They are worded 需要核对 and change no amount; a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import DateTime, Select, and_, case, distinct, func, select, type_coerce
from sqlalchemy.orm import Session, aliased

from backend.bookings.attendance_models import CheckIn, CheckInWay, PaperConfirmation
from backend.bookings.models import Booking, BookingState
from backend.bookings.rules import moment
from backend.bookings.sign_models import SignKind
from backend.centres.models import Centre, Slot
from backend.centres.place_models import Room, Teacher
from backend.centres.queries import on_days
from backend.kernel.clock import CITY
from backend.people.models import Child, DuplicateState, Guardian, Parent
from backend.statistics.sign_rules import (
    SIGN_TITLES,
    Area,
    Item,
    Sign,
    Thresholds,
    is_crowd,
    is_mostly_paper,
    is_mostly_unconfirmed,
    is_too_fast,
)

Finder = Callable[[Session, Area, Thresholds], Sign]
FEW = 12  # bookings of one item


def signs(
    session: Session,
    area: Area,
    kinds: Collection[SignKind] = tuple(SignKind),
    thresholds: Thresholds | None = None,
) -> list[Sign]:
    """Every kind of sign that is asked for, also those of which there is none."""
    limits = thresholds or Thresholds()
    return [
        replace(find(session, area, limits), most=area.most)
        for kind, find in FINDERS.items()
        if kind in kinds
    ]


def _phones(session: Session, area: Area, limits: Thresholds) -> Sign:
    children = func.count(distinct(_registration()))
    rows = session.execute(
        _attended(area, Parent.id.label("parent"), children.label("children"), _ids())
        .join(Guardian, Guardian.child_id == Booking.child_id)
        .join(Parent, Parent.id == Guardian.parent_id)
        .where(Parent.phone_fingerprint.is_not(None))
        .group_by(Parent.id)
        .having(children >= limits.children_of_one_phone)
        .order_by(children.desc())
        .limit(area.most)
    )
    return Sign(
        SignKind.ONE_PHONE,
        SIGN_TITLES[SignKind.ONE_PHONE],
        f"一个手机号名下有 {limits.children_of_one_phone} 个或更多孩子到场",
        [
            Item(
                f"parent:{row.parent}",
                f"{row.children} 个孩子，到场 {len(row.ids)} 次",
                tuple(row.ids[:FEW]),
            )
            for row in rows
        ],
    )


def _lists(session: Session, area: Area, limits: Thresholds) -> Sign:
    first, last = _plain(func.min(CheckIn.scanned_at)), _plain(func.max(CheckIn.scanned_at))
    rows = session.execute(
        _attended(area, *PLACE, func.count().label("number"), (last - first).label("took"), _ids())
        .join(CheckIn, CheckIn.booking_id == Booking.id)
        .where(CheckIn.way == CheckInWay.LIST)
        .group_by(*PLACE)
        .having(func.count() >= limits.list_check_ins, last - first <= limits.list_within)
        .order_by(func.count().desc())
        .limit(area.most)
    )
    return Sign(
        SignKind.LIST_IN_SECONDS,
        SIGN_TITLES[SignKind.LIST_IN_SECONDS],
        f"一场里 {limits.list_check_ins} 个或更多签到在 "
        f"{limits.list_within.total_seconds():.0f} 秒内由名单勾选",
        [
            _at(row, f"{row.number} 个签到在 {row.took.total_seconds():.0f} 秒内")
            for row in rows
            if is_crowd(row.number, row.took.total_seconds(), limits)
        ],
    )


def _teachers(session: Session, area: Area, limits: Thresholds) -> Sign:
    """A teacher's sessions anywhere, one after the other; the later one is this statement's."""
    taught = select(
        Slot.id,
        Slot.teacher_id,
        Slot.centre_id,
        Slot.starts_at,
        _previous(Slot.centre_id).label("came_from"),
        _previous(func.coalesce(Slot.busy_until, Slot.ends_at)).label("left_at"),
    ).where(on_days(*area.days), Slot.teacher_id.is_not(None), _was_attended())
    moved = taught.subquery("moved")
    origin, here = aliased(Centre), aliased(Centre)
    rows = session.execute(
        select(
            moved.c.id.label("slot_id"),
            Teacher.display_name,
            origin.name.label("origin"),
            here.name.label("centre"),
            here.id.label("centre_id"),
            moved.c.starts_at,
            moved.c.left_at,
        )
        .join_from(moved, Teacher, Teacher.id == moved.c.teacher_id)
        .join(origin, origin.id == moved.c.came_from)
        .join(here, here.id == moved.c.centre_id)
        .where(
            moved.c.came_from != moved.c.centre_id,
            _plain(moved.c.starts_at) - _plain(moved.c.left_at) < limits.travel,
            here.id.in_(area.centres),
        )
        .order_by(moved.c.starts_at)
        .limit(area.most)
    )
    return Sign(
        SignKind.TEACHER_IN_TWO_PLACES,
        SIGN_TITLES[SignKind.TEACHER_IN_TWO_PLACES],
        f"两场在不同中心，间隔不到 {limits.travel.total_seconds() // 60:.0f} 分钟",
        [
            _at(row, f"{row.display_name}，上一场在{row.origin}，{_gap(row)}")
            for row in rows
            if is_too_fast(row.starts_at - row.left_at, limits)
        ],
    )


def _gap(row: Any) -> str:
    minutes = int((row.starts_at - row.left_at).total_seconds() // 60)
    return f"间隔 {minutes} 分钟" if minutes >= 0 else f"重叠 {-minutes} 分钟"


def _rooms(session: Session, area: Area, limits: Thresholds) -> Sign:
    rows = session.execute(
        _attended(area, *PLACE, Room.name, Room.capacity, func.count().label("number"), _ids())
        .join(Room, Room.id == Slot.room_id)
        .group_by(*PLACE, Room.name, Room.capacity)
        .having(func.count() > Room.capacity)
        .order_by(func.count().desc())
        .limit(area.most)
    )
    return Sign(
        SignKind.ROOM_TOO_FULL,
        SIGN_TITLES[SignKind.ROOM_TOO_FULL],
        "一场的到场人数多于登记的教室容量",
        [_at(row, f"{row.name}可容 {row.capacity} 人，到场 {row.number} 人") for row in rows],
    )


def _unconfirmed(session: Session, area: Area, limits: Thresholds) -> Sign:
    open_ = func.count().filter(
        CheckIn.confirmed_at.is_(None), PaperConfirmation.booking_id.is_(None)
    )
    rows = session.execute(
        _by_centre(area, open_.label("open"))
        .outerjoin(CheckIn, CheckIn.booking_id == Booking.id)
        .order_by(open_.desc())
    )
    return Sign(
        SignKind.MOSTLY_UNCONFIRMED,
        SIGN_TITLES[SignKind.MOSTLY_UNCONFIRMED],
        f"一个中心有 {limits.unconfirmed} 次或更多，并且占到场的 "
        f"{limits.unconfirmed_percent}% 以上",
        [
            Item(
                f"centre:{row.centre_id}",
                f"{row.centre}：{row.number} 次到场，{row.open} 次家长没有确认",
                centre_id=row.centre_id,
                day=area.days[0],
            )
            for row in rows
            if is_mostly_unconfirmed(row.open, row.number, limits)
        ],
    )


def _paper(session: Session, area: Area, limits: Thresholds) -> Sign:
    """A signature on paper is the one proof that an institution records itself."""
    signed = func.count(PaperConfirmation.booking_id)
    ids = func.array_agg(PaperConfirmation.booking_id).filter(
        PaperConfirmation.booking_id.is_not(None)
    )
    rows = session.execute(
        _by_centre(area, signed.label("signed"), ids.label("ids")).order_by(signed.desc())
    )
    return Sign(
        SignKind.MOSTLY_PAPER,
        SIGN_TITLES[SignKind.MOSTLY_PAPER],
        f"一个中心当月有 {limits.paper} 次或更多，并且超过到场的 {limits.paper_percent}%",
        [
            Item(
                f"centre:{row.centre_id}",
                f"{row.centre}：{row.number} 次到场，{row.signed} 次纸质签字，请抽查签到表",
                tuple(sorted(row.ids)[:FEW]),
                centre_id=row.centre_id,
                day=area.days[0],
            )
            for row in rows
            if is_mostly_paper(row.signed, row.number, limits)
        ],
    )


def _two_centres(session: Session, area: Area, limits: Thresholds) -> Sign:
    """Of children who came to this statement's centres: on one day, at any two in the city."""
    day = func.date(func.timezone(CITY.key, Slot.starts_at))
    ours = func.count().filter(Slot.centre_id.in_(area.centres))
    places, child = func.count(distinct(Slot.centre_id)), _registration()
    rows = session.execute(
        _everywhere(area, child.label("child"), day.label("day"), places.label("places"), _ids())
        .group_by(child, day)
        .having(and_(places > 1, ours > 0))
        .order_by(day)
        .limit(area.most)
    )
    return Sign(
        SignKind.CHILD_IN_TWO_CENTRES,
        SIGN_TITLES[SignKind.CHILD_IN_TWO_CENTRES],
        "同一天在两个或更多中心有到场记录",
        [
            Item(
                f"child:{row.child}@{row.day}",
                f"{row.day.month}月{row.day.day}日，{row.places} 个中心，{len(row.ids)} 次到场",
                tuple(row.ids[:FEW]),
            )
            for row in rows
        ],
    )


def _nobody_taught(session: Session, area: Area, limits: Thresholds) -> Sign:
    rows = session.execute(
        _attended(area, *PLACE, func.count().label("number"), _ids())
        .where(Slot.teacher_id.is_(None))
        .group_by(*PLACE)
        .order_by(Slot.starts_at)
        .limit(area.most)
    )
    return Sign(
        SignKind.NOBODY_TAUGHT,
        SIGN_TITLES[SignKind.NOBODY_TAUGHT],
        "有到场、没有登记授课老师的场次",
        [_at(row, f"到场 {row.number} 人") for row in rows],
    )


FINDERS: Mapping[SignKind, Finder] = {
    SignKind.ONE_PHONE: _phones,
    SignKind.LIST_IN_SECONDS: _lists,
    SignKind.TEACHER_IN_TWO_PLACES: _teachers,
    SignKind.ROOM_TOO_FULL: _rooms,
    SignKind.MOSTLY_UNCONFIRMED: _unconfirmed,
    SignKind.CHILD_IN_TWO_CENTRES: _two_centres,
    SignKind.NOBODY_TAUGHT: _nobody_taught,
    SignKind.MOSTLY_PAPER: _paper,
}
PLACE = (
    Slot.id.label("slot_id"),
    Slot.starts_at.label("starts_at"),
    Centre.id.label("centre_id"),
    Centre.name.label("centre"),
)


def _everywhere(area: Area, *columns: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns)
        .select_from(Slot)
        .join(Booking, Booking.slot_id == Slot.id)
        .join(Child, Child.id == Booking.child_id)
        .join(Centre, Centre.id == Slot.centre_id)
        .where(on_days(*area.days), Booking.state == BookingState.ATTENDED)
    )


def _attended(area: Area, *columns: Any) -> Select[*tuple[Any, ...]]:
    return _everywhere(area, *columns).where(Slot.centre_id.in_(area.centres))


def _by_centre(area: Area, *columns: Any) -> Select[*tuple[Any, ...]]:
    """What was attended at each centre, beside its signatures on paper."""
    centre = (Centre.id.label("centre_id"), Centre.name.label("centre"))
    return (
        _attended(area, *centre, func.count().label("number"), *columns)
        .outerjoin(PaperConfirmation, PaperConfirmation.booking_id == Booking.id)
        .group_by(Centre.id, Centre.name)
    )


def _was_attended() -> Any:
    return (
        select(Booking.id)
        .where(Booking.slot_id == Slot.id, Booking.state == BookingState.ATTENDED)
        .exists()
    )


def _registration() -> Any:
    """The child that remains after merging."""
    merged = Child.duplicate_state == DuplicateState.SAME
    return case((merged, Child.duplicate_of_id), else_=Child.id)


def _previous(column: Any) -> Any:
    return func.lag(column).over(partition_by=Slot.teacher_id, order_by=(Slot.starts_at, Slot.id))


def _plain(instant: Any) -> Any:
    """Our type of an instant knows no differences; the database's does."""
    return type_coerce(instant, DateTime(timezone=True))


def _ids() -> Any:
    return func.array_agg(distinct(Booking.id)).label("ids")


def _at(row: Any, text: str) -> Item:
    ids = tuple(getattr(row, "ids", ())[:FEW])
    return Item(
        f"slot:{row.slot_id}",
        f"{moment(row.starts_at)} {row.centre}：{text}",
        ids,
        row.centre_id,
        row.starts_at.astimezone(CITY).date(),
    )
