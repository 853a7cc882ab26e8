"""One child's book as it stands today: what was given and found, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from backend.bookings.models import Booking
from backend.centres.models import Slot
from backend.handbook.checkup_results import Checkup, checkups_of
from backend.handbook.clinic_papers import NewbornResult, newborn_results
from backend.handbook.doses import PREFIX, DoseState, KnownFacts, Records, dose_states
from backend.handbook.growth.standards import Standard
from backend.handbook.growth_queries import Shown, growth_of
from backend.handbook.records import Done, kept_of
from backend.handbook.schedule import Schedule
from backend.handbook.screening import Answers
from backend.handbook.screening_answers import overview
from backend.handbook.screening_file import NewbornTest, ScreeningProgramme
from backend.handbook.source import Dose, Vaccine
from backend.handbook.timeline import Status as ItemStatus
from backend.handbook.vaccines import Programme, Status
from backend.kernel.clock import Clock, city_date
from backend.kernel.privacy import Vault
from backend.people.children import name_of, registrations
from backend.people.models import Child, Departure

STILL_TO_COME = (Status.OVERDUE, Status.DUE, Status.UPCOMING)


@dataclass(frozen=True)
class Programmes:
    """What a book is written by."""

    schedule: Schedule
    screenings: ScreeningProgramme
    standard: Standard


@dataclass(frozen=True)
class GivenDose:
    """`number` and `series` are None for a dose that today's programme does not know."""

    id: str
    title: str
    given_on: date
    series: str | None
    number: int | None
    place: str | None = None
    batch: str | None = None


@dataclass(frozen=True)
class ChildBook:
    """`next_doses`: those that are still to be given, as they stand on `today`.

    Of a child that died only what was: no dose and no check-up is to come.
    """

    child: Child
    name: str
    today: date
    made_at: datetime
    programmes: Programmes
    given: tuple[GivenDose, ...]
    known: KnownFacts
    next_doses: tuple[DoseState, ...]
    checkups: tuple[Checkup, ...]
    growth: tuple[Shown, ...]
    screened: Mapping[str, Answers]
    newborn: Mapping[NewbornTest, NewbornResult]
    bookings: tuple[Booking, ...]

    @property
    def ended(self) -> bool:
        return self.child.departure is Departure.DIED


def read_book(
    session: Session,
    clock: Clock,
    vault: Vault,
    programmes: Programmes,
    *,
    parent_id: int,
    child_id: int,
) -> ChildBook:
    """Everything of the child and of registrations joined into it. Raises NotFound."""
    schedule, screenings = programmes.schedule, programmes.screenings
    child, growth = growth_of(
        session, vault, programmes.standard, parent_id=parent_id, child_id=child_id
    )
    whose = {"parent_id": parent_id, "child_id": child_id}
    _, checkups = checkups_of(session, clock, vault, schedule, screenings, **whose)
    ids, now = registrations(session, child.id), clock.now()
    kept = kept_of(session, vault, child)
    ended = child.departure is Departure.DIED
    if ended:
        checkups = [one for one in checkups if one.item.status is ItemStatus.DONE]
    return ChildBook(
        child=child,
        name=name_of(vault, child),
        today=city_date(now),
        made_at=now,
        programmes=programmes,
        given=_given(schedule.programme, kept.done),
        known=kept.records.known,
        next_doses=() if ended else _next_doses(schedule, kept.records, city_date(now)),
        checkups=tuple(checkups),
        growth=tuple(growth),
        screened=overview(session, clock, vault, screenings, **whose).answered,
        newborn=newborn_results(session, vault, **whose),
        bookings=_bookings(session, ids),
    )


def _next_doses(schedule: Schedule, records: Records, on: date) -> tuple[DoseState, ...]:
    """Overdue, due and upcoming doses of the chosen products, those that come first in front."""
    states = dose_states(schedule, records, on)
    open_ones = [one for one in states if one.answer.status in STILL_TO_COME]
    return tuple(sorted(open_ones, key=lambda one: one.answer.earliest or on))


def doses_by_id(programme: Programme) -> dict[str, tuple[Vaccine, Dose]]:
    return {dose.id: (vaccine, dose) for vaccine, dose in _doses(programme)}


def _doses(programme: Programme) -> Iterator[tuple[Vaccine, Dose]]:
    """The usual doses last: where a shorter course has the same id, its name is the same."""
    for vaccine in programme.vaccines:
        shorter = vaccine.exposure.low_weight_doses if vaccine.exposure else ()
        yield from ((vaccine, dose) for dose in (*shorter, *vaccine.doses))


def _given(programme: Programme, done: Mapping[str, Done]) -> tuple[GivenDose, ...]:
    known = doses_by_id(programme)
    doses = {key.removeprefix(PREFIX): one for key, one in done.items() if key.startswith(PREFIX)}
    found = [_dose(dose_id, one, known.get(dose_id)) for dose_id, one in doses.items()]
    return tuple(sorted(found, key=lambda one: (one.given_on, one.id)))


def _dose(dose_id: str, done: Done, known: tuple[Vaccine, Dose] | None) -> GivenDose:
    told = {"place": done.place, "batch": done.batch}
    if known is None:
        return GivenDose(dose_id, dose_id, done.on, series=None, number=None, **told)
    vaccine, dose = known
    return GivenDose(dose_id, vaccine.title(dose), done.on, vaccine.name, dose.number, **told)


def _bookings(session: Session, ids: list[int]) -> tuple[Booking, ...]:
    rows = session.scalars(
        select(Booking)
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
        .where(Booking.child_id.in_(ids))
        .order_by(Booking.id)
    )
    return tuple(rows)
