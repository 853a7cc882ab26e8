"""What holds for WeChat accounts, whoever asks. Pure: values in, value or refusal out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backend.accounts.models import AccountKind, Capability
from backend.kernel.clock import city_time
from backend.kernel.errors import Conflict, Invalid, NotFound
from backend.outbox.models import Span
from backend.outbox.quotas import end_of

APPID = re.compile(r"wx[0-9a-z]{8,30}", re.ASCII)
SECRET = re.compile(r"[0-9A-Za-z_-]{8,64}", re.ASCII)
PUSH_TOKEN = re.compile(r"[0-9A-Za-z]{3,32}", re.ASCII)  # WeChat's own rule for 令牌
AES_KEY = re.compile(r"[0-9A-Za-z]{43}", re.ASCII)

WELL = 0
NO_RIGHT = frozenset({48001, 48004, 45103})  # not authorised, banned, wrong kind of account
# Answers of one that has the right, to a question about something that is not there.
HAS_RIGHT: Mapping[Capability, frozenset[int]] = {
    Capability.MENU: frozenset({46003}),  # no menu yet
    Capability.USERS: frozenset({40003}),  # the openid of the question is nobody's
}
FOR_PERSONS = frozenset({Capability.TEMPLATE, Capability.NOTIFY})  # what goes to one person
KEYS_REFUSED = {
    40013: "微信不认识这个 AppID，请到微信公众平台“设置与开发 › 基本配置”核对",
    40125: "AppSecret 不对，可能已被重置，请到微信公众平台重置后填写新的",
    40164: "微信不接受这台服务器的地址，请到微信公众平台“基本配置 › IP 白名单”加上 {ip}",
    40243: "AppSecret 已被冻结，请到微信公众平台解冻",
}
IP_NAMED = re.compile(r"invalid ip ([0-9a-fA-F.:]{3,45})")


class AccountExists(Conflict):
    code = "account_exists"
    message = "这个 AppID 已经登记过"


class AccountUnknown(NotFound):
    code = "account_unknown"
    message = "没有这个微信账号，可能已停用"


class AccountKeysWrong(Invalid):
    """The detail says which one, and what it should look like."""

    code = "account_keys_wrong"
    message = "AppID 或密钥的写法不对"


@dataclass(frozen=True)
class Keys:
    """What only WeChat and we know of an account."""

    secret: str = field(repr=False)
    push_token: str = field(repr=False)
    aes_key: str = field(repr=False)


@dataclass(frozen=True)
class Findings:
    """What WeChat answered. `keys`: its code to appid and secret, with the address it named.

    `answers` is empty unless the keys were good.
    """

    keys: int
    ip: str | None = None
    answers: Mapping[Capability, int] = field(default_factory=dict)


def check_appid(appid: str) -> None:
    if not APPID.fullmatch(appid):
        raise AccountKeysWrong("AppID 以 wx 开头，只有小写字母和数字")


def check_keys(
    *, secret: str | None = None, push_token: str | None = None, aes_key: str | None = None
) -> None:
    """None is a key that stays as it is. Raises AccountKeysWrong."""
    if secret is not None and not SECRET.fullmatch(secret):
        raise AccountKeysWrong("AppSecret 一般是 32 个字母和数字，请整段复制")
    if push_token is not None and not PUSH_TOKEN.fullmatch(push_token):
        raise AccountKeysWrong("令牌（Token）是 3 到 32 个字母或数字")
    if aes_key is not None and not AES_KEY.fullmatch(aes_key):
        raise AccountKeysWrong("消息加解密密钥（EncodingAESKey）是 43 个字母或数字")


def lawful(kind: AccountKind, capability: Capability, *, certified: bool) -> bool:
    """May an account of that kind have it at all? The table's CHECKs say the same."""
    if kind is AccountKind.MINI:
        return False
    return capability not in FOR_PERSONS or (kind is AccountKind.SERVICE and certified)


def decided(capability: Capability, errcode: int) -> bool | None:
    """What a code says about a capability; None for one that says nothing (busy, a quota)."""
    if errcode == WELL or errcode in HAS_RIGHT.get(capability, frozenset()):
        return True
    return False if errcode in NO_RIGHT else None


def trouble(errcode: int | None, ip: str | None) -> str | None:
    """What is wrong with appid or secret, and what to do; None if nothing is."""
    if errcode in (None, WELL):
        return None
    sentence = KEYS_REFUSED.get(errcode or 0, f"微信没有接受这个账号（错误码 {errcode}）")
    return sentence.format(ip=ip or "本机的公网地址")


def ip_in(errmsg: str) -> str | None:
    """The address that WeChat names in 40164."""
    found = IP_NAMED.search(errmsg)
    return found and found[1]


TOMORROW = frozenset({45009}) | NO_RIGHT


@dataclass(frozen=True)
class Following:
    """Since when somebody follows, and since when not any more."""

    followed_at: datetime
    left_at: datetime | None = None


def asked_in(moment: datetime) -> datetime:
    """The second in which WeChat was asked, to compare with the times of its pushes.

    Those are whole seconds: what happened after the question, in the same second, is not before
    it. Who is counted as before must be before that second.
    """
    return moment.replace(microsecond=0)


def after_coming(before: Following | None, moment: datetime, *, anew: bool) -> Following:
    """What is known after a push that somebody follows. Pushes come in any order, or late.

    `anew`: they began to follow at that moment (`subscribe`); a `SCAN` says only that they do.
    """
    if before is None:
        return Following(moment)
    if before.left_at is not None:
        return Following(moment) if moment >= before.left_at else before
    return Following(max(before.followed_at, moment)) if anew else before


def after_leaving(before: Following | None, moment: datetime) -> Following:
    """What is known after a push that somebody left; later news of them stays true."""
    if before is None:
        return Following(moment, moment)
    if moment < before.followed_at:
        return before
    return Following(before.followed_at, max(moment, before.left_at or moment))


def last_night(now: datetime) -> datetime:
    """When the comparison of followers was last due: half past two, city time."""
    due = city_time(now).replace(hour=2, minute=30, second=0, microsecond=0)
    return due if due <= now else due - timedelta(days=1)


def wait_after(errcode: int | None, now: datetime) -> datetime:
    """When WeChat may be asked again. A day's number and a right come back at midnight at best.

    `errcode` None: it did not answer.
    """
    if errcode in TOMORROW:
        return end_of(Span.DAY, now)
    return now + timedelta(minutes=1)
