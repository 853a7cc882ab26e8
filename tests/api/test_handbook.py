"""A phone opens the handbook and records what is done."""

from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.app import parts_of
from backend.handbook.models import ItemDate
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
        "source": dose["source"],
        "page": None,
        "guide_slug": None,
        "series": "乙肝疫苗",
        "earliest_date": "2027-02-19",
        "recommended_by": "2027-05-29",
        "reason": dose["reason"],
        "waits_for": "乙肝疫苗第2剂",
        "ask_clinic": False,
        "alternative": None,
        "place": None,
        "batch": None,
    }
    assert "与上一剂间隔不少于60天" in dose["reason"]
    assert "2026年版" in dose["source"]
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
        ({"done_on": "2026-11-22", "lot": "x"}, "validation_failed"),
        ({"done_on": "2026-11-22", "batch": "x" * 41}, "validation_failed"),
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
    "item_id", ["vaccine:nothing", "vaccine:hpv-1", "'; DROP TABLE children; --", "%00", "x" * 3000]
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


def test_a_dose_is_kept_with_place_and_batch_and_the_next_one_is_offered(
    phone: Phone, child: int
) -> None:
    path = f"/children/{child}/handbook/vaccine:hepb-1"
    told = {"done_on": "2026-05-30", "place": " 澄江街道接种门诊 ", "batch": "B20260501"}

    answer = phone.put(path, told).json

    assert (answer["place"], answer["batch"]) == ("澄江街道接种门诊", "B20260501")
    following = answer["next"]
    assert (following["id"], following["status"]) == ("vaccine:hepb-2", "due")
    assert following["earliest_date"] == "2026-06-30"
    assert following["reason"]
    book = phone.get(f"/children/{child}/handbook").json
    assert book["last_place"] == "澄江街道接种门诊"
    assert phone.put(path, {"done_on": "2026-05-30"}).json["place"] is None
    assert phone.delete(path).json["next"] is None


def test_the_other_product_takes_the_place_of_the_usual_one(phone: Phone, child: int) -> None:
    assert item(phone, child, "vaccine:jel-1")["alternative"] == {
        "id": "vaccine:jei-1",
        "name": "乙脑灭活疫苗",
        "changes": "共4剂：8月龄、8月龄、2周岁、6周岁",
    }

    answer = phone.put(f"/children/{child}/handbook/vaccine:jei-1", {"done_on": "2026-11-22"})

    assert answer.json["ask_clinic"]  # five months are too early
    ids = {one["id"] for one in phone.get(f"/children/{child}/handbook").json["items"]}
    assert {"vaccine:jei-2", "vaccine:jei-4"} <= ids
    assert "vaccine:jel-1" not in ids
    undone = phone.delete(f"/children/{child}/handbook/vaccine:jei-1").json
    assert undone["alternative"]["id"] == "vaccine:jel-1"
    assert item(phone, child, "vaccine:jel-2")


def test_doses_that_would_run_backwards_are_refused_with_the_other_one(
    phone: Phone, child: int
) -> None:
    phone.put(f"/children/{child}/handbook/vaccine:hepb-2", {"done_on": "2026-07-01"})

    answer = phone.put(f"/children/{child}/handbook/{DOSE}", {"done_on": "2026-06-01"})

    assert (answer.status_code, code_of(answer)) == (422, "doses_backwards")
    assert answer.json["detail"] == "乙肝疫苗第2剂记的是2026年7月1日"


def test_what_a_family_says_once_moves_the_doses(phone: Phone, child: int) -> None:
    path = f"/children/{child}/vaccine-facts"
    before = phone.get(path).json
    assert before["mother_hbsag"] is None
    asked = {one["asked"] for one in before["questions"]}
    assert asked == {"mother_hbsag", "had_varicella", "immunoglobulin"}
    fourth = f"/children/{child}/handbook/vaccine:hepb-4"
    assert code_of(phone.put(fourth, {"done_on": "2026-11-20"})) == "dose_not_meant"

    said = {"mother_hbsag": "positive", "birth_grams": 1900, "immunoglobulin": ["2026-11-01"]}
    answer = phone.put(path, said).get_json()

    assert {name: answer[name] for name in said} == said
    assert {"birth_grams"} < {one["asked"] for one in answer["questions"]}
    assert item(phone, child)["due_date"] == "2026-07-30"  # two months, not six
    assert item(phone, child, "vaccine:hepb-4")["due_date"] == "2026-12-30"
    assert item(phone, child, "vaccine:mmr-1")["due_date"] == "2027-02-01"
    assert phone.put(fourth, {"done_on": "2026-11-20"}).status_code == 200
    assert phone.put(path, {}).json["mother_hbsag"] is None
    assert item(phone, child, "vaccine:hepb-4")["status"] == "done"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"immunoglobulin": ["2026-05-29"]}, "done_date_out_of_range"),
        ({"immunoglobulin": ["2026-11-24"]}, "done_date_out_of_range"),
        ({"birth_grams": 30}, "validation_failed"),
        ({"mother_hbsag": "maybe"}, "validation_failed"),
    ],
)
def test_facts_that_cannot_be_are_refused(
    phone: Phone, child: int, body: dict[str, Any], code: str
) -> None:
    answer = phone.put(f"/children/{child}/vaccine-facts", body)

    assert (answer.status_code, code_of(answer)) == (422, code)


def test_another_familys_facts_are_not_found(client: FlaskClient, child: int) -> None:
    path = f"/children/{child}/vaccine-facts"

    assert Phone(client).get(path).status_code == 404
    assert Phone(client).put(path, {}).status_code == 404


def test_a_corrected_birth_date_moves_what_was_recorded(phone: Phone, child: int) -> None:
    phone.put(f"/children/{child}/handbook/vaccine:hepb-1", {"done_on": "2026-05-30"})
    now = next(one for one in phone.get("/children").json["items"] if one["id"] == child)
    names = ("name", "sex", "town_code", "home_cared")

    body = {name: now[name] for name in names} | {"birth_date": "2026-06-10"}
    assert phone.put(f"/children/{child}", body).status_code == 200

    assert item(phone, child, "vaccine:hepb-1")["status"] == "done"
    assert item(phone, child, "vaccine:hepb-2")["due_date"] == "2026-07-10"


def test_what_another_registration_recorded_moves_the_childs_doses_once_they_are_joined(
    client: FlaskClient, phone: Phone, child: int, sessions: Sessions
) -> None:
    other = Phone(client)
    twice = other.add_child(birth_date=IN_A_WEEK_SIX_MONTHS)
    assert twice["possible_duplicate"]
    other.put(f"/children/{twice['id']}/handbook/vaccine:hepb-1", {"done_on": "2026-05-30"})
    other.put(f"/children/{twice['id']}/handbook/vaccine:hepb-2", {"done_on": "2026-11-20"})
    code = phone.post(f"/children/{child}/invitations", key="i").json["code"]

    assert other.post(f"/invitations/{code}/accept").json["id"] == child

    assert item(phone, child)["due_date"] == "2027-01-19"
    with sessions() as session:
        row = session.scalars(select(ItemDate).where(ItemDate.child_id == child)).one()
    assert (row.item_id, row.due_on) == (DOSE, date(2027, 1, 19))
