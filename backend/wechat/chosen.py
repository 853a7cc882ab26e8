"""The templates that an account has chosen at WeChat and that we can send."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from backend.accounts.models import AccountKind
from backend.accounts.rules import NO_RIGHT
from backend.outbox.forms import FormKind
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.official import OfficialAccount
from backend.wechat.official_answers import ChosenTemplate
from backend.wechat.transport import TransportFailure

NO_ANSWER = (WeChatRefused, BadAnswer, TokenUnavailable, TransportFailure)
MESSAGES: frozenset[FormKind] = frozenset({"message"})
NOTICES: frozenset[FormKind] = frozenset({"once", "long"})
Ask = Callable[[OfficialAccount], list[ChosenTemplate]]
LISTS: Mapping[AccountKind, Mapping[frozenset[FormKind], Ask]] = {
    AccountKind.MINI: {NOTICES: OfficialAccount.chosen_templates},
    AccountKind.SERVICE: {
        MESSAGES: OfficialAccount.private_templates,
        NOTICES: OfficialAccount.chosen_templates,
    },
    AccountKind.SUBSCRIPTION: {},  # it can tell no person
}


@dataclass(frozen=True)
class Shown:
    """`kinds`: those of which WeChat has shown its list; an account may lack the right to one."""

    templates: Sequence[ChosenTemplate]
    kinds: frozenset[FormKind]


def chosen(client: AccountClient, kind: AccountKind) -> Shown:
    """Of a mini-program its 订阅消息, of a 服务号 its 模板消息 and its 订阅通知.

    Raises one of NO_ANSWER, also when the account has the right to none.
    """
    account, refused = OfficialAccount(client), None
    templates: list[ChosenTemplate] = []
    kinds: frozenset[FormKind] = frozenset()
    for of_kinds, ask in LISTS[kind].items():
        try:
            templates += ask(account)
        except WeChatRefused as error:
            if error.errcode not in NO_RIGHT:
                raise
            refused = error
        else:
            kinds |= of_kinds
    if refused is not None and not kinds:
        raise refused
    return Shown(templates, kinds)
