"""A phone keeps results of check-ups, answers about warning signs, and two more papers."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.app import parts_of
from backend.handbook.checkup_models import CheckupNote
from backend.handbook.models import HandbookEntry
from backend.handbook.planner import plan_due
from backend.kernel.clock import FixedClock, city_date
from backend.outbox.models import Message
from backend.people.models import Child, DuplicateState
from tests.api.families import Phone, code_of
from tests.factories import default_vault

Sessions = sessionmaker[Session]

TODAY = "2026-11-23"
PAPER = {
    "done_on": TODAY,
    "place": "澄江街道社区卫生服务中心",
    "haemoglobin": 118,
    "teeth": 4,
    "hearing": "通过",
    "vision": "未见异常",
    "advice": "多趴一趴",
}
SIGNS = ["w08-1", "w08-2", "w08-3", "w08-4"]


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


@pytest.fixture
def child(phone: Phone) -> int:
    number: int = phone.add_child()["id"]  # eight months old
    return number


def checkup(phone: Phone, child: int, visit: str = "m8") -> dict[str, Any]:
    items = phone.get(f"/children/{child}/checkups").json["items"]
    found: dict[str, Any] = next(one for one in items if one["id"] == visit)
    return found


def screenings(phone: Phone, child: int) -> dict[str, Any]:
    found: dict[str, Any] = phone.get(f"/children/{child}/screenings").get_json()
    return found


def answers(*given: str) -> dict[str, Any]:
    return {"answers": [{"id": one, "answer": a} for one, a in zip(SIGNS, given, strict=False)]}


NONE, ONE, DOUBT = (answers("no", "no", third, "no") for third in ("no", "yes", "unsure"))


def test_all_check_ups_are_there_with_windows_and_content(phone: Phone, child: int) -> None:
    found = phone.get(f"/children/{child}/checkups").json

    assert len(found["items"]) == 13
    six = checkup(phone, child, "m6")
    assert (six["from_date"], six["until_date"]) == ("2026-09-10", "2026-10-09")
    assert (six["haemoglobin"], six["hearing"]) == ("routine", "行为测听")
    assert six["vision"][0] == "看眼外观"
    assert six["screening"]
    assert not checkup(phone, child, "m1")["screening"]
    assert (six["result"], six["done_on"]) == (None, None)
    assert found["disclaimer"] == "以纸质手册和门诊记录为准"


def test_a_result_is_kept_changed_and_deleted(phone: Phone, child: int) -> None:
    kept = phone.put(f"/children/{child}/checkups/m8", PAPER).json

    assert kept["result"] == {key: PAPER[key] for key in PAPER if key != "done_on"}
    assert (kept["status"], kept["done_on"]) == ("done", TODAY)
    assert checkup(phone, child) == kept

    changed = phone.put(f"/children/{child}/checkups/m8", {"done_on": TODAY, "teeth": 6}).json
    assert (changed["result"]["teeth"], changed["result"]["haemoglobin"]) == (6, None)

    gone = phone.delete(f"/children/{child}/checkups/m8").json
    assert (gone["result"], gone["done_on"]) == (None, TODAY)  # done has an undo of its own


def test_a_result_marks_the_check_up_done_and_cancels_its_reminder(
    client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    phone = Phone(client)
    child = phone.add_child(birth_date="2026-05-30")["id"]  # six months old in a week
    with sessions.begin() as session:
        parts = parts_of(client.application)
        plan_due(session, clock, parts.handbook, city_date(clock.now()))
    waiting = select(Message.id).where(Message.data["item_id"].astext == "checkup:m6")
    with sessions() as session:
        assert session.scalars(waiting).all()

    phone.put(f"/children/{child}/checkups/m6", PAPER)

    with sessions() as session:
        assert session.scalars(waiting).all() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"done_on": "2026-11-24"},
        {"done_on": "2026-03-09"},
        {"done_on": TODAY, "haemoglobin": 1180},
        {"done_on": TODAY, "teeth": -1},
        {"done_on": TODAY, "advice": "x" * 501},
        {"done_on": TODAY, "diagnosis": "x"},
        {},
    ],
)
def test_a_wrong_result_is_refused_and_nothing_is_kept(
    phone: Phone, child: int, wrong: dict[str, Any]
) -> None:
    answer = phone.put(f"/children/{child}/checkups/m8", wrong)

    assert answer.status_code == 422
    assert code_of(answer) in {"validation_failed", "done_date_out_of_range"}
    assert checkup(phone, child)["result"] is None
    assert checkup(phone, child)["done_on"] is None


def test_the_signs_that_fit_today_are_named(phone: Phone, child: int) -> None:
    found = screenings(phone, child)

    assert found["fit"] == {
        "basis": "actual",
        "actual_months": 8,
        "corrected_months": None,
        "screening_id": "m8",
        "by_actual_id": None,
        "note": "",
    }
    assert [one["id"] for one in found["items"] if one["reached"]] == ["m3", "m6", "m8"]
    assert [one["id"] for one in found["items"][2]["questions"]] == SIGNS
    assert found["autism"]["guide_slug"] == "guduzheng-zao-faxian"
    assert found["sources"] == [
        "0～6岁儿童孤独症筛查干预服务规范（试行）",
        "国家基本公共卫生服务规范（第三版）",
    ]


def test_born_early_both_ages_are_named(client: FlaskClient) -> None:
    phone = Phone(client)
    child = phone.add_child(gestational_weeks=30)["id"]

    found = screenings(phone, child)["fit"]

    assert (found["basis"], found["actual_months"], found["corrected_months"]) == (
        "corrected",
        8,
        6,
    )
    assert (found["screening_id"], found["by_actual_id"]) == ("m6", "m8")
    assert "未核对" in found["note"]


@pytest.mark.parametrize(
    ("given", "kind", "title"),
    [
        (NONE, "go_on", "继续观察"),
        (DOUBT, "ask", "拿不准的，体检时请医生看一看"),
        (ONE, "clinic", "请与儿保门诊联系"),
    ],
)
def test_answers_lead_on_or_to_the_clinic(
    phone: Phone, child: int, given: dict[str, Any], kind: str, title: str
) -> None:
    found = phone.put(f"/children/{child}/screenings/m8", given).json

    answered = found["items"][2]["answered"]
    assert (answered["outcome"]["kind"], answered["outcome"]["title"]) == (kind, title)
    assert answered["answers"]["w08-3"] == given["answers"][2]["answer"]
    assert answered["answered_on"] == TODAY
    assert (found["attention"] is not None) == (kind == "clinic")


def test_a_sign_is_settled_by_a_check_up_by_a_talk_or_by_deleting_it(
    phone: Phone, child: int, clock: FixedClock
) -> None:
    path = f"/children/{child}/screenings/m8"
    first = phone.put(path, ONE).json["attention"]
    assert first == {"screening_id": "m8", "title": "本次筛查有需要留意的地方"}

    assert phone.put(f"{path}/talk", {"talked_on": TODAY}).json["attention"] is None
    assert phone.delete(f"{path}/talk").json["attention"] == first
    assert phone.delete(path).json["attention"] is None
    assert screenings(phone, child)["items"][2]["answered"] is None

    phone.put(path, ONE)
    clock.advance(timedelta(hours=2))
    phone.put(f"/children/{child}/checkups/m8", PAPER)
    assert screenings(phone, child)["attention"] is None


def test_answers_are_whole_known_and_not_before_their_age(phone: Phone, child: int) -> None:
    def refusal(visit: str, body: dict[str, Any]) -> tuple[int, str]:
        answer = phone.put(f"/children/{child}/screenings/{visit}", body)
        return answer.status_code, code_of(answer)

    assert refusal("m8", answers("no", "no")) == (422, "screening_incomplete")
    twice = {"answers": [*NONE["answers"], {"id": "w08-1", "answer": "yes"}]}
    assert refusal("m8", twice) == (422, "validation_failed")
    assert refusal("m12", NONE) == (409, "screening_too_early")
    assert refusal("m1", NONE) == (404, "not_found")
    talk = phone.put(f"/children/{child}/screenings/m8/talk", {"talked_on": TODAY})
    assert code_of(talk) == "not_found"
    phone.put(f"/children/{child}/screenings/m8", ONE)
    for day in ("2026-11-22", "2026-11-24"):
        talk = phone.put(f"/children/{child}/screenings/m8/talk", {"talked_on": day})
        assert (talk.status_code, code_of(talk)) == (422, "validation_failed")


def test_newborn_screenings_are_copied_as_the_paper_says(phone: Phone, child: int) -> None:
    path = f"/children/{child}/newborn-screening"
    assert [one["id"] for one in phone.get(path).json["items"]] == [
        "hearing",
        "hearing-rescreen",
        "heel-prick",
        "heart",
    ]

    body = {"done_on": "2026-03-12", "result": "recheck", "note": "左耳"}
    found = phone.put(f"{path}/hearing", body).json["items"][0]
    assert found["result"] == body
    assert "按报告上的时间去" in found["asked"]

    body = {"done_on": "2026-03-12", "result": "passed"}
    assert phone.put(f"{path}/hearing", body).json["items"][0]["asked"] is None
    assert phone.delete(f"{path}/hearing").json["items"][0]["result"] is None
    assert code_of(phone.put(f"{path}/eyes", body)) == "not_found"
    early = phone.put(f"{path}/heart", body | {"done_on": "2026-03-09"})
    assert code_of(early) == "done_date_out_of_range"


def test_the_family_doctor_is_noted(phone: Phone, child: int) -> None:
    path = f"/children/{child}/family-doctor"
    assert phone.get(path).json["kept"] is None

    body = {"team": "第三团队", "doctor": "", "phone": "0510-86000000", "signed_on": "2025-06-01"}
    assert phone.put(path, body).json["kept"] == body
    assert code_of(phone.put(path, body | {"signed_on": "2026-11-24"})) == "validation_failed"
    assert phone.put(path, body | {"phone": "问护士"}).status_code == 422
    assert phone.put(path, {"team": " "}).status_code == 422
    assert phone.get(path).json["kept"] == body
    assert phone.delete(path).json["kept"] is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("checkups/m8", PAPER),
        ("screenings/m8", NONE),
        ("newborn-screening/heart", {"done_on": TODAY, "result": "passed"}),
        ("family-doctor", {"team": "第三团队"}),
    ],
)
def test_another_family_finds_nothing_and_without_consent_nothing_is_kept(
    phone: Phone, client: FlaskClient, child: int, path: str, body: dict[str, Any]
) -> None:
    stranger = Phone(client)
    stranger.agree()
    full = f"/children/{child}/{path}"
    assert code_of(stranger.put(full, body)) == "not_found"
    assert code_of(stranger.delete(full)) == "not_found"
    assert code_of(stranger.get(full.removesuffix("/m8").removesuffix("/heart"))) == "not_found"

    phone.delete("/consents/children")
    assert code_of(phone.put(full, body)) == "consent_needed"
    found = phone.get(full.removesuffix("/m8").removesuffix("/heart")).text
    assert body.get("place", "第三团队") not in found


def test_what_a_joined_registration_kept_is_the_child_s(
    client: FlaskClient, sessions: Sessions, phone: Phone, child: int
) -> None:
    other = Phone(client)
    second = other.add_child(name="丁小满满")["id"]
    other.put(f"/children/{second}/checkups/m8", PAPER)
    other.put(f"/children/{second}/screenings/m8", ONE)
    other.put(f"/children/{second}/family-doctor", {"team": "第三团队"})
    with sessions.begin() as session:
        row = session.get_one(Child, second)
        row.duplicate_of_id, row.duplicate_state = child, DuplicateState.SAME

    assert checkup(phone, child)["result"]["teeth"] == 4
    assert screenings(phone, child)["attention"] is not None
    assert phone.delete(f"/children/{child}/checkups/m8").json["result"] is None
    assert phone.delete(f"/children/{child}/family-doctor").json["kept"] is None
    assert (
        phone.put(f"/children/{child}/screenings/m8/talk", {"talked_on": TODAY}).json["attention"]
        is None
    )


def test_what_is_kept_is_sealed(phone: Phone, child: int, sessions: Sessions) -> None:
    phone.put(f"/children/{child}/checkups/m8", PAPER)

    with sessions() as session:
        sealed = session.scalars(select(CheckupNote.note_sealed)).one()
        assert session.scalars(select(HandbookEntry.item_id)).one() == "checkup:m8"
    assert str(PAPER["advice"]) not in sealed
    assert str(PAPER["advice"]) in default_vault().open(sealed, "checkup-note")
