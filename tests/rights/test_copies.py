"""The copy for the family holds everything that is kept of a child."""

import json
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook import growth_queries
from backend.handbook.growth_models import GrowthEntry
from backend.handbook.growth_rules import Measures
from backend.kernel import audit
from backend.kernel.clock import FixedClock
from backend.kernel.db import Base
from backend.people.models import Child
from tests.api.families import Phone
from tests.factories import default_vault, make_booking, make_slot
from tests.people import acts
from tests.rights.traces import (
    ADVICE,
    CLINIC,
    DIARY,
    FACTS,
    KIND,
    NAME,
    STREET,
    TEAM,
    TOWN,
    WEEKS,
    WEIGHT_G,
    child_of,
    make_family,
)

Sessions = sessionmaker[Session]

# Table that refers to a child → part of the copy.
PARTS = {
    "guardians": "guardians",
    "invitations": "invitations",
    "waiting_entries": "waiting",
    "booking_pauses": "pauses",
    "priority_grants": "priority",
    "home_addresses": "addresses",
    "duplicate_decisions": "registrations",
    "children": "child",
    "bookings": "bookings",
    "messages": "messages",
    "handbook_entries": "handbook",
    "item_dates": "moved_items",
    "checkup_notes": "checkups",
    "screening_notes": "screenings",
    "newborn_notes": "newborn_screening",
    "family_doctor_notes": "family_doctor",
    "measurements": "growth",
    "vaccine_facts": "vaccine_facts",
    "diary_entries": "diary",
    "home_checks": "home_checks",
    "doctor_links": "doctor_links",
    "handbook_grants": "handbook_grants",
}
# Column of the child → its name in the copy. What is not here is ours, not theirs: ids, the
# fingerprint made of what is in the copy, the date of a deletion, and when we last planned anew.
COLUMNS = {
    "name_sealed": "name",
    "birth_date": "birth_date",
    "sex": "sex",
    "gestational_weeks": "gestational_weeks",
    "town_code": "town_code",
    "village_code": "village_code",
    "home_cared": "home_cared",
    "duplicate_state": "duplicate",
    "departure": "departure",
    "departed_at": "departed_at",
    "created_at": "registered_at",
}
OURS = {"id", "identity", "duplicate_of_id", "deleted_at", "replanned_on"}
WORDS = {f"{what}_{items}" for what in ("recorded", "moved") for items in ("doses", "checkups")}
SAID_BY_ROWS = WORDS | {"dose_days", "checkup_days"}  # what else is in the copy, as bits


@pytest.fixture
def family(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> Phone:
    return make_family(client, sessions, clock)


def test_every_table_that_refers_to_a_child_is_in_the_copy(family: Phone) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json

    tables = {
        key.parent.table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "children"
    }
    assert tables == set(PARTS)
    assert isinstance(copy, dict)
    assert set(PARTS.values()) <= set(copy)


def test_every_fact_of_the_child_is_in_the_copy(family: Phone) -> None:
    child = family.get(f"/children/{child_of(family)}/export").json["child"]

    assert {column.name for column in Child.__table__.columns} == set(COLUMNS) | OURS | SAID_BY_ROWS
    assert set(child) == set(COLUMNS.values())
    assert (child["name"], child["gestational_weeks"], child["town_code"]) == (NAME, WEEKS, TOWN)
    assert child["birth_date"] == "2026-03-10"


def test_the_copy_tells_what_happened_and_by_which_side(family: Phone) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json

    assert [one["state"] for one in copy["bookings"]] == [
        "confirmed",
        "declined",
        "cancelled_by_family",
        "requested",
    ]
    declined = copy["bookings"][1]
    assert declined["reason"] == "老师病了"
    assert [(step["by"], step["state"]) for step in declined["history"]] == [
        ("parent", "requested"),
        ("staff", "declined"),
    ]
    assert [entry["item"] for entry in copy["handbook"]] == ["vaccine:hepb-1", "checkup:m8"]
    (measured,) = copy["growth"]
    assert measured | {"recorded_at": ""} == {
        "measured_on": "2026-11-20",
        "weight_g": WEIGHT_G,
        "length_mm": None,
        "lying": None,
        "head_mm": None,
        "recorded_at": "",
    }
    dose = copy["handbook"][0]
    assert (dose["item"], dose["place"], dose["batch"]) == ("vaccine:hepb-1", CLINIC, "B2026")
    assert copy["vaccine_facts"] == FACTS
    assert {one["item"] for one in copy["moved_items"]} >= {"vaccine:varv-1"}
    assert len(copy["invitations"]) == 1
    assert {one["purpose"] for one in copy["consents"]} == {
        "privacy",
        "children",
        "priority",
        "address",
        "pregnancy",
        "diary",
    }
    assert {one["template"] for one in copy["messages"]} >= {"booking_confirmed"}


def test_who_looked_at_the_record_is_told_without_a_name(
    family: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    child = child_of(family)
    with sessions.begin() as session:
        audit.record(session, clock, actor="staff:7", action="child.seen", subject=f"child:{child}")

    log = family.get(f"/children/{child}/export").json["log"]

    assert [(line["by"], line["action"]) for line in log] == [
        ("self", "priority.asked"),
        ("self", "address.put"),
        ("self", "child.doctor_link_made"),
        ("staff", "handbook_grant.asked"),
        ("staff", "handbook_grant.granted"),
        ("self", "child.exported"),
        ("staff", "child.seen"),
        ("self", "child.exported"),
    ]


def test_another_guardian_appears_by_relation_only(family: Phone, client: FlaskClient) -> None:
    child = child_of(family)
    father = Phone(client, "papa")
    father.agree()
    code = family.post(f"/children/{child}/invitations").json["code"]
    father.post(f"/invitations/{code}/accept", {"relation": "father"})

    text = json.dumps(father.get(f"/children/{child}/export").json, ensure_ascii=False)

    copy = json.loads(text)
    assert [one["relation"] for one in copy["guardians"]] == ["mother", "father"]
    assert copy["messages"] == []  # the mother's are hers
    assert "openid" not in text
    assert f"parent:{family.get('/me').json['id']}" not in text


def test_what_a_joined_registration_kept_is_in_the_copy(
    client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    phone = Phone(client)
    child = phone.add_child()["id"]
    second = acts.register(sessions, clock, acts.parent(sessions))
    acts.decide(sessions, clock, second, same=True)
    make_booking(sessions, child_id=second, slot_id=make_slot(sessions), quota_number=None)
    phone.put(f"/children/{child}/growth/2026-11-20", {"weight_g": 8_300})
    values = growth_queries.sealed(default_vault(), Measures(weight_g=8_400))
    with sessions.begin() as session:
        session.add(
            GrowthEntry(
                child_id=second,
                measured_on=date(2026, 11, 20),
                values_sealed=values,
                recorded_at=clock.now(),
            )
        )

    copy = phone.get(f"/children/{child}/export").json

    assert [one["same"] for one in copy["registrations"]] == [True]
    assert len(copy["bookings"]) == 1
    assert len(copy["guardians"]) == 2
    assert {one["weight_g"] for one in copy["growth"]} == {8_300, 8_400}


def test_the_copy_tells_the_kind_and_the_address_to_the_family(family: Phone) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json

    (asked,) = copy["priority"]
    assert (asked["kind"], asked["state"], asked["valid_until"]) == (KIND, "asked", None)
    assert [one["address"] for one in copy["addresses"]] == [STREET]
    assert copy["library"] == []


def test_the_copy_holds_what_the_family_copied_from_papers(family: Phone) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json

    (found,) = copy["checkups"]
    assert (found["visit"], found["advice"]) == ("m8", ADVICE)
    assert copy["screenings"][0]["answers"]["w08-1"] == "yes"
    assert copy["newborn_screening"][0]["result"] == "passed"
    assert copy["family_doctor"][0]["team"] == TEAM


def test_the_copy_holds_the_diary_and_the_home_checks(family: Phone) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json

    (day,) = copy["diary"]
    assert (day["day"], day["note"], day["photo"]) == ("2026-11-22", DIARY, True)
    (check,) = copy["home_checks"]
    assert check["answers"] == {"choke-bed": "done"}
