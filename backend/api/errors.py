"""Every refusal as application/problem+json, also those that the framework raises."""

from collections.abc import Mapping
from typing import TypeVar

import structlog
from apiflask import HTTPError
from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from backend.api.schemas import FieldProblem, Problem
from backend.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)

API = "/api/"
STATUS: Mapping[type[DomainError], int] = {
    NotFound: 404,
    Conflict: 409,
    Forbidden: 403,
    Invalid: 422,
    Unauthenticated: 401,
    Unavailable: 503,
    TooLarge: 413,
    TooMany: 429,
}
# What the framework raises: status -> (code, sentence). Others: bad_request.
FRAMEWORK: Mapping[int, tuple[str, str]] = {
    400: ("bad_json", "提交的内容无法读取，请重试"),
    401: ("token_missing", "请先登录"),
    403: ("forbidden", "您没有权限做这件事"),
    404: ("not_found", "没有找到，可能已被删除"),
    405: ("method_not_allowed", "不支持这样的操作"),
    413: ("payload_too_large", "提交的内容太大，请减少后再试"),
    415: ("unsupported_media_type", "提交的格式不对，请用 JSON"),
    422: ("validation_failed", "填写的内容有误，请按提示修改"),
    429: ("rate_limited", "操作太频繁，请稍后再试"),
    500: ("internal", "服务出了点问题，请稍后再试"),
    503: ("busy", "服务正忙，请稍后再试"),
}
MESSAGES: Mapping[str, str] = {  # pydantic's kinds of error -> what to do
    "missing": "必填",
    "extra_forbidden": "不认识这一项",
    "string_too_long": "太长",
    "string_too_short": "太短",
    "string_pattern_mismatch": "格式不对",
    "enum": "不在可选范围内",
    "literal_error": "不在可选范围内",
    "date_from_datetime_parsing": "日期格式应为 2026-01-31",
    "date_parsing": "日期格式应为 2026-01-31",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_parsing": "应为是或否",
    "bool_type": "应为是或否",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
}

log = structlog.get_logger()
Given = TypeVar("Given", bound=BaseModel)


class Busy(Unavailable):
    code = "busy"
    message = "服务正忙，请稍后再试"


def status_of(error: DomainError) -> int:
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)


def problem(
    status: int,
    code: str,
    title: str,
    detail: str | None = None,
    errors: list[FieldProblem] | None = None,
) -> Response:
    body = Problem(
        type=f"urn:chengyu:problem:{code}",
        status=status,
        code=code,
        title=title,
        detail=detail,
        errors=errors or [],
    )
    response = Response(body.model_dump_json(), status, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    return response


def refuse(error: DomainError) -> Response:
    return problem(status_of(error), error.code, error.message, error.detail)


def invalid(error: HTTPError) -> Response:
    """A body or a query that does not fit its schema; bad input of pydantic or of ours."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return from_framework(error.status_code)
    found = [_field_problem(item) for item in cause.errors()]
    code, title = FRAMEWORK[422]
    return problem(422, code, title, "；".join(sorted({e.message for e in found})), found)


def _field_problem(item: ErrorDetails) -> FieldProblem:
    field = ".".join(str(part) for part in item["loc"]) or "body"
    if item["type"] == "value_error":
        return FieldProblem(field=field, message=str(item["ctx"]["error"]))
    return FieldProblem(field=field, message=MESSAGES.get(item["type"], "格式不对"))


def body_if_any(kind: type[Given]) -> Given:
    """The JSON of the request, or the defaults when there is no body at all.

    Raises what a required body raises: 400 for what is no JSON, 422 for what does not fit.
    """
    if not request.get_data(cache=True):
        return kind()
    try:
        return kind.model_validate(request.get_json(force=True))
    except ValidationError as error:
        raise HTTPError(422) from error


def from_framework(status: int) -> Response:
    code, title = FRAMEWORK.get(status, ("bad_request", "请求有误，请检查后再试"))
    return problem(status, code, title)


def install(app: Flask) -> None:
    """Answer every error below /api/ as a problem; elsewhere only those that are ours."""

    @app.errorhandler(DomainError)
    def _domain(error: DomainError) -> Response:
        return refuse(error)

    @app.errorhandler(HTTPError)
    def _schema(error: HTTPError) -> Response:
        return invalid(error)

    @app.errorhandler(HTTPException)
    def _framework(error: HTTPException) -> Response | HTTPException:
        if not request.path.startswith(API) or error.code is None or error.code < 400:
            return error
        response = from_framework(error.code)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    def _database(error: OperationalError | PoolTimeout) -> Response:
        # A lock or a connection that was not to be had in time, or a database that is away.
        kind = type(error.orig if isinstance(error, OperationalError) else error).__name__
        log.warning("database_unavailable", kind=kind)
        return refuse(Busy())

    @app.errorhandler(Exception)
    def _bug(error: Exception) -> Response:
        kind = type(error.orig).__name__ if isinstance(error, DBAPIError) else type(error).__name__
        log.error(
            "internal_error",
            kind=kind,
            path=request.url_rule and request.url_rule.rule,
            where=_where(error),
        )
        return from_framework(500)


def _where(error: Exception) -> list[str]:
    """File and line of each frame, without values: a traceback may hold somebody's data."""
    frames: list[str] = []
    step = error.__traceback__
    while step is not None:
        frames.append(f"{step.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{step.tb_lineno}")
        step = step.tb_next
    return frames[-8:]
