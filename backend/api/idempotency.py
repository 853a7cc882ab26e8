"""One key, one piece of work, one answer: for networks that lose the first one."""

import hashlib
from collections.abc import Callable
from datetime import timedelta

from flask import Response, request
from pydantic import BaseModel
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.api.auth import viewer
from backend.deps import deps
from backend.kernel.errors import Invalid
from backend.people.models import IdempotentAnswer

LIFE = timedelta(hours=24)
LONGEST_KEY = 128
ANSWER = "idempotent-answer"  # the vault's purpose: answers hold children's names


class KeyReused(Invalid):
    code = "idempotency_key_reused"
    message = "这次提交和上次不同，请返回重新操作"


class KeyInvalid(Invalid):
    code = "idempotency_key_invalid"
    message = "提交标识有误，请返回重新操作"


def key_of_request() -> str | None:
    """The Idempotency-Key header, or None. Raises KeyInvalid for one nobody's code makes."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise KeyInvalid
    return key


def once(work: Callable[[Session], BaseModel], *, status: int = 201) -> Response:
    """Do `work` in a transaction and answer it; the same key again gets the same bytes.

    The answer is stored in the transaction of the work. Requests with one key wait for each
    other on an advisory lock, so twenty at once are one piece of work and twenty equal
    answers. A refusal rolls everything back and is not stored: the next try counts.

    Raises KeyInvalid, KeyReused, and what `work` raises.
    """
    key = key_of_request()
    with deps().sessions.begin() as session:
        if key is None:
            return _json(work(session).model_dump_json(), status)
        route = str(request.url_rule)
        known = _known(session, route, key)
        if known is not None:
            return _json(deps().vault.open(known.body, ANSWER), known.status)
        body = work(session).model_dump_json()
        session.add(
            IdempotentAnswer(
                parent_id=viewer(),
                route=route,
                key=key,
                request_hash=_request_hash(),
                status=status,
                body=deps().vault.seal(body, ANSWER),
                created_at=deps().clock.now(),
            )
        )
    return _json(body, status)


def is_repeated(session: Session) -> bool:
    """Whether the key of this request has an answer already. A plain read, no lock."""
    key = key_of_request()
    if key is None:
        return False
    found = session.scalar(
        select(IdempotentAnswer.key).where(
            IdempotentAnswer.parent_id == viewer(),
            IdempotentAnswer.route == str(request.url_rule),
            IdempotentAnswer.key == key,
        )
    )
    return found is not None


def _known(session: Session, route: str, key: str) -> IdempotentAnswer | None:
    digest = hashlib.sha256(f"{viewer()}\n{route}\n{key}".encode()).digest()
    session.execute(
        text("SELECT pg_advisory_xact_lock(:lock)"),
        {"lock": int.from_bytes(digest[:8], "big", signed=True)},
    )
    known = session.scalar(
        select(IdempotentAnswer).where(
            IdempotentAnswer.parent_id == viewer(),
            IdempotentAnswer.route == route,
            IdempotentAnswer.key == key,
        )
    )
    if known is None:
        return None
    if known.created_at <= deps().clock.now() - LIFE:
        session.delete(known)
        session.flush()
        return None
    if known.request_hash != _request_hash():
        raise KeyReused
    return known


def _request_hash() -> bytes:
    return hashlib.sha256(request.path.encode() + b"\n" + request.get_data(cache=True)).digest()


def _json(body: str, status: int) -> Response:
    return Response(body, status, content_type="application/json")
