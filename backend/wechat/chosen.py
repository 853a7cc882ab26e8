"""The templates that an account has chosen at WeChat and that we can send."""

from collections.abc import Sequence

from backend.accounts.models import AccountKind
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.official import OfficialAccount
from backend.wechat.official_answers import ChosenTemplate
from backend.wechat.transport import TransportFailure

NO_ANSWER = (WeChatRefused, BadAnswer, TokenUnavailable, TransportFailure)


def chosen(client: AccountClient, kind: AccountKind) -> Sequence[ChosenTemplate]:
    """Of a mini-program its 订阅消息, of a 服务号 its 模板消息; a 订阅号 can tell no person.

    Raises one of NO_ANSWER.
    """
    if kind is AccountKind.SUBSCRIPTION:
        return []
    account = OfficialAccount(client)
    if kind is AccountKind.MINI:
        return account.chosen_templates()
    return account.private_templates()
