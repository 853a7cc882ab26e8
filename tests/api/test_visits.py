"""Around one session, as the phone meets it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import passes, service
from backend.bookings.attendance import Scan, check_in
from backend.bookings.attendance_models import CheckInWay
from backend.bookings.passes import Holder
from backend.deps import EXTENSION, Deps
from backend.kernel.clock import FixedClock
from tests.api.families import Phone, code_of
from tests.factories import MORNING, make_slot, make_staff

Sessions = sessionmaker[Session]
START = MORNING + timedelta(days=3)


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


@pytest.fixture
def child(phone: Phone) -> int:
    number: int = phone.add_child()["id"]
    return number


@pytest.fixture
def booking(phone: Phone, child: int, sessions: Sessions, clock: FixedClock) -> int:
    """Confirmed, three days ahead."""
    answer = phone.post("/bookings", {"child_id": child, "slot_id": make_slot(sessions)})
    number: int = answer.json["id"]
    with sessions.begin() as session:
        service.confirm(session, clock, booking_id=number, actor="staff:1")
    return number


def visit(phone: Phone, booking: int) -> dict[str, Any]:
    answer = phone.get(f"/bookings/{booking}/visit")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def come(sessions: Sessions, clock: FixedClock, booking: int) -> None:
    scan = Scan("k", CheckInWay.QR, clock.now(), make_staff(sessions))
    with sessions.begin() as session:
        check_in(session, clock, booking_id=booking, scan=scan)


def miss(sessions: Sessions, clock: FixedClock, booking: int) -> None:
    with sessions.begin() as session:
        service.mark_missed(session, clock, booking_id=booking, actor="staff:1")


def test_a_pass_is_shown_an_hour_before_and_is_good_at_the_desk(
    app: Flask, phone: Phone, child: int, booking: int, clock: FixedClock
) -> None:
    assert visit(phone, booking)["pass_from"] == "2026-11-26T09:00:00+08:00"
    early = phone.get(f"/bookings/{booking}/pass")
    assert (early.status_code, code_of(early)) == (409, "pass_not_usable")
    clock.set(START - timedelta(minutes=59))

    answer = phone.get(f"/bookings/{booking}/pass")

    assert answer.status_code == 200
    made = answer.json
    parts: Deps = app.extensions[EXTENSION]
    parts.passes.check(passes.read(made["code"]), Holder(booking, child), clock.now())
    assert len(made["short_code"]) == 8
    assert datetime.fromisoformat(made["expires_at"]) > clock.now()
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_picture_holds_only_the_code(phone: Phone, booking: int, clock: FixedClock) -> None:
    clock.set(START)

    answer = phone.get(f"/bookings/{booking}/pass.svg")

    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert answer.data.startswith(b"<svg")
    assert len(answer.data) < 6000
    assert "丁小满" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", "visit", None),
        ("get", "pass", None),
        ("get", "pass.svg", None),
        ("post", "reconfirm", {}),
        ("post", "confirm-attendance", {}),
        ("post", "appeal", {"words": "我们到了"}),
        ("post", "rating", {"stars": 5}),
    ],
)
def test_another_familys_booking_is_not_there(
    client: FlaskClient, booking: int, method: str, path: str, body: object
) -> None:
    stranger = Phone(client, "stranger")
    stranger.agree()
    where = f"/bookings/{booking}/{path}"

    answer = stranger.get(where) if method == "get" else stranger.post(where, body)

    assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_checked_in_confirmed_and_rated(
    phone: Phone, booking: int, sessions: Sessions, clock: FixedClock
) -> None:
    clock.set(START)
    come(sessions, clock, booking)
    assert visit(phone, booking)["may_confirm"]

    confirmed = phone.post(f"/bookings/{booking}/confirm-attendance")
    rated = phone.post(f"/bookings/{booking}/rating", {"stars": 5, "words": "老师很耐心"})

    assert confirmed.json["confirmed_at"] == "2026-11-26T10:00:00+08:00"
    assert not confirmed.json["may_confirm"]
    assert rated.status_code == 201
    assert (rated.json["stars"], rated.json["words"]) == (5, "老师很耐心")
    assert rated.json["may_rate"]  # for a day it may be changed
    assert "已签到，请确认到场" in [one["title"] for one in told(phone)]


def told(phone: Phone) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = phone.get("/messages").json["items"]
    return items


def test_missed_appealed_and_told_what_it_costs(
    phone: Phone, booking: int, sessions: Sessions, clock: FixedClock
) -> None:
    clock.set(START)
    miss(sessions, clock, booking)
    before = visit(phone, booking)
    assert before["number_given_back"]
    assert before["may_appeal"]

    answer = phone.post(f"/bookings/{booking}/appeal", {"words": "我们到了，没有扫码"})
    again = phone.post(f"/bookings/{booking}/appeal", {"words": "再说一次"})

    assert answer.status_code == 201
    assert answer.json["appeal_state"] == "open"
    assert answer.json["appeal_words"] == "我们到了，没有扫码"
    assert not answer.json["may_appeal"]
    assert (again.status_code, code_of(again)) == (409, "already_appealed")
    (cost,) = [one for one in told(phone) if one["title"] == "登记为未到场"]
    assert "次数已退还" in cost["body"]
    assert "申诉" in cost["body"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("appeal", {"words": "长" * 301}),
        ("appeal", {"words": "\u0000"}),
        ("appeal", {}),
        ("rating", {"stars": 0}),
        ("rating", {"stars": 6}),
        ("rating", {"stars": 5, "words": "长" * 301}),
        ("rating", {"words": "好"}),
    ],
)
def test_what_cannot_be_is_refused(
    phone: Phone, booking: int, path: str, body: dict[str, object]
) -> None:
    answer = phone.post(f"/bookings/{booking}/{path}", body)

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")


def test_what_is_too_early_says_so(phone: Phone, booking: int) -> None:
    codes = [
        code_of(phone.post(f"/bookings/{booking}/confirm-attendance")),
        code_of(phone.post(f"/bookings/{booking}/appeal", {"words": "我们到了"})),
        code_of(phone.post(f"/bookings/{booking}/rating", {"stars": 5})),
    ]

    assert codes == ["nothing_to_confirm", "cannot_appeal", "cannot_rate"]


def test_a_family_says_again_that_it_comes(phone: Phone, booking: int) -> None:
    answer = phone.post(f"/bookings/{booking}/reconfirm")

    assert answer.status_code == 200
    assert answer.json["reconfirmed_at"] == "2026-11-23T10:00:00+08:00"
    assert answer.json["reconfirm_until"] is None
