"""cgi-bin/message/custom/send: an answer to what a person has just done (客服消息)."""

from flask import Response

from backend.sandbox.endpoints_mass import text_of
from backend.sandbox.errors import WireError
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.wire import bp, ok, posted


@bp.route("/cgi-bin/message/custom/send", methods=["GET", "POST"])
def custom_send() -> Response:
    """Texts and pictures. Raises WireError 40003, 40008, 40007, 45015, 45047 and of texts."""
    here = sandbox()
    account = permitted()
    body = posted()
    openid, kind = str(body.get("touser", "")), body.get("msgtype")
    if here.phones.by_openid(openid, account.appid) is None:
        raise WireError(40003)
    part = body.get(str(kind))
    if kind not in ("text", "image") or not isinstance(part, dict):
        raise WireError(40008)
    if kind == "text":
        line = {"text": text_of(part)}
    else:
        line = {"media_id": str(part.get("media_id", ""))}
        if not here.articles.has_media(account.appid, line["media_id"], cover=False):
            raise WireError(40007)
    if here.phones.followed_at(openid) is None:
        raise WireError(45015)
    with here.store.change():
        here.chats.use_window(openid)
        here.chats.add(openid, "custom", line)
    return ok()
