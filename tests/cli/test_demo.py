"""What a demonstration shows of settlement, whatever the day on which it starts."""

from collections import Counter
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import AccountKind
from backend.accounts.queries import accounts_of
from backend.bookings.settlement import Reason
from backend.bookings.settlement_models import LineKind, StatementLine, StatementState
from backend.bookings.statement_queries import (
    StatementFilter,
    contracts_without,
    statement_in_scope,
    statements_page,
)
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.results import result
from backend.cli import demo_grants
from backend.cli.demo import LOGINS, MANAGER, seed
from backend.cli.demo_accounts import add_accounts
from backend.cli.demo_campaigns import APPROVER, let_approver_in
from backend.config import Settings
from backend.deps import Deps, build
from backend.kernel.clock import CITY, FixedClock
from backend.people.models import Role, Staff
from backend.people.scopes import Scope
from backend.people.staff import matches
from backend.rights.handbook_grants.queries import board_of_staff
from backend.statistics.fraud_signs import signs
from backend.statistics.sign_rules import area_of
from tests.conftest import make_settings

Sessions = sessionmaker[Session]
EVERYWHERE = Scope(Role.CITY, None, None)
at = partial(datetime, tzinfo=CITY)


@pytest.mark.parametrize(
    ("now", "last", "before"),
    [
        (at(2026, 11, 23, 10), date(2026, 10, 1), date(2026, 9, 1)),
        (at(2027, 1, 1, 0, 5), date(2026, 12, 1), date(2026, 11, 1)),
    ],
)
def test_one_month_is_paid_and_the_next_one_waits(
    settings: Settings, sessions: Sessions, now: datetime, last: date, before: date
) -> None:
    clock = FixedClock(now)
    parts = build(settings, clock=clock, sessions=sessions)

    seed(parts, dict.fromkeys(LOGINS, "an-invented-word-7"))

    with sessions() as session:
        (paid,) = statements_page(session, EVERYWHERE, StatementFilter(month=before)).items
        assert (paid.state, paid.sessions, paid.deductions) == (StatementState.PAID, 7, 0)
        drafts = statements_page(session, EVERYWHERE, StatementFilter(month=last)).items
        assert {row.state for row in drafts} == {StatementState.DRAFT}
        assert contracts_without(session, EVERYWHERE, last) == []  # the monthly task has no work
        (draft,) = (row for row in drafts if row.sessions)
        assert (draft.sessions, draft.total_fen) == (8, 8 * 8000)
        assert reasons(session, draft.id) == {
            Reason.NO_GUARDIAN_CONFIRMATION: 1,
            Reason.CLOSED_CENTRE: 2,
        }
        row = statement_in_scope(session, EVERYWHERE, draft.id)
        shown = [sign.title for sign in signs(session, area_of(row)) if sign.items]
    assert shown == ["名单勾选集中在几秒内"]

    some_campaigns_are_there(parts)  # here, because a demonstration is dear to make
    the_book_stays_open(parts, clock)
    a_second_of_the_city_signs_in(parts)


def some_campaigns_are_there(parts: Deps) -> None:
    """In the states that a desk meets; the one that went out has figures of three towns."""
    with parts.sessions() as session:
        found = {one.state: one for one in session.scalars(select(Campaign))}
        S = CampaignState
        assert found.keys() == {S.DRAFT, S.SUBMITTED, S.APPROVED, S.FINISHED, S.CANCELLED}
        gone = result(session, found[S.FINISHED])
    assert found[S.FINISHED].put_count == found[S.FINISHED].expected == gone.total.put
    assert len(gone.towns) == 3


def the_book_stays_open(parts: Deps, clock: FixedClock) -> None:
    """One may be read and one is asked for; weeks later the next start gives the grant again."""
    with parts.sessions.begin() as session:
        doctor = session.scalars(select(Staff.id).where(Staff.login == demo_grants.LOGIN)).one()
        board = board_of_staff(session, doctor, clock.now())
        assert [one.office for one in (*board.standing, *board.waiting)] == [demo_grants.OFFICE] * 2
        clock.advance(timedelta(days=20))
        demo_grants.renew(session, parts, MANAGER)
        demo_grants.renew(session, parts, MANAGER)
        board = board_of_staff(session, doctor, clock.now())
    assert [len(board.standing), len(board.waiting), len(board.over)] == [1, 0, 2]


def a_second_of_the_city_signs_in(parts: Deps) -> None:
    """Also in a demonstration made before the password of that account was printed."""
    with parts.sessions.begin() as session:
        let_approver_in(session, parts, "the-printed-word-8")
        kept = session.scalars(select(Staff.password_hash).where(Staff.login == APPROVER)).one()
    assert matches(kept, "the-printed-word-8")


def reasons(session: Session, statement: int) -> dict[Reason, int]:
    rows = session.execute(
        select(StatementLine.reason, func.count())
        .where(StatementLine.statement_id == statement, StatementLine.kind == LineKind.DEDUCTION)
        .group_by(StatementLine.reason)
    )
    return {Reason(reason): number for reason, number in rows}


def test_a_demonstration_has_the_accounts_that_its_sandbox_serves(
    database: str, sessions: Sessions
) -> None:
    settings = make_settings(
        database,
        sandbox_url="http://127.0.0.1:9",
        wechat_token="TokenOfTheDemo",
        wechat_public_appid="wxsandboxpublic00",
        wechat_public_secret="secret-of-tests",
    )
    parts = build(settings, clock=FixedClock(at(2026, 11, 23, 10)), sessions=sessions)

    for _ in range(2):
        with sessions.begin() as session:
            add_accounts(session, parts)

    with sessions() as session:
        found = accounts_of(session, None)
        kinds = Counter((row.kind, row.town_code is None, row.certified) for row in found)
        (town,) = accounts_of(session, "320281103")
    assert kinds == {
        (AccountKind.MINI, True, True): 1,
        (AccountKind.SERVICE, True, True): 1,
        (AccountKind.SERVICE, False, True): 2,
        (AccountKind.SUBSCRIPTION, False, True): 1,
    }
    assert town.name.startswith(parts.places.name_of("320281103"))
