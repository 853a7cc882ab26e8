"""Nursing rooms (母婴室): what may be written about one, and the lists that screens show."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from backend.centres.models import NursingRoom
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.kernel.paging import LIMIT, Page, decode_cursor, page_of

FACILITIES: Mapping[str, str] = {  # id -> what people call it, in the order of a visit
    "chair": "哺乳椅",
    "screen": "帘或门",
    "changing_table": "护理台",
    "basin": "洗手池",
    "cot": "婴儿床",
    "socket": "插座",
    "warmer": "温奶器",
    "fridge": "冰箱",
    "water": "饮用水",
    "wheelchair": "轮椅可进",
}
STALE_AFTER = timedelta(days=180)  # half a year without a look: the entry may be wrong
OLDEST_CHECK = date(2000, 1, 1)
LONGEST = {"name": 40, "address": 80, "spot": 40, "opening_hours": 60}  # characters
LABELS = {"name": "名称", "address": "地址", "spot": "位置", "opening_hours": "开放时间"}
FORMULA = ("=", "+", "-", "@")  # a spreadsheet would reckon such a cell instead of showing it
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# A landline has its hyphen: without it a spreadsheet takes the leading 0 away.
PHONE = re.compile(
    r"0[0-9]{2,3}-[0-9]{7,8}(-[0-9]{1,6})?|1[0-9]{10}|400-?[0-9]{3}-?[0-9]{4}|[0-9]{5}"
)
MOST_WORDS = 5  # of a search


class RoomKnown(Conflict):
    code = "room_known"
    message = "这个街镇已有同名、同位置的母婴室"


@dataclass(frozen=True)
class RoomEntry:
    """What staff write down about a room. `spot`: where in the building, floor or beside what."""

    town_code: str
    name: str
    address: str
    spot: str
    opening_hours: str
    facilities: tuple[str, ...]
    phone_public: str | None
    checked_on: date

    @property
    def key(self) -> tuple[str, str, str]:
        """What no two rooms share."""
        return (self.town_code, self.name, self.spot)


@dataclass(frozen=True)
class RoomRow(RoomEntry):
    """A room in a list."""

    id: int
    closed: bool

    @property
    def facility_titles(self) -> list[str]:
        """In the order of FACILITIES. One that left the list is not shown."""
        return [title for id, title in FACILITIES.items() if id in self.facilities]

    def is_stale(self, today: date) -> bool:
        return today - self.checked_on > STALE_AFTER


class Show(StrEnum):
    """Which rooms a list of the console holds."""

    OPEN = "open"
    STALE = "stale"  # open, and long not looked at
    CLOSED = "closed"


@dataclass(frozen=True)
class RoomFilter:
    """`town` None means the whole city; every word of `q` must be found."""

    town: str | None = None
    q: str = ""
    facility: str | None = None
    show: Show = Show.OPEN


def tidy(entry: RoomEntry, today: date) -> RoomEntry:
    """The entry with single spaces, its facilities once each and in order.

    Raises Invalid, saying in Chinese everything that is wrong with it.
    """
    texts = {name: " ".join(str(getattr(entry, name)).split()) for name in LONGEST}
    phone = "".join((entry.phone_public or "").split())
    problems = [problem for name in LONGEST if (problem := _problem_of(name, texts[name]))]
    if phone and PHONE.fullmatch(phone) is None:
        problems.append("电话请写成 0510-12345678 这样，或手机号")
    if set(entry.facilities) - FACILITIES.keys():
        problems.append("设施不在可选范围内")
    if not OLDEST_CHECK <= entry.checked_on <= today:
        problems.append("核对日期应是今天或以前")
    if problems:
        raise Invalid("；".join(problems))
    return RoomEntry(
        town_code=entry.town_code,
        name=texts["name"],
        address=texts["address"],
        spot=texts["spot"],
        opening_hours=texts["opening_hours"],
        checked_on=entry.checked_on,
        facilities=tuple(id for id in FACILITIES if id in entry.facilities),
        phone_public=phone or None,
    )


def _problem_of(name: str, text: str) -> str | None:
    label = LABELS[name]
    if not text:
        return f"请填写{label}"
    if len(text) > LONGEST[name]:
        return f"{label}不超过 {LONGEST[name]} 字"
    if text.startswith(FORMULA):
        return f"{label}不能以 = + - @ 开头"
    if any(unicodedata.category(letter) in UNSEEN for letter in text):
        return f"{label}里有无法识别的字符"
    return None


def rooms(
    session: Session, town: str | None = None, q: str = "", facility: str | None = None
) -> list[RoomRow]:
    """The open rooms of a town or of the whole city, for the public, by town and name."""
    query = _listed(RoomFilter(town, q, facility), stale_before=None)
    return [row_of(room) for room in session.scalars(query)]


def rooms_page(
    session: Session,
    which: RoomFilter,
    today: date,
    *,
    after: str | None = None,
    limit: int = LIMIT,
) -> Page[RoomRow]:
    """Rooms of the console's list, by town and name. Raises Invalid for a broken `after`."""
    query = _listed(which, stale_before=today - STALE_AFTER)
    if after is not None:
        query = query.where(_order() > tuple_(*decode_cursor(after, (str, str, str))))
    found = session.scalars(query.limit(limit + 1)).all()
    return page_of([row_of(room) for room in found], limit, lambda row: row.key)


def count_stale(session: Session, town: str | None, today: date) -> int:
    """How many open rooms want a look."""
    query = _listed(RoomFilter(town, show=Show.STALE), stale_before=today - STALE_AFTER)
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    return session.scalars(counted).one()


def room_in_scope(session: Session, room_id: int, town: str | None) -> NursingRoom:
    """A room of this town, of any for the city's staff. Raises NotFound."""
    room = session.get(NursingRoom, room_id)
    if room is None or town not in (None, room.town_code):
        raise NotFound("没有这间母婴室")
    return room


def rooms_by_key(
    session: Session, town: str | None = None
) -> dict[tuple[str, str, str], NursingRoom]:
    """Every room, the closed ones too."""
    query = select(NursingRoom)
    if town is not None:
        query = query.where(NursingRoom.town_code == town)
    return {(room.town_code, room.name, room.spot): room for room in session.scalars(query)}


def row_of(room: NursingRoom) -> RoomRow:
    return RoomRow(
        id=room.id,
        town_code=room.town_code,
        name=room.name,
        address=room.address,
        spot=room.spot,
        opening_hours=room.opening_hours,
        facilities=tuple(room.facilities),
        phone_public=room.phone_public,
        checked_on=room.checked_on,
        closed=room.closed_at is not None,
    )


def _order() -> Any:
    return tuple_(NursingRoom.town_code, NursingRoom.name, NursingRoom.spot)


def _listed(which: RoomFilter, *, stale_before: date | None) -> Select[NursingRoom]:
    closed = NursingRoom.closed_at.is_not(None)
    query = select(NursingRoom).where(closed if which.show is Show.CLOSED else ~closed)
    if which.show is Show.STALE and stale_before is not None:
        query = query.where(NursingRoom.checked_on < stale_before)
    if which.town is not None:
        query = query.where(NursingRoom.town_code == which.town)
    if which.facility is not None:
        query = query.where(NursingRoom.facilities.contains([which.facility]))
    return query.where(_holding(which.q)).order_by(
        NursingRoom.town_code, NursingRoom.name, NursingRoom.spot
    )


def _holding(q: str) -> ColumnElement[bool]:
    """Rooms in which every word is found: in the name, the place, or among the facilities."""
    return and_(True, *(_holding_word(word) for word in q.split()[:MOST_WORDS]))


def _holding_word(word: str) -> ColumnElement[bool]:
    texts = (NursingRoom.name, NursingRoom.address, NursingRoom.spot)
    kinds = [id for id, title in FACILITIES.items() if word in title]
    return or_(
        *(text.icontains(word, autoescape=True) for text in texts),
        *(NursingRoom.facilities.contains([kind]) for kind in kinds),
    )
