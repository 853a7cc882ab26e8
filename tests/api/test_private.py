"""Priority and the home address over the API: asked when used, each with its own consent."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.people import priority
from tests.api.families import Phone, code_of
from tests.bookings.home import make_visit
from tests.factories import make_slot
from tests.people.private import NEXT_YEAR, OFFICER, STREET, grants

Sessions = sessionmaker[Session]


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


@pytest.fixture
def child(phone: Phone) -> int:
    number: int = phone.add_child()["id"]
    return number


def test_the_optional_consents_are_never_needed_to_register(phone: Phone, child: int) -> None:
    listed = phone.get("/consents").json

    assert {one["purpose"] for one in listed["documents"]} == {
        "privacy",
        "children",
        "priority",
        "address",
        "pregnancy",
        "diary",
    }
    assert listed["needed"] == []
    assert {one["purpose"] for one in listed["given"]} == {"privacy", "children"}


def test_priority_is_asked_granted_seen_and_taken_back(
    phone: Phone, child: int, sessions: Sessions, clock: FixedClock
) -> None:
    path = f"/children/{child}/priority"
    assert phone.get(path).json == {
        "state": "none",
        "asked_at": None,
        "valid_until": None,
        "agreed": False,
    }
    refused = phone.post(path, {"kind": "autism"})
    assert (refused.status_code, code_of(refused)) == (403, "consent_needed")
    assert "优先资格信息说明" in refused.json["detail"]

    phone.agree("priority")
    answer = phone.post(path, {"kind": "autism"})
    assert (answer.status_code, answer.json["state"], answer.json["agreed"]) == (201, "asked", True)
    assert "autism" not in phone.get(path).text
    with sessions.begin() as session:
        number = grants(sessions, child)[0].id
        priority.grant(session, clock, grant_id=number, valid_until=NEXT_YEAR, actor=OFFICER)
    assert phone.get(path).json["valid_until"] == "2027-11-23"
    assert code_of(phone.post(path, {"kind": "hardship"})) == "priority_stands"

    assert phone.delete(path).status_code == 204
    assert phone.get(path).json["state"] == "none"
    assert phone.delete(path).status_code == 204


def test_a_consent_taken_back_ends_priority(phone: Phone, child: int, sessions: Sessions) -> None:
    phone.agree("priority")
    phone.post(f"/children/{child}/priority", {"kind": "disability"})

    assert phone.delete("/consents/priority").json["needed"] == []

    answer = phone.get(f"/children/{child}/priority").json
    assert (answer["state"], answer["agreed"]) == ("none", False)
    assert grants(sessions, child) == []


@pytest.mark.parametrize("body", [{}, {"kind": "rich"}, {"kind": "autism", "why": "x"}])
def test_what_is_no_kind_is_refused(phone: Phone, child: int, body: dict[str, str]) -> None:
    phone.agree("priority")
    answer = phone.post(f"/children/{child}/priority", body)

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")


def test_an_address_is_asked_when_a_home_visit_is_booked_and_not_before(
    phone: Phone, child: int, sessions: Sessions
) -> None:
    visit = make_visit(sessions, None)
    body = {"child_id": child, "slot_id": visit}
    listed = {one["id"]: one for one in phone.get("/slots", child_id=child).json["items"]}
    assert (listed[visit]["bookable"], listed[visit]["reason"]) == (False, "address_needed")
    refused = phone.post("/bookings", body)
    assert (refused.status_code, code_of(refused)) == (409, "address_needed")
    assert "上门地址" in refused.json["detail"]
    assert phone.post("/bookings", body | {"slot_id": make_slot(sessions)}).status_code == 201

    path = f"/children/{child}/address"
    assert phone.get(path).json == {"address": None, "changed_at": None, "agreed": False}
    assert code_of(phone.put(path, {"address": STREET})) == "consent_needed"
    phone.agree("address")
    assert phone.put(path, {"address": STREET}).json["address"] == STREET
    assert phone.post("/bookings", body).status_code == 201

    assert phone.delete(path).status_code == 204
    assert phone.get(path).json["address"] is None


@pytest.mark.parametrize("text", ["", "六号", "路" * 101, "测试路\x006号", 7, None])
def test_what_leads_to_no_door_is_refused(phone: Phone, child: int, text: object) -> None:
    phone.agree("address")
    answer = phone.put(f"/children/{child}/address", {"address": text})

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")


@pytest.mark.parametrize("what", ["priority", "address"])
def test_another_familys_child_is_not_found(
    phone: Phone, child: int, client: FlaskClient, what: str
) -> None:
    other = Phone(client)
    other.add_child()
    other.agree("priority", "address")
    path = f"/children/{child}/{what}"

    answers = [
        other.get(path),
        other.post(path, {"kind": "autism"})
        if what == "priority"
        else other.put(path, {"address": STREET}),
        other.delete(path),
    ]

    assert {answer.status_code for answer in answers} == {404}


def test_neither_kind_nor_address_is_in_the_logs(
    phone: Phone, child: int, capsys: pytest.CaptureFixture[str]
) -> None:
    phone.agree("priority", "address")
    capsys.readouterr()

    phone.post(f"/children/{child}/priority", {"kind": "autism"})
    phone.put(f"/children/{child}/address", {"address": STREET})
    phone.put(f"/children/{child}/address", {"address": STREET * 20})
    phone.get(f"/children/{child}/address")
    phone.get(f"/children/{child}/export")

    logged = "".join(capsys.readouterr())
    assert "/api/v1/children/<int:child_id>/address" in logged
    assert "autism" not in logged
    assert STREET[:6] not in logged
