"""A booking for the phone's own calendar."""

from datetime import timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from backend.bookings import service
from backend.kernel.clock import FixedClock
from tests.api.families import Phone
from tests.bookings.family import act
from tests.factories import make_slot

Sessions = sessionmaker[Session]


@pytest.fixture
def phone(app: Flask) -> Phone:
    return Phone(app.test_client())


def event_of(answer: TestResponse) -> tuple[str, dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.get_data())
    (event,) = calendar.walk("VEVENT")
    return str(calendar["method"]), {name.lower(): str(value) for name, value in event.items()}


def test_a_booking_comes_as_a_file_in_the_citys_time(
    phone: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    child, slot = phone.add_child(), make_slot(sessions)
    booking = phone.post("/bookings", {"child_id": child["id"], "slot_id": slot}).json["id"]

    answer = phone.get(f"/bookings/{booking}.ics")
    method, event = event_of(answer)

    assert method == "PUBLISH"
    assert event["status"] == "TENTATIVE"
    assert event["summary"] == "亲子活动：一起爬一爬"
    assert "DTSTART;TZID=Asia/Shanghai:20261126T100000" in answer.text
    assert "BEGIN:VTIMEZONE" in answer.text
    assert child["name"] not in answer.text

    act(sessions, clock, service.confirm, booking)
    assert event_of(phone.get(f"/bookings/{booking}.ics"))[1]["status"] == "CONFIRMED"


def test_a_cancelled_one_takes_itself_out_again(
    phone: Phone, sessions: Sessions, clock: FixedClock
) -> None:
    child, slot = phone.add_child(), make_slot(sessions)
    booking = phone.post("/bookings", {"child_id": child["id"], "slot_id": slot}).json["id"]
    _, before = event_of(phone.get(f"/bookings/{booking}.ics"))
    clock.advance(timedelta(minutes=5))
    phone.post(f"/bookings/{booking}/cancel")

    method, after = event_of(phone.get(f"/bookings/{booking}.ics"))

    assert (method, after["status"]) == ("CANCEL", "CANCELLED")
    assert after["uid"] == before["uid"]
    assert int(after["sequence"]) > int(before["sequence"])


def test_another_familys_booking_is_not_there(app: Flask, phone: Phone, sessions: Sessions) -> None:
    child, slot = phone.add_child(), make_slot(sessions)
    booking = phone.post("/bookings", {"child_id": child["id"], "slot_id": slot}).json["id"]
    other = Phone(app.test_client())

    assert other.get(f"/bookings/{booking}.ics").status_code == 404
    assert phone.get("/bookings/999999.ics").status_code == 404
    assert app.test_client().get(f"/api/v1/bookings/{booking}.ics").status_code == 401
