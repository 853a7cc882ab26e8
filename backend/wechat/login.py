"""`wx.login` codes redeemed at WeChat. The session_key is dropped here and kept nowhere."""

from collections.abc import Callable

import structlog

from backend.kernel.errors import DomainError, Unavailable
from backend.people.login import LoginCodeInvalid, PhoneCodeInvalid, WeChatIdentity
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.transport import Answer, TransportFailure

# 40029 unknown, expired or foreign; 40163 used; 41008 missing; 40226 user blocked as high risk.
CODE_REFUSED = frozenset({40029, 40163, 41008, 40226})
LONGEST_CODE = 128  # WeChat's are 32 characters; longer ones are not worth a request

log = structlog.get_logger()


class WeChatLogin:
    """Implements people.login.LoginGateway."""

    def __init__(self, client: AccountClient) -> None:
        self._client = client

    def openid_for(self, code: str) -> WeChatIdentity:
        return _identity(self._redeem(code, self._client.wxa.code_to_session, LoginCodeInvalid))

    def phone_for(self, code: str) -> str:
        return str(self._redeem(code, self._client.wxa.get_phone_number, PhoneCodeInvalid))

    def _redeem(
        self, code: str, call: Callable[[str], object], refused: type[DomainError]
    ) -> object:
        """The answer to a code. What went wrong is raised outside the handler: no chained
        exception may carry an address with a secret in it."""
        if not (0 < len(code) <= LONGEST_CODE) or not code.isascii() or not code.isprintable():
            raise refused
        refusal: DomainError
        try:
            return call(code)
        except WeChatRefused as error:
            log.warning("wechat_login_refused", errcode=error.errcode)
            refusal = refused() if error.errcode in CODE_REFUSED else Unavailable()
        except (TransportFailure, BadAnswer, TokenUnavailable) as error:
            log.warning("wechat_login_unanswered", reason=f"{type(error).__name__}: {error}")
            refusal = Unavailable()
        raise refusal


def _identity(answer: object) -> WeChatIdentity:
    if isinstance(answer, Answer) or not isinstance(answer, dict) or not answer.get("openid"):
        raise Unavailable
    return WeChatIdentity(openid=str(answer["openid"]), unionid=answer.get("unionid") or None)
