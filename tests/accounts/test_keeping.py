"""Accounts are entered, changed and retired; the settings' own follow the settings."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import keeping
from backend.accounts.from_settings import accounts_in
from backend.accounts.keeping import AccountEntry, NewKeys, WholeAccount, keys_of
from backend.accounts.models import AccountKind, Capability, WeChatAccount
from backend.accounts.queries import account, accounts_of
from backend.accounts.rules import AccountExists, AccountKeysWrong, AccountUnknown, Keys
from backend.accounts.service import bootstrap
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from tests.accounts.accounts import APPID, KEYS, TOWN, add, whole
from tests.conftest import make_settings

Sessions = sessionmaker[Session]
PUBLIC = "wxpublic000000001"
SETTINGS = make_settings("unused", wechat_public_appid=PUBLIC, wechat_public_secret="public-secret")


def start(sessions: Sessions, clock: FixedClock, vault: Vault, wanted: list[WholeAccount]) -> bool:
    with sessions.begin() as session:
        return bootstrap(session, clock, vault, wanted)


def row_of(sessions: Sessions, appid: str) -> WeChatAccount:
    with sessions() as session:
        return session.get_one(WeChatAccount, appid)


def acts(sessions: Sessions) -> list[tuple[str, str]]:
    with sessions() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.action, row.actor) for row in rows]


def test_the_settings_become_the_first_rows_and_a_second_start_changes_nothing(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    assert start(sessions, clock, vault, accounts_in(SETTINGS))
    assert not start(sessions, clock, vault, accounts_in(SETTINGS))

    mini, public = row_of(sessions, SETTINGS.wechat_appid), row_of(sessions, PUBLIC)
    assert (mini.kind, mini.town_code) == (AccountKind.MINI, None)
    assert keys_of(vault, mini) == Keys("secret-of-tests", "token-of-tests", "a" * 43)
    assert keys_of(vault, public).secret == "public-secret"
    assert acts(sessions) == [("account.added", "settings")] * 2


def test_a_new_secret_in_the_settings_is_taken_and_makes_a_new_client(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    wanted = accounts_in(SETTINGS)
    start(sessions, clock, vault, wanted)
    changed = [replace(one, keys=replace(one.keys, secret="another-secret")) for one in wanted]

    assert start(sessions, clock, vault, changed)

    row = row_of(sessions, PUBLIC)
    assert keys_of(vault, row).secret == "another-secret"
    assert row.secret_version == 2


def test_another_mini_program_takes_the_place_of_the_one_before(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    old = accounts_in(SETTINGS)[:1]
    start(sessions, clock, vault, old)
    start(sessions, clock, vault, [replace(old[0], appid="wxnext00000000001")])

    assert row_of(sessions, old[0].appid).retired_at == clock.now()
    assert start(sessions, clock, vault, old), "and back again"
    assert row_of(sessions, old[0].appid).retired_at is None


def test_what_the_console_changed_stays_at_the_next_start(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    start(sessions, clock, vault, accounts_in(SETTINGS))
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, PUBLIC)
        entry = AccountEntry(AccountKind.SERVICE, None, "健康江阴", certified=True)
        keeping.change_account(session, clock, row, entry, actor="staff:1")
        keeping.retire(session, clock, row, actor="staff:1")

    assert not start(sessions, clock, vault, accounts_in(SETTINGS))

    row = row_of(sessions, PUBLIC)
    assert (row.name, row.certified, row.retired_at) == ("健康江阴", True, clock.now())


def test_keys_lie_sealed_and_only_the_purpose_opens_them(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole())

    row = row_of(sessions, APPID)
    assert keys_of(vault, row) == KEYS
    sealed = (row.secret_sealed, row.push_token_sealed, row.aes_key_sealed)
    assert not any(key in str(sealed) for key in vars(KEYS).values())
    row.push_token_sealed = row.secret_sealed
    with pytest.raises(Exception, match="purpose"):
        keys_of(vault, row)


def test_a_rotated_field_key_seals_the_accounts_again(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole())
    rotated = Vault({"k2": b"n" * 32, "k1": b"f" * 32}, b"l" * 32)

    with sessions.begin() as session:
        assert keeping.reseal(session, rotated) == 1
        assert keeping.reseal(session, rotated) == 0

    row = row_of(sessions, APPID)
    assert str(row.secret_sealed).startswith("k2:")
    assert keys_of(Vault({"k2": b"n" * 32}, b"l" * 32), row) == KEYS


def test_a_retired_account_is_silent_and_may_be_taken_back_for_a_day(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole(), can=(Capability.TEMPLATE, Capability.MENU))
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, APPID)
        keeping.retire(session, clock, row, actor="staff:1")
        keeping.retire(session, clock, row, actor="staff:1")
        assert accounts_of(session, None) == []
        assert list(accounts_of(session, None, retired=True)) == [row]
        with pytest.raises(AccountUnknown):
            keys_of(vault, row)
    assert (row.can_template, row.can_menu) == (False, False)
    clock.advance(timedelta(days=1))
    with sessions.begin() as session:
        assert keeping.forget_keys(session, clock) == 0
        row = session.get_one(WeChatAccount, APPID)
        keeping.restore(session, clock, row, actor="staff:1")
        keeping.restore(session, clock, row, actor="staff:1")
    assert keys_of(vault, row_of(sessions, APPID)) == KEYS
    assert [act for act, _ in acts(sessions)] == [
        "account.added",
        "account.retired",
        "account.restored",
    ]


def test_the_keys_of_a_retired_account_go_and_it_may_be_entered_again(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole())
    with sessions.begin() as session:
        keeping.retire(session, clock, session.get_one(WeChatAccount, APPID), actor="staff:1")
    clock.advance(timedelta(days=1, seconds=1))
    with sessions.begin() as session:
        assert keeping.forget_keys(session, clock) == 1
        assert keeping.forget_keys(session, clock) == 0
    row = row_of(sessions, APPID)
    assert (row.secret_sealed, row.push_token_sealed, row.aes_key_sealed) == (None, None, None)
    with sessions.begin() as session, pytest.raises(AccountKeysWrong):
        keeping.restore(session, clock, session.get_one(WeChatAccount, APPID), actor="staff:1")

    add(sessions, clock, vault, whole(town=TOWN))
    again = row_of(sessions, APPID)
    assert (again.retired_at, again.town_code, again.secret_version) == (None, TOWN, 2)


def test_an_appid_is_entered_once(sessions: Sessions, clock: FixedClock, vault: Vault) -> None:
    add(sessions, clock, vault, whole())
    with pytest.raises(AccountExists):
        add(sessions, clock, vault, whole())


@pytest.mark.parametrize(
    "new",
    [
        whole("gh_0123456789ab"),
        whole("wx 123456789012"),
        whole(keys=replace(KEYS, secret="")),
        whole(keys=replace(KEYS, push_token="a-b")),
        whole(keys=replace(KEYS, aes_key="b" * 42)),
        whole(kind=AccountKind.MINI),
    ],
)
def test_what_cannot_be_an_account_is_refused(
    sessions: Sessions, clock: FixedClock, vault: Vault, new: WholeAccount
) -> None:
    with pytest.raises(AccountKeysWrong) as refusal:
        add(sessions, clock, vault, new)
    assert refusal.value.detail


def test_an_account_that_loses_its_certification_tells_nobody_any_more(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole(), can=tuple(Capability))
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, APPID)
        entry = AccountEntry(row.kind, TOWN, row.name, certified=False)
        keeping.change_account(session, clock, row, entry, actor="staff:1")

    row = row_of(sessions, APPID)
    assert (row.can_template, row.can_notify, row.can_menu) == (False, False, True)
    assert row.town_code == TOWN


def test_new_keys_leave_the_others_and_only_a_secret_needs_a_new_client(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole())
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, APPID)
        keeping.change_keys(session, clock, vault, row, NewKeys(), actor="staff:1")
        keeping.change_keys(
            session, clock, vault, row, NewKeys(push_token="Another"), actor="staff:1"
        )
        assert row.secret_version == 1
        keeping.change_keys(session, clock, vault, row, NewKeys(secret="s" * 32), actor="staff:1")

    row = row_of(sessions, APPID)
    assert keys_of(vault, row) == Keys("s" * 32, "Another", KEYS.aes_key)
    assert row.secret_version == 2
    assert [act for act, _ in acts(sessions)][1:] == ["account.keys_changed"] * 2


def test_a_town_sees_its_own_and_the_city_all(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    city = add(sessions, clock, vault, whole("wxcity00000000001"))
    town = add(sessions, clock, vault, whole("wxtown00000000001", town=TOWN))

    with sessions() as session:
        assert [row.appid for row in accounts_of(session, TOWN)] == [town]
        assert [row.appid for row in accounts_of(session, None)] == [city, town]
        assert account(session, "wxnobody000000001") is None
