"""cgi-bin/message/subscribe/send: strict, in the order in which WeChat looks."""

import re
from typing import Any

from flask import Response

from backend.kernel.clock import city_date
from backend.sandbox.errors import WireError
from backend.sandbox.field_rules import FieldRefused, check
from backend.sandbox.state import sandbox
from backend.sandbox.templates import Template
from backend.sandbox.wire import alone_for, bp, caller, ok, posted

STATES = frozenset({"developer", "trial", "formal"})
LANGUAGES = frozenset({"zh_CN", "en_US", "zh_HK", "zh_TW"})
PAGE = re.compile(r"[\w-]+(/[\w-]+)*", re.ASCII)


@bp.route("/cgi-bin/message/subscribe/send", methods=["GET", "POST"])
def subscribe_send() -> Response:
    here = sandbox()
    appid = caller()
    body = posted()
    if appid != here.config.appid:
        raise WireError(45103)
    openid = str(body.get("touser", ""))
    phone = here.phones.by_openid(openid, appid)
    if phone is None:
        raise WireError(40003)
    template = here.config.templates.get(str(body.get("template_id", "")))
    if template is None:
        raise WireError(40037)
    check_options(body)
    page = checked_page(body.get("page"))
    values = checked_values(template, body.get("data"))
    alone_for(openid)
    with here.store.change():
        today = city_date(here.clock.now()).isoformat()
        if here.store.count("sends", today) > here.config.limits["sends_per_day"]:
            raise WireError(45009)
        if phone.switch_off or not here.subscriptions.take(openid, template):
            raise WireError(43101)
        msgid = here.inbox.put(phone, openid, template.id, values, page)
    if here.config.push_sent_events:
        report = {"TemplateId": template.id, "MsgID": str(msgid)}
        here.pushes.put_subscription(
            appid,
            openid,
            "subscribe_msg_sent_event",
            [report | {"ErrorCode": "0", "ErrorStatus": "success"}],
        )
    return ok(msgid=msgid)


def check_options(body: dict[str, Any]) -> None:
    """Raises WireError 40097 for a state or a language that WeChat does not know."""
    if body.get("miniprogram_state", "formal") not in STATES:
        raise WireError(40097)
    if body.get("lang", "zh_CN") not in LANGUAGES:
        raise WireError(40097)


def checked_page(page: Any) -> str | None:
    """The page as given. Raises WireError 41030 if the released version has none such."""
    if page is None or page == "":
        return None
    path = page.partition("?")[0] if isinstance(page, str) else ""
    known = sandbox().config.pages
    if PAGE.fullmatch(path) is None or (known and path not in known):
        raise WireError(41030)
    return str(page)


def checked_values(template: Template, data: Any) -> dict[str, str]:
    """Raises WireError 47003 naming the field."""
    try:
        return check(template, data)
    except FieldRefused as error:
        problem = error.problem
    raise WireError(47003, f" {problem}")
