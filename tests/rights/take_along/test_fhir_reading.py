"""A bundle of ours comes back: what it tells of the child is the same afterwards."""

import json
from contextlib import suppress
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.rights.take_along import fhir_reading, files
from backend.rights.take_along.files import CopyUnreadable, CopyVersionUnknown
from tests.api.families import Phone, code_of
from tests.rights.take_along.bundles import facts_of_bundle, places, put, small_bundle
from tests.rights.traces import WEIGHT_G, child_of, make_family

Json = dict[str, Any]
Sessions = sessionmaker[Session]
PLACES = [place for place in places(small_bundle()) if place != ("resourceType",)]
ANYTHING: list[Any] = [
    ...,
    None,
    True,
    0,
    -1,
    10**30,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "小满",
    "2026",
    "9999-12-31",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"a": 1},
    {"coding": None},
    {"coding": [{}]},
]


@pytest.fixture
def bundle(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> Json:
    family = make_family(client, sessions, clock)
    child = child_of(family)
    for day, measured in {
        "2026-10-10": {"length_mm": 680, "lying": True, "head_mm": 430},
        "2026-10-20": {"length_mm": 683, "lying": False},
        "2026-10-30": {"weight_g": 8001, "length_mm": 690},
    }.items():
        answer = family.put(f"/children/{child}/growth/{day}", {**measured, "confirmed": True})
        assert answer.status_code == 200
    read: Json = json.loads(family.get(f"/children/{child}/fhir").data)
    return read


def test_a_bundle_that_comes_back_tells_the_same_again(client: FlaskClient, bundle: Json) -> None:
    phone = Phone(client, "fhir")
    child = phone.add_child()["id"]

    answer = phone.post(f"/children/{child}/import", {"file": bundle, "confirmed": True}).json

    assert (answer["saved"], answer["facts"], answer["clashes"]) == (True, True, [])
    added = {one["part"]: one["added"] for one in answer["parts"]}
    assert added == {"handbook": 2, "growth": 4}
    assert "不在 FHIR 文件里" in answer["left_out"][0]
    again = json.loads(phone.get(f"/children/{child}/fhir").data)
    assert facts_of_bundle(again) == facts_of_bundle(bundle)
    growth = phone.get(f"/children/{child}/export").json["growth"]
    assert [one["lying"] for one in growth] == [True, False, None, None]
    assert growth[-1]["weight_g"] == WEIGHT_G


def test_a_bundle_of_another_system_of_another_shape_or_without_end_is_refused(
    client: FlaskClient, bundle: Json
) -> None:
    phone = Phone(client, "wrong")
    child = phone.add_child()["id"]
    broken = [dict(entry) for entry in bundle["entry"]]
    broken[0] = {"resource": {"resourceType": "Patient", "birthDate": "2026-13-01"}}
    no_day = {"resourceType": "Observation", "status": "final"} | {
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
    }

    for change, code in (
        ({"meta": {}}, "copy_version_unknown"),
        ({"entry": broken}, "copy_unreadable"),
        ({"entry": [{"resource": no_day}]}, "copy_unreadable"),
        ({"entry": "x"}, "copy_unreadable"),
        ({"entry": []}, "copy_unreadable"),
        ({"entry": [{}]}, "copy_unreadable"),
        ({"timestamp": None}, "copy_unreadable"),
        ({"entry": bundle["entry"] * 100}, "copy_unreadable"),
    ):
        answer = phone.post(f"/children/{child}/import", {"file": bundle | change})
        assert (answer.status_code, code_of(answer)) == (422, code), change


def test_another_childs_bundle_changes_nothing(client: FlaskClient, bundle: Json) -> None:
    phone = Phone(client, "other")
    child = phone.add_child(birth_date="2026-03-11")["id"]

    answer = phone.post(f"/children/{child}/import", {"file": bundle, "confirmed": True})

    assert (answer.status_code, code_of(answer)) == (409, "copy_of_another_child")


def test_a_book_with_a_full_diary_comes_back_and_more_than_any_book_is_refused(
    client: FlaskClient,
) -> None:
    """Seven years of notes of 500 signs are 4 MB; a file of more than 6 MB is not read."""
    phone = Phone(client)
    child = phone.add_child()["id"]
    copy = phone.get(f"/children/{child}/export").get_json()
    row = {"note": "记" * 500, "recorded_at": "2026-11-20T10:00:00+08:00", "day": "2026-11-20"}
    copy["diary"] = [row] * files.MOST_DAYS
    assert len(json.dumps(copy, ensure_ascii=False).encode()) > 3_900_000

    whole = phone.post(f"/children/{child}/import", {"file": copy})
    more = {"x": "x" * (files.LARGEST_FILE + 1000)}
    larger = phone.post(f"/children/{child}/import", {"file": more})
    elsewhere = phone.put(f"/children/{child}/handbook/checkup:m8", {"x": "x" * 1024 * 1024})

    assert whole.status_code == 200, whole.text
    assert (larger.status_code, code_of(larger)) == (413, "copy_too_large")
    assert "6 MB" in larger.json["title"]
    assert (elsewhere.status_code, code_of(elsewhere)) == (413, "payload_too_large")


def test_who_is_not_signed_in_sends_no_book(client: FlaskClient) -> None:
    answer = client.post("/api/v1/children/1/import", json={"file": {"x": "x" * 2_000_000}})

    assert (answer.status_code, code_of(answer)) == (401, "token_missing")


def test_what_is_no_bundle_is_read_as_a_copy() -> None:
    with pytest.raises(CopyVersionUnknown):
        fhir_reading.read_any({"resourceType": "Patient"})
    with pytest.raises(CopyUnreadable) as refused:
        fhir_reading.read_bundle({"resourceType": "Bundle", "type": "x", "nickname": "小满"})
    assert "小满" not in str(refused.value.detail)


def test_the_small_bundle_is_read_whole() -> None:
    copy = fhir_reading.read_bundle(small_bundle())

    assert [one.item for one in copy.handbook] == ["vaccine:hepb-1", "checkup:m8"]
    assert [(one.length_mm, one.lying) for one in copy.growth] == [(680, True)]
    assert copy.child.gestational_weeks == 38
    assert copy.vaccine_facts.birth_grams == 3100


@settings(max_examples=200)
@given(place=st.sampled_from(PLACES), other=st.sampled_from(ANYTHING))
def test_a_bundle_with_anything_anywhere_is_read_or_refused(place: Any, other: Any) -> None:
    bundle = small_bundle()
    put(bundle, place, other)

    with suppress(CopyUnreadable, CopyVersionUnknown):
        fhir_reading.read_bundle(bundle)


@pytest.mark.parametrize("value", [1e308, float("nan"), float("inf")])
def test_a_number_without_end_is_refused(value: float) -> None:
    bundle = small_bundle()
    put(bundle, ("entry", 3, "resource", "valueQuantity", "value"), value)

    with pytest.raises(CopyUnreadable):
        fhir_reading.read_bundle(bundle)
