"""Messages out to WeChat, every way to fail told in the outbox's own words."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from backend.outbox.messenger import (
    POLICIES,
    FailureKind,
    OutcomeUnknown,
    PermanentFailure,
    SendFailure,
    TemporaryFailure,
    kind_of,
)
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.official import to_person, wrapped
from backend.wechat.transport import Answer, NeverSent, NoAnswer

NAMED_FIELD = re.compile(r"data\.(\w+)\.value")
# Only these two statuses say that the request was turned away at the door. A 500, 502 or 504
# may come after the message has gone on its way, and a second copy is worse than none.
TURNED_AWAY = frozenset({429, 503})


class WeChatMessenger:
    """Implements outbox.messenger.Messenger for one mini-program. Safe between threads."""

    def __init__(
        self,
        client: AccountClient,
        miniprogram_state: Literal["developer", "trial", "formal"] = "formal",
    ) -> None:
        self._client = client
        self._state = miniprogram_state

    def send(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None,
        message_id: int | None,
    ) -> None:
        """WeChat knows no repetition here: `message_id` says nothing to it."""
        values = wrapped(data)
        _answered(
            lambda: self._client.wxa.send_subscribe_message(
                openid, template_id, values, page, miniprogram_state=self._state
            )
        )


class ServiceMessenger:
    """Implements outbox.messenger.Messenger for a 服务号: 模板消息. Safe between threads.

    A tap on the message opens a page of the mini-program, which WeChat demands to be bound to
    the account.
    """

    def __init__(self, client: AccountClient, mini_program: str) -> None:
        self._client = client
        self._mini_program = mini_program

    def send(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None,
        message_id: int | None,
    ) -> int | None:
        """Returns the MsgID by which TEMPLATESENDJOBFINISH tells what became of it.

        Within ten minutes WeChat delivers one `client_msg_id` once.
        """
        body = to_person(
            openid,
            template_id,
            data,
            miniprogram=None if page is None else (self._mini_program, page),
            client_msg_id=None if message_id is None else str(message_id),
        )
        answer = _answered(lambda: self._client.post("message/template/send", data=body))
        told = answer.get("msgid")
        return told if isinstance(told, int) else None


class NoticeMessenger:
    """Implements outbox.messenger.Messenger for a 服务号 without 模板消息: 订阅通知.

    Each uses a consent that the person gave to that account. Safe between threads.
    """

    def __init__(self, client: AccountClient, mini_program: str) -> None:
        self._client = client
        self._mini_program = mini_program

    def send(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None,
        message_id: int | None,
    ) -> None:
        """WeChat knows no repetition here: `message_id` says nothing to it."""
        opens = None if page is None else (self._mini_program, page)
        body = to_person(openid, template_id, data, miniprogram=opens)
        _answered(lambda: self._client.post("message/subscribe/bizsend", data=body))


def _answered(call: Callable[[], Any]) -> dict[str, Any]:
    """WeChat's answer to a message that it took. Raises a SendFailure.

    Outside any `except`: what WeChat's client raised stays behind.
    """
    answer, failure = _attempt(call)
    if failure is not None:
        raise failure
    return answer


def _attempt(call: Callable[[], Any]) -> tuple[dict[str, Any], SendFailure | None]:
    try:
        answer = call()
    except WeChatRefused as error:
        return {}, refused(error.errcode, str(error.errmsg))
    except TokenUnavailable as error:
        return {}, without_token(error)
    except NeverSent as error:
        return {}, TemporaryFailure(str(error), FailureKind.TRANSIENT)
    except NoAnswer as error:
        return {}, OutcomeUnknown(str(error), FailureKind.TRANSIENT)
    except BadAnswer as error:
        return {}, unusable(error.status)
    if isinstance(answer, Answer) or "errcode" not in answer:
        return {}, OutcomeUnknown("an answer without errcode", FailureKind.TRANSIENT)
    return answer, None


def refused(errcode: int, errmsg: str) -> SendFailure:
    """WeChat read the message and said no: it certainly did not go out."""
    kind = kind_of(errcode)
    named = NAMED_FIELD.search(errmsg) if kind is FailureKind.CONTENT else None
    failure = TemporaryFailure if POLICIES[kind].waits else PermanentFailure
    return failure(f"{errcode} {errmsg}", kind, errcode, named.group(1) if named else None)


def without_token(error: TokenUnavailable) -> SendFailure:
    """The token could not be had, so the message never left, whatever went wrong."""
    if error.errcode is None:
        return TemporaryFailure(f"no token: {error}", FailureKind.TRANSIENT)
    return refused(error.errcode, f"no token: {error}")


def unusable(status: int) -> SendFailure:
    """An HTTP status instead of WeChat's own answer."""
    if status in TURNED_AWAY:
        return TemporaryFailure(f"HTTP {status}", FailureKind.TRANSIENT)
    if status >= 500 or status == 200:
        return OutcomeUnknown(f"HTTP {status}", FailureKind.TRANSIENT)
    return TemporaryFailure(f"HTTP {status}", FailureKind.CONFIG)
