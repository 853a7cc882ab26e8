"""设置 › 场地: the rooms of the viewer's centres."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.centres import rooms
from backend.centres.place_models import Room
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.console.place_forms import RoomForm, centres_to_choose
from backend.console.settings import centre_in_scope, form_page, own_centres, save
from backend.deps import deps

HINTS = {
    "name": "例如“一楼爬行区”",
    "capacity": "大人和孩子一共能容纳多少人；名额不能超过它",
    "day0": "例如 9:00-12:00、13:30-17:00；空着的那天不开。七天都空着，就不限时间",
}


@bp.get("/settings/rooms")
@requires(Action.SEE_PLACES)
def settings_rooms() -> ResponseReturnValue:
    with deps().reads() as session:
        rows = rooms.rooms_of(session, viewer().scope.centre_ids)
    return render_template("console/settings_rooms.html", rooms=rows)


@bp.get("/settings/rooms/new")
@requires(Action.EDIT_PLACES)
def new_room() -> ResponseReturnValue:
    return _page(_offered(RoomForm()), None)


@bp.post("/settings/rooms")
@requires(Action.EDIT_PLACES)
def add_room() -> ResponseReturnValue:
    form = _offered(RoomForm())

    def add(session: Session) -> None:
        centre = centre_in_scope(session, form.centre_id.data)
        rooms.add_room(
            session, deps().clock, centre_id=centre.id, entry=form.entry(), actor=viewer().actor
        )

    problem = save(form, add)
    if problem is not None:
        return _page(form, None, problem), 422
    notices.done("已加入，开放时段时可以选它")
    return redirect(url_for("console.settings_rooms"), 303)


@bp.get("/settings/rooms/<int:room_id>")
@requires(Action.EDIT_PLACES)
def edit_room(room_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        room = rooms.room_in_scope(session, room_id, viewer().scope.centre_ids)
    lines = rooms.write_opening(room.opening)
    form = RoomForm(obj=room, data={f"day{n}": line for n, line in enumerate(lines)})
    return _page(_offered(form), room)


@bp.post("/settings/rooms/<int:room_id>")
@requires(Action.EDIT_PLACES)
def change_room(room_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        room = rooms.room_in_scope(session, room_id, viewer().scope.centre_ids)
    form = _offered(RoomForm(centre_id=room.centre_id))

    def change(session: Session) -> None:
        found = rooms.room_in_scope(session, room_id, viewer().scope.centre_ids)
        rooms.change_room(session, deps().clock, found, form.entry(), actor=viewer().actor)

    problem = save(form, change)
    if problem is not None:
        return _page(form, room, problem), 422
    notices.done("已保存，原有的安排不受影响")
    return redirect(url_for("console.settings_rooms"), 303)


@bp.post("/settings/rooms/<int:room_id>/close")
@requires(Action.EDIT_PLACES)
def close_room(room_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        room = rooms.room_in_scope(session, room_id, viewer().scope.centre_ids)
        rooms.close_room(session, deps().clock, room, actor=viewer().actor)
    undo = url_for("console.reopen_room", room_id=room_id)
    notices.done("已停用，不能再选；原有的安排不受影响", undo=undo)
    return redirect(url_for("console.settings_rooms"), 303)


@bp.post("/settings/rooms/<int:room_id>/reopen")
@requires(Action.EDIT_PLACES)
def reopen_room(room_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        room = rooms.room_in_scope(session, room_id, viewer().scope.centre_ids)
        rooms.reopen_room(session, deps().clock, room, actor=viewer().actor)
    notices.done("已恢复")
    return redirect(url_for("console.settings_rooms"), 303)


def _offered(form: RoomForm) -> RoomForm:
    with deps().reads() as session:
        form.centre_id.choices = centres_to_choose(own_centres(session))
    return form


def _page(form: RoomForm, room: Room | None, problem: str | None = None) -> str:
    if room is not None:
        del form.centre_id  # a room does not move to another centre
    title = "新增场地" if room is None else f"修改{room.name}"
    return form_page(form, title=title, tab="settings_rooms", problem=problem, hints=HINTS)
