"""A claimed message in its final words, or why it ends without being sent."""

from typing import NamedTuple

import structlog

from backend.kernel.privacy import Unreadable
from backend.outbox.claims import Claimed, Ready
from backend.outbox.fields import UnfitValue
from backend.outbox.ledger import Key
from backend.outbox.marking import NOT_REACHABLE
from backend.outbox.models import MessageState
from backend.outbox.parts import Delivery
from backend.outbox.templates import UnknownTemplate
from backend.outbox.values import MissingFact
from backend.people.children import NAME

IN_APP_ONLY = "只在小程序内提醒"
NO_OPENID = "家长没有关联微信，或没有关注服务号"
TOO_LATE = "已经过时，不再发到微信"

log = structlog.get_logger()


class Ended(NamedTuple):
    """The state in which a message ends, and why. `falls_on`: unless there is a next way."""

    state: MessageState
    why: str
    falls_on: bool = False


def prepare(parts: Delivery, claim: Claimed) -> Ready | Ended:
    """What is sent of a message, or how it ends."""
    try:
        return _prepared(parts, claim)
    except (UnknownTemplate, MissingFact, UnfitValue) as error:
        log.error("message_cannot_be_worded", message_id=claim.id, reason=str(error))
        return Ended(MessageState.FAILED, f"{claim.template}: {error}")


def _prepared(parts: Delivery, claim: Claimed) -> Ready | Ended:
    template = parts.templates[claim.template]
    if template.wechat is None:
        return Ended(MessageState.IN_APP, IN_APP_ONLY)
    if not claim.welcome:
        return Ended(MessageState.IN_APP, NOT_REACHABLE)
    sender = parts.sender(claim.account)
    template_id = None if sender is None else sender.template_ids.get(claim.template)
    if sender is None or template_id is None:
        return Ended(MessageState.IN_APP, IN_APP_ONLY, falls_on=True)
    if template.is_too_late(claim.data, claim.due_at, parts.clock.now()):
        return Ended(MessageState.IN_APP, TOO_LATE)
    if claim.openid is None:
        return Ended(MessageState.IN_APP, NO_OPENID, falls_on=True)
    form = sender.forms.get(claim.template)
    data, page = parts.templates.render_wechat(
        claim.template,
        {**claim.data, "child_id": claim.child_id or 0},
        child_name(parts, claim),
        _names(parts, claim),
        form,
    )
    key = Key(sender.appid, claim.openid, template_id)
    lasting = form is not None and form.kind == "long"
    permitted = sender.asks_permission(claim.template)
    return Ready(claim, key, data, page, permitted=permitted, lasting=lasting)


def child_name(parts: Delivery, claim: Claimed) -> str | None:
    """The child's name, or None for no child, or for a name whose key is gone."""
    return _opened(parts, claim.child_name_sealed, claim.child_id)


def _names(parts: Delivery, claim: Claimed) -> dict[int, str]:
    """Of a message about several children; without those whose name cannot be read."""
    opened = {
        child_id: _opened(parts, sealed, child_id)
        for child_id, sealed in claim.names_sealed.items()
    }
    return {child_id: name for child_id, name in opened.items() if name is not None}


def _opened(parts: Delivery, sealed: str | None, child_id: int | None) -> str | None:
    if sealed is None:
        return None
    try:
        return parts.vault.open(sealed, NAME)
    except Unreadable:
        log.error("child_name_unreadable", child_id=child_id)
        return None
