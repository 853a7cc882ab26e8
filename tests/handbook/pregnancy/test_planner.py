"""What an expecting parent is told, on which day, and what she is never told."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.pregnancy import entries, service
from backend.handbook.pregnancy.dating import Dating, Method
from backend.handbook.pregnancy.models import Pregnancy
from backend.handbook.pregnancy.planner import cards_due, checkups_due
from backend.kernel.clock import CITY, FixedClock
from backend.outbox.claims import LEASE
from backend.outbox.models import Message, MessageState
from backend.people.models import Consent, Purpose
from tests.handbook.pregnancy.scene import PROGRAMME, TODAY, begin, due_when, end, plan, told
from tests.outbox.scene import TEMPLATES

Sessions = sessionmaker[Session]
CHECKUP, WEEK = "pregnancy_checkup", "pregnancy_week"


def message(sessions: Sessions, parent: int) -> Message:
    with sessions() as session:
        return session.scalars(select(Message).where(Message.parent_id == parent)).one()


def test_the_week_begins_with_its_card(sessions: Sessions, clock: FixedClock) -> None:
    parent, pregnancy = begin(sessions, clock, due_when(25))

    assert plan(sessions, clock) == 1

    card = message(sessions, parent)
    assert card.key == f"pregnancy:{pregnancy}:{due_when(25)}:week-25:{parent}"
    assert card.template == WEEK
    assert card.child_id is None
    assert card.data["card"] == "24～28周：糖筛"
    assert card.data["days_left"] == 105
    assert card.due_at == datetime(2026, 11, 23, 9, tzinfo=CITY)


def test_planning_again_adds_nothing(sessions: Sessions, clock: FixedClock) -> None:
    begin(sessions, clock, due_when(15))

    assert [plan(sessions, clock) for _ in range(3)] == [1, 0, 0]


def test_a_week_before_a_checkup_its_reminder_takes_the_cards_place(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, _ = begin(sessions, clock, due_when(15))

    assert plan(sessions, clock) == 1

    reminder = message(sessions, parent)
    assert reminder.template == CHECKUP
    assert reminder.data["item_title"] == "第2次免费产检"
    assert reminder.data["week"] == 15
    assert reminder.data["aim_date"] == (TODAY + timedelta(days=7)).isoformat()


def test_and_once_more_the_day_before(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(15, 6))

    assert plan(sessions, clock) == 1
    assert told(sessions, parent) == [(CHECKUP, 15)]


def test_a_checkup_that_is_done_is_not_reminded_of(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(11))
    with sessions.begin() as session:
        entries.record_checkup(
            session, clock, PROGRAMME, parent_id=parent, checkup_id="anc-1", done_on=TODAY
        )

    plan(sessions, clock)

    assert told(sessions, parent) == [(WEEK, 11)]


def test_done_before_it_went_out_it_does_not_go_out(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(11, 6))
    plan(sessions, clock)

    with sessions.begin() as session:
        entries.record_checkup(
            session, clock, PROGRAMME, parent_id=parent, checkup_id="anc-1", done_on=TODAY
        )

    assert told(sessions, parent) == []


def test_who_did_not_agree_or_took_it_back_is_told_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, _ = begin(sessions, clock, due_when(25))
    with sessions.begin() as session:
        consent = session.scalars(
            select(Consent).where(Consent.parent_id == parent, Consent.purpose == Purpose.PREGNANCY)
        ).one()
        consent.withdrawn_at = clock.now()

    assert plan(sessions, clock) == 0


def test_at_forty_weeks_nothing_is_assumed_and_from_42_on_nothing_is_said(
    sessions: Sessions, clock: FixedClock
) -> None:
    on_time, _ = begin(sessions, clock, due_when(40))
    begin(sessions, clock, due_when(42))

    assert plan(sessions, clock) == 1
    assert message(sessions, on_time).data["wording"] == "after_due"


def test_a_moved_date_replans_everything(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(15))
    plan(sessions, clock)

    with sessions.begin() as session:
        service.redate(
            session,
            clock,
            parent_id=parent,
            dating=Dating(Method.CLINIC, due_when(25)),
            multiple=True,
        )
    assert told(sessions, parent) == []  # at once, in the same transaction
    plan(sessions, clock)

    assert told(sessions, parent) == [(WEEK, 25)]


def test_a_moved_date_brings_no_second_card_within_a_week(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, _ = begin(sessions, clock, due_when(24))
    plan(sessions, clock)
    with sessions.begin() as session:
        for one in session.scalars(select(Message)):
            one.state = MessageState.SENT
    with sessions.begin() as session:
        dating = Dating(Method.CLINIC, due_when(24, 4))
        service.redate(session, clock, parent_id=parent, dating=dating, multiple=False)
    clock.advance(timedelta(days=3))

    assert plan(sessions, clock) == 0
    clock.advance(timedelta(days=7))
    assert plan(sessions, clock) == 1
    assert told(sessions, parent) == [(WEEK, 24), (WEEK, 26)]


def test_a_checkup_that_comes_near_by_a_moved_date_is_told_of_the_same_day(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, _ = begin(sessions, clock, due_when(24))
    plan(sessions, clock)
    with sessions.begin() as session:
        for one in session.scalars(select(Message)):
            one.state = MessageState.SENT
    with sessions.begin() as session:
        dating = Dating(Method.CLINIC, due_when(27))
        service.redate(session, clock, parent_id=parent, dating=dating, multiple=False)

    assert plan(sessions, clock) == 1
    assert told(sessions, parent) == [(WEEK, 24), (CHECKUP, 27)]


def test_a_card_that_was_held_back_for_days_does_not_go_out_any_more(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, _ = begin(sessions, clock, due_when(24))
    plan(sessions, clock)
    states = []
    for _ in range(5):
        plan(sessions, clock)
        states.append(message(sessions, parent).state)
        clock.advance(timedelta(days=1))

    assert states == [MessageState.WAITING] * 4 + [MessageState.IN_APP]


@pytest.mark.parametrize("state", list(MessageState))
def test_after_a_loss_there_is_no_message_whatever_had_become_of_it(
    sessions: Sessions, clock: FixedClock, state: MessageState
) -> None:
    parent, _ = begin(sessions, clock, due_when(25))
    plan(sessions, clock)
    with sessions.begin() as session:
        for one in session.scalars(select(Message)):
            one.state, one.not_before = state, clock.now() + LEASE

    end(sessions, clock, parent)

    assert told(sessions, parent) == []
    for _ in range(30):
        clock.advance(timedelta(days=1))
        assert plan(sessions, clock) == 0


def test_the_other_messages_of_a_parent_stay(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(25))
    other, _ = begin(sessions, clock, due_when(25))
    plan(sessions, clock)

    end(sessions, clock, parent)

    assert told(sessions, other) == [(WEEK, 25)]


def test_a_missed_day_is_made_up_for_as_far_as_it_still_helps(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, pregnancy = begin(sessions, clock, due_when(15, 2))  # the week's card was two days ago
    with sessions.begin() as session:
        made = session.get_one(Pregnancy, pregnancy)
        made.plans_from = TODAY - timedelta(days=30)

    assert plan(sessions, clock, TODAY - timedelta(days=2)) == 1  # the reminder, not the card
    assert told(sessions, parent) == [(CHECKUP, 15)]


@given(st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_on_any_day_the_planned_due_dates_are_those_of_whose_day_it_is(day: date) -> None:
    for due in checkups_due(PROGRAMME, day):
        checkup = PROGRAMME.checkup(due.item_id)
        assert checkup is not None
        age = 280 - (due.due_date - day).days
        assert age == checkup.aim_week * 7 - due.days_before
        assert due.week == age // 7
    for card in cards_due(PROGRAMME, day):
        assert 280 - (card.due_date - day).days == card.week * 7
        assert 4 <= card.week < 42


def test_after_the_due_date_the_words_assume_neither_a_birth_nor_none() -> None:
    facts = {"week": 41, "days_left": -7, "due_date": "2026-11-16", "card": "看看这周的孕期手册"}

    after = TEMPLATES.render_in_app(WEEK, facts | {"wording": "after_due"}, None).body
    wechat, _ = TEMPLATES.render_wechat(WEEK, facts | {"wording": "after_due"}, None)

    for said in (after, *wechat.values()):
        assert [word for word in ("宝宝", "恭喜", "41", "-7", "出生") if word in said] == []
