"""What is left of a family that has gone: nothing that tells who they were."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import InboundEvent
from backend.bookings import desk
from backend.bookings.models import Booking, BookingState
from backend.kernel.clock import FixedClock
from backend.people.models import Child, DuplicateState
from backend.rights.deletion import forget_grown, leave_child
from tests.api.families import Phone
from tests.factories import APPID, MORNING, make_booking, make_slot
from tests.people import acts
from tests.rights.traces import (
    ADVICE,
    CLINIC,
    DIARY,
    KIND,
    NAME,
    NUMBER,
    OPENID,
    STREET,
    TEAM,
    child_of,
    make_family,
    readable,
)

Sessions = sessionmaker[Session]


GONE_WITH_THE_CHILD = (
    "messages",
    "handbook_entries",
    "checkup_notes",
    "screening_notes",
    "newborn_notes",
    "family_doctor_notes",
    "measurements",
    "item_dates",
    "vaccine_facts",
    "invitations",
    "priority_grants",
    "home_addresses",
    "diary_entries",
    "home_checks",
    "doctor_links",
    "handbook_grants",
)
GONE_WITH_THE_PARENT = {
    "guardians": "parent_id",
    "messages": "parent_id",
    "pregnancies": "parent_id",
    "pregnancy_parents": "parent_id",
    "parent_tokens": "parent_id",
    "parent_identities": "parent_id",
    "followers": "parent_id",
    "link_codes": "parent_id",
    "idempotent_answers": "parent_id",
    "quiz_sets": "parent_id",
    "consents": "withdrawn_at IS NULL AND parent_id",
}


@pytest.fixture
def family(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> Phone:
    return make_family(client, sessions, clock)


def test_names_and_numbers_are_sealed_while_the_family_is_there(
    family: Phone, sessions: Sessions
) -> None:
    words = (NAME, NUMBER, STREET, KIND, ADVICE, TEAM, "weight_g", DIARY)
    assert readable(sessions, *words) == []
    assert "parent_identities.openid" in readable(sessions, OPENID)  # the search does find


def test_an_answer_kept_for_a_key_is_sealed_and_still_the_same(
    family: Phone, sessions: Sessions
) -> None:
    slot = make_slot(sessions)
    body = {"child_id": child_of(family), "slot_id": slot}

    first, again = (family.post("/bookings", body, key="k") for _ in range(2))

    assert first.status_code == 201
    assert first.data == again.data
    assert readable(sessions, NAME) == []


def test_nothing_tells_of_a_family_that_closed_its_account(
    family: Phone, sessions: Sessions
) -> None:
    child, me = child_of(family), family.get("/me").json["id"]
    with sessions.begin() as session:
        session.add(
            InboundEvent(
                appid=APPID,
                dedupe_key="d",
                kind="x",
                openid=OPENID,
                payload={"FromUserName": OPENID},
                received_at=MORNING,
                handled_at=MORNING,
            )
        )

    assert family.delete("/me").status_code == 204

    words = (NAME, NUMBER, OPENID, STREET, KIND, ADVICE, TEAM, CLINIC, DIARY)
    assert readable(sessions, *words) == []
    with sessions() as session:
        row = session.get_one(Child, child)
        assert (row.name_sealed, row.village_code, row.gestational_weeks) == ("", None, None)
    for table in GONE_WITH_THE_CHILD:
        assert count(sessions, table, "child_id", child) == 0, table
    for table, column in GONE_WITH_THE_PARENT.items():
        assert count(sessions, table, column, me) == 0, table


def count(sessions: Sessions, table: str, column: str, value: int) -> int:
    with sessions() as session:
        query = text(f"SELECT count(*) FROM {table} WHERE {column} = :value")
        return int(session.scalar(query, {"value": value}) or 0)


def test_the_identity_of_a_deleted_child_is_not_kept_either(
    family: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    """With the key, a kept fingerprint would still tell whether a child had been here."""
    child = child_of(family)
    before = acts.child_row(sessions, child).identity

    family.delete(f"/children/{child}")

    assert acts.child_row(sessions, child).identity != before
    again = acts.register(sessions, clock, acts.parent(sessions), name=NAME)
    assert acts.child_row(sessions, again).duplicate_of_id is None


def test_open_places_are_given_back_and_past_sessions_stay_for_the_accounts(
    family: Phone, sessions: Sessions
) -> None:
    child = child_of(family)
    past = make_slot(sessions, starts_at=MORNING.replace(month=10))
    attended = make_booking(
        sessions, child_id=child, slot_id=past, state=BookingState.ATTENDED, quota_number=6
    )

    family.delete(f"/children/{child}")

    with sessions() as session:
        rows = session.scalars(select(Booking).where(Booking.child_id == child)).all()
        assert {row.id for row in rows if row.quota_number is not None} == {attended}
        assert not [row for row in rows if row.state in {"requested", "confirmed"}]
        assert desk.counter_drift(session) == []


def test_one_guardian_who_leaves_takes_only_what_is_theirs(
    family: Phone, client: FlaskClient, sessions: Sessions
) -> None:
    child = child_of(family)
    father = Phone(client)
    father.agree()
    code = family.post(f"/children/{child}/invitations").json["code"]
    assert father.post(f"/invitations/{code}/accept").status_code == 200

    assert family.delete(f"/children/{child}").status_code == 204

    assert father.get("/children").json["items"][0]["name"] == NAME
    # He was never asked about these two, so they do not stay with him.
    assert father.get(f"/children/{child}/address").json["address"] is None
    assert father.get(f"/children/{child}/priority").json["state"] == "none"
    assert len(father.get("/bookings").json["items"]) == 4
    assert family.get("/bookings").json["items"] == []
    assert family.get("/messages").json["items"] == []
    assert family.get("/me").status_code == 200


def test_a_registration_that_was_joined_goes_with_the_child(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, father = acts.parent(sessions), acts.parent(sessions)
    first = acts.register(sessions, clock, mother)
    second = acts.register(sessions, clock, father)
    acts.decide(sessions, clock, second, same=True)

    for parent in (father, mother):
        with sessions.begin() as session:
            leave_child(session, clock, parent_id=parent, child_id=first)

    for child in (first, second):
        row = acts.child_row(sessions, child)
        assert (row.name_sealed, row.deleted_at) == ("", clock.now())
    assert acts.guardian_rows(sessions, father) == []


def test_the_second_family_may_book_when_the_first_has_gone(
    sessions: Sessions, clock: FixedClock
) -> None:
    families = [acts.parent(sessions) for _ in range(3)]
    first, second, third = (acts.register(sessions, clock, one) for one in families)

    with sessions.begin() as session:
        leave_child(session, clock, parent_id=families[0], child_id=first)

    assert acts.child_row(sessions, second).duplicate_state is None
    assert acts.child_row(sessions, third).duplicate_of_id == second
    assert acts.child_row(sessions, third).duplicate_state is DuplicateState.POSSIBLE


def test_a_child_of_seven_is_forgotten_with_every_registration_of_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, father = acts.parent(sessions), acts.parent(sessions)
    first = acts.register(sessions, clock, mother)
    second = acts.register(sessions, clock, father)
    acts.decide(sessions, clock, second, same=True)
    clock.set(MORNING.replace(year=2033))

    with sessions.begin() as session:
        assert forget_grown(session, clock) == 2

    assert acts.child_row(sessions, first).name_sealed == ""
    assert acts.child_row(sessions, second).name_sealed == ""
    assert acts.guardian_rows(sessions, father) == []


def test_every_deletion_is_in_the_log_without_a_name(family: Phone, sessions: Sessions) -> None:
    child, me = child_of(family), family.get("/me").json["id"]

    family.delete("/me")

    with sessions() as session:
        rows = session.execute(
            text("SELECT actor, action, subject, detail FROM audit_log ORDER BY id DESC LIMIT 3")
        ).all()
    assert {tuple(row)[:3] for row in rows} == {
        (f"parent:{me}", "child.deleted", f"child:{child}"),
        (f"parent:{me}", "pregnancy.deleted", f"parent:{me}"),
        (f"parent:{me}", "parent.deleted", f"parent:{me}"),
    }
    assert [row.detail for row in rows] == [{}, {}, {}]
