"""Who a follower is across accounts, and QR codes that lead to an account."""

from datetime import timedelta

import structlog

from backend.accounts.followers import Told
from backend.accounts.models import LinkCode
from backend.kernel.clock import Clock
from backend.kernel.errors import Unavailable
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.official import OfficialAccount
from backend.wechat.transport import TransportFailure

INVALID_OPENID = 40003
SHORTEST = timedelta(seconds=1)

log = structlog.get_logger()


class AskLater(Exception):
    """WeChat did not answer, or wants to be asked later."""


def who_is(client: AccountClient, openid: str) -> Told | None:
    """What user/info says; None if the account knows nobody by that id. Raises AskLater."""
    try:
        found = OfficialAccount(client).user_info(openid)
    except WeChatRefused as error:
        if error.errcode == INVALID_OPENID:
            return None
        reason = str(error.errcode)
    except (TransportFailure, BadAnswer, TokenUnavailable) as error:
        reason = type(error).__name__
    else:
        return Told(found.following, found.unionid)
    log.info("follower_not_identified", account=client.appid, reason=reason)
    raise AskLater  # outside any `except`: what WeChat's client raised stays behind


def qr_address(client: AccountClient, clock: Clock, code: LinkCode, scene: str) -> str:
    """What stands in WeChat's temporary QR code for a scene, as long as the code lives.

    Raises kernel.errors.Unavailable.
    """
    life = max(code.expires_at - clock.now(), SHORTEST)
    try:
        return OfficialAccount(client).scene_qr(scene, life).url
    except WeChatRefused as error:
        reason = str(error.errcode)
    except (TransportFailure, BadAnswer, TokenUnavailable) as error:
        reason = type(error).__name__
    log.warning("qr_code_not_made", account=client.appid, reason=reason)
    raise Unavailable
