"""Our own copy comes back without loss, and a wrong file changes nothing."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.checkup_results import CheckupResult
from backend.handbook.clinic_papers import FamilyDoctor, NewbornResult
from backend.handbook.growth_rules import Measures
from backend.handbook.screening_answers import ScreeningAnswered
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message, MessageState
from backend.rights.take_along import files
from backend.rights.take_along.files import Part
from tests.api.families import Phone, code_of
from tests.factories import MORNING
from tests.rights.traces import CLINIC, DIARY, child_of, make_family

Json = dict[str, Any]
Sessions = sessionmaker[Session]
BIRTH, TODAY = date(2026, 3, 10), date(2026, 11, 23)
RECORD = [part.value for part in Part]
ITEMS = ["vaccine:hepb-1", "vaccine:hepb-2", "vaccine:bcg-1", "vaccine:polio-1", "checkup:m3"]

days = st.integers(0, (TODAY - BIRTH).days).map(lambda number: str(BIRTH + timedelta(days=number)))
words = st.text(st.characters(categories=["L", "N", "P"], max_codepoint=0xFFFF), max_size=40)
entries = st.dictionaries(st.sampled_from(ITEMS), days)
measures = st.dictionaries(
    days,
    st.fixed_dictionaries(
        {"weight_g": st.integers(2000, 20_000)},
        optional={
            "length_mm": st.integers(400, 1100),
            "lying": st.booleans(),
            "head_mm": st.integers(300, 550),
        },
    ),
    max_size=4,
)


def record_of(phone: Phone, child: int) -> Json:
    """The record of a copy, with the plan that follows from it. Photos have another way out."""
    copy: Json = phone.get(f"/children/{child}/export").get_json()
    for day in copy["diary"]:
        del day["photo"]
    return {part: copy[part] for part in (*RECORD, "vaccine_facts", "moved_items")}


def register_again(client: FlaskClient, name: str) -> tuple[Phone, int]:
    phone = Phone(client, name)
    child = phone.add_child(gestational_weeks=38)["id"]
    phone.agree("diary")
    return phone, child


@pytest.fixture
def family(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> Phone:
    return make_family(client, sessions, clock)


def test_a_copy_that_comes_back_after_deletion_is_the_same_record(
    family: Phone, client: FlaskClient
) -> None:
    child = child_of(family)
    copy, before = family.get(f"/children/{child}/export").json, record_of(family, child)
    assert all(before.values())  # of every part there is something
    assert family.delete(f"/children/{child}").status_code == 204
    phone, again = register_again(client, "again")

    answer = phone.post(f"/children/{again}/import", {"file": copy, "confirmed": True})

    assert answer.json["saved"], answer.text
    assert answer.json["clashes"] == []
    assert answer.json["left_out"] == [
        "成长日记的 1 张照片：不在文件里，在打包下载的照片里",
        "家里的安全检查：换了家要重新看一遍",
    ]
    assert record_of(phone, again) == before
    (dose,) = [one for one in before["handbook"] if one["item"] == "vaccine:hepb-1"]
    assert (dose["place"], dose["batch"]) == (CLINIC, "B2026")
    assert before["moved_items"]  # immunoglobulin and the first dose move days


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=entries, measures=measures, advice=words)
def test_any_record_survives_the_way_out_and_in(
    client: FlaskClient, entries: dict[str, str], measures: dict[str, Json], advice: str
) -> None:
    phone = Phone(client)
    child = phone.add_child()["id"]
    for item, day in entries.items():
        phone.put(f"/children/{child}/handbook/{item}", {"done_on": day})
    for day, values in measures.items():
        phone.put(f"/children/{child}/growth/{day}", values | {"confirmed": True})
    phone.put(f"/children/{child}/checkups/m6", {"done_on": "2026-09-12", "advice": advice})
    copy, before = phone.get(f"/children/{child}/export").get_json(), record_of(phone, child)
    assert phone.delete(f"/children/{child}").status_code == 204
    again = phone.post("/children", _body(copy)).json["id"]

    answer = phone.post(f"/children/{again}/import", {"file": copy, "confirmed": True})

    assert answer.status_code == 200, answer.text
    assert record_of(phone, again) == before
    assert phone.delete(f"/children/{again}").status_code == 204


def _body(copy: Json) -> Json:
    told = ("name", "birth_date", "sex", "town_code", "home_cared")
    return {name: copy["child"][name] for name in told}


def test_looking_first_keeps_nothing_and_twice_adds_nothing(
    family: Phone, client: FlaskClient
) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json
    phone, child = register_again(client, "twice")

    nothing = record_of(phone, child)
    looked = phone.post(f"/children/{child}/import", {"file": copy}).json
    empty = record_of(phone, child)
    first = phone.post(f"/children/{child}/import", {"file": copy, "confirmed": True}).json
    second = phone.post(f"/children/{child}/import", {"file": copy, "confirmed": True}).json

    assert not looked["saved"]
    assert empty == nothing
    assert looked["parts"] == first["parts"]
    assert sum(one["added"] for one in second["parts"]) == 0
    assert sum(one["known"] for one in second["parts"]) == sum(
        one["added"] for one in first["parts"]
    )


def test_where_both_say_something_else_ours_stays_and_the_family_is_told(
    family: Phone, client: FlaskClient
) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json
    phone, child = register_again(client, "clash")
    phone.put(f"/children/{child}/handbook/vaccine:hepb-1", {"done_on": "2026-03-11"})
    phone.put(f"/children/{child}/vaccine-facts", {"birth_grams": 3000})
    copy["handbook"].append(copy["handbook"][0] | {"item": "vaccine:moon-1"})

    answer = phone.post(f"/children/{child}/import", {"file": copy, "confirmed": True}).json

    said = {one["title"]: (one["ours"], one["theirs"]) for one in answer["clashes"]}
    assert said == {
        "出生体重": ("3000克", "3100克"),
        "乙肝疫苗第1剂": ("2026-03-11", f"2026-03-10，{CLINIC}，B2026"),
    }
    assert answer["left_out"][0] == "接种和体检：vaccine:moon-1"
    assert record_of(phone, child)["vaccine_facts"]["birth_grams"] == 3000
    assert record_of(phone, child)["handbook"][0]["done_on"] == "2026-03-11"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"format_version": 2}, 422, "copy_version_unknown"),
        ({"format": "other"}, 422, "copy_version_unknown"),
        ({"child": {"birth_date": "2026-03-11", "sex": "f"}}, 409, "copy_of_another_child"),
        ({"child": {"birth_date": "2026-03-10", "sex": "m"}}, 409, "copy_of_another_child"),
        ({"child": {}}, 422, "copy_unreadable"),
        ({"growth": [{"measured_on": "2026-05-05"}]}, 422, "copy_unreadable"),
        ({"handbook": [{"item": "vaccine:hepb-1", "done_on": "2026-03-09"}]}, 422, ""),
        ({"handbook": [{"item": "vaccine:hepb-1", "done_on": "2026-11-24"}]}, 422, ""),
        ({"handbook": [{"item": "x' OR 1", "done_on": "2026-11-20"}]}, 422, ""),
        ({"family_doctor": [{"team": "甲\u0000"}]}, 422, ""),
    ],
)
def test_a_wrong_file_gets_a_sentence_and_changes_nothing(
    family: Phone, client: FlaskClient, change: Json, status: int, code: str
) -> None:
    copy: Json = family.get(f"/children/{child_of(family)}/export").get_json()
    phone, child = register_again(client, "wrong")
    stamp = {"recorded_at": "2026-11-20T10:00:00+08:00"}
    for part, rows in change.items():
        if isinstance(rows, list) and part != "growth":
            change = change | {part: [row | stamp for row in rows]}

    nothing = record_of(phone, child)
    answer = phone.post(f"/children/{child}/import", {"file": copy | change, "confirmed": True})

    assert (answer.status_code, code_of(answer)) == (status, code or "copy_unreadable")
    assert record_of(phone, child) == nothing


def test_a_diary_comes_back_only_to_who_agreed_to_it(family: Phone, client: FlaskClient) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json
    phone = Phone(client, "silent")
    child = phone.add_child(gestational_weeks=38)["id"]
    file = {"file": copy, "confirmed": True}

    first = phone.post(f"/children/{child}/import", file).json
    phone.agree("diary")
    empty = record_of(phone, child)["diary"]
    second = phone.post(f"/children/{child}/import", file).json

    assert "成长日记：要先同意成长日记的说明，再导入一次" in first["left_out"]
    assert empty == []
    (told,) = [one for one in second["parts"] if one["added"]]
    assert (told["part"], told["added"]) == ("diary", 1)
    assert [one["note"] for one in record_of(phone, child)["diary"]] == [DIARY]


def test_a_dose_that_contradicts_what_is_here_is_told_and_not_taken(
    family: Phone, client: FlaskClient
) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json
    phone, child = register_again(client, "order")
    phone.put(f"/children/{child}/handbook/vaccine:polio-1", {"done_on": "2026-05-10"})
    copy["handbook"] = [copy["handbook"][0] | {"item": "vaccine:polio-2", "done_on": "2026-05-01"}]

    answer = phone.post(f"/children/{child}/import", {"file": copy, "confirmed": True}).json

    assert "前后对不上" in answer["clashes"][0]["ours"]
    assert [one["item"] for one in record_of(phone, child)["handbook"]] == ["vaccine:polio-1"]


def test_what_comes_back_as_done_is_not_told_as_due(
    family: Phone, client: FlaskClient, sessions: Sessions
) -> None:
    copy = family.get(f"/children/{child_of(family)}/export").json
    phone, child = register_again(client, "told")
    told = [{"child_id": child, "items": [{"item_id": "checkup:m8", "due_date": "2026-11-10"}]}]
    with sessions.begin() as session:
        parent = phone.get("/me").json["id"]
        session.add(
            Message(
                parent_id=parent,
                child_id=child,
                template="handbook",
                key="imported",
                state=MessageState.WAITING,
                created_at=MORNING,
                data={"children": told},
                due_at=MORNING,
            )
        )

    assert phone.post(f"/children/{child}/import", {"file": copy, "confirmed": True}).json["saved"]

    with sessions() as session:
        key = Message.key == "imported"
        assert session.scalar(select(Message).where(key)) is None


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (files.GrowthRow, set(Measures.__dataclass_fields__)),
        (files.CheckupRow, set(CheckupResult.model_fields)),
        (files.ScreeningRow, set(ScreeningAnswered.model_fields)),
        (files.NewbornRow, set(NewbornResult.model_fields)),
        (files.DoctorRow, set(FamilyDoctor.model_fields)),
    ],
)
def test_an_import_takes_every_field_that_is_kept(row: type[files.Row], note: set[str]) -> None:
    assert note <= set(row.model_fields)
