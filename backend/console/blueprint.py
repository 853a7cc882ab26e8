"""The blueprint that all pages hang on: CSRF, headers, refusals as sentences on the page."""

from __future__ import annotations

import structlog
from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

from backend.console import notices, words
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError, Forbidden, NotFound
from backend.kernel.paging import LARGEST

log = structlog.get_logger()
csrf = CSRFProtect()
bp = Blueprint(
    "console",
    __name__,
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)

# Nothing from elsewhere, nothing inline: a name that holds a script stays a name.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
SENTENCES = {
    403: "您没有权限看这一页",
    404: "没有找到这一页，可能已被删除，或不在您的范围内",
    405: "不支持这样的操作",
    413: "提交的内容太大，请减少后再试",
}


def back() -> str:
    """Where a form came from: a path of the console, never another host."""
    target = request.form.get("back") or request.args.get("next") or ""
    home: str = url_for("console.today")
    if target.startswith(home) and "\\" not in target and "\n" not in target:
        return target
    return url_for(g.viewer.first_page) if "viewer" in g else home


def row_id(text: str) -> int:
    """A row's number in a form or an address. Raises ValueError for what no row can have."""
    number = int(text)
    if not 0 < number <= LARGEST:
        raise ValueError("a bigint holds no such number")
    return number


@bp.before_request
def _refuse_unreadable() -> ResponseReturnValue | None:
    """No keyboard types a NUL and PostgreSQL stores none, whatever the field."""
    sent = (*request.args.listvalues(), *request.form.listvalues())
    if any("\0" in text for texts in sent for text in texts):
        return page(400, "提交的内容里有无法识别的字符")
    return None


@bp.before_request
def _check_csrf() -> None:
    csrf.protect()


@bp.after_request
def _harden(response: Response) -> Response:
    if request.endpoint != "console.static":
        response.headers.update(HEADERS)
        if more := g.get("also_allowed"):  # by a page that needs it, for itself alone
            response.headers["Content-Security-Policy"] += f"; {more}"
    return response


bp.add_app_template_filter(words.day, "console_day")
bp.add_app_template_filter(words.long_day, "console_long_day")
bp.add_app_template_filter(words.clock_time, "console_time")
bp.add_app_template_filter(words.moment, "console_moment")
bp.add_app_template_filter(city_date, "console_date")


@bp.errorhandler(CSRFError)
def _csrf_refused(error: CSRFError) -> ResponseReturnValue:
    return page(400, "这一页已过期，请返回刷新后再试")


@bp.errorhandler(NotFound)
def _not_found(error: NotFound) -> ResponseReturnValue:
    return page(404, error.detail or SENTENCES[404])


@bp.errorhandler(Forbidden)
def _forbidden(error: Forbidden) -> ResponseReturnValue:
    if request.endpoint == "console.today":  # the door: each begins where his work is
        return redirect(url_for(g.viewer.first_page), 303)
    return page(403, SENTENCES[403])


@bp.errorhandler(DomainError)
def _refused(error: DomainError) -> ResponseReturnValue:
    """A refused rule is a sentence on the page that asked."""
    notices.refused(sentence(error))
    return redirect(back(), 303)


@bp.errorhandler(HTTPException)
def _framework(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    return page(status, SENTENCES.get(status, "这个请求无法处理，请返回重试"))


@bp.errorhandler(Exception)
def _bug(error: Exception) -> ResponseReturnValue:
    log.error("console_error", kind=type(error).__name__, endpoint=request.endpoint)
    return page(500, "服务出了点问题，请稍后再试")


def page(status: int, text: str) -> ResponseReturnValue:
    return render_template("console/sentence.html", text=text, status=status), status


def sentence(error: DomainError) -> str:
    return f"{error.message}。{error.detail}" if error.detail else error.message
