"""Who a follower is across accounts, and QR codes that lead to an account."""

import structlog

from backend.accounts.followers import Told
from backend.accounts.models import LinkCode
from backend.kernel.clock import Clock
from backend.kernel.errors import Unavailable
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.transport import Answer, TransportFailure

INVALID_OPENID = 40003

log = structlog.get_logger()


class AskLater(Exception):
    """WeChat did not answer, or wants to be asked later."""


def who_is(client: AccountClient, openid: str) -> Told | None:
    """What user/info says; None if the account knows nobody by that id. Raises AskLater."""
    try:
        answer = client.get("user/info", params={"openid": openid, "lang": "zh_CN"})
    except WeChatRefused as error:
        if error.errcode == INVALID_OPENID:
            return None
        reason = str(error.errcode)
    except (TransportFailure, BadAnswer, TokenUnavailable) as error:
        reason = type(error).__name__
    else:
        if isinstance(answer, dict) and "subscribe" in answer:
            return Told(answer["subscribe"] == 1, answer.get("unionid") or None)
        reason = "an answer without subscribe"
    log.info("follower_not_identified", account=client.appid, reason=reason)
    raise AskLater  # outside any `except`: what WeChat's client raised stays behind


def qr_address(client: AccountClient, clock: Clock, code: LinkCode, scene: str) -> str:
    """What stands in WeChat's temporary QR code for a scene, as long as the code lives.

    Raises kernel.errors.Unavailable.
    """
    seconds = max(1, int((code.expires_at - clock.now()).total_seconds()))
    body = {
        "expire_seconds": seconds,
        "action_name": "QR_STR_SCENE",
        "action_info": {"scene": {"scene_str": scene}},
    }
    try:
        answer = client.post("qrcode/create", data=body)
    except WeChatRefused as error:
        reason = str(error.errcode)
    except (TransportFailure, BadAnswer, TokenUnavailable) as error:
        reason = type(error).__name__
    else:
        if not isinstance(answer, Answer) and answer.get("url"):
            return str(answer["url"])
        reason = "an answer without url"
    log.warning("qr_code_not_made", account=client.appid, reason=reason)
    raise Unavailable
