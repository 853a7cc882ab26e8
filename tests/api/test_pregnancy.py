"""A phone keeps the pregnancy handbook: dates, check-ups, diary, a birth, a quiet end."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.app import parts_of
from backend.handbook.pregnancy.models import Pregnancy
from backend.handbook.pregnancy.planner import plan_due
from backend.kernel.clock import FixedClock, city_date
from backend.outbox.models import Message
from tests.api.families import Phone, child_body, code_of

TODAY = date(2026, 11, 23)
AT_25_WEEKS = {"dated_by": "lmp", "day": (TODAY - timedelta(weeks=25)).isoformat()}
Sessions = sessionmaker[Session]


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    made = Phone(client)
    made.agree("privacy", "children", "pregnancy")
    return made


def begin(phone: Phone, **changes: Any) -> dict[str, Any]:
    answer = phone.post("/pregnancy", AT_25_WEEKS | changes)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def test_before_there_is_one_the_signs_of_danger_can_be_read(client: FlaskClient) -> None:
    shown = Phone(client).get("/pregnancy").json

    assert (shown["state"], shown["agreed"], shown["pregnancy"]) == ("none", False, None)
    assert shown["danger"]["action"] == "任何一条都马上就医或打120"
    assert "胎动减少或停止" in shown["danger"]["signs"]
    assert shown["disclaimer"] == "以纸质手册和门诊记录为准"


def test_agreed_means_the_policy_too_for_there_may_be_no_child_yet(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.agree("pregnancy")
    assert phone.get("/pregnancy").json["agreed"] is False

    phone.agree("privacy")

    assert phone.get("/pregnancy").json["agreed"] is True
    begin(phone)


def test_without_the_consent_for_it_nothing_begins(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.agree()

    refused = phone.post("/pregnancy", AT_25_WEEKS)

    assert (refused.status_code, code_of(refused)) == (403, "consent_needed")
    assert refused.json["detail"] == "请先阅读并同意《孕期信息说明》"


@pytest.mark.parametrize(
    "dating",
    [
        AT_25_WEEKS,
        {"dated_by": "ultrasound", "day": "2026-08-24", "scan_weeks": 12, "scan_days": 0},
        {"dated_by": "ivf", "day": "2026-06-20", "embryo_days": 5},
        {"dated_by": "clinic", "day": "2027-03-08"},
    ],
)
def test_each_way_leads_to_the_due_date(phone: Phone, dating: dict[str, Any]) -> None:
    found = begin(phone, **dating)["pregnancy"]

    assert (found["due_date"], found["dated_by"]) == ("2027-03-08", dating["dated_by"])
    assert (found["weeks"], found["days"], found["days_left"]) == (25, 0, 105)
    assert found["card"]["slug"] == "ka-tangshai"
    assert [one["id"] for one in found["checkups"]] == [f"anc-{n}" for n in range(1, 6)]
    assert found["following"] == "anc-4"


@pytest.mark.parametrize(
    ("dating", "code"),
    [
        ({"dated_by": "lmp", "day": "2026-11-24"}, "dating_day_in_future"),
        ({"dated_by": "ultrasound", "day": "2026-11-01", "scan_weeks": 2}, "scan_age_out_of_range"),
        ({"dated_by": "ivf", "day": "2026-11-01", "embryo_days": 4}, "embryo_age_unknown"),
        ({"dated_by": "clinic", "day": "2028-01-01"}, "due_date_out_of_range"),
        ({"dated_by": "guess", "day": "2026-11-01"}, "validation_failed"),
    ],
)
def test_a_wrong_date_is_refused_by_a_code_of_its_own(
    phone: Phone, dating: dict[str, Any], code: str
) -> None:
    refused = phone.post("/pregnancy", dating)

    assert (refused.status_code, code_of(refused)) == (422, code)


def test_a_second_one_is_refused_and_the_date_can_be_moved(phone: Phone) -> None:
    begin(phone)

    assert code_of(phone.post("/pregnancy", AT_25_WEEKS)) == "pregnancy_open"
    moved = phone.put("/pregnancy", {"dated_by": "clinic", "day": "2027-03-01", "multiple": True})

    assert moved.json["pregnancy"]["due_date"] == "2027-03-01"
    assert moved.json["pregnancy"]["multiple"] is True


def test_nobody_elses_is_seen_or_changed(phone: Phone, client: FlaskClient) -> None:
    begin(phone)
    other = Phone(client)
    other.agree("privacy", "pregnancy")

    assert other.get("/pregnancy").json["state"] == "none"
    assert code_of(other.post("/pregnancy/end")) == "no_open_pregnancy"
    assert other.get("/pregnancy/export").json["pregnancies"] == []


def test_a_diary_is_kept_and_put_right(phone: Phone) -> None:
    begin(phone)

    phone.put("/pregnancy/checkups/anc-3", {"done_on": "2026-11-02"})
    phone.put("/pregnancy/weights/2026-11-20", {"kg": 60.5})
    kept = phone.post(
        "/pregnancy/movements",
        {"started_at": "2026-11-23T09:00:00+08:00", "minutes": 60, "count": 12},
    ).json["pregnancy"]

    assert kept["checkups"][2]["status"] == "done"
    assert kept["weights"] == [{"day": "2026-11-20", "kg": 60.5}]
    (count,) = kept["movements"]
    assert (count["started_at"], count["count"]) == ("2026-11-23T09:00:00+08:00", 12)

    phone.delete("/pregnancy/checkups/anc-3")
    phone.delete("/pregnancy/weights/2026-11-20")
    left = phone.delete(f"/pregnancy/movements/{count['id']}").json["pregnancy"]
    assert (left["weights"], left["movements"]) == ([], [])
    assert left["checkups"][2]["done_on"] is None


def test_a_day_that_is_none_and_a_value_that_cannot_be(phone: Phone) -> None:
    begin(phone)

    assert phone.put("/pregnancy/weights/yesterday", {"kg": 60}).status_code == 404
    assert phone.put("/pregnancy/weights/2026-11-20", {"kg": 6000}).status_code == 422
    later = phone.put("/pregnancy/weights/2026-12-01", {"kg": 60})
    assert code_of(later) == "entry_date_out_of_range"


def test_a_loss_is_one_tap_and_everything_is_quiet(
    phone: Phone, sessions: Sessions, client: FlaskClient, clock: FixedClock
) -> None:
    begin(phone)
    parts = parts_of(client.application)
    with sessions.begin() as session:
        assert plan_due(session, clock, parts.pregnancy, city_date(clock.now())) == 1

    quiet = phone.post("/pregnancy/end").json

    assert (quiet["state"], quiet["pregnancy"]) == ("ended", None)
    assert quiet["restore_until"] == "2026-11-23T10:10:00+08:00"
    assert {one["call"] for one in quiet["help"]} == {None, "12356", "120"}
    assert phone.get("/messages").json["items"] == []
    with sessions() as session:
        assert session.scalars(select(Message)).all() == []


def test_a_mistaken_tap_can_be_taken_back(phone: Phone, clock: FixedClock) -> None:
    begin(phone)
    phone.post("/pregnancy/end")

    assert phone.post("/pregnancy/restore").json["state"] == "open"
    phone.post("/pregnancy/end")
    clock.advance(timedelta(minutes=11))
    assert code_of(phone.post("/pregnancy/restore")) == "restore_too_late"


def test_a_birth_makes_the_childrens_books_once(phone: Phone) -> None:
    begin(phone, day=(TODAY - timedelta(weeks=37, days=3)).isoformat())
    twins = [
        child_body(name="大宝", birth_date="2026-11-22"),
        child_body(name="小宝", birth_date="2026-11-22"),
    ]

    first, again = (phone.post("/pregnancy/birth", {"born": twins}, key="b") for _ in range(2))

    assert first.status_code == 201
    assert first.data == again.data
    assert [one["gestational_weeks"] for one in first.json["items"]] == [37, 37]
    assert len(phone.get("/children").json["items"]) == 2
    assert phone.get("/pregnancy").json["state"] == "born"


def test_a_birth_needs_the_consent_for_children(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.agree("privacy", "pregnancy")
    begin(phone, day=(TODAY - timedelta(weeks=37)).isoformat())

    refused = phone.post("/pregnancy/birth", {"born": [child_body(birth_date="2026-11-22")]})

    assert code_of(refused) == "consent_needed"
    assert phone.get("/pregnancy").json["state"] == "open"
    assert phone.get("/children").json["items"] == []


def test_the_copy_holds_every_column_and_a_withdrawal_leaves_nothing(
    phone: Phone, sessions: Sessions
) -> None:
    begin(phone)
    phone.put("/pregnancy/weights/2026-11-20", {"kg": 60.5})

    (copy,) = phone.get("/pregnancy/export").json["pregnancies"]

    told = {"created_at": "begun_at"}
    columns = set(Pregnancy.__table__.columns.keys()) - {"id", "parent_id"}
    assert {told.get(name, name) for name in columns} <= set(copy)
    assert copy["weights"] == [{"day": "2026-11-20", "kg": "60.5"}]

    assert phone.delete("/consents/pregnancy").status_code == 200
    assert phone.get("/pregnancy").json["state"] == "none"
    with sessions() as session:
        assert session.scalars(select(Pregnancy)).all() == []


def test_a_partner_joins_by_a_code_and_leaves(phone: Phone, client: FlaskClient) -> None:
    begin(phone)
    invited = phone.post("/pregnancy/invitations", {"relation": "mother"})
    assert invited.status_code == 201, invited.text
    partner = Phone(client, "partner")
    told = {"code": invited.json["code"], "relation": "father"}
    partner.agree("privacy", "children")

    refused = partner.post("/pregnancy/join", told)
    assert (refused.status_code, code_of(refused)) == (403, "consent_needed")
    partner.agree("pregnancy")
    wrong = partner.post("/pregnancy/join", told | {"code": "AAAAAAAA"})
    assert (wrong.status_code, code_of(wrong)) == (404, "invitation_invalid")

    joined = partner.post("/pregnancy/join", told).json
    assert (joined["state"], joined["opener"], joined["shared"]) == ("open", False, True)
    assert joined["pregnancy"]["weeks"] == 25
    refused = partner.post("/pregnancy/invitations", {"relation": "father"})
    assert (refused.status_code, code_of(refused)) == (403, "pregnancy_not_opener")
    copy = partner.get("/pregnancy/export").json["pregnancies"][0]
    assert [one["relation"] for one in copy["parents"]] == ["mother", "father"]

    assert partner.post("/pregnancy/leave").json["state"] == "none"
    assert phone.get("/pregnancy").json["shared"] is False
