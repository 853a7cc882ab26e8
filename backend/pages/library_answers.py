"""The answers of the library's pages: revalidated by ETag, closed to everything from elsewhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import Response, request

HTML = "text/html; charset=utf-8"
SOON = "public, max-age=300"  # five minutes: a corrected text is seen soon
FOREVER = "public, max-age=31536000, immutable"
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'self'"
)
STYLE = (Path(__file__).parent / "static" / "library.css").read_bytes()
STYLE_VERSION = hashlib.sha256(STYLE).hexdigest()[:12]


@dataclass(frozen=True)
class Page:
    """A finished page; `etag` without quotes."""

    html: bytes
    etag: str


def page_from(html: str) -> Page:
    body = html.encode()
    return Page(body, hashlib.sha256(body).hexdigest()[:32])


def page(made: Page, status: int = 200) -> Response:
    response = Response(made.html, status, content_type=HTML)
    if status != 200:
        response.headers["Cache-Control"] = "no-store"
        return response
    return _revalidated(response, made.etag)


def plain(text: str, content_type: str) -> Response:
    made = page_from(text)
    return _revalidated(Response(made.html, content_type=content_type), made.etag)


def picture(body: bytes) -> Response:
    etag = hashlib.sha256(body).hexdigest()[:32]
    return _revalidated(Response(body, content_type="image/svg+xml"), etag)


def style(version: str) -> Response:
    """The style sheet; its name changes with it. An old name gets the new one, not for long."""
    response = Response(STYLE, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = FOREVER if version == STYLE_VERSION else SOON
    return response


def closed(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    return response


def _revalidated(response: Response, etag: str) -> Response:
    response.set_etag(etag)
    response.headers["Cache-Control"] = SOON
    response.make_conditional(request)
    return response
