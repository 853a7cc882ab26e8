"""提醒预览: how many families would be told what in the next days, also under another schedule."""

from __future__ import annotations

from pathlib import Path

from flask import render_template, request
from flask.typing import ResponseReturnValue

from backend.console.auth import requires
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.deps import deps
from backend.facts.errors import ContentError
from backend.handbook.preview import FILES, births_of, candidate_of, preview
from backend.handbook.reminders import Say
from backend.handbook.schedule import Schedule
from backend.handbook.source import HandbookError
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid

DAYS = 30
LARGEST_FILE = 300_000  # bytes
SAYS = {
    Say.AHEAD: "提前 7 天",
    Say.EVE: "前一天",
    Say.OPEN: "14 天后未记录",
    Say.CARD: "阅读",
}


@bp.get("/reminders")
@requires(Action.SEE_MESSAGES)
def reminders() -> ResponseReturnValue:
    return _page(deps().handbook)


@bp.post("/reminders")
@requires(Action.SEE_MESSAGES)
def compare_reminders() -> ResponseReturnValue:
    """A schedule that is to come, looked at; nothing of it is kept."""
    parts = deps()
    try:
        files = _sent()
        content = Path(parts.settings.content_dir)
        candidate = candidate_of(content, files, guides=parts.library)
    except Invalid as error:
        return _page(parts.handbook, problem=error.detail or error.message), 422
    except HandbookError as error:
        problem = error.problem
        text = f"{problem.file.name} 第 {problem.line} 行：{problem.message}"
        return _page(parts.handbook, problem=text), 422
    except ContentError as error:
        return _page(parts.handbook, problem=str(error)), 422
    return _page(candidate, compared=", ".join(sorted(files)))


def _page(schedule: Schedule, *, compared: str = "", problem: str = "") -> str:
    parts = deps()
    today = city_date(parts.clock.now())
    with parts.reads() as session:
        births = births_of(session)
    days = preview(parts.handbook, schedule, births, first=today, days=DAYS)
    return render_template(
        "console/reminders.html",
        days=days,
        total=sum(day.children for day in days),
        total_before=sum(day.before for day in days),
        compared=compared,
        problem=problem,
        says=SAYS,
        files=FILES,
    )


def _sent() -> dict[str, bytes]:
    """The chosen files by name. Raises Invalid for none, another name, or a very large one."""
    files = {
        one.filename or "": one.read(LARGEST_FILE + 1)
        for one in request.files.getlist("file")
        if one.filename
    }
    if not files:
        raise Invalid("请先选一个文件")
    for name, content in files.items():
        if name not in FILES:
            raise Invalid(f"只能选这几个文件：{'、'.join(FILES)}")
        if len(content) > LARGEST_FILE:
            raise Invalid(f"{name} 太大，日程文件不会超过 300 KB")
    return files
