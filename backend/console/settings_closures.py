"""设置 › 停用: times in which a centre or a room is closed, and the sessions that this hits."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.bookings.slot_changes import families_of
from backend.centres import closures
from backend.centres.week import placed_slot, rooms_to_choose
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.console.place_forms import ClosureForm, centres_to_choose
from backend.console.settings import centre_in_scope, form_page, own_centres, save
from backend.console.slot_edit import call_off, told_families
from backend.console.slot_forms import options
from backend.console.slot_undo import undo_address
from backend.deps import deps
from backend.kernel.clock import city_date

TAB = "settings_closures"
HINTS = {
    "room_id": "整个中心停用，就不选场地",
    "reason": "家长会看到，例如“消防检修”；保存后可以取消受影响的场次",
}


@bp.get("/settings/closures")
@requires(Action.SEE_PLACES)
def settings_closures() -> ResponseReturnValue:
    with deps().reads() as session:
        rows = closures.closures_of(session, viewer().scope.centre_ids, deps().clock.now())
    today = city_date(deps().clock.now())
    return render_template("console/settings_closures.html", rows=rows, today=today)


@bp.get("/settings/closures/new")
@requires(Action.EDIT_SLOTS)
def new_closure() -> ResponseReturnValue:
    form = _offered()
    tomorrow = city_date(deps().clock.now()) + timedelta(days=1)
    form.starts.data = datetime.combine(tomorrow, time(0))
    form.ends.data = datetime.combine(tomorrow, time(23, 59))
    return _page(form)


@bp.post("/settings/closures")
@requires(Action.EDIT_SLOTS)
def add_closure() -> ResponseReturnValue:
    form = _offered()
    made: list[int] = []

    def add(session: Session) -> None:
        new = form.closure()
        centre_in_scope(session, new.centre_id)
        made.append(closures.add_closure(session, deps().clock, new, actor=viewer().actor).id)

    problem = save(form, add)
    if problem is not None:
        return _page(form, problem), 422
    notices.done("已停用，这段时间不能再开放时段")
    return redirect(url_for("console.closure", closure_id=made[0]), 303)


@bp.get("/settings/closures/<int:closure_id>")
@requires(Action.EDIT_SLOTS)
def closure(closure_id: int) -> ResponseReturnValue:
    """The sessions that it hits, to be cancelled or not."""
    centre_ids = viewer().scope.centre_ids
    with deps().reads() as session:
        found = closures.closure_in_scope(session, closure_id, centre_ids)
        hit = _hit(session, closure_id)
        families = families_of(session, hit)
        slots = [placed_slot(session, slot_id, centre_ids) for slot_id in hit]
    return render_template(
        "console/settings_closure.html",
        closure=found,
        slots=slots,
        families=families,
        total=sum(families.values()),
    )


@bp.post("/settings/closures/<int:closure_id>/cancel")
@requires(Action.EDIT_SLOTS)
def cancel_hit(closure_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        hit = _hit(session, closure_id)
    chosen = set(request.form.getlist("slot", type=int)) & set(hit)
    if chosen:
        off = call_off(sorted(chosen), request.form.get("reason", ""))
        said = f"已取消 {len(chosen)} 场{told_families(len(off.bookings))}"
        notices.done(said, undo=undo_address(off.id))
    else:
        notices.refused("请先勾选要取消的场次")
    return redirect(url_for("console.closure", closure_id=closure_id), 303)


@bp.post("/settings/closures/<int:closure_id>/remove")
@requires(Action.EDIT_SLOTS)
def remove_closure(closure_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        found = closures.closure_in_scope(session, closure_id, viewer().scope.centre_ids)
        closures.remove_closure(session, deps().clock, found, actor=viewer().actor)
    notices.done("已恢复开放；取消过的场次不会恢复")
    return redirect(url_for("console.settings_closures"), 303)


def _hit(session: Session, closure_id: int) -> list[int]:
    found = closures.closure_in_scope(session, closure_id, viewer().scope.centre_ids)
    return closures.slots_hit(session, found, deps().clock.now())


def _offered() -> ClosureForm:
    form = ClosureForm()
    with deps().reads() as session:
        centres = own_centres(session)
        rooms = rooms_to_choose(session, viewer().scope.centre_ids)
    form.centre_id.choices = centres_to_choose(centres)
    form.room_id.choices = options(rooms, "整个中心", grouped=len(centres) > 1)
    return form


def _page(form: ClosureForm, problem: str | None = None) -> str:
    return form_page(form, title="新停用", tab=TAB, problem=problem, hints=HINTS)
