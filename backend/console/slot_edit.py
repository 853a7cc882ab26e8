"""Change or cancel a session, alone or with the later ones; what it does is shown before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings import slot_changes
from backend.bookings.slot_changes import CalledOff, Effect
from backend.bookings.slot_undo import undoable
from backend.centres.models import Slot
from backend.centres.slot_edits import Reach, SlotsChangedMeanwhile, wish_of
from backend.centres.week import PlacedSlot, placed_slot, rooms_to_choose, teachers_to_choose
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, sentence
from backend.console.permissions import Action
from backend.console.slot_forms import REACHES, EditForm
from backend.console.slot_undo import undo_address
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError

TRIES = 3  # a family that books in this very second does not keep a session from being cancelled


@bp.get("/slots/<int:slot_id>")
@requires(Action.EDIT_SLOTS)
def edit_slot(slot_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        placed = placed_slot(session, slot_id, viewer().scope.centre_ids)
        wish = wish_of(session.get_one(Slot, slot_id))
        form = _offered(EditForm(obj=wish), session, placed)
        act = undoable(session, slot_id, deps().clock.now())
    return _page(form, placed, undo=None if act is None else undo_address(act))


@bp.post("/slots/<int:slot_id>")
@requires(Action.EDIT_SLOTS)
def change_slot(slot_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        placed = placed_slot(session, slot_id, viewer().scope.centre_ids)
        form = _offered(EditForm(), session, placed)
    if not form.validate():
        return _page(form, placed, problem="请检查标出的几项"), 422
    try:
        found = _effects(form, slot_id)
        if _to_be_seen(found):
            return _page(form, placed, found)
        done = _write(form, slot_id)
    except DomainError as error:
        return _page(form, placed, problem=sentence(error)), 422
    told = sum(one.told for one in done)
    notices.done(f"已改 {len(done)} 次" + (f"，{told} 个家庭会收到通知" if told else ""))
    return redirect(_week_of(placed), 303)


@bp.get("/slots/<int:slot_id>/cancel")
@requires(Action.EDIT_SLOTS)
def look_at_cancelling(slot_id: int) -> ResponseReturnValue:
    try:
        reach = Reach(request.args.get("reach", ""))
    except ValueError:
        reach = Reach.THIS
    with deps().reads() as session:
        placed = placed_slot(session, slot_id, viewer().scope.centre_ids)
        slots = slot_changes.slots_to_cancel(session, deps().clock, slot_id, reach)
        families = slot_changes.families_of(session, [slot.id for slot in slots])
    return render_template(
        "console/slot_cancel.html",
        placed=placed,
        slots=slots,
        families=families,
        total=sum(families.values()),
        reach=reach,
        reaches=REACHES,
        today=city_date(deps().clock.now()),
    )


@bp.post("/slots/<int:slot_id>/cancel")
@requires(Action.EDIT_SLOTS)
def cancel_slot(slot_id: int) -> ResponseReturnValue:
    chosen = [slot_id, *request.form.getlist("slot", type=int)]
    with deps().reads() as session:
        placed = placed_slot(session, slot_id, viewer().scope.centre_ids)
    off = call_off(chosen, request.form.get("reason", ""))
    notices.done(
        f"已取消 {len(set(chosen))} 场" + told_families(len(off.bookings)),
        undo=undo_address(off.id),
    )
    return redirect(_week_of(placed), 303)


def call_off(slot_ids: Sequence[int], reason: str) -> CalledOff:
    """Cancel sessions of the viewer's centres.

    Again when a family booked meanwhile. Raises what `cancel_slots` raises, and NotFound.
    """
    for attempt in range(TRIES):
        try:
            with deps().sessions.begin() as session:
                for slot_id in set(slot_ids):
                    placed_slot(session, slot_id, viewer().scope.centre_ids)
                return slot_changes.cancel_slots(
                    session,
                    deps().clock,
                    slot_ids=set(slot_ids),
                    reason=reason,
                    actor=viewer().actor,
                )
        except SlotsChangedMeanwhile:
            if attempt == TRIES - 1:
                raise
    raise SlotsChangedMeanwhile


def told_families(families: int) -> str:
    return f"，{families} 个家庭的次数已退还，会收到通知" if families else ""


def _to_be_seen(found: Sequence[Effect]) -> bool:
    """Whether to show what a change does before it is done: where it concerns others."""
    if any(one.edit.problem is not None for one in found):
        return True
    return "sure" not in request.form and (len(found) > 1 or any(one.told for one in found))


def _effects(form: EditForm, slot_id: int) -> list[Effect]:
    with deps().sessions.begin() as session:
        return slot_changes.effects(
            session, deps().clock, slot_id=slot_id, wish=form.wish(), reach=Reach(form.reach.data)
        )


def _write(form: EditForm, slot_id: int) -> list[Effect]:
    with deps().sessions.begin() as session:
        return slot_changes.change_slots(
            session,
            deps().clock,
            slot_id=slot_id,
            wish=form.wish(),
            reach=Reach(form.reach.data),
            actor=viewer().actor,
        )


def _offered(form: EditForm, session: Session, placed: PlacedSlot) -> EditForm:
    centre, today = {placed.slot.centre_id}, city_date(deps().clock.now())
    form.offer_places(
        rooms_to_choose(session, centre),
        teachers_to_choose(session, centre, today),
        grouped=False,
    )
    return form


def _page(
    form: EditForm,
    placed: PlacedSlot,
    found: Sequence[Effect] | None = None,
    problem: str | None = None,
    undo: str | None = None,
) -> str:
    now = deps().clock.now()
    return render_template(
        "console/slot_edit.html",
        form=form,
        placed=placed,
        found=found,
        told=sum(one.told for one in found or ()),
        blocked=any(one.edit.problem is not None for one in found or ()),
        problem=problem,
        undo=undo,
        over=placed.slot.starts_at <= now or placed.slot.state.value == "cancelled",
        today=city_date(now),
        back=_week_of(placed),
    )


def _week_of(placed: PlacedSlot) -> str:
    query: dict[str, Any] = {"centre": placed.slot.centre_id, "from": placed.day.isoformat()}
    return url_for("console.slot_week", **query)
