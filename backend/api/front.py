"""A short way to the texts: what the library holds as bytes is answered before Flask.

Guides are the answers that are asked for most and that differ least. A request that this front
does not know to the letter goes on to the application, which answers the same: the views are the
truth, and they tell the library which questions it may answer by itself (`Library.remember`).
Every answer has its request id and its log line, as all others have.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from backend.guides.library import Library
from backend.kernel import logs, metrics

GUIDES = "/api/v1/guides"
GUIDE = GUIDES + "/"
OTHERS_TO_FLASK = frozenset("*,")  # `*` or a list in If-None-Match

Answer = tuple[bytes, str]


class GuideFront:
    """`headers`: those that every answer of the application has."""

    def __init__(
        self,
        app: WSGIApplication,
        library: Callable[[], Library],
        headers: Sequence[tuple[str, str]],
    ) -> None:
        self._app = app
        self._library = library
        self._headers = list(headers)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.perf_counter()
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] != "GET" or not path.startswith(GUIDES):
            return self._app(environ, start_response)
        known = environ.get("HTTP_IF_NONE_MATCH", "")
        answer = self._answer(path, environ.get("QUERY_STRING", ""))
        if answer is None or not OTHERS_TO_FLASK.isdisjoint(known):
            return self._app(environ, start_response)
        body, etag = answer
        request_id = uuid.uuid4().hex
        headers = [*self._headers, ("ETag", etag), ("X-Request-Id", request_id)]
        if known == etag:
            start_response("304 NOT MODIFIED", headers)
            body, status = b"", 304
        else:
            headers += [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
            ]
            start_response("200 OK", headers)
            status = 200
        route = GUIDES if path == GUIDES else f"{GUIDE}<slug>"
        seconds = time.perf_counter() - started
        metrics.count_request("GET", route, status, seconds)
        logs.write_request(
            request_id=request_id, route=route, status=status, ms=round(seconds * 1000, 1)
        )
        return (body,)

    def _answer(self, path: str, query: str) -> Answer | None:
        library = self._library()
        if path == GUIDES:
            listing = library.remembered(query)
            return None if listing is None else (listing.body_json, listing.etag)
        if query:
            return None
        guide = library.find(path.removeprefix(GUIDE))
        return None if guide is None else (guide.body_json, guide.etag)
