"""Plain functions that make rows with sensible defaults. All names are invented."""

import itertools
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.models import Booking, BookingPolicy, BookingState
from backend.bookings.rules import Policy
from backend.centres.models import Centre, NursingRoom, Slot, SlotKind
from backend.config import make_vault
from backend.kernel.clock import CITY, city_date
from backend.kernel.privacy import Vault
from backend.people import rules
from backend.people.children import NAME
from backend.people.documents import Documents
from backend.people.models import (
    Child,
    Consent,
    Guardian,
    Parent,
    ParentIdentity,
    Relation,
    Role,
    Sex,
    Staff,
)

NUMBERS = itertools.count(1)
MORNING = datetime(2026, 11, 23, 10, tzinfo=CITY)
APPID = "wxtest000000000001"
TOWN = "320281001"

Sessions = sessionmaker[Session]


def default_vault() -> Vault:
    from tests.conftest import make_settings  # the settings of tests name the keys

    return make_vault(make_settings("unused"))


def make_parent(
    sessions: Sessions, *, openid: str | None = None, documents: Documents | None = None
) -> int:
    """A parent with a WeChat identity; with `documents`, one who agreed to all of them."""
    with sessions.begin() as session:
        parent = Parent(created_at=MORNING)
        session.add(parent)
        session.flush()
        session.add(
            ParentIdentity(
                appid=APPID, openid=openid or f"openid-{next(NUMBERS)}", parent_id=parent.id
            )
        )
        for document in (documents or {}).values():
            session.add(
                Consent(
                    parent_id=parent.id,
                    purpose=document.purpose,
                    version=document.version,
                    document_hash=document.hash,
                    channel="test",
                    given_at=MORNING,
                )
            )
        return parent.id


def make_child(
    sessions: Sessions,
    *,
    parent_id: int | None = None,
    name: str = "测试宝宝",
    birth_date: date = date(2026, 1, 15),
    sex: Sex = Sex.FEMALE,
    town_code: str = TOWN,
    home_cared: bool = True,
) -> int:
    """A child; each has an identity of its own, so namesakes are no duplicates here."""
    vault = default_vault()
    with sessions.begin() as session:
        child = Child(
            name_sealed=vault.seal(name, NAME),
            identity=rules.child_identity(vault, f"{name}{next(NUMBERS)}", sex, birth_date),
            birth_date=birth_date,
            sex=sex,
            town_code=town_code,
            home_cared=home_cared,
            created_at=MORNING,
        )
        session.add(child)
        session.flush()
        if parent_id is not None:
            session.add(
                Guardian(
                    child_id=child.id,
                    parent_id=parent_id,
                    relation=Relation.MOTHER,
                    since=MORNING,
                )
            )
        return child.id


def make_centre(sessions: Sessions, *, town_code: str = TOWN, name: str | None = None) -> int:
    with sessions.begin() as session:
        centre = Centre(
            name=name or f"测试亲子活动中心{next(NUMBERS)}",
            town_code=town_code,
            address="测试路1号",
            created_at=MORNING,
        )
        session.add(centre)
        session.flush()
        return centre.id


def make_slot(
    sessions: Sessions,
    *,
    centre_id: int | None = None,
    starts_at: datetime = MORNING + timedelta(days=3),
    capacity: int = 8,
    kind: SlotKind = SlotKind.ACTIVITY,
    title: str = "一起爬一爬",
    ages: tuple[int, int] = (0, 36),
) -> int:
    where = centre_id if centre_id is not None else make_centre(sessions)
    with sessions.begin() as session:
        slot = Slot(
            centre_id=where,
            kind=kind,
            title=title,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=60),
            age_from_months=ages[0],
            age_to_months=ages[1],
            capacity=capacity,
            created_at=MORNING,
        )
        session.add(slot)
        session.flush()
        return slot.id


def make_slots(sessions: Sessions, count: int, **values: object) -> list[int]:
    """Slots one hour apart, of one centre."""
    centre_id = make_centre(sessions)
    first = values.pop("starts_at", MORNING + timedelta(days=3))
    assert isinstance(first, datetime)
    return [
        make_slot(
            sessions,
            centre_id=centre_id,
            starts_at=first + timedelta(hours=number),
            **values,  # type: ignore[arg-type]  # passed through to make_slot
        )
        for number in range(count)
    ]


def make_booking(
    sessions: Sessions,
    *,
    child_id: int,
    slot_id: int,
    state: BookingState = BookingState.REQUESTED,
    quota_number: int | None = 1,
) -> int:
    """A booking that holds a place, written without the rules."""
    with sessions.begin() as session:
        slot = session.get_one(Slot, slot_id)
        slot.taken += 1
        booking = Booking(
            child_id=child_id,
            slot_id=slot_id,
            state=state,
            quota_year=city_date(slot.starts_at).year,
            quota_number=quota_number,
            requested_at=MORNING,
            changed_at=MORNING,
        )
        session.add(booking)
        session.flush()
        return booking.id


def make_policy(
    sessions: Sessions, *, effective_from: datetime = MORNING - timedelta(days=30), **values: object
) -> None:
    """The city's rules from then on: those of the domain, apart from `values`.

    Tests that book a whole year at once say `max_open=6`.
    """
    policy = replace(Policy(), **values)  # type: ignore[arg-type]  # its fields
    with sessions.begin() as session:
        session.add(
            BookingPolicy(
                effective_from=effective_from, note="测试", created_by="test", **asdict(policy)
            )
        )


def make_staff(
    sessions: Sessions,
    *,
    role: Role = Role.CLERK,
    centre_id: int | None = None,
    town_code: str | None = None,
    password_hash: str = "!",
    login: str | None = None,
    office: str | None = None,
) -> int:
    if role is Role.CLERK and centre_id is None:
        centre_id = make_centre(sessions)
    with sessions.begin() as session:
        staff = Staff(
            login=login or f"staff{next(NUMBERS)}",
            name="测试员",
            password_hash=password_hash,
            role=role,
            centre_id=centre_id,
            town_code=town_code,
            office=office,
            created_at=MORNING,
        )
        session.add(staff)
        session.flush()
        return staff.id


def make_nursing_room(
    sessions: Sessions,
    *,
    name: str | None = None,
    town_code: str = TOWN,
    spot: str = "三楼",
    facilities: tuple[str, ...] = ("chair", "basin"),
    checked_on: date = date(2026, 11, 23),
    closed: bool = False,
) -> int:
    with sessions.begin() as session:
        room = NursingRoom(
            name=name or f"测试商场{next(NUMBERS)}",
            town_code=town_code,
            address="测试路1号",
            spot=spot,
            opening_hours="每天 10:00–21:30",
            facilities=list(facilities),
            checked_on=checked_on,
            created_at=MORNING,
            changed_at=MORNING,
            closed_at=MORNING if closed else None,
        )
        session.add(room)
        session.flush()
        return room.id
