"""时段: the sessions that a centre offers."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TypeVar

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.bookings.policies import policy_at
from backend.centres import service
from backend.centres.models import Slot
from backend.centres.queries import slots_of_centres
from backend.centres.week import rooms_to_choose, teachers_to_choose
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, sentence
from backend.console.day import day_asked, place_of
from backend.console.desk import by_day, by_slot
from backend.console.permissions import Action
from backend.console.slot_forms import SessionForm, SlotForm
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError, NotFound

Offered = TypeVar("Offered", bound=SessionForm)
FORTNIGHT = 14
FARTHEST = timedelta(days=366)  # a session later than that is a typing error


@bp.get("/slots")
@requires(Action.SEE_SLOTS)
def slots() -> ResponseReturnValue:
    now_day = city_date(deps().clock.now())
    first = day_asked(now_day)
    with deps().reads() as session:
        place = place_of(session, request.args.get("centre", type=int))
        last = first + timedelta(days=FORTNIGHT - 1)
        rows = slots_of_centres(session, place.centre_ids, first, last)
    return render_template(
        "console/slots.html",
        place=place,
        today=now_day,
        first=first,
        last=last,
        days=by_day(by_slot(rows, ()), ()),
        earlier=first - timedelta(days=FORTNIGHT),
        later=first + timedelta(days=FORTNIGHT),
    )


@bp.get("/slots/new")
@requires(Action.EDIT_SLOTS)
def new_slot() -> ResponseReturnValue:
    form = offered(SlotForm(), request.args.get("centre", type=int))
    form.day.data = city_date(deps().clock.now()) + timedelta(days=7)
    form.starts.data, form.ends.data = time(9, 30), time(10, 30)
    return render_template("console/slot_new.html", form=form)


@bp.post("/slots")
@requires(Action.EDIT_SLOTS)
def create_slot() -> ResponseReturnValue:
    form = offered(SlotForm(), None)
    problem = None if form.validate() else "请检查标出的几项"
    if problem is None:
        problem = _create(form)
    if problem is not None:
        return render_template("console/slot_new.html", form=form, problem=problem), 422
    notices.done("时段已开放，家长现在可以看到")
    shown = form.day.data.isoformat()
    return redirect(url_for("console.slots", **{"from": shown}), 303)


def offered(form: Offered, centre_id: int | None) -> Offered:
    """The form with the viewer's centres, their rooms and teachers.

    Raises NotFound for a centre that is not in the viewer's scope.
    """
    with deps().reads() as session:
        place = place_of(session, centre_id)
        rooms = rooms_to_choose(session, place.centre_ids)
        today = city_date(deps().clock.now())
        teachers = teachers_to_choose(session, place.centre_ids, today)
    centres = [place.chosen] if place.chosen else place.choices
    form.offer([(centre.id, centre.name) for centre in centres])
    form.offer_places(rooms, teachers, grouped=not place.single)
    return form


def _create(form: SlotForm) -> str | None:
    """Create it, or say why not. The centre is one of the viewer's: the form offers no other."""
    now = deps().clock.now()
    try:
        with deps().sessions.begin() as session:
            held = timedelta(hours=policy_at(session, now).held_until_hours)
            new = form.new_slot(form.day.data, held)
            if new.starts_at <= now:
                return "开始时间已经过去，请选以后的时间"
            if new.starts_at > now + FARTHEST:
                return "日期太远，请选一年以内的日期"
            service.create_slot(session, deps().clock, new, actor=viewer().actor)
    except DomainError as error:
        return sentence(error)
    return None


@bp.post("/slots/<int:slot_id>/close")
@requires(Action.EDIT_SLOTS)
def close_slot(slot_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        _check_slot(session, slot_id)
        service.close_slot(session, deps().clock, slot_id=slot_id, actor=viewer().actor)
    undo = url_for("console.reopen_slot", slot_id=slot_id)
    notices.done("已停止预约，原有预约不受影响", undo=undo)
    return redirect(back(), 303)


@bp.post("/slots/<int:slot_id>/reopen")
@requires(Action.EDIT_SLOTS)
def reopen_slot(slot_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        _check_slot(session, slot_id)
        service.reopen_slot(session, deps().clock, slot_id=slot_id, actor=viewer().actor)
    notices.done("已重新开放预约")
    return redirect(back(), 303)


def _check_slot(session: Session, slot_id: int) -> None:
    """Raises NotFound, also for a slot of another centre."""
    centre_id = session.scalar(select(Slot.centre_id).where(Slot.id == slot_id))
    if centre_id is None or not viewer().scope.holds_centre(centre_id):
        raise NotFound
