"""WeChat's pushes come in here: verify, store once, answer at once. The work is a worker's.

Who writes to a 公众号 is answered from memory, in the same response.
"""

import structlog
from flask import Blueprint, Response, abort, request

from backend.accounts.keeping import keys_of
from backend.accounts.models import AccountKind
from backend.accounts.rules import AccountUnknown
from backend.accounts.service import EVENTS_STAY, store_event
from backend.deps import deps
from backend.kernel.metrics import PUSHES
from backend.kernel.privacy import Unreadable
from backend.outreach.replies import ANSWERED, reply_to, reply_xml, text_of
from backend.wechat.crypto import (
    LARGEST_PUSH,
    BadPush,
    InboundEvent,
    PushReader,
    SignatureInvalid,
)

STOPS_RETRIES = "success"  # any other answer, or none in five seconds: WeChat sends it again

bp = Blueprint("webhook", __name__, url_prefix="/wechat")
log = structlog.get_logger()


@bp.get("/<appid>")
def verify_url(appid: str) -> Response:
    """Answer WeChat's question when the address is set in its console."""
    try:
        return _plain(_reader(appid).check_url(request.args))
    except SignatureInvalid:
        return _plain("", 403)


@bp.post("/<appid>")
def receive(appid: str) -> Response:
    """Store a push. 403 for a forged signature, 400 for what WeChat never sends, 413 too large.

    The refusals say nothing more: whoever forges learns nothing.
    """
    reader = _reader(appid)
    request.max_content_length = LARGEST_PUSH
    try:
        event = reader.read(request.args, request.get_data(cache=False))
    except SignatureInvalid:
        PUSHES.labels("forged").inc()
        log.warning("push_forged")
        return _plain("", 403)
    except BadPush as error:
        PUSHES.labels("unreadable").inc()
        log.warning("push_unreadable", reason=str(error))
        return _plain("", 400)
    if deps().clock.now() - event.created_at >= EVENTS_STAY:
        PUSHES.labels("too_old").inc()
        log.warning("push_too_old", kind=event.kind)
        return _plain(STOPS_RETRIES)
    with deps().reads.begin() as session:  # one statement: no BEGIN and COMMIT around it
        new = store_event(session, deps().clock, event)
    PUSHES.labels("new" if new else "repeated").inc()
    log.info("push_received", kind=event.kind, new=new)
    return _answer(reader, event)


def _answer(reader: PushReader, event: InboundEvent) -> Response:
    """To a person at once, and to a retry the same; to everything else that it was taken.

    An answer that fails must not make WeChat send again what is stored already.
    """
    if event.kind not in ANSWERED or not reader.may_answer:
        return _plain(STOPS_RETRIES)
    parts = deps()
    try:
        reply = reply_to(
            event.kind, event.payload, parts.library, parts.reply_words, parts.scenes.made
        )
        if reply is None:
            return _plain(STOPS_RETRIES)
        document = reply_xml(
            text_of(reply, parts.doors), event.payload, int(event.created_at.timestamp())
        )
        sealed = reader.sealed(document, int(parts.clock.now().timestamp()))
    except Exception as error:
        log.error("push_answer_failed", kind=event.kind, error=type(error).__name__)
        return _plain(STOPS_RETRIES)
    log.info("push_answered", kind=event.kind, links=len(reply.pieces), urgent=bool(reply.first))
    return Response(sealed, content_type="text/xml; charset=utf-8")


def _reader(appid: str) -> PushReader:
    """Reads the pushes of an account, each with its own keys; 404 for any that is not ours."""
    try:
        row = deps().live_account(appid)
        keys = keys_of(deps().vault, row)
    except AccountUnknown:
        abort(404)
    except Unreadable:  # its field key is gone: WeChat tries again, an operator reads the log
        log.exception("push_keys_unreadable", account=appid)
        abort(503)
    return PushReader(
        appid, keys.push_token, keys.aes_key, may_answer=row.kind is not AccountKind.MINI
    )


def _plain(text: str, status: int = 200) -> Response:
    """Never HTML: `echostr` is whatever the sender wrote."""
    return Response(text, status, content_type="text/plain; charset=utf-8")
