"""What WeChat answers turns the flags; what was lost stays seen."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.asking import keep_findings
from backend.accounts.keeping import NewKeys, change_keys, retire
from backend.accounts.models import AccountKind, Capability, CapabilityAnswer, WeChatAccount
from backend.accounts.queries import answers_of
from backend.accounts.rules import Findings
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from tests.accounts.accounts import APPID, add, whole

Sessions = sessionmaker[Session]
ALL = dict.fromkeys(Capability, 0)


def keep(
    sessions: Sessions, clock: FixedClock, findings: Findings, version: int = 1
) -> WeChatAccount:
    with sessions.begin() as session:
        keep_findings(session, clock, APPID, findings, version=version)
        return session.get_one(WeChatAccount, APPID)


def answer(sessions: Sessions, capability: Capability) -> CapabilityAnswer:
    with sessions() as session:
        return next(one for one in answers_of(session, APPID) if one.capability is capability)


def test_answers_become_flags_each_with_its_time_and_code(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole())
    row = keep(sessions, clock, Findings(0, answers=ALL | {Capability.MASS: 48001}))

    assert [one for one in Capability if not row.can(one)] == [Capability.MASS]
    assert (row.asked_at, row.asked_errcode) == (clock.now(), 0)
    told = answer(sessions, Capability.MASS)
    assert (told.errcode, told.asked_at, told.lost_at) == (48001, clock.now(), None)


def test_a_capability_that_was_lost_is_seen_until_it_is_back(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole())
    keep(sessions, clock, Findings(0, answers=ALL))
    clock.advance(timedelta(days=1))
    lost_at = clock.now()
    assert not keep(sessions, clock, Findings(0, answers={Capability.PUBLISH: 48001})).can_publish
    clock.advance(timedelta(days=1))
    keep(sessions, clock, Findings(0, answers={Capability.PUBLISH: 48001}))

    told = answer(sessions, Capability.PUBLISH)
    assert (told.lost_at, told.asked_at) == (lost_at, clock.now())

    assert keep(sessions, clock, Findings(0, answers={Capability.PUBLISH: 0})).can_publish
    assert answer(sessions, Capability.PUBLISH).lost_at is None


def test_an_answer_to_a_secret_that_was_replaced_meanwhile_says_nothing_of_the_new_one(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    """The clerk mends a wrong secret while the night asks with it; "wrong" must not stay there."""
    add(sessions, clock, vault, whole())
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, APPID)
        change_keys(session, clock, vault, row, NewKeys(secret="0" * 32), actor="staff:1")

    row = keep(sessions, clock, Findings(40125))

    assert (row.asked_at, row.asked_errcode) == (None, None), "asked within a minute"
    assert keep(sessions, clock, Findings(0), version=2).asked_errcode == 0


def test_bad_keys_and_a_busy_wechat_change_no_flag(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole(), can=(Capability.MENU,))
    row = keep(sessions, clock, Findings(40164, "203.0.113.7"))
    assert (row.can_menu, row.asked_errcode, row.asked_ip) == (True, 40164, "203.0.113.7")

    assert keep(sessions, clock, Findings(0, answers={Capability.MENU: -1})).can_menu
    assert answer(sessions, Capability.MENU).errcode == -1


@pytest.mark.parametrize("kind", [AccountKind.SERVICE, AccountKind.SUBSCRIPTION])
def test_what_an_account_cannot_be_is_not_written_whatever_wechat_says(
    sessions: Sessions, clock: FixedClock, vault: Vault, kind: AccountKind
) -> None:
    add(sessions, clock, vault, whole(kind=kind, certified=kind is not AccountKind.SERVICE))
    row = keep(sessions, clock, Findings(0, answers=ALL))

    assert (row.can_template, row.can_notify, row.can_menu) == (False, False, True)


def test_an_answer_for_an_account_that_was_retired_meanwhile_is_dropped(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    add(sessions, clock, vault, whole())
    with sessions.begin() as session:
        retire(session, clock, session.get_one(WeChatAccount, APPID), actor="staff:1")

    row = keep(sessions, clock, Findings(0, answers=ALL))
    assert (row.can_menu, row.asked_at) == (False, None)
