"""Adding, changing and retiring accounts. Their keys are sealed, and never shown again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.accounts.models import AccountKind, Capability, CapabilityAnswer, WeChatAccount
from backend.accounts.rules import (
    AccountExists,
    AccountKeysWrong,
    AccountUnknown,
    Keys,
    check_appid,
    check_keys,
    lawful,
)
from backend.kernel import audit
from backend.kernel.clock import Clock
from backend.kernel.privacy import Unreadable, Vault

SECRET, PUSH_TOKEN, AES_KEY = "wechat-secret", "wechat-push-token", "wechat-aes-key"
SEALED = {"secret_sealed": SECRET, "push_token_sealed": PUSH_TOKEN, "aes_key_sealed": AES_KEY}
KEYS_STAY = timedelta(days=1)  # of a retired account
BY_SETTINGS = "settings"  # the actor of what the environment's variables say


@dataclass(frozen=True)
class AccountEntry:
    """What is known of an account apart from its keys. `town_code` None: the city's own."""

    kind: AccountKind
    town_code: str | None
    name: str
    certified: bool


@dataclass(frozen=True)
class NewKeys:
    """Keys to take in place of those that are there; None stays as it is."""

    secret: str | None = None
    push_token: str | None = None
    aes_key: str | None = None


@dataclass(frozen=True)
class WholeAccount:
    """All that makes an account."""

    appid: str
    entry: AccountEntry
    keys: Keys


def keys_of(vault: Vault, account: WeChatAccount) -> Keys:
    """Raises AccountUnknown for a retired account, Unreadable if the field key is gone."""
    secret, token, aes_key = (getattr(account, column) for column in SEALED)
    if account.retired_at is not None or secret is None or token is None or aes_key is None:
        raise AccountUnknown
    return Keys(
        vault.open(secret, SECRET), vault.open(token, PUSH_TOKEN), vault.open(aes_key, AES_KEY)
    )


def bootstrap(session: Session, clock: Clock, vault: Vault, wanted: Sequence[WholeAccount]) -> bool:
    """Make the accounts of the settings rows like all others; True if anything was written.

    Again and again the same: name and certification may be changed in the console, the keys
    follow the settings. A 公众号 that was retired in the console stays retired; the mini-program
    is what the settings say, and one before it is retired.
    """
    written = [_settle(session, clock, vault, one) for one in wanted]
    return any(written)


def _settle(session: Session, clock: Clock, vault: Vault, wanted: WholeAccount) -> bool:
    row = session.get(WeChatAccount, wanted.appid, with_for_update=True, populate_existing=True)
    if row is None:
        if wanted.entry.kind is AccountKind.MINI:
            _retire_other_mini(session, clock, wanted.appid)
        return _insert(session, clock, vault, wanted)
    mini = row.kind is AccountKind.MINI
    if row.retired_at is not None and not mini:
        return False
    if row.retired_at is None and _readable(vault, row) == wanted.keys:
        return False
    if mini:
        _retire_other_mini(session, clock, wanted.appid)
    row.retired_at = None
    _take_keys(vault, row, NewKeys(**vars(wanted.keys)))
    row.changed_at = clock.now()
    _record(session, clock, BY_SETTINGS, "account.keys_changed", row)
    return True


def _insert(session: Session, clock: Clock, vault: Vault, wanted: WholeAccount) -> bool:
    """Two processes may start at once: the second one finds the row of the first."""
    row = _row(vault, clock.now(), wanted.appid, wanted.entry, wanted.keys)
    made = session.scalar(
        insert(WeChatAccount).values(row).on_conflict_do_nothing().returning(WeChatAccount.appid)
    )
    if made is not None:
        _record(session, clock, BY_SETTINGS, "account.added", session.get_one(WeChatAccount, made))
    return made is not None


def _retire_other_mini(session: Session, clock: Clock, appid: str) -> None:
    others = session.scalars(
        select(WeChatAccount)
        .where(WeChatAccount.kind == AccountKind.MINI, WeChatAccount.retired_at.is_(None))
        .where(WeChatAccount.appid != appid)
        .with_for_update()
    )
    for other in others:
        retire(session, clock, other, actor=BY_SETTINGS)
    session.flush()


def add_account(
    session: Session, clock: Clock, vault: Vault, new: WholeAccount, *, actor: str
) -> WeChatAccount:
    """A new account, or a retired one again. Raises AccountKeysWrong or AccountExists.

    Never a mini-program: the city has one, and the settings say which.
    """
    check_appid(new.appid)
    check_keys(**vars(new.keys))
    if new.entry.kind is AccountKind.MINI:
        raise AccountKeysWrong("小程序由服务器的环境变量设置，不在这里登记")
    values = _row(vault, clock.now(), new.appid, new.entry, new.keys)
    again = {name: value for name, value in values.items() if name not in ("appid", "created_at")}
    again |= {"retired_at": None, "secret_version": WeChatAccount.secret_version + 1}
    made = session.scalar(
        insert(WeChatAccount)
        .values(values)
        .on_conflict_do_update(
            index_elements=["appid"],
            set_=again,
            where=WeChatAccount.retired_at.is_not(None) & (WeChatAccount.kind != AccountKind.MINI),
        )
        .returning(WeChatAccount.appid)
    )
    if made is None:
        raise AccountExists
    row = session.get_one(WeChatAccount, made, populate_existing=True)
    _record(session, clock, actor, "account.added", row)
    return row


def change_account(
    session: Session, clock: Clock, row: WeChatAccount, entry: AccountEntry, *, actor: str
) -> None:
    """Other words, another owner. What it may not do any more it loses at once."""
    row.kind, row.town_code, row.name = entry.kind, entry.town_code, entry.name
    row.certified = entry.certified
    for capability in Capability:
        if not lawful(row.kind, capability, certified=row.certified):
            setattr(row, f"can_{capability.value}", False)
    row.changed_at = clock.now()
    _record(session, clock, actor, "account.changed", row)


def change_keys(
    session: Session, clock: Clock, vault: Vault, row: WeChatAccount, keys: NewKeys, *, actor: str
) -> None:
    """New keys in place of old ones. Raises AccountKeysWrong; nothing given changes nothing."""
    check_keys(**vars(keys))
    changed = _take_keys(vault, row, keys)
    if changed:
        row.changed_at = clock.now()
        _record(session, clock, actor, "account.keys_changed", row, keys=sorted(changed))


def retire(session: Session, clock: Clock, row: WeChatAccount, *, actor: str) -> None:
    """Speak for it no more, and take no pushes of it. Twice is once.

    Its keys are deleted a day later, so that a slip can be taken back.
    """
    if row.retired_at is not None:
        return
    row.retired_at = row.changed_at = clock.now()
    for capability in Capability:
        setattr(row, f"can_{capability.value}", False)
    row.asked_at, row.asked_errcode, row.asked_ip = None, None, None
    session.execute(
        update(CapabilityAnswer).where(CapabilityAnswer.appid == row.appid).values(lost_at=None)
    )
    _record(session, clock, actor, "account.retired", row)


def restore(session: Session, clock: Clock, row: WeChatAccount, *, actor: str) -> None:
    """Take a retirement back; WeChat is asked anew what it may do. Raises AccountKeysWrong."""
    if row.retired_at is None:
        return
    if row.secret_sealed is None:
        raise AccountKeysWrong("停用超过一天，密钥已经删除，请用“新增公众号”重新登记")
    row.retired_at, row.changed_at = None, clock.now()
    _record(session, clock, actor, "account.restored", row)


def forget_keys(session: Session, clock: Clock) -> int:
    """Delete the keys of accounts that were retired more than a day ago."""
    gone = session.scalars(
        update(WeChatAccount)
        .where(
            WeChatAccount.retired_at < clock.now() - KEYS_STAY,
            WeChatAccount.secret_sealed.is_not(None),
        )
        .values(dict.fromkeys(SEALED))
        .returning(WeChatAccount.appid)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())


def reseal(session: Session, vault: Vault) -> int:
    """Seal with today's field key what an older one sealed; return how many accounts.

    Keys that are gone leave what they sealed as it is: it has to be typed again.
    """
    resealed = 0
    for row in session.scalars(select(WeChatAccount).with_for_update(skip_locked=True)):
        done = [_resealed(vault, row, column, purpose) for column, purpose in SEALED.items()]
        resealed += any(done)
    return resealed


def _resealed(vault: Vault, row: WeChatAccount, column: str, purpose: str) -> bool:
    sealed: str | None = getattr(row, column)
    if sealed is None or vault.sealed_today(sealed):
        return False
    try:
        setattr(row, column, vault.seal(vault.open(sealed, purpose), purpose))
    except Unreadable:
        return False
    return True


def _readable(vault: Vault, row: WeChatAccount) -> Keys | None:
    try:
        return keys_of(vault, row)
    except (AccountUnknown, Unreadable):
        return None


def _row(
    vault: Vault, now: datetime, appid: str, entry: AccountEntry, keys: Keys
) -> dict[str, Any]:
    return {
        "appid": appid,
        **vars(entry),
        "secret_sealed": vault.seal(keys.secret, SECRET),
        "push_token_sealed": vault.seal(keys.push_token, PUSH_TOKEN),
        "aes_key_sealed": vault.seal(keys.aes_key, AES_KEY),
        "created_at": now,
        "changed_at": now,
    }


def _take_keys(vault: Vault, row: WeChatAccount, keys: NewKeys) -> set[str]:
    """Seal the new ones; the names of those that came."""
    given = {
        "secret_sealed": keys.secret,
        "push_token_sealed": keys.push_token,
        "aes_key_sealed": keys.aes_key,
    }
    came = {column: text for column, text in given.items() if text is not None}
    for column, text in came.items():
        setattr(row, column, vault.seal(text, SEALED[column]))
    if keys.secret is not None:
        row.secret_version += 1
        row.asked_at, row.asked_errcode, row.asked_ip = None, None, None
    return {column.removesuffix("_sealed") for column in came}


def _record(
    session: Session, clock: Clock, actor: str, action: str, row: WeChatAccount, **more: object
) -> None:
    audit.record(
        session,
        clock,
        actor=actor,
        action=action,
        subject=f"account:{row.appid}",
        detail={
            "kind": row.kind.value,
            "town_code": row.town_code,
            "certified": row.certified,
            **more,
        },
    )
