"""A phone opens the handbook and records what is done."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.app import parts_of
from backend.handbook.planner import plan_due
from backend.kernel.clock import FixedClock, city_date
from backend.outbox.models import Message
from tests.api.families import Phone, code_of

DOSE = "vaccine:hepb-3"
IN_A_WEEK_SIX_MONTHS = "2026-05-30"

Sessions = sessionmaker[Session]


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


@pytest.fixture
def child(phone: Phone) -> int:
    number: int = phone.add_child(birth_date=IN_A_WEEK_SIX_MONTHS)["id"]
    return number


def item(phone: Phone, child: int, item_id: str = DOSE) -> dict[str, Any]:
    items = phone.get(f"/children/{child}/handbook").json["items"]
    found: dict[str, Any] = next(one for one in items if one["id"] == item_id)
    return found


def test_the_handbook_says_what_is_due_from_birth_to_six(phone: Phone, child: int) -> None:
    answer = phone.get(f"/children/{child}/handbook").json

    assert answer["today"] == "2026-11-23"
    assert answer["version"] == "cn-nip-2026"
    assert answer["disclaimer"] == "以纸质手册和门诊记录为准"
    assert answer["child"]["name"] == "丁小满"
    assert answer["child"]["age_text"] == "5月龄又24天"
    due = [one["due_date"] for one in answer["items"]]
    assert due == sorted(due)
    assert (due[0], due[-1]) == (IN_A_WEEK_SIX_MONTHS, "2032-05-30")


def test_an_item_opens(phone: Phone, child: int) -> None:
    dose, guide = item(phone, child), item(phone, child, "guide:man-liuyue-tian-fushi")

    assert dose | {"page": None, "summary": ""} == {
        "id": DOSE,
        "kind": "vaccine",
        "title": "乙肝疫苗第3剂",
        "summary": "",
        "from_date": "2026-11-30",
        "due_date": "2026-11-30",
        "until_date": "2027-05-29",
        "status": "upcoming",
        "done_on": None,
        "source": "cn-nip-2026",
        "page": None,
        "guide_slug": None,
    }
    headings = [section["heading"] for section in dose["page"]["sections"]]
    assert headings == ["打什么", "什么时候", "当天", "漏打了", "来源"]
    assert guide["page"] is None
    assert phone.get(f"/guides/{guide['guide_slug']}").status_code == 200


def test_every_guide_of_the_month_can_be_read(phone: Phone, child: int) -> None:
    for one in phone.get(f"/children/{child}/handbook").json["items"]:
        if one["guide_slug"] is not None:
            assert phone.get(f"/guides/{one['guide_slug']}").status_code == 200


def test_what_is_done_is_recorded_and_taken_back(phone: Phone, child: int) -> None:
    path = f"/children/{child}/handbook/{DOSE}"

    answer = phone.put(path, {"done_on": "2026-11-22"})
    assert (answer.status_code, answer.json["status"]) == (200, "done")
    assert item(phone, child)["done_on"] == "2026-11-22"

    answer = phone.delete(path)
    assert (answer.status_code, answer.json["status"]) == (200, "upcoming")
    assert phone.delete(path).status_code == 200


def test_recording_stops_the_reminder(
    phone: Phone, child: int, client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    schedule = parts_of(client.application).handbook
    with sessions.begin() as session:
        assert plan_due(session, clock, schedule, city_date(clock.now())) == 1

    phone.put(f"/children/{child}/handbook/{DOSE}", {"done_on": "2026-11-23"})

    with sessions() as session:
        (waiting,) = session.scalars(select(Message)).all()
    left = [one["item_id"] for one in waiting.data["children"][0]["items"]]
    assert DOSE not in left
    assert len(left) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"done_on": "2026-11-24"}, "done_date_out_of_range"),
        ({"done_on": "2026-05-29"}, "done_date_out_of_range"),
        ({"done_on": "yesterday"}, "validation_failed"),
        ({"done_on": "2026-02-30"}, "validation_failed"),
        ({}, "validation_failed"),
        ({"done_on": "2026-11-22", "batch": "x"}, "validation_failed"),
    ],
)
def test_a_day_that_cannot_be_is_refused(
    phone: Phone, child: int, body: dict[str, str], code: str
) -> None:
    answer = phone.put(f"/children/{child}/handbook/{DOSE}", body)

    assert answer.status_code == 422
    assert code_of(answer) == code
    assert item(phone, child)["done_on"] is None


@pytest.mark.parametrize(
    "item_id", ["vaccine:nothing", "vaccine:jei-1", "'; DROP TABLE children; --", "%00", "x" * 3000]
)
def test_an_item_that_is_not_in_the_programme_is_not_found(
    phone: Phone, child: int, item_id: str
) -> None:
    answer = phone.put(f"/children/{child}/handbook/{item_id}", {"done_on": "2026-11-22"})

    assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_another_familys_handbook_is_not_found(client: FlaskClient, child: int) -> None:
    stranger = Phone(client)
    path = f"/children/{child}/handbook"

    assert stranger.get(path).status_code == 404
    assert stranger.put(f"{path}/{DOSE}", {"done_on": "2026-11-22"}).status_code == 404
    assert stranger.delete(f"{path}/{DOSE}").status_code == 404
    assert client.get(f"/api/v1{path}").status_code == 401


def test_both_guardians_see_the_same_handbook(
    phone: Phone, child: int, client: FlaskClient
) -> None:
    father = Phone(client)
    father.agree()
    code = phone.post(f"/children/{child}/invitations").json["code"]
    father.post(f"/invitations/{code}/accept", {"relation": "father"})

    father.put(f"/children/{child}/handbook/{DOSE}", {"done_on": "2026-11-21"})

    assert item(phone, child)["done_on"] == "2026-11-21"


def test_nothing_new_is_recorded_after_the_consent_was_withdrawn(phone: Phone, child: int) -> None:
    phone.delete("/consents/children")

    answer = phone.put(f"/children/{child}/handbook/{DOSE}", {"done_on": "2026-11-20"})

    assert (answer.status_code, code_of(answer)) == (403, "consent_needed")
    assert item(phone, child)["done_on"] is None
