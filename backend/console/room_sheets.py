"""The directory of nursing rooms out to Excel and in again, looked at before it is written."""

from __future__ import annotations

import io

from flask import redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from backend.centres import room_sheets
from backend.centres.nursing_rooms import FACILITIES, rooms_page
from backend.centres.room_sheets import Fate, Keeper, Plan
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, sentence
from backend.console.nursing_rooms import asked
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError, Invalid

LARGEST_FILE = 500_000  # bytes; it travels once more, as text, when it is written
MOST_EXPORTED = 10_000
FATES = {Fate.NEW: "新增", Fate.CHANGED: "修改", Fate.SAME: "没有变化", Fate.WRONG: "要改"}


@bp.get("/nursing-rooms/export.csv")
@requires(Action.SEE_ROOMS)
def export_nursing_rooms() -> ResponseReturnValue:
    """What the list shows, all pages of it."""
    today = city_date(deps().clock.now())
    with deps().reads() as session:
        rows = rooms_page(session, asked(), today, limit=MOST_EXPORTED).items
    return send_file(
        io.BytesIO(room_sheets.write_sheet(rows, deps().places)),
        mimetype="text/csv",
        as_attachment=True,
        download_name=f"母婴室名录-{today}.csv",
    )


@bp.get("/nursing-rooms/import")
@requires(Action.EDIT_ROOMS)
def import_nursing_rooms() -> ResponseReturnValue:
    return _page()


@bp.post("/nursing-rooms/import")
@requires(Action.EDIT_ROOMS)
def preview_nursing_rooms() -> ResponseReturnValue:
    """What the file would do, row by row; nothing is written yet."""
    try:
        text = room_sheets.decode(_sent())
        with deps().reads() as session:
            planned = room_sheets.plan(session, text, _keeper())
    except Invalid as error:
        return _page(problem=error.detail or error.message), 422
    return _page(planned, text)


@bp.post("/nursing-rooms/import/write")
@requires(Action.EDIT_ROOMS)
def write_nursing_rooms() -> ResponseReturnValue:
    """All of it in one transaction, read again: meanwhile somebody may have changed a room."""
    clock, text = deps().clock, request.form.get("sheet", "")
    try:
        with deps().sessions.begin() as session:
            planned = room_sheets.plan(session, text, _keeper())
            room_sheets.write_plan(session, clock, planned, actor=viewer().actor)
    except DomainError as error:
        return _page(problem=sentence(error)), 422
    added, changed = planned.count(Fate.NEW), planned.count(Fate.CHANGED)
    notices.done(f"已导入：新增 {added} 间，修改 {changed} 间")
    return redirect(url_for("console.nursing_rooms"), 303)


def _keeper() -> Keeper:
    return Keeper(deps().places, viewer().scope.town_code, city_date(deps().clock.now()))


def _sent() -> bytes:
    """The chosen file. Raises Invalid when there is none, or a very large one."""
    file = request.files.get("file")
    content = file.read(LARGEST_FILE + 1) if file else b""
    if not content:
        raise Invalid("请先选一个文件")
    if len(content) > LARGEST_FILE:
        raise Invalid("文件太大，请分几次导入")
    return content


def _page(planned: Plan | None = None, text: str = "", problem: str | None = None) -> str:
    return render_template(
        "console/nursing_rooms_import.html",
        plan=planned,
        sheet=text,
        problem=problem,
        fates=FATES,
        columns=room_sheets.COLUMNS,
        facilities=list(FACILITIES.values()),
    )
