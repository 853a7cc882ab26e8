"""The ways to a family, one after the other: subscription message, 服务号, the list in the app.

Who cannot be told one way is told the next: each way once, never back. What the ways beyond the
mini-program are is known further up (`accounts`); the outbox says here what it needs of them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.outbox.forms import Form
from backend.outbox.messenger import Messenger
from backend.outbox.models import Channel
from backend.outbox.quotas import NO_LIMITS, Limits

if TYPE_CHECKING:
    from backend.outbox.claims import Claimed


class Address(NamedTuple):
    """A person as one account knows them."""

    appid: str
    openid: str

    def __repr__(self) -> str:
        return f"Address({self.appid})"


@dataclass(frozen=True)
class Sender:
    """One account that messages go through. `template_ids`: our template name → WeChat's id.

    `forms`: by our name, what this account's templates say where it has written that down.
    `permitted`: what is not written down there uses one of the permissions in the ledger.
    """

    appid: str
    messenger: Messenger = field(repr=False)
    template_ids: Mapping[str, str]
    limits: Limits = NO_LIMITS
    permitted: bool = True
    forms: Mapping[str, Form] = field(default_factory=dict)

    def asks_permission(self, template: str) -> bool:
        """Whether a message of ours uses a permission: a 模板消息 of a 服务号 does not."""
        form = self.forms.get(template)
        return self.permitted if form is None else form.kind != "message"


class NextChannel(Protocol):
    """The 服务号 of the towns, after the subscription message and before the app alone."""

    def addresses(self, session: Session, parent_ids: Collection[int]) -> Mapping[int, Address]:
        """Of these parents, those who follow the 服务号 that serves them. One query."""

    def sender(self, appid: str) -> Sender | None:
        """How that account sends; None for one that is not (any more) in use."""

    def unfollowed(self, session: Session, told: Mapping[Address, datetime]) -> None:
        """WeChat says that these people do not follow (43004), asked at those moments.

        Who came back after that moment follows.
        """


class NoNextChannel:
    """A city without a 服务号."""

    def addresses(self, session: Session, parent_ids: Collection[int]) -> Mapping[int, Address]:
        return {}

    def sender(self, appid: str) -> Sender | None:
        return None

    def unfollowed(self, session: Session, told: Mapping[Address, datetime]) -> None:
        return None


NO_NEXT_CHANNEL: NextChannel = NoNextChannel()


def fall_on(session: Session, ways: NextChannel, ended: Sequence["Claimed"]) -> set[int]:
    """Of messages that just ended in the app, those that wait for the next way instead.

    A message that has been on the last way already stays where it ended. What is not said by
    the account of the family's town stays in the app too. The ids of those that wait.
    """
    first = [one for one in ended if one.channel is Channel.SUBSCRIBE]
    if not first:
        return set()
    known = ways.addresses(session, {one.parent_id for one in first})
    accounts = {
        one.id: address.appid
        for one in first
        if (address := known.get(one.parent_id)) is not None
        and (sender := ways.sender(address.appid)) is not None
        and one.template in sender.template_ids
    }
    if not accounts:
        return set()
    moved = session.scalars(
        FALL_ON, {"ids": sorted(accounts), "accounts": [accounts[one] for one in sorted(accounts)]}
    )
    return set(moved)


# `in_app` and `subscribe` guard it: a message goes on once, and only when it has ended.
FALL_ON = text("""
    UPDATE messages AS m
       SET state = 'waiting', channel = 'service', account = o.account, not_before = NULL,
           uncounted_attempts = m.attempts
      FROM unnest(CAST(:ids AS bigint[]), CAST(:accounts AS text[])) AS o (id, account)
     WHERE m.id = o.id AND m.state = 'in_app' AND m.channel = 'subscribe'
    RETURNING m.id
""")
