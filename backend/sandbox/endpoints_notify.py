"""订阅通知 of a 服务号 (bizsend), and the templates that an account has chosen."""

from typing import Any

from flask import Response

from backend.sandbox.config import Account
from backend.sandbox.endpoints_message import checked_values
from backend.sandbox.endpoints_template import notice
from backend.sandbox.errors import WireError
from backend.sandbox.rights import account_of, permitted
from backend.sandbox.state import sandbox
from backend.sandbox.templates import Template, content_of, example_of
from backend.sandbox.wire import alone_for, bp, caller, ok, posted


@bp.route("/cgi-bin/message/subscribe/bizsend", methods=["GET", "POST"])
def bizsend() -> Response:
    here = sandbox()
    if not account_of(caller()).public:
        raise WireError(45103)  # a mini-program sends with subscribe/send
    account = permitted()
    body = posted()
    openid = str(body.get("touser", ""))
    phone = here.phones.by_openid(openid, account.appid)
    if phone is None:
        raise WireError(40003)
    template = notice_template(account, body.get("template_id"))
    miniprogram = checked_miniprogram(body.get("miniprogram"))
    values = checked_values(template, body.get("data"))
    alone_for(openid)
    with here.store.change():
        if phone.switch_off or not here.subscriptions.take(openid, template):
            raise WireError(43101)
        shown = notice(template, values)
        msgid = here.chats.add(
            openid, "notify", shown | {"page": body.get("page", ""), "miniprogram": miniprogram}
        )
    if here.config.push_sent_events:
        report = {"TemplateId": template.id, "MsgID": str(msgid)}
        here.pushes.put_subscription(
            account.appid,
            openid,
            "subscribe_msg_sent_event",
            [report | {"ErrorCode": "0", "ErrorStatus": "success"}],
        )
    return ok()


def notice_template(account: Account, template_id: Any) -> Template:
    """Raises WireError 40037."""
    template = account.templates.get(str(template_id))
    if template is None or template.kind == "message":
        raise WireError(40037)
    return template


def checked_miniprogram(given: Any) -> dict[str, Any] | None:
    """Raises WireError 47001 for a wrong form, 40013 for a mini-program that is not there."""
    if given is None or given == {}:
        return None
    if not isinstance(given, dict):
        raise WireError(47001)
    target = sandbox().config.account(str(given.get("appid")))
    if target is None or target.public:
        raise WireError(40013)
    return given


@bp.get("/wxaapi/newtmpl/gettemplate")
def gettemplate() -> Response:
    account = permitted()
    return ok(
        data=[
            {
                "priTmplId": template.id,
                "title": template.title,
                "content": content_of(template),
                "example": example_of(template),
                "type": 2 if template.kind == "once" else 3,
                "keywordEnumValueList": [
                    {"keywordCode": f"{field.name}.DATA", "enumValueList": list(field.values)}
                    for field in template.fields
                    if field.values
                ],
            }
            for template in account.templates.values()
            if template.kind != "message"
        ]
    )
