"""签到: a centre's day at the door, also in a hall without a network.

The page keeps itself and its masked list for the day (a service worker for this page alone); what
is ticked or scanned waits on the device and is sent once there is a network. Only here is a pass
verified: a device cannot, and says 待核对.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from flask import Response, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from backend.bookings import attendance
from backend.bookings.attendance import CheckInOutcome, Scan, Shown
from backend.bookings.attendance_models import CheckInWay
from backend.bookings.desk import DeskBooking, booking_in_scope, day_list
from backend.bookings.models import BookingState
from backend.bookings.rules import STATE_TITLES
from backend.bookings.slips import DoorCodes
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, sentence
from backend.console.day import place_of
from backend.console.desk import SlotCard, by_slot, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date, city_midnight
from backend.kernel.errors import DomainError, Invalid

ALLOWED = "worker-src 'self'; connect-src 'self'"
WORKER_ALLOWED = "connect-src 'self'"  # the worker itself fetches the page and its files
WORKER = Path(__file__).parent / "static" / "check-in-worker.js"
MOST_SCANS = 200
AT_THE_DOOR = frozenset({BookingState.CONFIRMED, BookingState.ATTENDED, BookingState.MISSED})


class ScanIn(BaseModel):
    """One scan from a device."""

    model_config = ConfigDict(extra="forbid")

    scan_key: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    way: CheckInWay
    scanned_at: AwareDatetime
    code: Annotated[str, Field(max_length=80)] | None = None
    booking_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


class SyncIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    scans: Annotated[list[ScanIn], Field(max_length=MOST_SCANS)]


@dataclass(frozen=True)
class Result:
    """What became of one scan: done, already or refused, with a sentence for the desk."""

    scan_key: str
    outcome: str
    sentence: str
    booking_id: int | None = None
    state: str | None = None


@bp.get("/check-in")
@requires(Action.DECIDE_BOOKINGS)
def check_in() -> ResponseReturnValue:
    today = city_date(deps().clock.now())
    with deps().sessions.begin() as session:
        place = place_of(session, request.args.get("centre", type=int))
        found = day_list(session, place.centre_ids, today, today) if place.single else []
        bookings = [one for one in found if one.state in AT_THE_DOOR]
        note_listed(session, "check-in", (booking.child_id for booking in bookings))
        cards = by_slot((), bookings)
    g.also_allowed = ALLOWED
    response = Response(
        render_template(
            "console/check_in.html",
            place=place,
            today=today,
            cards=cards,
            counts=_counts(cards),
            new_key=_new_key,
        )
    )
    response.headers["X-Kept-For"] = str(_rest_of(today))
    return response


def _new_key() -> str:
    """For a browser without scripts; with them the device makes its own."""
    return str(uuid.uuid4())


def _counts(cards: Iterable[SlotCard]) -> tuple[int, int]:
    """How many have come, of how many."""
    lines = [line for card in cards for line in card.lines]
    return sum(line.state is BookingState.ATTENDED for line in lines), len(lines)


def _rest_of(day: date) -> int:
    """Seconds until the city's day is over: a device keeps its list no longer."""
    return int((city_midnight(day + timedelta(days=1)) - deps().clock.now()).total_seconds())


@bp.get("/check-in/worker.js")
@requires(Action.DECIDE_BOOKINGS)
def check_in_worker() -> ResponseReturnValue:
    """The service worker, from an address below which it may look after this page alone."""
    g.also_allowed = WORKER_ALLOWED
    response = Response(WORKER.read_text(encoding="utf-8"), mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = "/console/check-in"
    return response


@bp.post("/check-in/tick")
@requires(Action.DECIDE_BOOKINGS)
def check_in_tick() -> ResponseReturnValue:
    """One line or one typed code from a browser without scripts."""
    way = CheckInWay.LIST if request.form.get("booking") else CheckInWay.TYPED
    scan = ScanIn.model_construct(
        scan_key=request.form.get("scan_key", ""),
        way=way,
        scanned_at=deps().clock.now(),
        code=request.form.get("code", ""),
        booking_id=request.form.get("booking", type=int),
    )
    found = _take(scan)
    if found.outcome == "refused":
        notices.refused(found.sentence)
    else:
        notices.done(found.sentence, undo=_undo_of(found))
    return redirect(back(), 303)


def _undo_of(found: Result) -> str | None:
    if found.outcome != "done":
        return None
    return url_for("console.undo", booking_id=found.booking_id)


@bp.post("/check-in/sync")
@requires(Action.DECIDE_BOOKINGS)
def check_in_sync() -> ResponseReturnValue:
    """What a device has kept, each in a transaction of its own; sending it twice is harmless."""
    try:
        given = SyncIn.model_validate_json(request.get_data())
    except ValidationError:
        return jsonify(sentence="上传的内容有误，请刷新页面后再试"), 422
    rows = [_take(scan) for scan in given.scans]
    return jsonify(rows=rows, now=deps().clock.now().isoformat())


def _take(scan: ScanIn) -> Result:
    """One scan in one transaction. A refusal is an answer, too."""
    parts, centre_ids = deps(), viewer().scope.centre_ids
    try:
        with parts.sessions.begin() as session:
            shown = Shown(scan.way, scan.code, scan.booking_id)
            booking_id = attendance.booking_shown(
                session, DoorCodes(parts.passes, parts.slips), shown, scan.scanned_at, centre_ids
            )
            outcome = attendance.check_in(
                session,
                parts.clock,
                booking_id=booking_id,
                scan=Scan(_key_of(scan), scan.way, scan.scanned_at, viewer().staff_id),
            )
            found = booking_in_scope(session, booking_id, centre_ids)
    except DomainError as error:
        return Result(scan.scan_key, "refused", sentence(error), scan.booking_id)
    return Result(scan.scan_key, outcome.value, _said(outcome, found), booking_id, found.state)


def _key_of(scan: ScanIn) -> str:
    """Raises Invalid where neither the device nor the form has made one."""
    if not 1 <= len(scan.scan_key) <= 64:
        raise Invalid("请刷新页面后再试")
    return scan.scan_key


def _said(outcome: CheckInOutcome, found: DeskBooking) -> str:
    if outcome is CheckInOutcome.ALREADY and found.state is not BookingState.ATTENDED:
        return f"已登记过，当前状态：{STATE_TITLES[found.state]}"
    word = "已签到" if outcome is CheckInOutcome.DONE else "之前已签到"
    return f"{found.slot.title}：{word}"
