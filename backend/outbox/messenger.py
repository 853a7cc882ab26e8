"""How the outbox reaches a parent's WeChat: the protocol, its failures, and what each means.

`backend.wechat` implements it. Whoever sends asks two things of a failure: may the message
be sent again (the exception's class), and what is to be done about it (its `kind`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

REFUSED_OR_USED_UP = 43101  # the parent's balance for this template is zero, whatever we thought
NOT_FOLLOWING = 43004


class FailureKind(StrEnum):
    """What a failed send is about, and so who can mend it."""

    TRANSIENT = "transient"
    PER_USER = "per_user"
    MINUTE_RATE = "minute_rate"
    DAY_QUOTA = "day_quota"
    TOKEN = "token"  # noqa: S105
    RECIPIENT = "recipient"
    USER_REDO = "user_redo"
    CONTENT = "content"
    CONFIG = "config"


class Stop(StrEnum):
    """Which other messages a failure holds back: it would be theirs as well."""

    NOTHING = "nothing"
    TEMPLATE = "template"  # of that account
    ACCOUNT = "account"


@dataclass(frozen=True)
class FailurePolicy:
    """What to do after a failure of one kind.

    `retry`: time mends it, so the same message may go out again. `first_delay_seconds`: the wait
    before the second attempt; with `doubling` each later wait is twice as long. `until`: wait
    for the next "minute" or the next "day" of the city instead. `stops`: what waits with it; a
    stop that names no time lasts until somebody resumes. `alert`: tell the operator.
    """

    retry: bool
    codes: frozenset[int] = frozenset()
    first_delay_seconds: int = 0
    doubling: bool = False
    until: str | None = None
    stops: Stop = Stop.NOTHING
    alert: bool = False

    @property
    def waits(self) -> bool:
        """The message is not given up: time, or whoever ends the stop, lets it go out."""
        return self.retry or self.stops is not Stop.NOTHING


# Of the codes of CONFIG, those that speak of the account; the others are about one template.
WHOLE_ACCOUNT_CODES = frozenset(
    {40002, 40013, 40125, 40164, 40243, 41001, 41002, 41004, 45103, 48001, 48004}
    | {61003, 61004, 61007, 89503, 89506, 89507}
)
OUTSIDE_SESSION = frozenset({45015, 45047})  # messages of a chat: its 48 hours, its number


# Meanings of the codes: WeChat's global error codes and WxJava's enums (docs: errors of the
# subscribe-message, user and token endpoints), as of 2026-11.
POLICIES: Mapping[FailureKind, FailurePolicy] = {
    FailureKind.TRANSIENT: FailurePolicy(
        retry=True, codes=frozenset({-1, 61450}), first_delay_seconds=1, doubling=True
    ),
    FailureKind.PER_USER: FailurePolicy(
        retry=True, codes=frozenset({43108}), first_delay_seconds=1, doubling=True
    ),
    FailureKind.MINUTE_RATE: FailurePolicy(
        retry=True, codes=frozenset({45011}), until="minute", stops=Stop.ACCOUNT
    ),
    FailureKind.DAY_QUOTA: FailurePolicy(
        retry=True,
        codes=frozenset({45009, 45028}),
        until="day",
        stops=Stop.ACCOUNT,
        alert=True,
    ),
    FailureKind.TOKEN: FailurePolicy(
        retry=True,
        codes=frozenset({40001, 40014, 42001}),
        first_delay_seconds=60,
        stops=Stop.ACCOUNT,
        alert=True,
    ),
    FailureKind.RECIPIENT: FailurePolicy(
        retry=False,
        codes=frozenset({40003, NOT_FOLLOWING, 43019, REFUSED_OR_USED_UP, 43107, 48002, 50005})
        | OUTSIDE_SESSION,
    ),
    FailureKind.USER_REDO: FailurePolicy(
        retry=False, codes=frozenset({40029, 40163, 42003, 61010})
    ),
    FailureKind.CONTENT: FailurePolicy(
        retry=False, codes=frozenset({47003, 40249, 45002, 87014}), alert=True
    ),
    # Sending it again mends nothing, so everything of its kind waits until somebody has.
    FailureKind.CONFIG: FailurePolicy(
        retry=False,
        codes=WHOLE_ACCOUNT_CODES | {40036, 40037, 41030, 43002, 43116, 44002, 47001},
        stops=Stop.TEMPLATE,
        alert=True,
    ),
}

_KIND_OF_CODE: Mapping[int, FailureKind] = {
    code: kind for kind, policy in POLICIES.items() for code in policy.codes
}


def code_label(errcode: int | None) -> str:
    """An error code for a counter: what we do not know is one value, however many they are."""
    if errcode is None:
        return "none"
    return str(errcode) if errcode in _KIND_OF_CODE else "other"


def kind_of(errcode: int) -> FailureKind:
    """The kind of a WeChat error code.

    A code we do not know is CONFIG: WeChat refused the message for a reason that somebody
    has to read, and sending it again would not help. It stops that template.
    """
    return _KIND_OF_CODE.get(errcode, FailureKind.CONFIG)


class SendFailure(Exception):
    """A message was not seen to arrive. Its text holds no token, secret or openid.

    `errcode` is WeChat's, or None when WeChat did not answer; `field` is the template field
    that WeChat named, or None.
    """

    def __init__(
        self, reason: str, kind: FailureKind, errcode: int | None = None, field: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind
        self.errcode = errcode
        self.field = field

    @property
    def policy(self) -> FailurePolicy:
        return POLICIES[self.kind]

    @property
    def stop(self) -> Stop:
        """What waits with this message. Without a code WeChat's door itself is wrong."""
        if self.kind is FailureKind.CONFIG and (
            self.errcode is None or self.errcode in WHOLE_ACCOUNT_CODES
        ):
            return Stop.ACCOUNT
        return self.policy.stops


class TemporaryFailure(SendFailure):
    """It certainly did not go out; the same message may be tried again, when its stop is over."""


class PermanentFailure(SendFailure):
    """It did not go out and never will in this form."""


class OutcomeUnknown(SendFailure):
    """It left this machine and no answer came back: it may have arrived, so never resend it."""


class Messenger(Protocol):
    def send(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None,
        message_id: int | None,
    ) -> int | None:
        """Send one message now; returning means that WeChat accepted it.

        Returns the id by which WeChat will tell what became of it, where it will.
        `data` maps template fields to text (`{"thing1": "入户指导"}`); `page` is a path of the
        mini-program without a leading slash, with its query, or None.
        `message_id` is ours, None of a trial: where
        WeChat can tell a message from its repetition, this is what it is told by.

        Raises TemporaryFailure, PermanentFailure or OutcomeUnknown, and nothing else.
        """
