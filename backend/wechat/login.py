"""`wx.login` codes redeemed at WeChat. The session_key is dropped here and kept nowhere."""

import structlog

from backend.kernel.errors import Unavailable
from backend.people.login import LoginCodeInvalid, WeChatIdentity
from backend.wechat.client import AccountClient, BadAnswer, WeChatRefused
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
        if not (0 < len(code) <= LONGEST_CODE) or not code.isascii() or not code.isprintable():
            raise LoginCodeInvalid
        refusal: LoginCodeInvalid | Unavailable
        try:
            answer = self._client.wxa.code_to_session(code)
        except WeChatRefused as error:
            log.warning("wechat_login_refused", errcode=error.errcode)
            refusal = LoginCodeInvalid() if error.errcode in CODE_REFUSED else Unavailable()
        except (TransportFailure, BadAnswer) as error:
            log.warning("wechat_login_unanswered", reason=f"{type(error).__name__}: {error}")
            refusal = Unavailable()
        else:
            return _identity(answer)
        raise refusal


def _identity(answer: object) -> WeChatIdentity:
    if isinstance(answer, Answer) or not isinstance(answer, dict) or not answer.get("openid"):
        raise Unavailable
    return WeChatIdentity(openid=str(answer["openid"]), unionid=answer.get("unionid") or None)
