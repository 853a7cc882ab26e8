"""A notice to expecting families: who is told, counted in tens, and gone with the pregnancy."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from backend.campaigns import expecting, running, service
from backend.campaigns.audience import AudienceInvalid
from backend.campaigns.expecting import Expecting, in_tens, make_expecting, rounded
from backend.campaigns.models import CampaignState
from backend.campaigns.results import families_of, result
from backend.campaigns.words import EXPECTING_TEMPLATE
from backend.handbook.pregnancy import messages as pregnancy_messages
from backend.handbook.pregnancy import notices, sharing
from backend.handbook.pregnancy import service as pregnancies
from backend.handbook.pregnancy.dating import Dating, Method, gestation
from backend.kernel.ages import PregnancyWeeks
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid
from backend.outbox.claims import LEASE
from backend.outbox.models import Message, MessageState
from backend.people import consents
from backend.people.models import Consent, Purpose
from tests.campaigns.town import (
    CITY_SCOPE,
    DRAFT,
    GUIDE,
    RULES,
    SCHEDULE,
    campaign_of,
    go,
    messages,
    state_of,
    told,
    writers,
)
from tests.factories import default_vault
from tests.handbook.pregnancy.scene import DOCUMENTS, TODAY, begin, due_when, end, share
from tests.handbook.pregnancy.test_service import baby
from tests.outbox.scene import TEMPLATES

Sessions = sessionmaker[Session]
S, M = CampaignState, MessageState
WEEKS = Expecting(from_week=12, to_week=28)
TO_EXPECTING = replace(DRAFT, audience=WEEKS)


@given(
    first=st.integers(expecting.FIRST_WEEK, expecting.LAST_WEEK),
    more=st.integers(0, 35),
    days=st.integers(-40, 320),
)
def test_the_weeks_are_completed_weeks_of_the_day(first: int, more: int, days: int) -> None:
    weeks = PregnancyWeeks(first, min(first + more, expecting.LAST_WEEK), TODAY)
    due = TODAY + timedelta(days=days)

    earliest, latest = notices.due_dates(weeks)

    assert (earliest <= due <= latest) == (weeks.first <= gestation(due, TODAY).weeks <= weeks.last)
    assert earliest > TODAY  # nobody whose due date has come


def test_numbers_are_shown_in_tens_so_that_two_of_them_tell_nobody() -> None:
    assert [in_tens(number) for number in (0, 1, 9, 10, 19, 20, 1234)] == [
        *["少于 10"] * 3,
        *["10 以上"] * 2,
        "20 以上",
        "1230 以上",
    ]
    assert {rounded(40 + one) for one in range(10)} == {40}


@pytest.mark.parametrize(
    ("weeks", "said"),
    [((None, 20), "请填孕周"), ((20, 12), "孕周要从小到大"), ((3, 20), ""), ((30, 40), "")],
)
def test_weeks_that_cannot_be_asked(weeks: tuple[int | None, int | None], said: str) -> None:
    with pytest.raises(AudienceInvalid) as refusal:
        make_expecting(*weeks)
    assert said in (refusal.value.detail or "")


def test_both_sides_of_the_door_speak_of_the_same() -> None:
    """Campaigns may not import the pregnancy, so some things are written on both sides."""
    template = TEMPLATES[EXPECTING_TEMPLATE]
    assert pregnancy_messages.NOTICE == EXPECTING_TEMPLATE
    assert notices.TEN == expecting.TEN
    assert template.ask_again
    assert template.told <= {"headline", "sentence"}, "no week and no due date goes to WeChat"
    document = DOCUMENTS[Purpose.PREGNANCY]
    assert document.version >= notices.NAMED_SINCE
    assert "孕妇学校、产前筛查" in document.markdown


def test_both_parents_of_these_weeks_are_told_once_and_nobody_else(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, pregnancy = begin(sessions, clock, due_when(12))
    father = share(sessions, clock, mother)
    last, _ = begin(sessions, clock, due_when(28, 6))
    for due in (due_when(11, 6), due_when(29), due_when(39, 6), TODAY):
        begin(sessions, clock, due)
    ended, _ = begin(sessions, clock, due_when(20))
    end(sessions, clock, ended)
    restored, _ = begin(sessions, clock, due_when(20))
    end(sessions, clock, restored)
    with sessions.begin() as session:
        pregnancies.restore(session, clock, parent_id=restored)  # goes on from tomorrow
    changes: list[tuple[str, dict[str, object]]] = [
        ("privacy", {"withdrawn_at": clock.now()}),
        ("pregnancy", {"version": "2026-11-28"}),  # a text that does not name these notices
    ]
    for purpose, change in changes:
        other, _ = begin(sessions, clock, due_when(20))
        consent_of(sessions, other, purpose, change)
    campaign = to_expecting(sessions, clock)

    assert go(sessions, clock) == 3
    assert go(sessions, clock) == 0

    assert told(sessions) == Counter([mother, father, last])
    assert state_of(sessions, campaign) is S.FINISHED
    first = messages(sessions)[0]
    assert (first.key, first.template) == (f"campaign:{campaign}:{mother}", EXPECTING_TEMPLATE)
    assert first.child_id is None
    assert set(first.data) == {"item_id", "headline", "sentence", "guide", "pregnancy_id"}
    assert first.data["pregnancy_id"] == pregnancy
    words = TEMPLATES.render_in_app(EXPECTING_TEMPLATE, first.data, None)
    assert words.body == "这周可以补种疫苗。预防接种门诊这周六也开，带上接种证。"
    assert words.page == f"pages/guide/guide?slug={GUIDE}"


def consent_of(sessions: Sessions, parent: int, purpose: str, change: dict[str, object]) -> None:
    with sessions.begin() as session:
        session.execute(
            update(Consent)
            .where(Consent.parent_id == parent, Consent.purpose == purpose)
            .values(**change)
        )


def to_expecting(sessions: Sessions, clock: FixedClock, **changes: object) -> int:
    """A campaign of the city whose hour has come; so many were counted."""
    writer, second = writers(sessions)
    writer = replace(writer, scope=CITY_SCOPE)
    with sessions.begin() as session:
        draft = replace(TO_EXPECTING, planned_at=clock.now(), **changes)  # type: ignore[arg-type]
        one = service.begin(session, clock, RULES, draft, writer)
        service.submit(session, clock, RULES, one, writer, expected=10)
        service.approve(session, clock, RULES, one, second)
        return one.id


def test_ten_are_needed_and_are_all_that_is_told(sessions: Sessions, clock: FixedClock) -> None:
    weeks = WEEKS.on(TODAY)
    for number in range(9):
        begin(sessions, clock, due_when(12 + number))
    with sessions() as session:
        assert RULES.expecting.tens(session, weeks) == 0
    mother, _ = begin(sessions, clock, due_when(20))
    share(sessions, clock, mother)  # two parents are one family
    with sessions() as session:
        assert RULES.expecting.tens(session, weeks) == 10
        assert RULES.expecting.tens(session, weeks._replace(first=13)) == 0

    writer, _ = writers(sessions)
    with sessions.begin() as session:
        writer = replace(writer, scope=CITY_SCOPE)
        one = service.begin(session, clock, RULES, TO_EXPECTING, writer)
        with pytest.raises(Invalid) as refusal:
            service.submit(session, clock, RULES, one, writer, expected=0)
    assert refusal.value.detail == "这些孕周的家庭现在少于 10 个，不能群发，请放宽孕周"


def test_a_town_has_no_expecting_families(sessions: Sessions, clock: FixedClock) -> None:
    town, _ = writers(sessions)
    with sessions.begin() as session, pytest.raises(AudienceInvalid) as refusal:
        service.begin(session, clock, RULES, TO_EXPECTING, town)
    assert refusal.value.detail == "孕期家庭只能由市里群发"


def is_over(sessions: Sessions, clock: FixedClock, parent: int) -> None:
    end(sessions, clock, parent)


def is_born(sessions: Sessions, clock: FixedClock, parent: int) -> None:
    with sessions.begin() as session:
        born = [baby("安安", birth=TODAY)]
        pregnancies.record_birth(session, clock, default_vault(), parent_id=parent, born=born)


def is_moved(sessions: Sessions, clock: FixedClock, parent: int) -> None:
    with sessions.begin() as session:
        dating = Dating(Method.CLINIC, due_when(9))
        pregnancies.redate(session, clock, parent_id=parent, dating=dating, multiple=False)


def is_not_agreed_to(sessions: Sessions, clock: FixedClock, parent: int) -> None:
    with sessions.begin() as session:
        pregnancies.lock_parent(session, parent)
        pregnancies.forget(session, clock, parent_id=parent)
        consents.withdraw(session, clock, parent_id=parent, purpose=Purpose.PREGNANCY)


@pytest.mark.parametrize("event", [is_over, is_born, is_moved, is_not_agreed_to])
def test_what_happens_between_the_count_and_the_hand_over_leaves_nothing(
    sessions: Sessions, clock: FixedClock, event: Callable[[Sessions, FixedClock, int], None]
) -> None:
    before, after, other = (begin(sessions, clock, due_when(26))[0] for _ in range(3))
    father = share(sessions, clock, after)
    to_expecting(sessions, clock)
    event(sessions, clock, before)  # counted, approved, and over before it begins

    assert go(sessions, clock) == 3
    with sessions.begin() as session:
        until = clock.now() + LEASE  # marked, not handed over
        session.execute(update(Message).values(state=M.SENDING, not_before=until))
    event(sessions, clock, after)

    left = {one.parent_id for one in messages(sessions)}
    assert left == {other}, f"{before}, {after} or {father} would be told"


def test_an_end_takes_what_was_sent_out_of_the_list_and_a_birth_leaves_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    lost, born = (begin(sessions, clock, due_when(26))[0] for _ in range(2))
    to_expecting(sessions, clock)
    go(sessions, clock)
    with sessions.begin() as session:
        session.execute(update(Message).values(state=M.SENT))

    is_over(sessions, clock, lost)
    is_born(sessions, clock, born)

    assert told(sessions) == Counter([born])


def test_a_partner_who_leaves_is_told_nothing_and_the_mother_is(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, _ = begin(sessions, clock, due_when(20))
    father = share(sessions, clock, mother)
    to_expecting(sessions, clock)
    go(sessions, clock)
    assert told(sessions) == Counter([mother, father])

    with sessions.begin() as session:
        sharing.leave(session, clock, parent_id=father)

    assert told(sessions) == Counter([mother])


def test_paused_taken_back_and_gone_on_with_each_is_told_once(
    sessions: Sessions, clock: FixedClock
) -> None:
    parents = [begin(sessions, clock, due_when(20))[0] for _ in range(3)]
    campaign = to_expecting(sessions, clock)
    with sessions.begin() as session:
        running.start_due(session, clock)
        running.put_batch(session, clock, SCHEDULE, RULES, campaign)
        rows = session.scalars(select(Message).order_by(Message.parent_id)).all()
        rows[0].state = M.SENT
    _, second = writers(sessions)
    with sessions.begin() as session:
        one = service.locked(session, campaign, CITY_SCOPE)
        assert service.pause(session, clock, one, second.actor) == 2
    end(sessions, clock, parents[1])
    with sessions.begin() as session:
        service.resume(session, clock, service.locked(session, campaign, CITY_SCOPE), second)

    assert go(sessions, clock) == 1
    assert told(sessions) == Counter([parents[0], parents[2]])
    done = campaign_of(sessions, campaign)
    assert (done.state, done.put_count) == (S.FINISHED, 2)
    with sessions.begin() as session:
        one = service.locked(session, campaign, CITY_SCOPE)
        assert families_of(one) == "少于 10"
        assert result(session, one).total.put == 0  # in tens
        assert service.cancel(session, clock, one, second, "改期") == 1
        details = session.scalars(
            select(AuditEntry.detail).where(AuditEntry.subject == f"campaign:{campaign}")
        ).all()
    assert {detail.get("taken_back") for detail in details} <= {None, 0}


def test_who_was_told_twice_this_week_reads_it_in_the_app(
    sessions: Sessions, clock: FixedClock
) -> None:
    busy, calm = (begin(sessions, clock, due_when(20))[0] for _ in range(2))
    with sessions.begin() as session:
        session.execute(
            text("""
            INSERT INTO messages (key, parent_id, template, data, state, due_at, created_at)
            SELECT 'pregnancy:0:' || n, :parent, 'pregnancy_week', '{}', 'sent', :at, :at
              FROM generate_series(1, 2) AS n
            """),
            {"parent": busy, "at": clock.now() - timedelta(days=6)},
        )
    for urgent, states in ((False, {busy: M.IN_APP, calm: M.WAITING}), (True, None)):
        campaign = to_expecting(sessions, clock, urgent=urgent)
        go(sessions, clock)
        mine = {
            one.parent_id: one.state
            for one in messages(sessions)
            if one.key.startswith(f"campaign:{campaign}:")
        }
        assert mine == (states or {busy: M.WAITING, calm: M.WAITING})
