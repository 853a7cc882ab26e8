"""Signing in, and what a token is worth."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.kernel.errors import Unauthenticated
from backend.people import rules, signin
from backend.people.login import WeChatIdentity
from backend.people.models import Parent, ParentIdentity, ParentToken
from backend.rights.deletion import delete_parent
from tests.people import acts

Sessions = sessionmaker[Session]


def who(sessions: Sessions, clock: FixedClock, token: str | None) -> int:
    with sessions() as session:
        return signin.parent_by_token(session, clock, token)


def test_one_openid_is_one_parent_with_a_token_for_each_phone(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, first = acts.sign_in(sessions, clock, "o-1")
    again, second = acts.sign_in(sessions, clock, "o-1")
    other, _ = acts.sign_in(sessions, clock, "o-2")

    assert parent == again != other
    assert first != second
    assert who(sessions, clock, first) == who(sessions, clock, second) == parent


def test_one_openid_at_two_accounts_is_two_people(sessions: Sessions, clock: FixedClock) -> None:
    """An openid means nothing without the appid that it belongs to."""
    parent, _ = acts.sign_in(sessions, clock, "o-1")
    with sessions.begin() as session:
        other, _, _ = signin.sign_in(session, clock, appid="wx2", identity=WeChatIdentity("o-1"))

    assert other.id != parent


def test_a_token_ends_at_its_second(sessions: Sessions, clock: FixedClock) -> None:
    parent, token = acts.sign_in(sessions, clock, "o-1")
    clock.advance(rules.TOKEN_LIFE - timedelta(seconds=1))
    assert who(sessions, clock, token) == parent

    clock.advance(timedelta(seconds=1))
    with pytest.raises(rules.TokenExpired):
        who(sessions, clock, token)


@pytest.mark.parametrize("token", [None, "", "x", "长" * 5000, "a\u0000b"])
def test_nobody_comes_in_with_a_made_up_token(
    sessions: Sessions, clock: FixedClock, token: str | None
) -> None:
    with pytest.raises(Unauthenticated):
        who(sessions, clock, token)


def test_signing_out_ends_this_phone_and_no_other(sessions: Sessions, clock: FixedClock) -> None:
    parent, first = acts.sign_in(sessions, clock, "o-1")
    _, second = acts.sign_in(sessions, clock, "o-1")

    with sessions.begin() as session:
        signin.sign_out(session, first)

    assert who(sessions, clock, second) == parent
    with pytest.raises(Unauthenticated):
        who(sessions, clock, first)


def test_the_table_of_tokens_signs_nobody_in(sessions: Sessions, clock: FixedClock) -> None:
    _, token = acts.sign_in(sessions, clock, "o-1")

    with sessions() as session:
        kept = session.scalars(select(ParentToken.token_hash)).one()
    assert token.encode() not in kept
    with pytest.raises(Unauthenticated):
        who(sessions, clock, kept.hex())


def test_who_closed_the_account_begins_anew(sessions: Sessions, clock: FixedClock) -> None:
    parent, token = acts.sign_in(sessions, clock, "o-1")
    with sessions.begin() as session:
        delete_parent(session, clock, parent_id=parent)
        delete_parent(session, clock, parent_id=parent)  # twice is once

    with pytest.raises(Unauthenticated):
        who(sessions, clock, token)
    anew, _ = acts.sign_in(sessions, clock, "o-1")
    assert anew != parent


def test_a_loser_of_the_first_sign_in_leaves_no_parent_behind(
    sessions: Sessions, clock: FixedClock
) -> None:
    acts.sign_in(sessions, clock, "o-1")
    acts.sign_in(sessions, clock, "o-1")

    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Parent)) == 1
        assert session.scalar(select(func.count()).select_from(ParentIdentity)) == 1


def test_an_identity_does_not_print_its_openid() -> None:
    assert "o-secret" not in repr(WeChatIdentity("o-secret", "u-secret"))
    assert "u-secret" not in repr(WeChatIdentity("o-secret", "u-secret"))
