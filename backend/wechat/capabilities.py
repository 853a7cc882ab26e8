"""What an account may do, found by asking WeChat: one question each that changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog

from backend.accounts.models import AccountKind, Capability
from backend.accounts.rules import WELL, Findings, ip_in
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.transport import WECHAT, TransportFailure

NOBODY = "o" + "0" * 27  # an openid of nobody: who may ask is told 40003, who may not 48001
PROBE = {  # a QR code that nobody sees, gone after a minute: no question about the right is milder
    "expire_seconds": 60,
    "action_name": "QR_STR_SCENE",
    "action_info": {"scene": {"scene_str": "capability"}},
}

log = structlog.get_logger()

QUESTIONS: Mapping[Capability, Callable[[AccountClient], Any]] = {
    Capability.TEMPLATE: lambda client: client.get("template/get_all_private_template"),
    Capability.NOTIFY: lambda client: client.get(f"{WECHAT}/wxaapi/newtmpl/gettemplate"),
    Capability.MASS: lambda client: client.post("message/mass/speed/get", data={}),
    Capability.PUBLISH: lambda client: client.get("draft/count"),
    Capability.MENU: lambda client: client.get("menu/get"),
    Capability.SCAN: lambda client: client.post("qrcode/create", data=PROBE),
    Capability.USERS: lambda client: client.get(
        "user/info", params={"openid": NOBODY, "lang": "zh_CN"}
    ),
}


def ask(client: AccountClient, kind: AccountKind) -> Findings | None:
    """WeChat's answers about an account; None if it did not answer at all.

    The token is fetched anew, so that a secret that was changed at WeChat is noticed although
    the old token still lives. What gets no answer is left out and asked the next time.
    """
    try:
        client.fetch_access_token()
    except TokenUnavailable as error:
        if error.errcode is None:
            log.info("account_not_asked", account=client.appid, reason=str(error))
            return None
        return Findings(error.errcode, ip_in(str(error)))
    if kind is AccountKind.MINI:
        return Findings(WELL)
    answers: dict[Capability, int] = {}
    for capability, question in QUESTIONS.items():
        try:
            question(client)
        except WeChatRefused as error:
            answers[capability] = error.errcode
        except (TransportFailure, BadAnswer, TokenUnavailable) as error:
            log.info("account_not_asked", account=client.appid, reason=type(error).__name__)
            break  # whoever waits for this waits no longer than one time-out
        else:
            answers[capability] = WELL
    return Findings(WELL, answers=answers)
