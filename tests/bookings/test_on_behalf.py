"""A community worker books for a family without a smartphone."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import rules
from backend.bookings.models import Booking
from backend.bookings.on_behalf import book_on_behalf
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.privacy import Vault
from backend.outbox.models import Message
from backend.people import paper
from backend.people.models import OF_EVERYBODY, Child, Relation, Sex
from backend.people.paper import KnownElsewhere, Paper, Who
from backend.people.rules import BirthDateOutOfRange
from tests.bookings.family import DOCUMENTS, log_of, state_of
from tests.factories import TOWN, make_slot, make_slots, make_staff

Sessions = sessionmaker[Session]
OTHER = "320281100"
SIGNED = Paper(Relation.GRANDPARENT, date(2026, 11, 23))
WHO = Who("丁小满", Sex.FEMALE, date(2026, 1, 15))


def register(
    sessions: Sessions, clock: FixedClock, vault: Vault, who: Who = WHO, town: str = TOWN
) -> int:
    with sessions.begin() as session:
        return paper.register(
            session, clock, vault, DOCUMENTS, who, SIGNED, town_code=town, actor="staff:1"
        ).id


def find(
    sessions: Sessions, clock: FixedClock, vault: Vault, who: Who, town: str = TOWN
) -> int | None:
    with sessions.begin() as session:
        found = paper.find(session, clock, vault, who, town_code=town, actor="staff:1")
        return None if found is None else found.id


def book(
    sessions: Sessions, clock: FixedClock, child: int, slot: int, staff: int, town: str = TOWN
) -> int:
    with sessions.begin() as session:
        return book_on_behalf(
            session,
            clock,
            SIGNED,
            child_id=child,
            slot_id=slot,
            town_code=town,
            staff_id=staff,
        ).id


def audited(sessions: Sessions) -> list[tuple[str, str, str]]:
    with sessions() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.actor, row.action, row.subject) for row in rows]


def test_a_family_on_paper_gets_a_place_like_every_other(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    staff = make_staff(sessions)
    child = register(sessions, clock, vault)

    booking = book(sessions, clock, child, make_slot(sessions), staff)

    assert state_of(sessions, booking) == ("requested", 1, 1)
    assert log_of(sessions, booking) == [(None, "requested", f"staff:{staff}")]
    with sessions() as session:
        row = session.get_one(Booking, booking)
        assert (row.on_behalf_of_by, row.booked_by) == (staff, None)
        assert session.scalars(select(Message)).all() == []  # nobody to tell
        noted = session.scalars(
            select(AuditEntry).where(AuditEntry.action == "consent.on_paper").order_by("id")
        ).all()
    versions = {purpose.value: DOCUMENTS[purpose].version for purpose in OF_EVERYBODY}
    assert noted[0].detail["documents"] == versions
    assert noted[1].detail == {"relation": "grandparent", "signed_on": "2026-11-23"}
    assert audited(sessions)[-1] == (f"staff:{staff}", "booking.on_behalf", f"booking:{booking}")


def test_only_who_knows_exactly_finds_a_child_and_each_search_is_written_down(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    child = register(sessions, clock, vault)

    assert find(sessions, clock, vault, Who("丁 小满", Sex.FEMALE, WHO.birth_date)) == child
    for who in (
        Who("丁小", Sex.FEMALE, WHO.birth_date),
        Who("丁小满", Sex.MALE, WHO.birth_date),
        Who("丁小满", Sex.FEMALE, date(2026, 1, 16)),
        Who("", Sex.FEMALE, WHO.birth_date),
    ):
        assert find(sessions, clock, vault, who) is None
    assert find(sessions, clock, vault, WHO, town=OTHER) is None

    searches = [one for one in audited(sessions) if one[1] == "child.searched"]
    assert [subject for _, _, subject in searches] == [f"child:{child}"] + ["child:none"] * 5
    assert "丁" not in str(audited(sessions))


def test_the_same_rules_hold_for_it(sessions: Sessions, clock: FixedClock, vault: Vault) -> None:
    staff, child = make_staff(sessions), register(sessions, clock, vault)
    slots = make_slots(sessions, 3)
    for slot in slots[:2]:
        book(sessions, clock, child, slot, staff)

    with pytest.raises(rules.TooManyOpen):
        book(sessions, clock, child, slots[2], staff)
    with pytest.raises(NotFound):
        book(sessions, clock, child, slots[2], staff, town=OTHER)


def test_a_child_is_not_registered_twice_nor_without_a_name(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    register(sessions, clock, vault)

    with pytest.raises(KnownElsewhere):
        register(sessions, clock, vault, town=OTHER)
    with pytest.raises(BirthDateOutOfRange):
        register(sessions, clock, vault, Who("丁一", Sex.MALE, date(2026, 11, 24)))
    with pytest.raises(Invalid):
        register(sessions, clock, vault, Who("", Sex.MALE, WHO.birth_date))
    with sessions() as session:
        assert len(session.scalars(select(Child)).all()) == 1


def test_the_paper_must_be_signed_before_the_booking(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    child, slot = register(sessions, clock, vault), make_slot(sessions)
    clock.advance(-timedelta(days=1))

    with pytest.raises(Invalid):
        book(sessions, clock, child, slot, make_staff(sessions))
