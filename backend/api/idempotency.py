"""One key, one piece of work, one answer: for networks that lose the first one."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Response, request
from pydantic import BaseModel
from sqlalchemy import Row, and_, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.api.auth import viewer
from backend.deps import deps
from backend.kernel.db import Base
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


ANSWERS = Base.metadata.tables[IdempotentAnswer.__tablename__]
MINE = and_(
    ANSWERS.c.parent_id == bindparam("whose"),
    ANSWERS.c.route == bindparam("where"),
    ANSWERS.c.key == bindparam("which"),
)
FRESH = {"request_hash": bindparam("hash"), "status": 0, "body": "", "created_at": bindparam("now")}
CLAIM = (
    insert(ANSWERS)
    .values(parent_id=bindparam("whose"), route=bindparam("where"), key=bindparam("which"), **FRESH)
    .on_conflict_do_update(
        index_elements=[ANSWERS.c.parent_id, ANSWERS.c.route, ANSWERS.c.key],
        set_=FRESH,
        where=ANSWERS.c.created_at <= bindparam("expired"),
    )
    .returning(ANSWERS.c.key)
)
KNOWN = select(ANSWERS.c.request_hash, ANSWERS.c.status, ANSWERS.c.body).where(MINE)
FILL = update(ANSWERS).where(MINE).values(status=bindparam("done"), body=bindparam("answer"))


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

    The answer is stored in the transaction of the work. The key is written first: requests
    with the same one wait for its row, so twenty at once are one piece of work and twenty
    equal answers. A refusal rolls everything back, the key too: the next try counts.

    Raises KeyInvalid, KeyReused, and what `work` raises.
    """
    key = key_of_request()
    with deps().sessions.begin() as session:
        if key is None:
            return _json(work(session).model_dump_json(), status)
        mine = _mine(key)
        known = _claim(session, mine)
        if known is not None:
            return _json(deps().vault.open(known.body, ANSWER), known.status)
        body = work(session).model_dump_json()
        sealed = deps().vault.seal(body, ANSWER)
        session.execute(FILL, mine | {"done": status, "answer": sealed})
    return _json(body, status)


def _claim(session: Session, mine: dict[str, Any]) -> Row[*tuple[Any, ...]] | None:
    """Write the key down, without an answer yet; or find the answer that it has already.

    Raises KeyReused when that was an answer to another request.
    """
    now, digest = deps().clock.now(), _request_hash()
    facts = {"hash": digest, "now": now, "expired": now - LIFE}
    if session.execute(CLAIM, mine | facts).first() is not None:
        return None
    known = session.execute(KNOWN, mine).one()
    if known.request_hash != digest:
        raise KeyReused
    return known


def is_repeated(session: Session) -> bool:
    """Whether the key of this request has an answer already. A plain read, no lock."""
    key = key_of_request()
    if key is None:
        return False
    return session.execute(KNOWN, _mine(key)).first() is not None


def _mine(key: str) -> dict[str, Any]:
    return {"whose": viewer(), "where": str(request.url_rule), "which": key}


def _request_hash() -> bytes:
    return hashlib.sha256(request.path.encode() + b"\n" + request.get_data(cache=True)).digest()


def _json(body: str, status: int) -> Response:
    return Response(body, status, content_type="application/json")
