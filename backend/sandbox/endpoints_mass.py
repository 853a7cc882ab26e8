"""cgi-bin/message/mass/*: one message to many followers, and what became of it."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from backend.sandbox.config import Account
from backend.sandbox.endpoints_draft import draft_of
from backend.sandbox.errors import WireError
from backend.sandbox.masses import SENT
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, posted

LONGEST_TEXT = 2048  # bytes
LONGEST_CLIENT_ID = 64  # bytes
FEWEST, MOST = 2, 10_000  # openids of one `send`
OTHER_KINDS = frozenset({"voice", "music", "mpvideo", "wxcard"})  # WeChat's, not ours


@bp.route("/cgi-bin/message/mass/sendall", methods=["GET", "POST"])
def mass_sendall() -> Response:
    account = permitted()
    body = posted()
    chosen = body.get("filter")
    to_all = chosen.get("is_to_all") if isinstance(chosen, dict) else None
    if not isinstance(to_all, bool):
        raise WireError(47001)
    if not to_all:
        raise WireError(40050)  # nobody here has a tag
    return begin(account, body, None)


@bp.route("/cgi-bin/message/mass/send", methods=["GET", "POST"])
def mass_send() -> Response:
    here = sandbox()
    account = permitted()
    body = posted()
    openids = body.get("touser")
    if not isinstance(openids, list):
        raise WireError(40031)
    if not FEWEST <= len(openids) <= MOST:
        raise WireError(40032)
    if any(here.phones.by_openid(openid, account.appid) is None for openid in openids):
        raise WireError(40031)
    return begin(account, body, [str(openid) for openid in openids])


def begin(account: Account, body: dict[str, Any], to: list[str] | None) -> Response:
    """Start the sending. Raises WireError; with 45065 stands the msg_id of the first one."""
    here = sandbox()
    message, draft_id = message_of(account, body)
    client_id = body.get("clientmsgid")
    if client_id is not None and not isinstance(client_id, str):
        raise WireError(47001)
    if client_id and len(client_id.encode()) > LONGEST_CLIENT_ID:
        raise WireError(45067)
    with here.store.change():
        known = here.masses.remembered(account, client_id) if client_id else None
        if known is not None:
            raise WireError(45065, msg_id=known)
        here.masses.spend(account, to_all=to is None)
        job = message | {"to": to, "outcome": here.masses.outcome(account.appid)}
        msg_id = here.jobs.start(account.appid, "mass", job)
        if client_id:
            here.masses.remember(account, client_id, msg_id)
        if draft_id:
            here.articles.delete_draft(draft_id)
    data = {"msg_data_id": msg_id} if message["kind"] == "mpnews" else {}
    return answer({"errcode": 0, "errmsg": "send job submission success", "msg_id": msg_id} | data)


def message_of(account: Account, body: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """What is sent, and the draft that it uses up. Raises WireError."""
    kind = body.get("msgtype")
    part = body.get(str(kind))
    if kind in OTHER_KINDS or kind not in ("text", "image", "mpnews"):
        raise WireError(40008)
    if not isinstance(part, dict):
        raise WireError(47001)
    if kind == "text":
        return {"kind": kind, "text": text_of(part)}, None
    if kind == "image":
        media_id = str(part.get("media_id", ""))
        if not sandbox().articles.has_media(account.appid, media_id, cover=False):
            raise WireError(40007)
        return {"kind": kind, "media_id": media_id}, None
    draft = draft_of(account, part)
    return {"kind": kind, "articles": draft["articles"]}, str(draft["media_id"])


def text_of(part: Mapping[str, Any]) -> str:
    """Raises WireError 44004 or 45002."""
    text = part.get("content")
    if not isinstance(text, str) or not text.strip():
        raise WireError(44004)
    if len(text.encode()) > LONGEST_TEXT:
        raise WireError(45002)
    return text


@bp.route("/cgi-bin/message/mass/preview", methods=["GET", "POST"])
def mass_preview() -> Response:
    """To one follower, at once; the draft stays."""
    here = sandbox()
    account = permitted()
    body = posted()
    openid = str(body.get("touser", ""))
    if here.phones.by_openid(openid, account.appid) is None:
        raise WireError(40003)
    if here.phones.followed_at(openid) is None:
        raise WireError(43004)
    message, _ = message_of(account, body)
    line = here.masses.message(message) | {"preview": True}
    msg_id = here.chats.add(openid, str(message["kind"]), line)
    return answer({"errcode": 0, "errmsg": "preview success", "msg_id": msg_id})


@bp.route("/cgi-bin/message/mass/get", methods=["GET", "POST"])
def mass_get() -> Response:
    job = job_of(permitted(), posted())
    if job["state"] == "done":
        good = job["result"]["Status"] == SENT
        status = "SEND_SUCCESS" if good else "SEND_FAIL"
    else:
        status = "SENDING" if job["state"] == "running" else "DELETE"
    return answer({"msg_id": job["id"], "msg_status": status})


@bp.route("/cgi-bin/message/mass/delete", methods=["GET", "POST"])
def mass_delete() -> Response:
    job = job_of(permitted(), posted())
    sandbox().jobs.delete(job["id"])
    return answer({"errcode": 0, "errmsg": "ok"})


@bp.route("/cgi-bin/message/mass/speed/get", methods=["GET", "POST"])
def mass_speed_get() -> Response:
    permitted()
    return answer({"speed": 3, "realspeed": 15})


def job_of(account: Account, body: Mapping[str, Any]) -> dict[str, Any]:
    """The mass message with the `msg_id`. Raises WireError 40059."""
    job = sandbox().jobs.get(account.appid, "mass", body.get("msg_id"))
    if job is None:
        raise WireError(40059)
    return job
