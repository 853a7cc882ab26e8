"""A phone writes down what was measured and reads the curves."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from backend.kernel.clock import FixedClock
from tests.api.families import Phone, code_of
from tests.factories import MORNING

CURVES = "/api/v1/growth-curves"


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


@pytest.fixture
def child(phone: Phone) -> int:
    number: int = phone.add_child(birth_date="2026-05-23")["id"]
    return number


def put(phone: Phone, child: int, day: str, **body: Any) -> Any:
    return phone.put(f"/children/{child}/growth/{day}", body)


def score(reading: Any, indicator: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in reading["scores"] if one["indicator"] == indicator)
    return found


def test_a_measurement_comes_back_with_z_centile_and_the_standards_names(
    phone: Phone, child: int
) -> None:
    assert put(phone, child, "2026-11-23", weight_g=7_700, length_mm=672, lying=True).json == {
        "saved": True,
        "questions": [],
    }

    answer = phone.get(f"/children/{child}/growth").json

    assert answer["standard"] == "wst423"
    assert [one["name"] for one in answer["standards"]] == ["wst423", "who"]
    assert answer["disclaimer"] == "以纸质手册和门诊记录为准"
    assert answer["today"] == "2026-11-23"
    assert answer["child"] | {"id": 0} == {
        "id": 0,
        "name": "丁小满",
        "sex": "f",
        "birth_date": "2026-05-23",
        "age_text": "6月龄",
        "preterm": False,
        "stands_from": "2028-05-23",
    }
    (item,) = answer["items"]
    assert (item["weight_g"], item["length_mm"], item["lying"], item["head_mm"]) == (
        7_700,
        672,
        True,
        None,
    )
    assert item["corrected"] is None
    assert [one["indicator"] for one in item["actual"]["scores"]] == ["wfa", "lhfa", "bfa", "wfl"]
    weight = score(item["actual"], "wfa")
    assert (weight["x"], weight["value"], weight["label"]) == (6, 7.7, weight["level"])
    assert -1 < weight["z"] < 1
    assert 10 < weight["centile"] < 90
    assert weight["place"].endswith("之间")
    assert score(item["actual"], "wfl")["x"] == 67.2


def test_the_other_standard_is_a_choice(phone: Phone, child: int) -> None:
    put(phone, child, "2026-11-23", weight_g=7_300)

    national, who = (
        phone.get(f"/children/{child}/growth", standard=name).json["items"][0]["actual"]
        for name in ("wst423", "who")
    )

    assert score(who, "wfa")["label"] == "-1SD～+1SD"
    assert score(who, "wfa")["z"] > score(national, "wfa")["z"]
    assert score(who, "wfa")["x"] == 6.045  # 184 days
    refusal = phone.get(f"/children/{child}/growth", standard="cdc")
    assert code_of(refusal) == "validation_failed"


def test_a_preterm_child_has_two_ages(phone: Phone) -> None:
    early = phone.add_child(name="丁早早", birth_date="2026-05-23", gestational_weeks=32)["id"]
    put(phone, early, "2026-06-23", weight_g=2_600)
    put(phone, early, "2026-11-23", weight_g=6_900)

    answer = phone.get(f"/children/{early}/growth").json

    assert answer["child"]["preterm"] is True
    before_due, later = answer["items"]
    assert before_due["corrected"] == {"age_text": "预产期前", "scores": []}
    assert later["actual"]["age_text"] == "6月龄"
    assert later["corrected"]["age_text"] == "4月龄又5天"
    assert score(later["corrected"], "wfa")["z"] > score(later["actual"], "wfa")["z"]
    assert score(later["corrected"], "wfa")["x"] < 5


def test_questions_come_first_and_nothing_is_refused(phone: Phone, child: int) -> None:
    asked = put(phone, child, "2026-11-23", weight_g=15_400).json
    assert asked["saved"] is False
    assert asked["questions"][0].startswith("体重15.4公斤，这个月龄很少见")
    assert phone.get(f"/children/{child}/growth").json["items"] == []

    assert put(phone, child, "2026-11-23", weight_g=15_400, confirmed=True).json["saved"]

    (item,) = phone.get(f"/children/{child}/growth").json["items"]
    assert item["questions"] == asked["questions"]


def test_what_changed_is_said_in_words(phone: Phone, child: int) -> None:
    put(phone, child, "2026-09-23", weight_g=6_600)
    put(phone, child, "2026-11-23", weight_g=6_900)

    _, later = phone.get(f"/children/{child}/growth").json["items"]

    (change,) = later["changes"]
    assert change["indicator"] == "wfa"
    assert change["text"].startswith("体重：61天里长了0.3公斤，合每月0.15公斤。")
    assert change["crossed"] == [-1]
    assert "请儿保门诊看" in change["text"]


def test_a_measurement_moves_to_another_day_and_is_taken_back(phone: Phone, child: int) -> None:
    put(phone, child, "2026-11-20", weight_g=7_700)
    moved = put(phone, child, "2026-11-21", weight_g=7_700, was_on="2026-11-20")
    assert moved.json["saved"]
    items = phone.get(f"/children/{child}/growth").json["items"]
    assert [one["measured_on"] for one in items] == ["2026-11-21"]

    for _ in range(2):
        assert phone.delete(f"/children/{child}/growth/2026-11-21").status_code == 204
    assert phone.get(f"/children/{child}/growth").json["items"] == []


@pytest.mark.parametrize(
    ("day", "body", "code"),
    [
        ("2026-05-22", {"weight_g": 3_000}, "measured_on_out_of_range"),
        ("2026-11-24", {"weight_g": 7_700}, "measured_on_out_of_range"),
        ("2026-11-23", {"lying": True}, "nothing_measured"),
        ("2026-11-23", {"weight_g": 7.7}, "validation_failed"),
        ("2026-11-23", {"weight_g": 770_000}, "validation_failed"),
        ("2026-11-23", {"weight_g": 7_700, "was_on": "2026-11-01"}, "not_found"),
        ("20261123", {"weight_g": 7_700}, "not_found"),
        ("2026-02-30", {"weight_g": 7_700}, "not_found"),
    ],
)
def test_bad_input_is_refused(
    phone: Phone, child: int, day: str, body: dict[str, Any], code: str
) -> None:
    assert code_of(put(phone, child, day, **body)) == code


def test_consent_is_needed_and_another_family_finds_nothing(
    phone: Phone, child: int, client: FlaskClient
) -> None:
    put(phone, child, "2026-11-23", weight_g=7_700)
    other = Phone(client)
    assert code_of(put(other, child, "2026-11-23", weight_g=7_700)) == "not_found"
    assert code_of(other.get(f"/children/{child}/growth")) == "not_found"
    assert code_of(other.delete(f"/children/{child}/growth/2026-11-23")) == "not_found"

    phone.delete("/consents/children")

    assert code_of(put(phone, child, "2026-11-22", weight_g=7_700)) == "consent_needed"
    assert len(phone.get(f"/children/{child}/growth").json["items"]) == 1


def test_today_is_the_citys_day(phone: Phone, child: int, clock: FixedClock) -> None:
    clock.set(MORNING.replace(hour=23, minute=59))
    assert code_of(put(phone, child, "2026-11-24", weight_g=7_700)) == "measured_on_out_of_range"

    clock.set(MORNING.replace(day=24, hour=0, minute=0))

    assert put(phone, child, "2026-11-24", weight_g=7_700).json["saved"]


def test_curves_are_open_and_revalidated(client: FlaskClient) -> None:
    asked = {"indicator": "wfa", "sex": "f"}
    first = client.get(CURVES, query_string=asked)
    body = first.json

    assert isinstance(body, dict)
    assert (body["standard"], body["along"]) == ("wst423", "age")
    assert (
        body["points"][0] == [0, 2.3, 2.6, 2.9, 3.3, 3.7, 4.1, 4.6] or len(body["points"][0]) == 8
    )
    assert (body["points"][0][0], body["points"][-1][0]) == (0, 81)
    assert "public" in first.headers["Cache-Control"]
    again = client.get(CURVES, query_string=asked, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    by_length = client.get(
        CURVES, query_string={"standard": "who", "indicator": "wfl", "sex": "m"}
    ).json
    assert isinstance(by_length, dict)
    assert by_length["along"] == "length"
    assert len(by_length["points"]) == 131  # half centimetres from 45 to 110
    assert code_of(client.get(CURVES, query_string={"indicator": "wfa"})) == "validation_failed"
