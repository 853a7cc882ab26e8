"""代约: the community books for a family without a smartphone.

Nobody browses families here: the child is named exactly, and stays in the signed cookie of this
desk until the next search. Names travel in forms, never in addresses.
"""

from __future__ import annotations

from datetime import date

import segno
from flask import redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings import on_behalf as booking_on_behalf
from backend.bookings import rules
from backend.bookings.desk import DeskBooking, booking_in_scope
from backend.bookings.passes import USABLE_BEFORE
from backend.bookings.queries import policy_at, quota
from backend.bookings.slips import Seat, Slip
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, row_id
from backend.console.day import place_of
from backend.console.desk import line_of, note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid
from backend.kernel.privacy import mask_birth_date, mask_name
from backend.people import addresses, paper
from backend.people.children import name_of
from backend.people.models import Child, Purpose, Relation, Sex
from backend.people.rules import PossibleDuplicate

CHILD = "on-behalf-child"  # in the cookie


@bp.get("/on-behalf")
@requires(Action.BOOK_ON_BEHALF)
def on_behalf() -> ResponseReturnValue:
    parts = deps()
    now = parts.clock.now()
    with parts.sessions.begin() as database:
        place = place_of(database, request.args.get("centre", type=int))
        child = _chosen(database)
        slots = []
        if child is not None:
            chosen = place.chosen.id if place.chosen else None
            slots = booking_on_behalf.slots_for(database, now, child, chosen)
            slots = [one for one in slots if viewer().scope.holds_centre(one.slot.centre_id)]
        shown = None if child is None else _shown(database, child)
    return render_template(
        "console/on_behalf.html",
        place=place,
        child=shown,
        slots=slots,
        relations=paper.WORDS,
        reasons=_sentences({one.reason for one in slots}),
        today=city_date(now),
    )


@bp.post("/on-behalf/find")
@requires(Action.BOOK_ON_BEHALF)
def find_child() -> ResponseReturnValue:
    """Exactly this name, sex and birth date, in this town; a miss tells nothing more."""
    parts, who = deps(), _who()
    with parts.sessions.begin() as database:
        found = paper.find(
            database, parts.clock, parts.vault, who, town_code=_town(), actor=viewer().actor
        )
    session.pop(CHILD, None)
    if found is None:
        notices.refused("本街镇没有这样登记的孩子。请核对姓名、性别和出生日期，或在下面登记")
    else:
        session[CHILD] = found.id
    return redirect(url_for("console.on_behalf"), 303)


@bp.post("/on-behalf/register")
@requires(Action.BOOK_ON_BEHALF)
def register_on_paper() -> ResponseReturnValue:
    parts = deps()
    with parts.sessions.begin() as database:
        child = paper.register(
            database,
            parts.clock,
            parts.vault,
            parts.documents,
            _who(),
            _paper(),
            town_code=_town(),
            actor=viewer().actor,
        )
    session[CHILD] = child.id
    notices.done("已登记，可以代约")
    return redirect(url_for("console.on_behalf"), 303)


@bp.post("/on-behalf/address")
@requires(Action.BOOK_ON_BEHALF)
def put_address_on_paper() -> ResponseReturnValue:
    """Where a home visit goes, from the signed form. It is written here and never shown here."""
    parts, text = deps(), request.form.get("address", "")
    with parts.sessions.begin() as database:
        child = _chosen(database)
        if child is None:
            raise Invalid("请先查找孩子")
        signed = paper.Signed(_paper(), parts.documents[Purpose.ADDRESS], viewer().actor)
        paper.put_address(database, parts.clock, parts.vault, signed, child_id=child.id, text=text)
    notices.done("地址已保存，只有上门的老师看得到")
    return redirect(url_for("console.on_behalf"), 303)


@bp.post("/on-behalf/book")
@requires(Action.BOOK_ON_BEHALF)
def book_for_family() -> ResponseReturnValue:
    with deps().sessions.begin() as database:
        child = _chosen(database)
        if child is None:
            raise Invalid("请先查找孩子")
        made = booking_on_behalf.book_on_behalf(
            database,
            deps().clock,
            _paper(),
            child_id=child.id,
            slot_id=_number("slot"),
            town_code=_town(),
            staff_id=viewer().staff_id,
        )
        booking_in_scope(database, made.id, viewer().scope.centre_ids)
    notices.done("已代约，请打印预约单交给家人")
    return redirect(url_for("console.slip", booking_id=made.id), 303)


@bp.get("/on-behalf/slip/<int:booking_id>")
@requires(Action.BOOK_ON_BEHALF)
def slip(booking_id: int) -> ResponseReturnValue:
    """Time, place and number on paper; the name stays masked, papers lie about."""
    with deps().sessions.begin() as database:
        found = booking_in_scope(database, booking_id, viewer().scope.centre_ids)
        centre = place_of(database, found.slot.centre_id).chosen
        note_listed(database, "slip", [found.child_id])
    code = _code_of(found)
    return render_template(
        "console/slip.html",
        line=line_of(found),
        centre=centre,
        code=code,
        picture=None if code is None else _picture(code),
        valid_from=found.slot.starts_at - USABLE_BEFORE,
    )


def _code_of(found: DeskBooking) -> Slip | None:
    """None for a booking that does not stand any more: its paper opens no door."""
    if found.state not in rules.OPEN_STATES:
        return None
    seat = Seat(found.id, found.child_id, found.slot.starts_at, found.slot.ends_at)
    return deps().slips.issue(seat)


def _picture(code: Slip) -> str:
    """The QR code as the address of a picture; black on white also on a dark page."""
    drawn = segno.make(code.code, error="m", micro=False)
    return str(drawn.svg_data_uri(scale=5, border=4, light="#fff", xmldecl=False))


def _town() -> str:
    """The town of the community worker; the role has one (a CHECK of the table)."""
    town = viewer().scope.town_code
    assert town is not None
    return town


def _chosen(database: Session) -> Child | None:
    child_id = session.get(CHILD)
    if not isinstance(child_id, int):
        return None
    return booking_on_behalf.child_of_town(database, child_id, _town())


def _shown(database: Session, child: Child) -> dict[str, object]:
    parts = deps()
    now = parts.clock.now()
    return {
        "name": mask_name(name_of(parts.vault, child)),
        "birth": mask_birth_date(child.birth_date),
        "quota": quota(database, policy_at(database, now), now, child),
    }


def _who() -> paper.Who:
    form = request.form
    name = form.get("name", "").strip()
    try:
        sex, birth = Sex(form.get("sex", "")), date.fromisoformat(form.get("birth_date", ""))
    except ValueError as error:
        raise Invalid("请填写姓名、性别和出生日期") from error
    return paper.Who(name, sex, birth)


def _paper() -> paper.Paper:
    form = request.form
    try:
        relation = Relation(form.get("relation", ""))
        return paper.Paper(relation, date.fromisoformat(form.get("signed_on", "")))
    except ValueError as error:
        raise Invalid("请写明纸质同意书由谁签字、哪天签字") from error


def _number(field: str) -> int:
    try:
        return row_id(request.form.get(field, ""))
    except ValueError as error:
        raise Invalid("请选择时段") from error


def _sentences(codes: set[str | None]) -> dict[str, str]:
    """What stands against a slot, for a clerk's eyes."""
    return {code: SENTENCES.get(code, "不能预约") for code in codes if code is not None}


SENTENCES = {
    kind.code: kind.message.partition("，")[0]
    for kind in (
        rules.SlotFull,
        rules.SlotClosed,
        rules.SlotCancelled,
        rules.HeldForPriority,
        rules.NotOpenYet,
        rules.QuotaUsedUp,
        rules.TooOld,
        rules.TooYoung,
        rules.NotHomeCared,
        rules.OtherTown,
        rules.TooManyOpen,
        rules.BookingPaused,
        rules.AlreadyBooked,
        PossibleDuplicate,
        addresses.AddressNeeded,
    )
}
