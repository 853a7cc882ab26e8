"""A centre with all that belongs to it, made through the services."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from backend.centres import institutions, rooms, service, teachers
from backend.centres.institutions import InstitutionEntry
from backend.centres.models import Centre, SlotKind
from backend.centres.rooms import RoomEntry
from backend.centres.series import Pattern
from backend.centres.service import NewSlot
from backend.centres.teachers import NewCertificate
from backend.kernel.clock import Clock
from tests.factories import MORNING, NUMBERS, default_vault, make_centre

Sessions = sessionmaker[Session]
ACTOR = "staff:3"
HOUR = timedelta(hours=1)
TOMORROW = MORNING + timedelta(days=1)


@dataclass(frozen=True)
class Scene:
    centre: int
    institution: int
    room: int
    teacher: int

    def slot(self, **changes: Any) -> NewSlot:
        """A session of this centre tomorrow at 10, with room and teacher."""
        new = NewSlot(
            centre_id=self.centre,
            kind=SlotKind.ACTIVITY,
            title="一起爬一爬",
            starts_at=TOMORROW,
            ends_at=TOMORROW + HOUR,
            capacity=8,
            room_id=self.room,
            teacher_id=self.teacher,
        )
        return replace(new, **changes)


def make_institution(sessions: Sessions, clock: Clock, centre: int) -> int:
    """An institution that runs the centre."""
    with sessions.begin() as session:
        entry = InstitutionEntry(f"测试托育机构{next(NUMBERS)}")
        made = institutions.add_institution(session, clock, entry, actor=ACTOR)
        session.get_one(Centre, centre).institution_id = made.id
        return made.id


def make_room(sessions: Sessions, clock: Clock, centre: int, **changes: Any) -> int:
    entry = replace(RoomEntry(f"活动室{next(NUMBERS)}", 20, {}), **changes)
    with sessions.begin() as session:
        return rooms.add_room(session, clock, centre_id=centre, entry=entry, actor=ACTOR).id


def make_teacher(
    sessions: Sessions,
    clock: Clock,
    institution: int,
    *,
    until: date | None = date(2027, 12, 31),
    name: str | None = None,
) -> int:
    """A teacher; with `until` None one without a certificate."""
    with sessions.begin() as session:
        made = teachers.add_teacher(
            session,
            clock,
            institution_id=institution,
            display_name=name or f"王老师{next(NUMBERS)}",
            actor=ACTOR,
        )
        if until is not None:
            teachers.add_certificate(
                session,
                clock,
                default_vault(),
                teacher=made,
                new=NewCertificate("育婴员", "320281200001011234", date(2026, 1, 1), until),
                actor=ACTOR,
            )
        return made.id


def make_scene(sessions: Sessions, clock: Clock) -> Scene:
    centre = make_centre(sessions)
    institution = make_institution(sessions, clock, centre)
    room = make_room(sessions, clock, centre)
    return Scene(centre, institution, room, make_teacher(sessions, clock, institution))


def offer(sessions: Sessions, clock: Clock, new: NewSlot) -> int:
    with sessions.begin() as session:
        return service.create_slot(session, clock, new, actor=ACTOR).id


def at(day: date, hour: int, minute: int = 0) -> datetime:
    from backend.kernel.clock import CITY

    return datetime.combine(day, time(hour, minute), CITY)


def weekly(*weekdays: int, **changes: Any) -> Pattern:
    """From tomorrow (Tuesday 2026-11-24) for four weeks, 10:00 to 11:00."""
    pattern = Pattern(
        weekdays=frozenset(weekdays),
        starts=time(10),
        ends=time(11),
        first_day=date(2026, 11, 24),
        last_day=date(2026, 12, 21),
    )
    return replace(pattern, **changes)
