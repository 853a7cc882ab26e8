"""What WeChat thinks of a text that a parent wrote (msg_sec_check, version 2)."""

from typing import Any

import structlog

from backend.bookings.rating_check import CheckImpossible, CheckUnavailable, Verdict
from backend.outbox.messenger import POLICIES, kind_of
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.transport import TransportFailure

COMMENT = 2  # WeChat's scene for what people write under something

log = structlog.get_logger()


class WeChatTextCheck:
    """Implements rating_check.TextCheck for one mini-program."""

    def __init__(self, client: AccountClient) -> None:
        self._client = client

    def check(self, openid: str, text: str) -> Verdict:
        failure: CheckUnavailable | CheckImpossible
        try:
            return verdict_of(self._client.wxa.check_text(openid, text, scene=COMMENT))
        except WeChatRefused as error:
            failure = refused(error.errcode)
        except (TokenUnavailable, TransportFailure, BadAnswer) as error:
            failure = CheckUnavailable(type(error).__name__)
        raise failure  # outside any `except`: what WeChat's client raised stays behind


def refused(errcode: int) -> CheckUnavailable | CheckImpossible:
    """Wait where the same text may be asked about again; else a person reads it.

    61010, the commonest: the writer has left the mini-program for more than two hours.
    """
    log.info("text_check_refused", errcode=errcode)
    if POLICIES[kind_of(errcode)].retry:
        return CheckUnavailable(str(errcode))
    return CheckImpossible(str(errcode))


def verdict_of(answer: Any) -> Verdict:
    """Raises CheckImpossible for an answer without an opinion that we know."""
    result = answer.get("result") if isinstance(answer, dict) else None
    suggest = result.get("suggest") if isinstance(result, dict) else None
    try:
        return Verdict(str(suggest))
    except ValueError:
        raise CheckImpossible("an answer without an opinion") from None
