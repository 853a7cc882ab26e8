"""Who a follower is across accounts, and QR codes that lead to an account."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog

from backend.accounts.comparing import Listed
from backend.accounts.followers import Told
from backend.accounts.models import LinkCode
from backend.kernel.clock import Clock
from backend.kernel.errors import Unavailable
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.official import OfficialAccount
from backend.wechat.official_answers import Follower
from backend.wechat.transport import TransportFailure

INVALID_OPENID = 40003
Value = TypeVar("Value")
SHORTEST = timedelta(seconds=1)

log = structlog.get_logger()


class AskLater(Exception):
    """WeChat did not answer (`errcode` None), or wants to be asked later."""

    def __init__(self, errcode: int | None) -> None:
        super().__init__(str(errcode))
        self.errcode = errcode


class CursorGone(Exception):
    """WeChat knows nobody by the openid after which its list was to go on."""


def who_are(client: AccountClient, openids: Sequence[str]) -> dict[str, Told | None]:
    """What WeChat says of up to a hundred people; None: it knows nobody by that id.

    One unknown id and WeChat refuses them all: then they are asked about one by one. Raises
    AskLater.
    """
    account = OfficialAccount(client)
    try:
        found = _answered(client, lambda: account.users_info(openids))
    except _Unknown:
        pass
    else:
        told = {one.openid: _told(one) for one in found}
        return {openid: told.get(openid) for openid in openids}
    return {openid: _who_is(client, account, openid) for openid in openids}


def listed_after(client: AccountClient, cursor: str) -> Listed:
    """The next page of who follows. Raises AskLater or CursorGone."""
    account = OfficialAccount(client)
    try:
        openids, total = _answered(client, lambda: account.followers(cursor))
    except _Unknown:
        failure = CursorGone() if cursor else AskLater(INVALID_OPENID)
    else:
        return Listed(openids, total)
    raise failure


class _Unknown(Exception):
    """40003."""


def _who_is(client: AccountClient, account: OfficialAccount, openid: str) -> Told | None:
    try:
        return _told(_answered(client, lambda: account.user_info(openid)))
    except _Unknown:
        return None


def _told(found: Follower) -> Told:
    return Told(found.following, found.unionid, found.since)


def _answered(client: AccountClient, call: Callable[[], Value]) -> Value:
    """Raises _Unknown or AskLater, outside any `except`: what WeChat's client raised stays
    behind.
    """
    errcode: int | None = None
    try:
        return call()
    except WeChatRefused as error:
        errcode = int(error.errcode)
        reason = str(errcode)
    except (TransportFailure, BadAnswer) as error:
        reason = type(error).__name__
    except TokenUnavailable as error:
        errcode, reason = error.errcode, type(error).__name__
    if errcode == INVALID_OPENID:
        raise _Unknown
    log.info("followers_not_told", account=client.appid, reason=reason)
    raise AskLater(errcode)


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
