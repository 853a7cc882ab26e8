"""The 服务号 of city and towns as the way of a message after the subscription message."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import any_, bindparam, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, distinct_on
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import AccountKind, Capability, Follower, WeChatAccount
from backend.accounts.queries import NEAREST_FIRST, SERVES
from backend.accounts.rules import AccountUnknown, asked_in
from backend.kernel.clock import Clock
from backend.kernel.privacy import Unreadable
from backend.outbox import ledger
from backend.outbox.channels import Address, Sender
from backend.outbox.forms import Form, FormKind
from backend.outbox.messenger import FailureKind, Messenger, TemporaryFailure
from backend.outbox.quotas import NO_LIMITS, Limits
from backend.people.models import Child, Guardian

STAYS = timedelta(seconds=10)  # what is known of an account: so long a retired one still sends

FormsOf = Callable[[str], Mapping[str, Form]]
"""appid → our template name → the form of the template that the account has chosen for it."""
MessengerOf = Callable[[str, Capability], Messenger]
"""How an account speaks to persons. Raises AccountUnknown, or Unreadable without its key."""

RIGHT_FOR: Mapping[FormKind, Capability] = {
    "message": Capability.TEMPLATE,
    "once": Capability.NOTIFY,
    "long": Capability.NOTIFY,
}

log = structlog.get_logger()


@dataclass(frozen=True)
class Carrier:
    """The 公众号 that tells a parent what the mini-program may not: its name, our messages."""

    name: str
    messages: frozenset[str]


def carrier_for(session: Session, parent_id: int, forms_of: FormsOf) -> Carrier | None:
    """By whom this parent would be told now; None when nothing but the app's list is left.

    An account that needs a consent for each message tells those for which there is one.
    """
    address = addresses_of(session, [parent_id]).get(parent_id)
    if address is None:
        return None
    account = session.get_one(WeChatAccount, address.appid)
    rights = _rights_of(account)
    if not rights:
        return None
    forms = _sendable(rights, forms_of(address.appid))
    left = ledger.balances(session, appid=address.appid, parent_id=parent_id)
    told = {
        name
        for name, form in forms.items()
        if RIGHT_FOR[form.kind] is Capability.TEMPLATE or left.get(form.template_id)
    }
    return Carrier(account.name, frozenset(told))


def addresses_of(session: Session, parent_ids: Collection[int]) -> Mapping[int, Address]:
    """As `queries.service_account_for`, of all these parents in one query.

    Only accounts that may tell a person something are of use here.
    """
    ids = bindparam("parents", list(parent_ids), type_=ARRAY(BIGINT))
    lives_there = (
        select(true())
        .select_from(Guardian)
        .join(Child, Child.id == Guardian.child_id)
        .where(
            Guardian.parent_id == Follower.parent_id,
            Child.town_code == WeChatAccount.town_code,
            Child.deleted_at.is_(None),
            Child.departure.is_(None),
        )
        .exists()
    )
    found = session.execute(
        select(Follower.parent_id, Follower.appid, Follower.openid)
        .join(WeChatAccount, WeChatAccount.appid == Follower.appid)
        .where(*SERVES, WeChatAccount.can_template | WeChatAccount.can_notify)
        .where(Follower.parent_id == any_(ids), Follower.left_at.is_(None))
        .where(WeChatAccount.town_code.is_(None) | lives_there)
        .ext(distinct_on(Follower.parent_id))
        .order_by(Follower.parent_id, *NEAREST_FIRST)
    )
    return {row.parent_id: Address(row.appid, row.openid) for row in found}


class ServiceAccounts:
    """Implements `outbox.channels.NextChannel`. Safe between threads."""

    def __init__(
        self,
        reads: sessionmaker[Session],
        clock: Clock,
        *,
        messenger_of: MessengerOf,
        forms_of: FormsOf,
        limits_of: Callable[[str], Limits] = lambda _appid: NO_LIMITS,
    ) -> None:
        self._reads = reads
        self._clock = clock
        self._messenger_of = messenger_of
        self._forms_of = forms_of
        self._limits_of = limits_of
        self._lock = threading.Lock()
        self._known: dict[str, tuple[datetime, Sender | None]] = {}

    def addresses(self, session: Session, parent_ids: Collection[int]) -> Mapping[int, Address]:
        return addresses_of(session, parent_ids)

    def sender(self, appid: str) -> Sender | None:
        """What it does, it may be asked for every message: the table is read now and then."""
        now = self._clock.now()
        with self._lock:
            held = self._known.get(appid)
            if held is not None and now - held[0] < STAYS:
                return held[1]
            try:
                sender = self._read(appid)
            except OperationalError as error:
                log.warning("account_not_read", account=appid, reason=type(error.orig).__name__)
                return held[1] if held is not None else None
            self._known[appid] = now, sender
            return sender

    def unfollowed(self, session: Session, told: Mapping[Address, datetime]) -> None:
        """Who came back since is not marked. They left when WeChat was asked and not now, so that
        a coming back whose push is late still counts.
        """
        for (appid, openid), asked_at in sorted(told.items()):
            second = asked_in(asked_at)
            session.execute(
                update(Follower)
                .where(Follower.appid == appid, Follower.openid == openid)
                .where(Follower.left_at.is_(None), Follower.followed_at < second)
                .values(left_at=second)
                .execution_options(synchronize_session=False)
            )

    def _read(self, appid: str) -> Sender | None:
        with self._reads() as session:
            account = session.get(WeChatAccount, appid)
            rights = set() if account is None else _rights_of(account)
        if not rights:
            return None
        try:
            by_right = {right: self._messenger_of(appid, right) for right in sorted(rights)}
        except (AccountUnknown, Unreadable) as error:
            log.warning("account_without_client", account=appid, reason=type(error).__name__)
            return None
        forms = _sendable(rights, self._forms_of(appid))
        ids = {name: form.template_id for name, form in forms.items()}
        ways = {form.template_id: by_right[RIGHT_FOR[form.kind]] for form in forms.values()}
        return Sender(appid, EachItsWay(ways), ids, self._limits_of(appid), forms=forms)


class EachItsWay:
    """Implements outbox.messenger.Messenger: 模板消息 and 订阅通知 are two calls of one account."""

    def __init__(self, by_template_id: Mapping[str, Messenger]) -> None:
        self._by_template_id = by_template_id

    def send(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None,
        message_id: int | None,
    ) -> int | None:
        messenger = self._by_template_id.get(template_id)
        if messenger is None:  # another took its place since the message was prepared
            raise TemporaryFailure("template replaced", FailureKind.TRANSIENT)
        return messenger.send(openid, template_id, data, page, message_id)


def _sendable(rights: Collection[Capability], forms: Mapping[str, Form]) -> dict[str, Form]:
    """Each form goes by its own call, for which the account may have lost the right."""
    return {name: form for name, form in forms.items() if RIGHT_FOR[form.kind] in rights}


def _rights_of(account: WeChatAccount) -> set[Capability]:
    """By which rights it may tell a person something."""
    if account.kind is not AccountKind.SERVICE or account.retired_at is not None:
        return set()
    return {right for right in RIGHT_FOR.values() if account.can(right)}
