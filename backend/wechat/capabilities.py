"""What an account may do, found by asking WeChat: one question each that changes nothing."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import structlog

from backend.accounts.models import AccountKind, Capability
from backend.accounts.rules import WELL, Findings, ip_in
from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.official import OfficialAccount
from backend.wechat.transport import TransportFailure

NOBODY = "o" + "0" * 27  # an openid of nobody: who may ask is told 40003, who may not 48001
# A QR code that nobody sees, gone after a minute: no milder question about that right exists.
PROBE = ("capability", timedelta(minutes=1))

log = structlog.get_logger()

QUESTIONS: Mapping[Capability, Callable[[OfficialAccount], object]] = {
    Capability.TEMPLATE: OfficialAccount.private_templates,
    Capability.NOTIFY: OfficialAccount.chosen_templates,
    Capability.MASS: OfficialAccount.mass_speed,
    Capability.PUBLISH: OfficialAccount.draft_count,
    Capability.MENU: OfficialAccount.menu_get,
    Capability.SCAN: lambda account: account.scene_qr(*PROBE),
    Capability.USERS: lambda account: account.user_info(NOBODY),
}


def ask(client: AccountClient, kind: AccountKind) -> Findings | None:
    """WeChat's answers about an account; None if it did not answer at all.

    The token is fetched anew, so that a secret that was changed at WeChat is noticed although
    the old token still lives. What gets no answer is left out and asked the next time.
    """
    try:
        client.fetch_access_token()
    except TokenUnavailable as error:
        if error.errcode is None:
            log.info("account_not_asked", account=client.appid, reason=str(error))
            return None
        return Findings(error.errcode, ip_in(str(error)))
    if kind is AccountKind.MINI:
        return Findings(WELL)
    answers: dict[Capability, int] = {}
    for capability, question in QUESTIONS.items():
        try:
            question(OfficialAccount(client))
        except WeChatRefused as error:
            answers[capability] = error.errcode
        except (TransportFailure, BadAnswer, TokenUnavailable) as error:
            log.info("account_not_asked", account=client.appid, reason=type(error).__name__)
            break  # whoever waits for this waits no longer than one time-out
        else:
            answers[capability] = WELL
    return Findings(WELL, answers=answers)
