"""签到: ticked, typed, scanned, sent twice; what the browser may do on that page and no other."""

import json
import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from backend.bookings import service
from backend.bookings.attendance_models import CheckIn, CheckInWay
from backend.bookings.models import Booking
from backend.bookings.passes import Holder, Pass
from backend.bookings.slips import Seat, Slip
from backend.centres.models import Slot
from backend.deps import EXTENSION, Deps
from backend.kernel.clock import FixedClock
from backend.people.models import Role
from tests.bookings.family import Family, make_family, state_of
from tests.bookings.visit import confirmed
from tests.console.conftest import Desk, Enter, open_sign_in
from tests.factories import MORNING, make_centre, make_slot

Sessions = sessionmaker[Session]
BEFORE = timedelta(minutes=20)


@pytest.fixture
def family(sessions: Sessions) -> Family:
    return make_family(sessions, name="王小一", birth_date=date(2026, 1, 15))


@pytest.fixture
def booking(sessions: Sessions, clock: FixedClock, family: Family, centre: int, clerk: Desk) -> int:
    """Confirmed; it is twenty minutes before the start, and the clerk has signed in again."""
    slot = make_slot(sessions, centre_id=centre)
    booking = confirmed(sessions, clock, family, slot)
    clock.set(MORNING + timedelta(days=3) - BEFORE)
    clerk.remember(open_sign_in(sessions, "clerk", clock.now()))
    return booking


def pass_of(app: Flask, family: Family, booking: int, clock: FixedClock) -> Pass:
    parts: Deps = app.extensions[EXTENSION]
    end = clock.now() + timedelta(hours=2)
    return parts.passes.issue(Holder(booking, family.child), end, clock.now())


def scan(clock: FixedClock, way: str, **what: Any) -> dict[str, Any]:
    return {
        "scan_key": str(uuid.uuid4()),
        "way": way,
        "scanned_at": clock.now().isoformat(),
        **what,
    }


def sync(desk: Desk, scans: list[dict[str, Any]], *, token: str | None = None) -> TestResponse:
    return desk.client.post(
        "/console/check-in/sync",
        data=json.dumps({"scans": scans}),
        content_type="application/json",
        headers={"X-CSRFToken": desk.token() if token is None else token},
    )


def rows_of(sessions: Sessions) -> list[CheckIn]:
    with sessions() as session:
        return list(session.scalars(select(CheckIn)))


def test_the_page_lists_the_day_of_one_centre_masked(
    clerk: Desk, booking: int, sessions: Sessions, clock: FixedClock
) -> None:
    page = clerk.page("/check-in")

    assert "王*一" in page
    assert "王小一" not in page
    assert f'data-booking="{booking}"' in page
    assert re.search(r"<strong data-come>0</strong>/<span data-all>1</span>", page)


def test_a_line_is_ticked_without_scripts_and_taken_back(
    clerk: Desk, booking: int, sessions: Sessions
) -> None:
    page = clerk.post_and_read(
        "/check-in/tick", booking=booking, scan_key="k1", back="/console/check-in"
    )

    assert "已签到" in page
    assert state_of(sessions, booking)[0] == "attended"
    clerk.post_and_read(f"/bookings/{booking}/undo")
    assert rows_of(sessions) == []


def test_typed_letters_check_in_without_scripts(
    app: Flask, clerk: Desk, booking: int, family: Family, clock: FixedClock, sessions: Sessions
) -> None:
    short = pass_of(app, family, booking, clock).short_code

    wrong = clerk.post_and_read("/check-in/tick", code="AAAA-3333", scan_key="k1")
    right = clerk.post_and_read("/check-in/tick", code=short.lower(), scan_key="k2")

    assert "签到码无效" in wrong
    assert "已签到" in right
    assert [one.way for one in rows_of(sessions)] == [CheckInWay.TYPED]


def test_a_device_sends_what_it_kept_and_sending_twice_changes_nothing(
    app: Flask, clerk: Desk, booking: int, family: Family, clock: FixedClock, sessions: Sessions
) -> None:
    kept = [
        scan(clock, "qr", code=pass_of(app, family, booking, clock).code),
        scan(clock, "list", booking_id=booking),
        scan(clock, "typed", code="34679ACD"),
    ]
    clock.advance(timedelta(hours=5))
    clerk.remember(open_sign_in(sessions, "clerk", clock.now()))

    first = sync(clerk, kept).json["rows"]
    again = sync(clerk, kept).json["rows"]

    assert [row["outcome"] for row in first] == ["done", "already", "refused"]
    assert [row["outcome"] for row in again] == ["already", "already", "refused"]
    assert "签到码" in first[2]["sentence"]
    assert first[0]["state"] == "attended"
    (row,) = rows_of(sessions)
    assert row.scan_key == kept[0]["scan_key"]
    assert row.scanned_at == clock.now() - timedelta(hours=5)


def test_a_forged_code_and_one_of_another_centre_are_refused_by_row(
    app: Flask, clerk: Desk, booking: int, family: Family, clock: FixedClock, sessions: Sessions
) -> None:
    code = pass_of(app, family, booking, clock).code
    elsewhere = confirmed_elsewhere(sessions, clock)

    rows = sync(
        clerk,
        [
            scan(clock, "qr", code=code[:-4] + ("AAAA" if code[-4:] != "AAAA" else "BBBB")),
            scan(clock, "list", booking_id=elsewhere),
            scan(clock, "qr", code=code),
        ],
    ).json["rows"]

    assert [row["outcome"] for row in rows] == ["refused", "refused", "done"]
    assert state_of(sessions, elsewhere)[0] == "confirmed"


def slip_of(app: Flask, family: Family, booking: int) -> Slip:
    parts: Deps = app.extensions[EXTENSION]
    start = MORNING + timedelta(days=3)
    return parts.slips.issue(Seat(booking, family.child, start, start + timedelta(hours=1)))


def test_a_slip_is_scanned_in_a_hall_without_a_network_or_typed(
    app: Flask, clerk: Desk, booking: int, family: Family, clock: FixedClock, sessions: Sessions
) -> None:
    made = slip_of(app, family, booking)
    other = confirmed_elsewhere(sessions, clock)
    kept = [
        scan(clock, "qr", code=made.code.replace(f".{booking}.", f".{other}.")),
        scan(clock, "qr", code=made.code[:-4] + ("AAAA" if made.code[-4:] != "AAAA" else "BBBB")),
        scan(clock, "qr", code=made.code),
        scan(clock, "typed", code=made.short_code),
    ]
    clock.advance(timedelta(hours=5))
    clerk.remember(open_sign_in(sessions, "clerk", clock.now()))

    rows = sync(clerk, kept).json["rows"]

    assert [row["outcome"] for row in rows] == ["refused", "refused", "done", "already"]
    assert rows[2]["state"] == "attended"
    (row,) = rows_of(sessions)
    assert row.scan_key == kept[2]["scan_key"]
    late = sync(clerk, [scan(clock, "qr", code=made.code)]).json["rows"][0]
    assert "可以签到" in late["sentence"]


def test_the_slip_of_a_session_that_moved_or_was_cancelled_opens_no_door(
    app: Flask, clerk: Desk, booking: int, family: Family, clock: FixedClock, sessions: Sessions
) -> None:
    made = slip_of(app, family, booking)
    with sessions.begin() as session:
        slot = session.get_one(Slot, session.get_one(Booking, booking).slot_id)
        slot.starts_at += timedelta(minutes=15)
    moved = sync(clerk, [scan(clock, "qr", code=made.code)]).json["rows"][0]
    assert "活动改过时间" in moved["sentence"]
    with sessions.begin() as session:
        slot = session.get_one(Slot, slot.id)
        slot.starts_at -= timedelta(minutes=15)
        service.cancel_by_centre(session, clock, booking_id=booking, actor="staff:1", reason="停电")

    off = sync(
        clerk, [scan(clock, "qr", code=made.code), scan(clock, "typed", code=made.short_code)]
    ).json["rows"]

    assert "中心已取消" in off[0]["sentence"]
    assert [row["outcome"] for row in off] == ["refused", "refused"]
    assert rows_of(sessions) == []


def confirmed_elsewhere(sessions: Sessions, clock: FixedClock) -> int:
    slot = make_slot(
        sessions, centre_id=make_centre(sessions), starts_at=clock.now() + timedelta(hours=3)
    )
    return confirmed(sessions, clock, make_family(sessions), slot)


def test_a_family_that_cancelled_is_named_as_such(
    clerk: Desk, booking: int, clock: FixedClock, sessions: Sessions
) -> None:
    with sessions.begin() as session:
        service.cancel_by_centre(session, clock, booking_id=booking, actor="staff:1", reason="停电")

    (row,) = sync(clerk, [scan(clock, "list", booking_id=booking)]).json["rows"]

    assert row["outcome"] == "refused"
    assert "中心已取消" in row["sentence"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scan_key": "short"},
        {"way": "shouted"},
        {"scanned_at": "2026-11-26T10:00:00"},  # without an offset
        {"booking_id": 0},
        {"name": "王小一"},
    ],
)
def test_what_no_device_of_ours_sends_is_refused_as_a_whole(
    clerk: Desk, booking: int, clock: FixedClock, wrong: dict[str, object], sessions: Sessions
) -> None:
    good = scan(clock, "list", booking_id=booking)

    answer = sync(clerk, [good, {**good, **wrong}])

    assert answer.status_code == 422
    assert rows_of(sessions) == []


def test_a_batch_has_an_end(clerk: Desk, booking: int, clock: FixedClock) -> None:
    assert sync(clerk, [scan(clock, "list", booking_id=2**61)] * 201).status_code == 422
    assert sync(clerk, []).json["rows"] == []


def test_without_its_token_nothing_is_taken(
    clerk: Desk, booking: int, clock: FixedClock, sessions: Sessions
) -> None:
    answer = sync(clerk, [scan(clock, "list", booking_id=booking)], token="no")

    assert answer.status_code == 400
    assert rows_of(sessions) == []


def test_only_this_page_may_have_a_worker_and_only_for_itself(clerk: Desk, booking: int) -> None:
    page, worker, other = (clerk.get(path) for path in ("/check-in", "/check-in/worker.js", "/"))

    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("; worker-src 'self'; connect-src 'self'")
    assert "script-src 'self'" in policy
    assert worker.headers["Service-Worker-Allowed"] == "/console/check-in"
    assert worker.mimetype == "text/javascript"
    assert "worker-src" not in other.headers["Content-Security-Policy"]
    assert "connect-src" not in other.headers["Content-Security-Policy"]
    for answer in (page, worker, other):
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_device_keeps_the_list_until_the_citys_midnight(
    clerk: Desk, booking: int, clock: FixedClock
) -> None:
    left = int(clerk.get("/check-in").headers["X-Kept-For"])

    assert left == (14 * 60 + 20) * 60  # from 09:40 on


def test_a_town_chooses_a_centre_first(
    enter: Enter, booking: int, sessions: Sessions, clock: FixedClock, centre: int
) -> None:
    make_centre(sessions)
    town = enter(Role.TOWN, login="town")
    town.remember(open_sign_in(sessions, "town", clock.now()))

    assert "请先选择中心" in town.page("/check-in")
    assert "王*一" in town.page(f"/check-in?centre={centre}")


def test_an_empty_day_says_so(clerk: Desk) -> None:
    assert "今天没有要签到的家庭" in clerk.page("/check-in")


def test_what_is_only_asked_for_is_not_at_the_door(
    clerk: Desk, booking: int, sessions: Sessions, clock: FixedClock
) -> None:
    with sessions.begin() as session:
        asked = session.get_one(Booking, booking)
        assert asked.state.value == "confirmed"
        service.cancel_by_centre(session, clock, booking_id=booking, actor="staff:1", reason="停电")

    assert "王*一" not in clerk.page("/check-in")
