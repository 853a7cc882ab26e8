"""The menu of a public account, as the console hands it over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.wechat.client import AccountClient, BadAnswer, TokenUnavailable, WeChatRefused
from backend.wechat.official import OfficialAccount
from backend.wechat.transport import NeverSent, NoAnswer


def put_menu(client: AccountClient, buttons: Sequence[Mapping[str, Any]]) -> int | None:
    """Replace the menu, or take it away without buttons. 0, WeChat's refusal, None if unheard."""
    account = OfficialAccount(client)
    try:
        if buttons:
            account.menu_create(buttons)
        else:
            account.menu_delete()
    except WeChatRefused as error:
        return int(error.errcode)
    except (BadAnswer, TokenUnavailable, NeverSent, NoAnswer):
        return None
    return 0
