"""The web application: the only place where its parts are put together."""

import time
import uuid
from functools import partial
from typing import Any

import structlog
from apiflask import APIBlueprint, APIFlask
from flask import Flask, Response, abort, g, request
from flask.json.provider import DefaultJSONProvider
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.routing import IntegerConverter

from backend import __version__, console, pages
from backend.api import addresses as addresses_api
from backend.api import bookings as bookings_api
from backend.api import calendars as calendars_api
from backend.api import centres as centres_api
from backend.api import checkups as checkups_api
from backend.api import children as children_api
from backend.api import clinic_papers as clinic_papers_api
from backend.api import consents as consents_api
from backend.api import contract, errors
from backend.api import diary as diary_api
from backend.api import doctor_links as doctor_links_api
from backend.api import following as following_api
from backend.api import growth as growth_api
from backend.api import guides as guides_api
from backend.api import handbook as handbook_api
from backend.api import handbook_grants as handbook_grants_api
from backend.api import home_check as home_check_api
from backend.api import marks as marks_api
from backend.api import messages as messages_api
from backend.api import nursing_rooms as nursing_rooms_api
from backend.api import pregnancy as pregnancy_api
from backend.api import priority as priority_api
from backend.api import quiz as quiz_api
from backend.api import screenings as screenings_api
from backend.api import sessions as sessions_api
from backend.api import take_along as take_along_api
from backend.api import vaccine_facts as vaccine_facts_api
from backend.api import visits as visits_api
from backend.api import waiting as waiting_api
from backend.api.front import GuideFront
from backend.api.schemas import ID_PATTERN
from backend.config import Settings
from backend.console import article_cards
from backend.deps import EXTENSION, LOGIN, Deps, Texts, build, wechat_parts
from backend.guides.library import Library
from backend.jobs.overview import work
from backend.kernel import metrics
from backend.kernel.clock import Clock
from backend.kernel.work import EXTENSION as WORK
from backend.people.login import LoginGateway
from backend.webhook import views as webhook

API = "/api/v1"
LARGEST_BODY = 1024 * 1024  # bytes; the largest form of ours is far below
UPLOADS = dict.fromkeys(diary_api.UPLOADS, diary_api.LARGEST_UPLOAD) | dict.fromkeys(
    article_cards.UPLOADS, article_cards.LARGEST_UPLOAD
)  # bytes, by endpoint: those that take a picture
BLUEPRINTS = (
    sessions_api.bp,
    following_api.bp,
    consents_api.bp,
    children_api.bp,
    priority_api.bp,
    addresses_api.bp,
    guides_api.bp,
    marks_api.bp,
    centres_api.bp,
    bookings_api.bp,
    calendars_api.bp,
    visits_api.bp,
    waiting_api.bp,
    handbook_api.bp,
    pregnancy_api.bp,
    checkups_api.bp,
    screenings_api.bp,
    clinic_papers_api.bp,
    growth_api.bp,
    vaccine_facts_api.bp,
    diary_api.bp,
    home_check_api.bp,
    take_along_api.bp,
    doctor_links_api.bp,
    handbook_grants_api.bp,
    messages_api.bp,
    quiz_api.bp,
    nursing_rooms_api.bp,
)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}

log = structlog.get_logger()


class IdConverter(IntegerConverter):
    """A whole number from 1 that fits a bigint; any other address is simply not there.

    The limit stands in the pattern: a value refused after the match would be answered 405
    where another method has the same address.
    """

    regex = ID_PATTERN


class Json(DefaultJSONProvider):
    """JSON as our texts are; what is nested too deeply to be read is broken like any other."""

    ensure_ascii = False
    sort_keys = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    sessions: sessionmaker[Session] | None = None,
    login: LoginGateway | None = None,
    texts: Texts | None = None,
) -> Flask:
    """The WSGI application. Tests bring their own clock, sessions, login gateway and texts.

    Raises what `deps.build` raises: a wrong file in content/ stops the start.
    """
    app = APIFlask(
        __name__,
        title="澄育 API",
        version=__version__,
        json_errors=False,
        spec_path="/api/openapi.json",
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]  # Flask takes None: no folder
    )
    parts = build(settings, clock=clock, sessions=sessions, texts=texts)
    app.extensions[EXTENSION] = parts
    app.extensions[WORK] = partial(work, stalled_seconds=settings.worker_stalled_seconds)
    app.extensions[LOGIN] = login or wechat_parts(parts)[0]
    _configure(app, settings)
    app.url_map.converters["int"] = IdConverter
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint, url_prefix=API)
    app.register_blueprint(webhook.bp)
    errors.install(app)
    contract.install(app, API)
    console.install(app)
    pages.install(app, parts)
    _keep_out_of_the_contract(app)
    _watch_requests(app)
    headers = {**SECURITY_HEADERS, "Cache-Control": guides_api.CACHE}
    front = GuideFront(app.wsgi_app, lambda: _library(app), list(headers.items()))
    app.wsgi_app = front  # type: ignore[method-assign]  # as Flask's documentation does it
    return app


def _library(app: Flask) -> Library:
    parts: Deps = app.extensions[EXTENSION]
    return parts.library


def _keep_out_of_the_contract(app: Flask) -> None:
    """Pages for people are not in the OpenAPI document, which asks every blueprint for this."""
    for blueprint in app.blueprints.values():
        if not isinstance(blueprint, APIBlueprint):
            blueprint.enable_openapi = False  # type: ignore[attr-defined]  # plain Flask's


def _configure(app: APIFlask, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.mode == "production",
        SESSION_COOKIE_NAME="chengyu",
        OPENAPI_VERSION="3.1.0",
        INFO={"description": "小程序使用的接口。错误见 application/problem+json 的 code。"},
        VALIDATION_ERROR_STATUS_CODE=422,
        SERVERS=[{"url": "/", "description": "this server"}],
    )
    app.json = Json(app)
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer"}}


def _watch_requests(app: Flask) -> None:
    """A request id on every answer and log line; what an API body may be."""

    @app.before_request
    def _begin() -> Response | None:
        g.started = time.perf_counter()
        g.request_id = uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        if "\0" in request.path:  # names nothing of ours, and PostgreSQL does not take it
            abort(404)
        has_body = request.method in {"POST", "PUT", "PATCH"} and request.content_length
        largest = UPLOADS.get(request.endpoint or "")
        if largest is not None:
            request.max_content_length = largest
        elif has_body and request.path.startswith(API) and not request.is_json:
            return errors.from_framework(415)
        return None

    @app.after_request
    def _end(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["X-Request-Id"] = g.get("request_id", "")
        if request.path.startswith(API):
            response.headers.setdefault("Cache-Control", "no-store")
        route = str(request.url_rule or "-")
        seconds = time.perf_counter() - g.get("started", time.perf_counter())
        metrics.count_request(request.method, route, response.status_code, seconds)
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(seconds * 1000, 1),
        )
        return response


def parts_of(app: Flask) -> Deps:
    """The parts of an application, for commands and tests."""
    parts: Deps = app.extensions[EXTENSION]
    return parts
