"""时段: the sessions that a centre offers."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.centres import service
from backend.centres.models import Slot, SlotKind
from backend.centres.queries import slots_of_centres
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, sentence
from backend.console.day import Place, day_asked, place_of
from backend.console.desk import by_day, by_slot
from backend.console.forms import SlotForm
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import CITY, city_date
from backend.kernel.errors import Invalid, NotFound

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
    with deps().reads() as session:
        form = _offered(place_of(session, request.args.get("centre", type=int)))
    form.day.data = city_date(deps().clock.now()) + timedelta(days=7)
    form.starts.data, form.ends.data = time(9, 30), time(10, 30)
    return render_template("console/slot_new.html", form=form)


@bp.post("/slots")
@requires(Action.EDIT_SLOTS)
def create_slot() -> ResponseReturnValue:
    with deps().reads() as session:
        form = _offered(place_of(session, None))
    problem = None if form.validate() else "请检查标出的几项"
    if problem is None:
        problem = _create(form)
    if problem is not None:
        return render_template("console/slot_new.html", form=form, problem=problem), 422
    notices.done("时段已开放，家长现在可以看到")
    shown = form.day.data.isoformat()
    return redirect(url_for("console.slots", **{"from": shown}), 303)


def _offered(place: Place) -> SlotForm:
    form = SlotForm()
    centres = [place.chosen] if place.chosen else place.choices
    return form.offer([(centre.id, centre.name) for centre in centres])


def _create(form: SlotForm) -> str | None:
    """Create it, or say why not. The centre is one of the viewer's: the form offers no other."""
    day = form.day.data
    new = service.NewSlot(
        centre_id=form.centre_id.data,
        kind=SlotKind(form.kind.data),
        title=form.title.data,
        starts_at=datetime.combine(day, form.starts.data, CITY),
        ends_at=datetime.combine(day, form.ends.data, CITY),
        capacity=form.capacity.data,
        age_from_months=form.age_from.data,
        age_to_months=form.age_to.data,
    )
    if new.starts_at <= deps().clock.now():
        return "开始时间已经过去，请选以后的时间"
    if new.starts_at > deps().clock.now() + FARTHEST:
        return "日期太远，请选一年以内的日期"
    try:
        with deps().sessions.begin() as session:
            service.create_slot(session, deps().clock, new, actor=viewer().actor)
    except Invalid as error:
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
