"""What the demonstration's centres are made of: who runs them, rooms, teachers. All invented."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from backend.centres import institutions, rooms, teachers
from backend.centres.institutions import InstitutionEntry, NewContract
from backend.centres.models import Centre
from backend.centres.place_models import ContractUnit, Institution, Room, Teacher
from backend.centres.rooms import RoomEntry
from backend.centres.teachers import NewCertificate
from backend.deps import Deps
from backend.kernel.ages import add_months
from backend.kernel.clock import city_date

ACTOR = "system"
FIRST_TOWN = "320281001"  # 澄江街道
RUNS = InstitutionEntry("江阴演示托育服务有限公司", "演示备案0001", "0510-00000000")
PRICE_FEN, CEILING_FEN = 8000, 8_000_000  # a session; a town's year
EVERY_DAY = {str(day): [["08:30", "17:30"]] for day in range(7)}
ROOMS = (("一楼活动室", 30), ("二楼教室", 40))
TEACHERS = (("王老师", 1500), ("李老师", 900))  # and how many days the certificate is valid
EXPIRING = ("赵老师", 45)  # gives no sessions: shows the warning
PLACES = {  # town → somewhere in it, to a kilometre or so; no centre is there
    "320281001": ("31.91100", "120.28100"),  # 澄江街道
    "320281004": ("31.86600", "120.26200"),  # 南闸街道
    "320281005": ("31.86200", "120.33700"),  # 云亭街道
    "320281007": ("31.90700", "120.13200"),  # 申港街道
    "320281008": ("31.93800", "120.08100"),  # 利港街道
    "320281009": ("31.91600", "120.21300"),  # 夏港街道
    "320281100": ("31.90500", "120.02600"),  # 璜土镇
    "320281102": ("31.80900", "120.23500"),  # 月城镇
    "320281103": ("31.76900", "120.25800"),  # 青阳镇
    "320281104": ("31.77800", "120.33400"),  # 徐霞客镇
    "320281107": ("31.83700", "120.45700"),  # 华士镇
    "320281108": ("31.86100", "120.40600"),  # 周庄镇
    "320281109": ("31.81900", "120.49500"),  # 新桥镇
    "320281110": ("31.76900", "120.47600"),  # 长泾镇
    "320281111": ("31.75200", "120.52900"),  # 顾山镇
    "320281112": ("31.74700", "120.41200"),  # 祝塘镇
    "320281400": ("31.92200", "120.33000"),  # 高新区（城东街道）
}
"""The last zone has none: that somebody has yet to write one down is also shown."""


@dataclass(frozen=True)
class Crew:
    """What the sessions of one centre are given: room ids and teacher ids, perhaps none."""

    rooms: tuple[int, ...] = ()
    teachers: tuple[int, ...] = ()


def add_places(session: Session, parts: Deps) -> None:
    """Once: an institution with a contract in each town, rooms and teachers."""
    if session.scalar(select(exists(select(Institution.id)))):
        return
    made = institutions.add_institution(session, parts.clock, RUNS, actor=ACTOR)
    for centre in session.scalars(select(Centre).order_by(Centre.id)).all():
        centre.institution_id = made.id
        if centre.town_code in PLACES:
            centre.latitude, centre.longitude = map(Decimal, PLACES[centre.town_code])
        for name, capacity in ROOMS:
            entry = RoomEntry(name, capacity, EVERY_DAY)
            rooms.add_room(session, parts.clock, centre_id=centre.id, entry=entry, actor=ACTOR)
    for town in parts.places.towns:
        _add_contract(session, parts, made.id, town.code)
    for name, days in (*TEACHERS, EXPIRING):
        _add_teacher(session, parts, made.id, name, days)


def crew_of(session: Session, centre_id: int) -> Crew:
    """Rooms of the centre in use; teachers in the first town alone: they cannot be everywhere."""
    centre = session.get_one(Centre, centre_id)
    found = session.scalars(
        select(Room.id)
        .where(Room.centre_id == centre_id, Room.closed_at.is_(None))
        .order_by(Room.id)
    ).all()
    if centre.town_code != FIRST_TOWN:
        return Crew(tuple(found))
    names = [name for name, _ in TEACHERS]
    staff = session.scalars(
        select(Teacher.id)
        .where(
            Teacher.institution_id == centre.institution_id,
            Teacher.display_name.in_(names),
        )
        .order_by(Teacher.id)
    ).all()
    return Crew(tuple(found), tuple(staff))


def _add_contract(session: Session, parts: Deps, institution_id: int, town: str) -> None:
    today = city_date(parts.clock.now())
    begun = add_months(today.replace(day=1), -2)  # the months that are settled lie in the term
    new = NewContract(
        institution_id,
        town,
        date(begun.year, 1, 1),
        date(today.year + 1, 12, 31),
        ContractUnit.SESSION,
        PRICE_FEN,
        CEILING_FEN,
    )
    institutions.add_contract(session, parts.clock, new, actor=ACTOR)


def _add_teacher(session: Session, parts: Deps, institution_id: int, name: str, days: int) -> None:
    teacher = teachers.add_teacher(
        session, parts.clock, institution_id=institution_id, display_name=name, actor=ACTOR
    )
    today = city_date(parts.clock.now())
    certificate = NewCertificate(
        "育婴员（演示）",
        f"DEMO{today.year}{teacher.id:06}",
        today - timedelta(days=365),
        today + timedelta(days=days),
    )
    teachers.add_certificate(
        session, parts.clock, parts.vault, teacher=teacher, new=certificate, actor=ACTOR
    )
