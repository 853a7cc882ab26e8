"""Which account may call what, and how often a day.

Sources: the tables of rights of 服务号 and 订阅号 (developers.weixin.qq.com, 适用范围), as of
2026-11. Since 2025-07 accounts that are not certified have no right to publish. Not on a public
page, from memory: that a 服务号 without certification may set a menu and answer as 客服, and the
daily numbers of the calls that are marked so.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from backend.kernel.clock import city_date
from backend.sandbox.config import Account
from backend.sandbox.errors import WireError
from backend.sandbox.state import sandbox
from backend.sandbox.wire import caller

MINI = frozenset({("mini", True), ("mini", False)})
SERVICE = frozenset({("service", True)})
ANY_SERVICE = SERVICE | {("service", False)}
CERTIFIED = SERVICE | {("subscription", True)}
NOT_BARE = CERTIFIED | ANY_SERVICE  # every public account but a 订阅号 without certification


@dataclass(frozen=True)
class Right:
    """Who may call a path, and the account's daily number of calls."""

    accounts: frozenset[tuple[str, bool]]
    a_day: int


RIGHTS: Mapping[str, Right] = {
    "/cgi-bin/message/template/send": Right(SERVICE, 100_000),
    "/cgi-bin/template/get_all_private_template": Right(SERVICE, 100_000),  # memory
    "/cgi-bin/template/del_private_template": Right(SERVICE, 1000),  # memory
    "/cgi-bin/message/subscribe/bizsend": Right(SERVICE, 100_000),  # memory
    "/wxaapi/newtmpl/gettemplate": Right(MINI | SERVICE, 100_000),  # memory
    "/wxa/getwxacodeunlimit": Right(MINI, 10_000_000),  # 5000 a minute is the limit that counts
    "/cgi-bin/qrcode/create": Right(SERVICE, 100_000),
    "/cgi-bin/material/add_material": Right(CERTIFIED, 1000),
    "/cgi-bin/media/uploadimg": Right(CERTIFIED, 1000),  # memory
    "/cgi-bin/draft/add": Right(CERTIFIED, 1000),  # memory, as the other draft calls
    "/cgi-bin/draft/get": Right(CERTIFIED, 1000),
    "/cgi-bin/draft/update": Right(CERTIFIED, 1000),
    "/cgi-bin/draft/delete": Right(CERTIFIED, 1000),
    "/cgi-bin/draft/count": Right(CERTIFIED, 1000),
    "/cgi-bin/draft/batchget": Right(CERTIFIED, 1000),
    "/cgi-bin/freepublish/submit": Right(CERTIFIED, 100),  # memory, as the other publish calls
    "/cgi-bin/freepublish/get": Right(CERTIFIED, 1000),
    "/cgi-bin/freepublish/delete": Right(CERTIFIED, 100),
    "/cgi-bin/freepublish/batchget": Right(CERTIFIED, 1000),
    "/cgi-bin/freepublish/getarticle": Right(CERTIFIED, 1000),
    "/cgi-bin/message/mass/sendall": Right(CERTIFIED, 100),
    "/cgi-bin/message/mass/send": Right(SERVICE, 100),
    "/cgi-bin/message/mass/preview": Right(CERTIFIED, 100),
    "/cgi-bin/message/mass/get": Right(CERTIFIED, 10_000),  # memory
    "/cgi-bin/message/mass/delete": Right(CERTIFIED, 10),
    "/cgi-bin/message/mass/speed/get": Right(CERTIFIED, 10_000),  # memory
    "/cgi-bin/menu/create": Right(NOT_BARE, 1000),
    "/cgi-bin/menu/get": Right(NOT_BARE, 10_000),
    "/cgi-bin/menu/delete": Right(NOT_BARE, 1000),
    "/cgi-bin/menu/addconditional": Right(CERTIFIED, 2000),  # memory
    "/cgi-bin/menu/delconditional": Right(CERTIFIED, 2000),  # memory
    "/cgi-bin/user/info": Right(CERTIFIED, 5_000_000),
    "/cgi-bin/user/info/batchget": Right(CERTIFIED, 500_000),  # memory
    "/cgi-bin/user/get": Right(CERTIFIED, 500),
    "/cgi-bin/message/custom/send": Right(NOT_BARE, 500_000),
}


def permitted() -> Account:
    """The calling account, if it has the right and the number; the call is counted.

    Raises WireError: 48001 without the right, 61004 from a foreign address, 45009 from the
    first call too many, and those of `caller`.
    """
    here = sandbox()
    account = account_of(caller())
    right = RIGHTS[request.path]
    if (account.kind, account.certified) not in right.accounts:
        raise WireError(48001)
    if here.config.callers is not None and request.remote_addr not in here.config.callers:
        raise WireError(61004, f": {request.remote_addr}")
    with here.store.change():
        used = here.store.count(counter(account.appid, request.path), _today())
    if used > daily_limit(request.path):
        raise WireError(45009)
    return account


def account_of(appid: str) -> Account:
    """Raises WireError 40013 for one that the sandbox no longer has."""
    account = sandbox().config.account(appid)
    if account is None:
        raise WireError(40013)
    return account


def daily_limit(path: str) -> int:
    """WeChat's, or the one that the sandbox was started with."""
    return sandbox().config.limits.get(path, RIGHTS[path].a_day)


def calls_today(appid: str, path: str) -> int:
    """Every call counts, the refused ones beyond the limit do not."""
    used = sandbox().store.counted(counter(appid, path), _today())
    return min(used, daily_limit(path))


def counter(appid: str, path: str) -> str:
    return f"{appid}:{path}"


def _today() -> str:
    return city_date(sandbox().clock.now()).isoformat()
