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
from backend.handbook.growth.standards import Standard
from backend.handbook.growth_queries import Shown, growth_of, registrations
from backend.handbook.models import HandbookEntry
from backend.handbook.schedule import Schedule
from backend.handbook.screening import Answers
from backend.handbook.screening_answers import overview
from backend.handbook.screening_file import NewbornTest, ScreeningProgramme
from backend.handbook.source import Dose, Vaccine
from backend.handbook.vaccines import ChildFacts, DoseAnswer, Programme, Status, forecast
from backend.kernel.clock import Clock, city_date
from backend.kernel.privacy import Vault
from backend.people.children import name_of
from backend.people.models import Child

DOSE = "vaccine:"  # the handbook's items that are doses
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
    """`next_doses`: those that are still to be given, as they stand on `today`."""

    child: Child
    name: str
    today: date
    made_at: datetime
    programmes: Programmes
    given: tuple[GivenDose, ...]
    next_doses: tuple[DoseAnswer, ...]
    checkups: tuple[Checkup, ...]
    growth: tuple[Shown, ...]
    screened: Mapping[str, Answers]
    newborn: Mapping[NewbornTest, NewbornResult]
    bookings: tuple[Booking, ...]


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
    given = _given(session, schedule.programme, ids)
    return ChildBook(
        child=child,
        name=name_of(vault, child),
        today=city_date(now),
        made_at=now,
        programmes=programmes,
        given=given,
        next_doses=next_doses(schedule.programme, child.birth_date, given, city_date(now)),
        checkups=tuple(checkups),
        growth=tuple(growth),
        screened=overview(session, clock, vault, screenings, **whose).answered,
        newborn=newborn_results(session, vault, **whose),
        bookings=_bookings(session, ids),
    )


def next_doses(
    programme: Programme, birth: date, given: tuple[GivenDose, ...], on: date
) -> tuple[DoseAnswer, ...]:
    """Overdue, due and upcoming doses, those that come first in front."""
    facts = ChildFacts(birth, believable(programme, birth, given, on))
    open_ones = [one for one in forecast(programme, facts, on) if one.status in STILL_TO_COME]
    return tuple(sorted(open_ones, key=lambda one: one.earliest or on))


def believable(
    programme: Programme, birth: date, given: tuple[GivenDose, ...], on: date
) -> dict[str, date]:
    """The days that the programme can be asked with; what contradicts the rest is left out.

    Two registrations that were joined may bring such days, and the book must be readable then.
    """
    days = {one.id: one.given_on for one in given}
    found: dict[str, date] = {}
    for vaccine in programme.vaccines:
        latest = birth
        for dose in () if vaccine.girls_only else vaccine.doses:
            day = days.get(dose.id)
            if day is not None and latest <= day <= on:
                found[dose.id] = latest = day
    return found


def doses_by_id(programme: Programme) -> dict[str, tuple[Vaccine, Dose]]:
    return {dose.id: (vaccine, dose) for vaccine, dose in _doses(programme)}


def _doses(programme: Programme) -> Iterator[tuple[Vaccine, Dose]]:
    """The usual doses last: where a shorter course has the same id, its name is the same."""
    for vaccine in programme.vaccines:
        shorter = vaccine.exposure.low_weight_doses if vaccine.exposure else ()
        yield from ((vaccine, dose) for dose in (*shorter, *vaccine.doses))


def _given(session: Session, programme: Programme, ids: list[int]) -> tuple[GivenDose, ...]:
    rows = session.scalars(
        select(HandbookEntry)
        .where(HandbookEntry.child_id.in_(ids), HandbookEntry.item_id.startswith(DOSE))
        .order_by(HandbookEntry.recorded_at)  # of two records the later one counts
    )
    known = doses_by_id(programme)
    latest = {row.item_id.removeprefix(DOSE): row.done_on for row in rows}
    found = [_dose(dose_id, day, known.get(dose_id)) for dose_id, day in latest.items()]
    return tuple(sorted(found, key=lambda one: (one.given_on, one.id)))


def _dose(dose_id: str, day: date, known: tuple[Vaccine, Dose] | None) -> GivenDose:
    if known is None:
        return GivenDose(dose_id, dose_id, day, series=None, number=None)
    vaccine, dose = known
    return GivenDose(dose_id, vaccine.title(dose), day, vaccine.name, dose.number)


def _bookings(session: Session, ids: list[int]) -> tuple[Booking, ...]:
    rows = session.scalars(
        select(Booking)
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
        .where(Booking.child_id.in_(ids))
        .order_by(Booking.id)
    )
    return tuple(rows)
