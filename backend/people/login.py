"""Who stands behind a login code: what people need from WeChat, free of any SDK."""

from dataclasses import dataclass, field
from typing import Protocol

from backend.kernel.errors import Invalid, Unauthenticated


@dataclass(frozen=True)
class WeChatIdentity:
    """A person as one WeChat account (appid) knows them. Neither id may leave the server."""

    openid: str = field(repr=False)
    unionid: str | None = field(default=None, repr=False)


class LoginCodeInvalid(Unauthenticated):
    """Unknown, used, expired, or refused by WeChat: the person has to open the app again."""

    code = "login_code_invalid"
    message = "登录凭证无效或已过期，请重新打开小程序"


class PhoneCodeInvalid(Invalid):
    """Unknown, used, expired: the person has to press the phone button again."""

    code = "phone_code_invalid"
    message = "手机号授权已失效，请重新点按钮授权"


class LoginGateway(Protocol):
    def openid_for(self, code: str) -> WeChatIdentity:
        """Redeem a one-use code of `wx.login` (valid for five minutes).

        Raises LoginCodeInvalid, or kernel.errors.Unavailable when WeChat does not answer or
        refuses us.
        """

    def phone_for(self, code: str) -> str:
        """Redeem a one-use code of the phone button: a mainland number without country code.

        Raises PhoneCodeInvalid, or kernel.errors.Unavailable.
        """
