"""Towns, centres, slots and bookings, as a phone sees them."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from backend.app import create_app
from backend.bookings import service
from backend.centres.models import Slot, SlotKind, SlotState
from backend.kernel.clock import FixedClock
from backend.people.models import IdempotentAnswer
from tests.api.families import Phone, code_of
from tests.bookings.family import act
from tests.concurrency.racing import at_once
from tests.conftest import make_settings
from tests.factories import (
    MORNING,
    make_booking,
    make_centre,
    make_child,
    make_policy,
    make_slot,
    make_slots,
)
from tests.fakes import FakeLogin

Sessions = sessionmaker[Session]
BOOKING = {
    "id",
    "child_id",
    "child_name",
    "slot_id",
    "state",
    "quota_year",
    "quota_number",
    "requested_at",
    "reason",
    "may_cancel",
    "cancel_keeps_number",
    "slot",
}
SLOT = {
    "id",
    "centre_id",
    "centre",
    "kind",
    "kind_title",
    "title",
    "starts_at",
    "ends_at",
    "age_from_months",
    "age_to_months",
    "capacity",
    "taken",
    "bookable",
    "teacher",
    "free_cancel_until",
    "reason",
}


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


def book(phone: Phone, child: dict[str, Any], slot: int, key: str | None = None) -> TestResponse:
    return phone.post("/bookings", {"child_id": child["id"], "slot_id": slot}, key)


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, code_of(answer)


def test_towns_are_read_without_a_token_and_revalidated(client: FlaskClient) -> None:
    answer = client.get("/api/v1/towns")
    again = client.get("/api/v1/towns", headers={"If-None-Match": answer.headers["ETag"]})

    town = next(one for one in answer.json["items"] if one["code"] == "320281001")
    assert set(town) == {"code", "name", "kind", "villages"}
    assert town["villages"][0].keys() == {"code", "name"}
    assert answer.json["next"] is None
    assert again.status_code == 304


def test_centres_of_a_town_are_read_without_a_token(
    client: FlaskClient, sessions: Sessions
) -> None:
    here = make_centre(sessions, town_code="320281001", name="澄江中心")
    make_centre(sessions, town_code="320281004")

    items = client.get("/api/v1/centres?town=320281001").json["items"]

    (item,) = items
    assert (item["id"], item["name"], item["town_code"]) == (here, "澄江中心", "320281001")
    assert (item["address"], item["phone_public"]) == ("测试路1号", None)
    assert items[0]["town"] != "320281001"
    assert len(client.get("/api/v1/centres").json["items"]) == 2


def test_an_unknown_town_and_a_made_up_cursor_are_refused(client: FlaskClient) -> None:
    assert refusal(client.get("/api/v1/centres?town=1")) == (422, "unknown_town")
    assert refusal(client.get("/api/v1/centres?after=x")) == (422, "validation_failed")
    assert refusal(client.get("/api/v1/centres?limit=0")) == (422, "validation_failed")
    assert refusal(client.get("/api/v1/centres?limit=9999")) == (422, "validation_failed")


def test_a_centre_of_a_town_that_is_no_more_shows_its_code(
    client: FlaskClient, sessions: Sessions
) -> None:
    make_centre(sessions, town_code="320281999")

    assert client.get("/api/v1/centres").json["items"][0]["town"] == "320281999"


def test_slots_say_what_a_child_may_book(phone: Phone, sessions: Sessions) -> None:
    child, slots = phone.add_child(), make_slots(sessions, 2)
    too_old = make_slot(sessions, ages=(0, 3), kind=SlotKind.HOME_VISIT)
    book(phone, child, slots[0])

    items = phone.get("/slots", child_id=child["id"]).json["items"]

    assert {one["id"]: (one["bookable"], one["reason"]) for one in items} == {
        slots[0]: (False, "already_booked"),
        slots[1]: (True, None),
        too_old: (False, "too_old"),
    }
    assert all(set(one) == SLOT for one in items)
    first = next(one for one in items if one["id"] == slots[0])
    assert (first["starts_at"], first["taken"]) == ("2026-11-26T10:00:00+08:00", 1)
    assert first["kind_title"] == "亲子活动"


def test_slots_are_filtered_and_paged(phone: Phone, sessions: Sessions) -> None:
    child, centre = phone.add_child(), make_centre(sessions)
    wanted = make_slot(sessions, centre_id=centre, kind=SlotKind.CLASS)
    make_slot(sessions, centre_id=centre, starts_at=MORNING + timedelta(days=20))
    make_slots(sessions, 3)

    only = phone.get(
        "/slots",
        child_id=child["id"],
        centre_id=centre,
        kind="class",
        **{"from": "2026-11-26", "to": "2026-11-26"},
    ).json
    assert ([one["id"] for one in only["items"]], only["next"]) == ([wanted], None)
    page = phone.get("/slots", child_id=child["id"], limit=3).json
    rest = phone.get("/slots", child_id=child["id"], limit=3, after=page["next"]).json
    assert len(page["items"] + rest["items"]) == 4  # the one in twenty days is not asked for
    late = phone.get("/slots", child_id=child["id"], **{"from": "2026-12-13"}).json["items"]
    assert [one["reason"] for one in late] == ["not_open_yet"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"child_id": "x"},
        {"child_id": 0},
        {"child_id": 10**20},
        {"kind": "party"},
        {"from": "yesterday"},
        {"from": "0001-01-01"},
        {"to": "9999-12-31"},
        {"from": "2026-12-02", "to": "2026-12-01"},
        {"after": "'; DROP TABLE slots"},
        {"centre_id": "<script>"},
    ],
)
def test_a_senseless_question_for_slots_is_refused(phone: Phone, query: dict[str, Any]) -> None:
    child = phone.add_child()
    if query:
        query = {"child_id": child["id"]} | query

    assert refusal(phone.get("/slots", **query)) == (422, "validation_failed")


def test_slots_quota_and_booking_of_another_familys_child_are_not_found(
    phone: Phone, client: FlaskClient, sessions: Sessions
) -> None:
    phone.add_child()
    other = Phone(client).add_child(name="测试乙")
    slot = make_slot(sessions)

    assert refusal(phone.get("/slots", child_id=other["id"])) == (404, "not_found")
    assert refusal(phone.get(f"/children/{other['id']}/quota")) == (404, "not_found")
    assert refusal(book(phone, other, slot)) == (404, "not_found")


def test_a_token_is_needed_for_all_but_towns_and_centres(client: FlaskClient) -> None:
    for path in ("/slots?child_id=1", "/bookings", "/children/1/quota"):
        assert refusal(client.get(f"/api/v1{path}")) == (401, "token_missing")
    for path in ("/bookings", "/bookings/1/cancel"):
        assert refusal(client.post(f"/api/v1{path}", json={})) == (401, "token_missing")


def test_a_booking_is_answered_listed_and_counted(phone: Phone, sessions: Sessions) -> None:
    child, slot = phone.add_child(), make_slot(sessions)

    answer = book(phone, child, slot)

    assert answer.status_code == 201
    body = answer.json
    assert body is not None
    assert set(body) == BOOKING
    assert set(body["slot"]) == SLOT
    assert answer.json["child_name"] == "丁小满"
    assert answer.json["requested_at"] == "2026-11-23T10:00:00+08:00"
    expected = ("requested", 2026, 1, True, False, None)
    names = (
        "state",
        "quota_year",
        "quota_number",
        "may_cancel",
        "cancel_keeps_number",
        "reason",
    )
    assert tuple(answer.json[name] for name in names) == expected
    assert phone.get("/bookings").json == {"items": [answer.json], "next": None}
    days = {"first_day": "2026-01-01", "last_day": "2026-12-31"}
    quota = {"year": 2026, "limit": 6, "used": 1, "left": 5, **days}
    assert phone.get(f"/children/{child['id']}/quota").json == quota
    assert phone.get(f"/children/{child['id']}/quota", year=2027).json["left"] == 6


@pytest.mark.parametrize("year", ["x", 1999, 2201])
def test_a_senseless_year_is_refused(phone: Phone, year: object) -> None:
    child = phone.add_child()

    answer = phone.get(f"/children/{child['id']}/quota", year=year)

    assert refusal(answer) == (422, "validation_failed")


def test_bookings_come_in_pages(phone: Phone, sessions: Sessions) -> None:
    make_policy(sessions, max_open=6)
    child = phone.add_child()
    ids = [book(phone, child, slot).json["id"] for slot in make_slots(sessions, 3)]

    first = phone.get("/bookings", limit=2).json
    second = phone.get("/bookings", limit=2, after=first["next"]).json

    assert [one["id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert second["next"] is None
    assert refusal(phone.get("/bookings", after="W10")) == (422, "validation_failed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"child_id": 1},
        {"child_id": "1; DROP TABLE bookings", "slot_id": 1},
        {"child_id": 1, "slot_id": None},
        {"child_id": 1, "slot_id": -1},
        {"child_id": 2**63, "slot_id": 1},
        {"child_id": 1, "slot_id": 1, "quota_number": 0},
        {"child_id": [1], "slot_id": {"$gt": 0}},
        {"child_id": "<script>alert(1)</script>", "slot_id": "☃"},
    ],
)
def test_a_body_that_is_no_booking_is_refused(phone: Phone, body: dict[str, Any]) -> None:
    phone.agree()

    assert refusal(phone.post("/bookings", body)) == (422, "validation_failed")


def test_booking_needs_standing_consents(phone: Phone, sessions: Sessions) -> None:
    child, slot = phone.add_child(), make_slot(sessions)
    phone.delete("/consents/children")

    assert refusal(book(phone, child, slot)) == (403, "consent_needed")


def test_an_unknown_child_and_an_unknown_slot_are_not_found(
    phone: Phone, sessions: Sessions
) -> None:
    child, slot = phone.add_child(), make_slot(sessions)

    assert refusal(book(phone, {"id": 2**62}, slot)) == (404, "not_found")
    assert refusal(book(phone, child, 2**62)) == (404, "not_found")


def test_a_full_and_a_closed_slot_are_refused(phone: Phone, sessions: Sessions) -> None:
    child, slots = phone.add_child(), make_slots(sessions, 2, capacity=1)
    make_booking(sessions, child_id=make_child(sessions), slot_id=slots[0])
    with sessions.begin() as session:
        session.execute(update(Slot).where(Slot.id == slots[1]).values(state=SlotState.CLOSED))

    assert refusal(book(phone, child, slots[0])) == (409, "slot_full")
    assert refusal(book(phone, child, slots[1])) == (409, "slot_closed")


@pytest.mark.parametrize(
    ("slot", "code"),
    [
        ({"starts_at": MORNING + timedelta(days=15)}, "not_open_yet"),
        ({"starts_at": MORNING + timedelta(hours=1)}, "slot_closed"),
        ({"starts_at": MORNING - timedelta(days=1)}, "slot_closed"),
        ({"ages": (0, 8)}, "too_old"),
        ({"ages": (9, 12)}, "too_young"),
    ],
)
def test_a_slot_that_does_not_fit_is_refused_with_its_rule(
    phone: Phone, sessions: Sessions, slot: dict[str, Any], code: str
) -> None:
    answer = book(phone, phone.add_child(), make_slot(sessions, **slot))

    assert refusal(answer) == (409, code)
    assert answer.json["detail"]


def test_a_child_in_daycare_is_refused(phone: Phone, sessions: Sessions) -> None:
    child = phone.add_child(home_cared=False)

    assert refusal(book(phone, child, make_slot(sessions))) == (409, "not_home_cared")


def test_a_second_registration_of_a_child_may_not_book(
    phone: Phone, client: FlaskClient, sessions: Sessions
) -> None:
    phone.add_child()
    again = Phone(client)

    answer = book(again, again.add_child(), make_slot(sessions))

    assert refusal(answer) == (409, "possible_duplicate")


def test_a_seventh_session_and_a_slot_twice_are_refused(phone: Phone, sessions: Sessions) -> None:
    make_policy(sessions, max_open=6)
    child, slots = phone.add_child(), make_slots(sessions, 7)
    assert {book(phone, child, slot).status_code for slot in slots[:6]} == {201}

    assert refusal(book(phone, child, slots[6])) == (409, "quota_used_up")
    assert refusal(book(phone, child, slots[0])) == (409, "already_booked")


def test_cancelling_in_time_gives_the_session_back(
    phone: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    child, slot = phone.add_child(), make_slot(sessions)
    booking = book(phone, child, slot).json["id"]
    act(sessions, clock, service.confirm, booking)

    answer = phone.post(f"/bookings/{booking}/cancel")

    assert answer.status_code == 200
    assert (answer.json["state"], answer.json["quota_number"]) == ("cancelled_by_family", None)
    assert (answer.json["may_cancel"], answer.json["slot"]["taken"]) == (False, 0)
    assert refusal(phone.post(f"/bookings/{booking}/cancel")) == (409, "cannot_cancel")


def test_a_late_cancellation_is_announced_and_stays_used(
    phone: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    child = phone.add_child()
    booking = book(phone, child, make_slot(sessions)).json["id"]
    clock.advance(timedelta(days=2, hours=1))

    (listed,) = phone.get("/bookings").json["items"]
    answer = phone.post(f"/bookings/{booking}/cancel")

    assert (listed["may_cancel"], listed["cancel_keeps_number"]) == (True, True)
    assert answer.json["quota_number"] == 1
    assert phone.get(f"/children/{child['id']}/quota").json["used"] == 1


def test_another_familys_booking_cannot_be_cancelled_or_seen(
    phone: Phone, client: FlaskClient, sessions: Sessions
) -> None:
    booking = book(phone, phone.add_child(), make_slot(sessions)).json["id"]
    other = Phone(client)
    other.add_child(name="测试乙")

    assert refusal(other.post(f"/bookings/{booking}/cancel")) == (404, "not_found")
    assert refusal(other.post(f"/bookings/{2**62}/cancel")) == (404, "not_found")
    assert refusal(other.post(f"/bookings/{10**30}/cancel")) == (404, "not_found")
    assert other.get("/bookings").json["items"] == []


def test_a_decline_shows_its_reason_to_the_family(
    phone: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    booking = book(phone, phone.add_child(), make_slot(sessions)).json["id"]
    act(sessions, clock, service.decline, booking, reason="老师生病")

    (listed,) = phone.get("/bookings").json["items"]

    assert (listed["state"], listed["reason"]) == ("declined", "老师生病")


def test_the_same_key_gives_the_same_answer_and_one_booking(
    phone: Phone, sessions: Sessions
) -> None:
    child, slots = phone.add_child(), make_slots(sessions, 2)

    first, second = (book(phone, child, slots[0], key="k-1") for _ in range(2))

    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert len(phone.get("/bookings").json["items"]) == 1
    reused = book(phone, child, slots[1], key="k-1")
    assert refusal(reused) == (422, "idempotency_key_reused")


def test_a_repeated_request_is_answered_as_before_though_the_slot_is_full_now(
    phone: Phone, sessions: Sessions
) -> None:
    child, slot = phone.add_child(), make_slot(sessions, capacity=1)

    first, second = (book(phone, child, slot, key="k-4") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert refusal(book(phone, child, slot, key="k-5")) == (409, "slot_full")


@pytest.mark.parametrize("key", ["k" * 129, "钥匙"])
def test_a_senseless_key_is_refused(phone: Phone, sessions: Sessions, key: str) -> None:
    child, slot = phone.add_child(), make_slot(sessions)

    answer = phone.post("/bookings", {"child_id": child["id"], "slot_id": slot}, key)

    assert refusal(answer) == (422, "idempotency_key_invalid")


def test_a_refusal_is_not_kept_for_its_key(
    phone: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    child, slot = phone.add_child(), make_slot(sessions, starts_at=MORNING + timedelta(days=15))
    assert refusal(book(phone, child, slot, key="k-2")) == (409, "not_open_yet")
    clock.advance(timedelta(days=1))

    assert book(phone, child, slot, key="k-2").status_code == 201


def test_the_same_key_after_a_day_is_a_new_request(
    phone: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    child, slots = phone.add_child(), make_slots(sessions, 2)
    book(phone, child, slots[0], key="k-3")
    clock.advance(timedelta(days=1))

    assert book(phone, child, slots[1], key="k-3").status_code == 201


@pytest.fixture
def committed_app(committed: Sessions, clock: FixedClock) -> Flask:
    """The application on a database where threads see each other's commits."""
    return create_app(make_settings("unused"), clock=clock, sessions=committed, login=FakeLogin())


def test_twenty_times_one_key_at_once_is_one_booking_and_twenty_equal_answers(
    committed_app: Flask, committed: Sessions
) -> None:
    phone = Phone(committed_app.test_client())
    child, slot = phone.add_child(), make_slot(committed)
    body = {"child_id": child["id"], "slot_id": slot}

    def press(_number: int) -> TestResponse:
        return committed_app.test_client().post(
            "/api/v1/bookings", json=body, headers=phone.headers | {"Idempotency-Key": "once"}
        )

    answers, crashed = at_once(press, range(20))

    assert crashed == []
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert len(phone.get("/bookings").json["items"]) == 1
    with committed() as session:
        assert len(session.query(IdempotentAnswer).all()) == 1
        assert session.get_one(Slot, slot).taken == 1


def test_eight_families_race_for_three_places_over_the_api(
    committed_app: Flask, committed: Sessions
) -> None:
    slot = make_slot(committed, capacity=3)
    phones = [Phone(committed_app.test_client()) for _ in range(8)]
    children = [phone.add_child(name=f"测试{n}") for n, phone in enumerate(phones)]

    answers, crashed = at_once(
        lambda one: book(one[0], one[1], slot, key="race"),
        list(zip(phones, children, strict=True)),
    )

    assert crashed == []
    codes = sorted("booked" if answer.status_code == 201 else code_of(answer) for answer in answers)
    assert codes == ["booked"] * 3 + ["slot_full"] * 5
