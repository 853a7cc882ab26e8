"""Template messages of a 服务号 (模板消息): to followers, without asking them."""

from typing import Any

from flask import Response

from backend.sandbox.config import Account
from backend.sandbox.endpoints_message import checked_values
from backend.sandbox.endpoints_text import WORDS
from backend.sandbox.errors import WireError
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.templates import Template, content_of, example_of
from backend.sandbox.wire import answer, bp, ok, posted

ID_LENGTH = 43  # of a template
REMEMBER_SECONDS = 600  # a client_msg_id and openid: WeChat's ten minutes
# Template messages may not advertise; what WeChat finds is not public, these stand for it.
ADVERTISING = ("抽奖", "优惠券", "返现", "红包")


@bp.route("/cgi-bin/message/template/send", methods=["GET", "POST"])
def template_send() -> Response:
    here = sandbox()
    account = permitted()
    body = posted()
    openid = str(body.get("touser", ""))
    if here.phones.by_openid(openid, account.appid) is None:
        raise WireError(40003)
    template = message_template(account, body.get("template_id"))
    values = checked_values(template, body.get("data"))
    if any(word in text for text in values.values() for word in (*WORDS, *ADVERTISING)):
        raise WireError(40249)
    if here.phones.followed_at(openid) is None:
        raise WireError(43004)
    with here.store.change():
        key = f"template:{openid}:{body['client_msg_id']}" if body.get("client_msg_id") else None
        known = here.store.once(key, here.clock.now().timestamp() - REMEMBER_SECONDS)
        msgid = int(known) if known else deliver(account, openid, template, values, body)
        if key and not known:
            here.store.remember(key, str(msgid), here.clock.now().timestamp())
    return ok(msgid=msgid)


def message_template(account: Account, template_id: Any) -> Template:
    """Raises WireError 40036, 40037 or 43116."""
    here = sandbox()
    if not isinstance(template_id, str) or len(template_id) != ID_LENGTH:
        raise WireError(40036)
    template = account.templates.get(template_id)
    deleted = here.store.setting(f"deleted:{account.appid}:{template_id}") is not None
    if template is None or template.kind != "message" or deleted:
        raise WireError(40037)
    if here.store.setting(f"banned:{template_id}") is not None:
        raise WireError(43116)
    return template


def deliver(
    account: Account, openid: str, template: Template, values: dict[str, str], body: dict[str, Any]
) -> int:
    """Into the chat, unless the person blocks the account; told in an event either way."""
    here = sandbox()
    reception = here.chats.reception(openid)
    msgid = here.store.number("msgid")
    if reception == "ok":
        here.chats.add(
            openid,
            "template",
            notice(template, values)
            | {"url": body.get("url", ""), "miniprogram": body.get("miniprogram")},
        )
    status = "success" if reception == "ok" else f"failed:{reception}"
    here.pushes.put(
        account.appid, openid, "TEMPLATESENDJOBFINISH", {"MsgID": msgid, "Status": status}
    )
    return msgid


def notice(template: Template, values: dict[str, str]) -> dict[str, Any]:
    """A message as the phone shows it."""
    labels = {field.name: field.label for field in template.fields}
    return {
        "template_id": template.id,
        "title": template.title,
        "fields": [
            {"name": name, "label": labels[name], "value": value} for name, value in values.items()
        ],
    }


@bp.get("/cgi-bin/template/get_all_private_template")
def get_all_private_template() -> Response:
    """Answers without errcode, as WeChat does."""
    account = permitted()
    return answer(
        {
            "template_list": [
                {
                    "template_id": template.id,
                    "title": template.title,
                    "primary_industry": "政府与公共事业",
                    "deputy_industry": "医疗",
                    "content": content_of(template),
                    "example": example_of(template),
                }
                for template in account.templates.values()
                if template.kind == "message"
                and sandbox().store.setting(f"deleted:{account.appid}:{template.id}") is None
            ]
        }
    )


@bp.route("/cgi-bin/template/del_private_template", methods=["GET", "POST"])
def del_private_template() -> Response:
    here = sandbox()
    account = permitted()
    template = message_template(account, posted().get("template_id"))
    with here.store.change():
        here.store.set(f"deleted:{account.appid}:{template.id}", "1")
    return ok()
