"""What a demonstration shows: a centre in every town, sessions to book, invented families.

Everything goes through the services, as a city would do it. Seeding again adds only what is
missing: sessions for the days that have come into sight since.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from backend.bookings import service as bookings
from backend.bookings.queries import policy_at
from backend.centres import service as centres
from backend.centres.models import Centre, Slot, SlotKind
from backend.centres.service import NewSlot
from backend.cli import demo_grants, demo_private, demo_reviews
from backend.cli.demo_accounts import add_accounts
from backend.cli.demo_campaigns import APPROVER, add_campaigns, let_approver_in
from backend.cli.demo_families import Invented, register_family
from backend.cli.demo_places import FIRST_TOWN, Crew, add_places, crew_of
from backend.cli.demo_rooms import add_rooms
from backend.cli.demo_settled import add_settled_months
from backend.deps import Deps
from backend.kernel.clock import CITY, FixedClock, city_date
from backend.kernel.errors import DomainError
from backend.people import staff
from backend.people.models import Role, Sex

DAYS_SHOWN = 16  # bookings open 14 days before; a little more is in sight
ACTOR = "system"
MANAGER = "jiezhen"
LOGINS = {
    "zhongxin": "澄江中心职员",
    MANAGER: "澄江街道工作人员",
    "shiji": "市级管理员",
    APPROVER: "市级审批人",
    demo_reviews.LOGIN: f"{demo_reviews.OFFICE}，审定文章",
    demo_grants.LOGIN: f"{demo_grants.OFFICE}，儿保医生",
}
PHONE = "0510-00000000"  # nobody's


@dataclass(frozen=True)
class Programme:
    """A session that comes back every week."""

    weekday: int  # Monday is 0
    starts: time
    minutes: int
    kind: SlotKind
    title: str
    ages: tuple[int, int]
    capacity: int


PROGRAMMES = (
    Programme(0, time(9, 30), 60, SlotKind.ACTIVITY, "抓握和爬行", (6, 12), 8),
    Programme(1, time(14, 0), 90, SlotKind.CLASS, "辅食怎么开始", (3, 12), 20),
    Programme(2, time(9, 30), 60, SlotKind.ACTIVITY, "听音乐认身体", (12, 24), 8),
    Programme(3, time(14, 0), 30, SlotKind.CONSULTATION, "睡眠和作息咨询", (0, 36), 3),
    Programme(4, time(9, 0), 60, SlotKind.HOME_VISIT, "新生儿家庭指导", (0, 6), 2),
    Programme(5, time(9, 30), 60, SlotKind.ACTIVITY, "亲子绘本时光", (18, 36), 10),
    Programme(5, time(14, 30), 60, SlotKind.ACTIVITY, "趴一趴，看一看", (1, 7), 6),
    Programme(6, time(9, 30), 90, SlotKind.CLASS, "爸爸也会带娃", (0, 36), 20),
)
FAMILIES = (
    Invented("丁小满", Sex.FEMALE, 8),
    Invented("陆知远", Sex.MALE, 7),
    Invented("沈一禾", Sex.FEMALE, 14),
    Invented("顾安然", Sex.FEMALE, 20),
    Invented("夏沐阳", Sex.MALE, 27),
    Invented("许星辰", Sex.MALE, 4),
)


def seed(parts: Deps, passwords: Mapping[str, str]) -> None:
    """Fill an empty demonstration, or bring yesterday's up to today. One transaction.

    `passwords` holds one for each of LOGINS, in their file already.
    """
    with parts.sessions.begin() as session:
        fresh = not session.scalar(select(exists(select(Centre.id))))
        if fresh:
            _add_centres(session, parts)
            _add_staff(session, parts, passwords)
            add_rooms(session, parts)
            add_places(session, parts)
        add_accounts(session, parts)
        demo_reviews.add_reviews(session, parts, passwords[demo_reviews.LOGIN])
        demo_grants.add_account(session, parts, passwords[demo_grants.LOGIN])
        _add_slots(session, parts)
        if fresh:
            demo_private.link_teacher(session, "zhongxin")
            _add_families(session, parts)
            add_settled_months(session, parts)
            add_campaigns(session, parts)
        else:
            let_approver_in(session, parts, passwords[APPROVER])
            demo_grants.renew(session, parts, MANAGER)


def _add_centres(session: Session, parts: Deps) -> None:
    for town in parts.places.towns:
        centres.create_centre(
            session,
            parts.clock,
            name=f"{town.name}亲子活动中心",
            town_code=town.code,
            address=f"{town.name}演示路1号",
            phone_public=PHONE,
        )


def _add_staff(session: Session, parts: Deps, passwords: Mapping[str, str]) -> None:
    centre_id = session.scalars(select(Centre.id).where(Centre.town_code == FIRST_TOWN)).one()
    scopes = {
        "zhongxin": (Role.CLERK, centre_id, None),
        MANAGER: (Role.TOWN, None, FIRST_TOWN),
        "shiji": (Role.CITY, None, None),
        APPROVER: (Role.CITY, None, None),
    }
    for login, (role, centre, town) in scopes.items():
        staff.create_staff(
            session,
            parts.clock,
            login=login,
            name=LOGINS[login],
            password=passwords[login],
            role=role,
            centre_id=centre,
            town_code=town,
        )


def _add_slots(session: Session, parts: Deps) -> None:
    """The weekly programme of each centre for the days in sight that have none yet."""
    today = city_date(parts.clock.now())
    for centre_id in session.scalars(select(Centre.id).order_by(Centre.id)).all():
        known = set(
            session.scalars(
                select(Slot.starts_at).where(
                    Slot.centre_id == centre_id, Slot.starts_at >= _at(today, time(0))
                )
            )
        )
        crew = crew_of(session, centre_id)
        for day, programme in _days_of(today):
            if _at(day, programme.starts) not in known:
                _offer(session, parts, _slot(centre_id, day, programme, crew))


def _offer(session: Session, parts: Deps, new: NewSlot) -> None:
    """Somebody may have closed the centre or a room in the demonstration; then no session."""
    with suppress(DomainError):
        centres.create_slot(session, parts.clock, new, actor=ACTOR)


def _days_of(today: date) -> Iterator[tuple[date, Programme]]:
    for ahead in range(DAYS_SHOWN):
        day = today + timedelta(days=ahead)
        for programme in PROGRAMMES:
            if programme.weekday == day.weekday():
                yield day, programme


def _slot(centre_id: int, day: date, programme: Programme, crew: Crew) -> NewSlot:
    starts_at = _at(day, programme.starts)
    visit = programme.kind is SlotKind.HOME_VISIT
    number = PROGRAMMES.index(programme)
    return NewSlot(
        centre_id=centre_id,
        kind=programme.kind,
        title=programme.title,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=programme.minutes),
        age_from_months=programme.ages[0],
        age_to_months=programme.ages[1],
        capacity=programme.capacity,
        room_id=None if visit else _one_of(crew.rooms, number),
        teacher_id=_one_of(crew.teachers, number),
        travel_minutes=20 if visit else 0,
    )


def _one_of(ids: tuple[int, ...], number: int) -> int | None:
    return ids[number % len(ids)] if ids else None


def _at(day: date, clock_time: time) -> datetime:
    return datetime.combine(day, clock_time, tzinfo=CITY)


def _add_families(session: Session, parts: Deps) -> None:
    """Families without phones in the sandbox, with requests for the clerk to answer.

    They asked three days ago, so that today's and tomorrow's sessions have guests too.
    """
    earlier = FixedClock(parts.clock.now() - timedelta(days=3))
    policy = policy_at(session, earlier.now())
    ids = {}
    for number, family in enumerate(FAMILIES):
        parent_id, child_id = register_family(session, parts, family)
        ids[family.name] = parent_id, child_id
        demo_private.tell(
            session, parts, parent_id=parent_id, child_id=child_id, months=family.months
        )
        for place, slot in enumerate(_fitting(session, earlier, family.months)):
            booking = bookings.request_booking(
                session, earlier, policy, parent_id=parent_id, child_id=child_id, slot_id=slot.id
            )
            if (number + place) % 2 == 0:
                bookings.confirm(session, earlier, booking_id=booking.id, actor=ACTOR)
    # The father registers her too: 可能重复 for the town.
    register_family(session, parts, FAMILIES[0])
    demo_grants.add_grants(session, parts, MANAGER, read=ids["顾安然"], asked=ids["许星辰"][1])


def _fitting(session: Session, earlier: FixedClock, months: int) -> list[Slot]:
    """The first two sessions of the first town's centre that suit an age."""
    return list(
        session.scalars(
            select(Slot)
            .join(Centre, Centre.id == Slot.centre_id)
            .where(
                Centre.town_code == FIRST_TOWN,
                Slot.age_from_months <= months,
                Slot.age_to_months > months + 1,
                Slot.taken < Slot.capacity,
                Slot.starts_at > earlier.now() + timedelta(hours=3),
                Slot.starts_at < earlier.now() + timedelta(days=13),
            )
            .order_by(Slot.starts_at, Slot.id)
            .limit(2)
        )
    )
