"""母婴室: the directory that towns and the city keep; everybody at a desk may read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.centres import nursing_rooms as directory
from backend.centres import room_keeping
from backend.centres.nursing_rooms import RoomFilter, RoomRow, Show
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, sentence
from backend.console.permissions import Action
from backend.console.room_form import RoomForm
from backend.console.towns import own_towns
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError

LONGEST_SEARCH = 60
SHOWN = {Show.OPEN: "在用的", Show.STALE: "久未核对", Show.CLOSED: "已停用"}


@dataclass(frozen=True)
class Line:
    """One room on the page."""

    room: RoomRow
    checked: str  # 今天, 11月3日, 2025年11月3日
    checked_today: bool
    stale: bool


@dataclass(frozen=True)
class TownLines:
    town: str
    lines: list[Line]


@bp.get("/nursing-rooms")
@requires(Action.SEE_ROOMS)
def nursing_rooms() -> ResponseReturnValue:
    which, today = asked(), city_date(deps().clock.now())
    with deps().reads() as session:
        page = directory.rooms_page(session, which, today, after=request.args.get("after") or None)
        stale = directory.count_stale(session, which.town, today)
    return render_template(
        "console/nursing_rooms.html",
        groups=_by_town(page.items, today),
        which=which,
        filtered=which != RoomFilter(town=viewer().scope.town_code),
        address=address_of(which),
        more=page.next,
        stale=stale,
        towns=deps().places.towns,
        shown=SHOWN,
    )


def asked() -> RoomFilter:
    """What the address asks for, within the viewer's scope; what it cannot ask is not asked."""
    args = request.args
    show = args.get("show", "")
    town = args.get("town", "")
    known = {one.code for one in deps().places}
    return RoomFilter(
        town=viewer().scope.town_code or (town if town in known else None),
        q=args.get("q", "").strip()[:LONGEST_SEARCH],
        show=Show(show) if show in SHOWN else Show.OPEN,
    )


def address_of(which: RoomFilter) -> dict[str, str | None]:
    """The filter as it stands in an address; what is usual is left out."""
    town = None if viewer().scope.town_code else which.town
    show = None if which.show is Show.OPEN else which.show.value
    return {"town": town, "q": which.q or None, "show": show}


def _by_town(rows: Iterable[RoomRow], today: date) -> list[TownLines]:
    name_of = deps().places.name_of
    return [
        TownLines(name_of(code), [_line(row, today) for row in group])
        for code, group in groupby(rows, lambda row: row.town_code)
    ]


def _line(row: RoomRow, today: date) -> Line:
    day = row.checked_on
    checked = f"{day.month}月{day.day}日"
    if day.year != today.year:
        checked = f"{day.year}年{checked}"
    return Line(
        room=row,
        checked="今天" if day == today else checked,
        checked_today=day == today,
        stale=not row.closed and row.is_stale(today),
    )


@bp.get("/nursing-rooms/new")
@requires(Action.EDIT_ROOMS)
def new_nursing_room() -> ResponseReturnValue:
    form = _offered(RoomForm())
    form.checked_on.data = city_date(deps().clock.now())
    form.town_code.data = asked().town or ""
    return _form_page(form, None, None)


@bp.post("/nursing-rooms")
@requires(Action.EDIT_ROOMS)
def add_nursing_room() -> ResponseReturnValue:
    form = _offered(RoomForm())
    problem = _save(form, None)
    if problem is not None:
        return _form_page(form, None, problem)
    notices.done("已加入名录，家长现在可以看到")
    return redirect(_list(), 303)


@bp.get("/nursing-rooms/<int:room_id>")
@requires(Action.EDIT_ROOMS)
def nursing_room(room_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        room = directory.room_in_scope(session, room_id, viewer().scope.town_code)
        row = directory.row_of(room)
    return _form_page(_offered(RoomForm(obj=row)), row, None)


@bp.post("/nursing-rooms/<int:room_id>")
@requires(Action.EDIT_ROOMS)
def change_nursing_room(room_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        room = directory.room_in_scope(session, room_id, viewer().scope.town_code)
        row = directory.row_of(room)
    form = _offered(RoomForm())
    problem = _save(form, room_id)
    if problem is not None:
        return _form_page(form, row, problem)
    notices.done("已保存")
    return redirect(_list(), 303)


@bp.post("/nursing-rooms/<int:room_id>/close")
@requires(Action.EDIT_ROOMS)
def close_nursing_room(room_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        directory.room_in_scope(session, room_id, viewer().scope.town_code)
        room_keeping.close_room(session, deps().clock, room_id=room_id, actor=viewer().actor)
    undo = url_for("console.reopen_nursing_room", room_id=room_id)
    notices.done("已停用，家长不再看到这一间", undo=undo)
    return redirect(_list(), 303)


@bp.post("/nursing-rooms/<int:room_id>/reopen")
@requires(Action.EDIT_ROOMS)
def reopen_nursing_room(room_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        directory.room_in_scope(session, room_id, viewer().scope.town_code)
        room_keeping.reopen_room(session, deps().clock, room_id=room_id, actor=viewer().actor)
    notices.done("已恢复，家长又能看到这一间")
    return redirect(_list(), 303)


@bp.post("/nursing-rooms/<int:room_id>/checked")
@requires(Action.EDIT_ROOMS)
def confirm_nursing_room(room_id: int) -> ResponseReturnValue:
    """今天核对过, in one click."""
    with deps().sessions.begin() as session:
        room = directory.room_in_scope(session, room_id, viewer().scope.town_code)
        room_keeping.confirm_room(session, deps().clock, room, actor=viewer().actor)
        name = room.name
    notices.done(f"{name}：已记为今天核对过")
    return redirect(_list(), 303)


def _list() -> str:
    """The list as it was filtered when one left it."""
    target, usual = back(), url_for("console.nursing_rooms")
    return target if target.partition("?")[0] == usual else usual


def _offered(form: RoomForm) -> RoomForm:
    """With the towns in which the viewer may write."""
    return form.offer(own_towns())


def _form_page(form: RoomForm, row: RoomRow | None, problem: str | None) -> ResponseReturnValue:
    page = render_template(
        "console/nursing_room.html", form=form, row=row, problem=problem, list=_list()
    )
    return page, 200 if problem is None else 422


def _save(form: RoomForm, room_id: int | None) -> str | None:
    """Write it down, or say why not. The town is one of the viewer's: the form has no other."""
    if not form.validate():
        return "请检查标出的几项"
    clock, actor = deps().clock, viewer().actor
    try:
        with deps().sessions.begin() as session:
            if room_id is None:
                room_keeping.add_room(session, clock, form.entry(), actor=actor)
            else:
                room = directory.room_in_scope(session, room_id, viewer().scope.town_code)
                room_keeping.change_room(session, clock, room, form.entry(), actor=actor)
    except DomainError as error:
        return sentence(error)
    return None
