"""A campaign goes out: nobody lost, nobody twice, stopped at once, and never a wrong word."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from backend.campaigns import running, service
from backend.campaigns.audience import Audience
from backend.campaigns.counting import families
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.results import percent_done, result
from backend.campaigns.testing import NoTestFamily, send_test
from backend.kernel.clock import FixedClock, city_date
from backend.outbox.delivery import deliver
from backend.outbox.ledger import Key
from backend.outbox.messenger import FailureKind, TemporaryFailure
from backend.outbox.models import Message, MessageState
from backend.outbox.parts import Delivery
from backend.outbox.preparing import TOO_LATE
from backend.people.documents import load_documents
from backend.people.models import (
    Child,
    Consent,
    Departure,
    Guardian,
    ParentIdentity,
    Relation,
)
from backend.rights import departing
from tests.campaigns.town import (
    AUDIENCE,
    CITY_SCOPE,
    CONTENT,
    GUIDE,
    NOON,
    RULES,
    SCHEDULE,
    approved,
    campaign_of,
    go,
    later,
    messages,
    state_of,
    told,
)
from tests.concurrency.racing import at_once
from tests.factories import APPID, MORNING, default_vault, make_child, make_parent
from tests.fakes import FakeMessenger
from tests.outbox.scene import TEMPLATES, grant

Sessions = sessionmaker[Session]
DOCUMENTS = load_documents(CONTENT)
S, M = CampaignState, MessageState


def make_families(sessions: Sessions, count: int) -> list[int]:
    parents = [make_parent(sessions, documents=DOCUMENTS) for _ in range(count)]
    for parent in parents:
        make_child(sessions, parent_id=parent)
    return parents


def delivery(sessions: Sessions, clock: FixedClock, messenger: FakeMessenger) -> Delivery:
    """What a worker sends with."""
    return Delivery(
        sessions=sessions,
        clock=clock,
        vault=default_vault(),
        templates=TEMPLATES,
        messenger=messenger,
        appid=APPID,
        template_ids={"campaign": "tpl-campaign"},
        threads=1,
    )


def test_at_its_hour_each_parent_is_told_once_of_all_their_children(
    sessions: Sessions, clock: FixedClock
) -> None:
    both, one, silent = make_families(sessions, 3)
    make_child(sessions, parent_id=both, name="王小二")
    with sessions.begin() as session:
        session.execute(
            update(Consent).where(Consent.parent_id == silent).values(withdrawn_at=clock.now())
        )
    campaign, _ = approved(sessions, clock)

    assert go(sessions, clock) == 0  # its hour has not come
    clock.set(NOON)
    assert go(sessions, clock) == 2
    assert go(sessions, clock) == 0

    assert told(sessions) == Counter([both, one])
    assert state_of(sessions, campaign) is S.FINISHED
    first, second = messages(sessions)
    assert (first.child_id, first.key) == (None, f"campaign:{campaign}:{both}")
    names = {child["child_id"]: "王小一" for child in first.data["children"]}
    assert len(names) == 2
    words = TEMPLATES.render_in_app("campaign", first.data, None, names)
    assert words.body == (
        "给王小一、王小一的家人：这周可以补种疫苗。预防接种门诊这周六也开，带上接种证。"
    )
    assert words.page == f"pages/guide/guide?slug={GUIDE}"
    assert second.child_id is not None
    fields, _ = TEMPLATES.render_wechat("campaign", second.data, "王小一")
    assert fields == {
        "thing1": "这周可以补种疫苗",
        "thing2": "王*一",
        "thing3": "预防接种门诊这周六也开，带上接种证。",
    }


def test_by_night_nothing_is_put(sessions: Sessions, clock: FixedClock) -> None:
    make_families(sessions, 1)
    campaign, _ = approved(sessions, clock, planned_at=NOON.replace(hour=20))
    clock.set(NOON.replace(hour=21))

    assert go(sessions, clock) == 0
    assert state_of(sessions, campaign) is S.APPROVED

    clock.set(NOON + timedelta(hours=20))  # eight in the morning
    assert go(sessions, clock) == 1


def kill_in_the_middle(sessions: Sessions, clock: FixedClock, campaign: int) -> int:
    """A worker puts a batch, and dies before its transaction ends: the server sees it go."""
    put = 0
    with suppress(DBAPIError), sessions.begin() as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        put = running.put_batch(session, clock, SCHEDULE, RULES, campaign).put
        with sessions() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        session.execute(text("SELECT 1"))
        pytest.fail("the server has not noticed")
    return put


@pytest.mark.slow
def test_killed_in_a_batch_nobody_is_lost_and_nobody_told_twice(
    committed: Sessions, clock: FixedClock
) -> None:
    parents = make_families(committed, 5)
    campaign, _ = approved(committed, clock)
    clock.set(NOON)
    with committed.begin() as session:
        running.start_due(session, clock)

    assert kill_in_the_middle(committed, clock, campaign) == 5
    assert told(committed) == Counter()
    assert campaign_of(committed, campaign).cursor_id == 0
    at_once(lambda _: go(committed, clock), range(3))  # and three workers take over at once
    go(committed, clock)

    assert told(committed) == Counter(parents)
    done = campaign_of(committed, campaign)
    assert (done.state, done.put_count, percent_done(done)) == (S.FINISHED, 5, 100)
    lost, twice = careless(committed, clock)
    assert lost == set(parents)
    assert twice == set(parents)


def careless(sessions: Sessions, clock: FixedClock) -> tuple[set[int], set[int]]:
    """What a worker does that is killed between cursor and messages, each committed alone:
    cursor first loses families; messages first, without the one key a family, tells them twice."""
    campaign, _ = approved(sessions, clock)
    with sessions() as session:
        who = families(session, clock, SCHEDULE, AUDIENCE, city_date(clock.now()))
        last = session.scalar(text("SELECT max(id) FROM parents"))
        before = Counter(told(sessions))
    with sessions.begin() as session:
        one = session.get_one(Campaign, campaign)
        one.state, one.started_at, one.last_id, one.cursor_id = S.RUNNING, NOON, last, last
    go(sessions, clock)  # after the kill: the cursor says that all were told
    lost = {one for one in before if told(sessions)[one] == before[one]}
    for attempt in (1, 2):
        with sessions.begin() as session:
            one = session.get_one(Campaign, campaign)
            one.cursor_id = 0
            key = f"campaign:{campaign}:{attempt}:"
            running.put_messages(session, clock, one, who, last, key=key)
            session.expire(one)  # killed before the cursor was written
            session.execute(update(Campaign).where(Campaign.id == campaign).values(cursor_id=0))
    return lost, {one for one in before if told(sessions)[one] == before[one] + 2}


def test_paused_nothing_waits_any_more_and_it_goes_on_where_it_stopped(
    sessions: Sessions, clock: FixedClock
) -> None:
    parents = make_families(sessions, 4)
    campaign, second = approved(sessions, clock)
    clock.set(NOON)
    with sessions.begin() as session:
        running.start_due(session, clock)
        running.put_batch(session, clock, SCHEDULE, RULES, campaign)
        rows = session.scalars(select(Message).order_by(Message.parent_id)).all()
        rows[0].state, rows[0].sent_at = M.SENT, clock.now()
        rows[1].state, rows[1].not_before = M.CLAIMED, clock.now() + timedelta(minutes=1)
        rows[2].read_at = clock.now()
    with sessions.begin() as session:
        one = service.locked(session, campaign, CITY_SCOPE)
        assert service.pause(session, clock, one, second.actor) == 2

    assert [(one.parent_id, one.state) for one in messages(sessions)] == [
        (parents[0], M.SENT),
        (parents[2], M.IN_APP),
    ]
    assert go(sessions, clock) == 0
    with sessions.begin() as session:
        service.resume(session, clock, service.locked(session, campaign, CITY_SCOPE), second)
    assert go(sessions, clock) == 2

    assert told(sessions) == Counter(parents)
    done = campaign_of(sessions, campaign)
    assert (done.state, done.put_count) == (S.FINISHED, 4)


def test_cancelled_what_waits_is_withdrawn_for_good(sessions: Sessions, clock: FixedClock) -> None:
    make_families(sessions, 2)
    campaign, second = approved(sessions, clock)
    clock.set(NOON)
    go(sessions, clock)  # all of it is in the outbox, none is sent
    with sessions.begin() as session:
        one = service.locked(session, campaign, CITY_SCOPE)
        assert service.cancel(session, clock, one, second, "写错了日期") == 2

    assert go(sessions, clock) == 0
    assert told(sessions) == Counter()
    assert state_of(sessions, campaign) is S.CANCELLED


def test_cancelled_what_is_on_the_wire_is_not_tried_again(
    sessions: Sessions, clock: FixedClock
) -> None:
    """Who cancels often does so because WeChat answers badly: much of it will come back."""
    (parent,) = make_families(sessions, 1)
    campaign, second = approved(sessions, clock)
    clock.set(NOON)
    go(sessions, clock)
    with sessions.begin() as session:
        openid = session.scalars(
            select(ParentIdentity.openid).where(ParentIdentity.parent_id == parent)
        ).one()
    grant(sessions, clock, Key(APPID, openid, "tpl-campaign"))

    def cancel(_: str) -> None:
        with sessions.begin() as session:
            one = service.locked(session, campaign, CITY_SCOPE)
            assert service.cancel(session, clock, one, second, "写错了日期") == 0

    busy = TemporaryFailure("-1 system error", FailureKind.TRANSIENT, -1)
    deliver(delivery(sessions, clock, FakeMessenger(script=[busy], before=cancel)))

    (stopped,) = messages(sessions)
    assert (stopped.state, stopped.problem) == (M.IN_APP, service.STOPPED)


@pytest.mark.slow
def test_a_pause_and_a_batch_at_the_same_moment_leave_nothing_waiting(
    committed: Sessions, clock: FixedClock
) -> None:
    make_families(committed, 3)
    campaign, second = approved(committed, clock)
    clock.set(NOON)
    with committed.begin() as session:
        running.start_due(session, clock)

    def batch() -> None:
        with committed.begin() as session:
            running.put_batch(session, clock, SCHEDULE, RULES, campaign)

    def pause() -> None:
        with committed.begin() as session:
            one = service.locked(session, campaign, CITY_SCOPE)
            service.pause(session, clock, one, second.actor)

    _, refusals = at_once(lambda act: act(), [batch, pause])

    assert refusals == []
    assert told(committed) == Counter()
    paused = campaign_of(committed, campaign)
    assert (paused.state, paused.put_count, paused.cursor_id) == (S.PAUSED, 0, 0)


def test_few_wait_at_a_time_so_that_other_messages_are_not_held_up(
    sessions: Sessions, clock: FixedClock
) -> None:
    parents = make_families(sessions, 1)
    campaign, _ = approved(sessions, clock)
    clock.set(NOON)
    with sessions.begin() as session:
        session.execute(
            text("""
            INSERT INTO messages (key, parent_id, template, data, due_at, created_at)
            SELECT 'campaign:0:' || n, :parent, 'campaign', '{}', :now, :now
              FROM generate_series(1, :most) AS n
            """),
            {"parent": parents[0], "now": clock.now(), "most": running.MOST_WAITING},
        )

    assert go(sessions, clock) == 0
    assert state_of(sessions, campaign) is S.RUNNING
    with sessions.begin() as session:
        session.execute(text("UPDATE messages SET state = 'in_app' WHERE key = 'campaign:0:1'"))
    assert go(sessions, clock) == 1


def test_who_was_told_twice_this_week_reads_it_in_the_app_unless_it_is_urgent(
    sessions: Sessions, clock: FixedClock
) -> None:
    busy, calm = make_families(sessions, 2)
    with sessions.begin() as session:
        for number, state in enumerate((M.SENT, M.WAITING, M.IN_APP)):
            session.add(
                Message(
                    key=f"handbook:{number}",
                    parent_id=busy,
                    template="handbook_reminder",
                    data={},
                    state=state,
                    due_at=clock.now() - timedelta(days=6),
                    created_at=clock.now(),
                )
            )
    for urgent, states in ((False, [M.IN_APP, M.WAITING]), (True, [M.WAITING, M.WAITING])):
        campaign, _ = approved(sessions, clock, urgent=urgent, planned_at=clock.now())
        go(sessions, clock)
        mine = [one for one in messages(sessions) if one.key.startswith(f"campaign:{campaign}:")]
        assert [one.state for one in mine] == states, urgent
    assert {busy, calm} == set(told(sessions))


def test_a_day_late_it_does_not_ring_any_more(sessions: Sessions, clock: FixedClock) -> None:
    parents = make_families(sessions, 1)
    approved(sessions, clock)
    with sessions() as session:
        openid = session.scalars(
            text("SELECT openid FROM parent_identities WHERE parent_id = :id"), {"id": parents[0]}
        ).one()
    grant(sessions, clock, Key(APPID, openid, "tpl-campaign"), 2)
    clock.set(NOON)
    assert go(sessions, clock) == 1
    later(clock, hours=24, minutes=1)  # no worker sent anything for a day
    messenger = FakeMessenger()

    deliver(delivery(sessions, clock, messenger))

    (kept,) = messages(sessions)
    assert (kept.state, kept.problem) == (M.IN_APP, TOO_LATE)
    assert messenger.calls == 0


def test_begun_a_day_late_it_is_in_the_app_alone(sessions: Sessions, clock: FixedClock) -> None:
    make_families(sessions, 1)
    approved(sessions, clock)
    clock.set(NOON + timedelta(hours=25))

    assert go(sessions, clock) == 1
    assert [one.state for one in messages(sessions)] == [M.IN_APP]


def test_who_comes_to_fit_or_leaves_meanwhile_counts_as_it_is_at_the_batch(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second = make_families(sessions, 2)
    campaign, _ = approved(sessions, clock)
    clock.set(NOON)
    with sessions.begin() as session:
        running.start_due(session, clock)
        child = session.scalars(select(Guardian.child_id).where(Guardian.parent_id == first)).one()
        row = session.get_one(Child, child)
        row.departure, row.departed_at = Departure.DIED, clock.now()
    new = make_families(sessions, 1)  # after it began: not looked at
    with sessions.begin() as session:
        joined = make_child(sessions)
        session.add(
            Guardian(child_id=joined, parent_id=second, relation=Relation.OTHER, since=MORNING)
        )

    go(sessions, clock)

    assert told(sessions) == Counter([second])
    assert len(messages(sessions)[0].data["children"]) == 2
    assert new[0] > (campaign_of(sessions, campaign).last_id or 0)


def test_a_guide_that_is_withdrawn_pauses_the_campaign(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_families(sessions, 1)
    campaign, _ = approved(sessions, clock)
    clock.set(NOON)

    running.run(sessions, clock, SCHEDULE, replace(RULES, guides=set()))

    stopped = campaign_of(sessions, campaign)
    assert stopped.state is S.PAUSED
    assert stopped.note == "已自动暂停：请选一篇家长现在能读到的指南"
    assert told(sessions) == Counter()


def test_what_became_of_it_is_counted_by_town(sessions: Sessions, clock: FixedClock) -> None:
    make_families(sessions, 3)
    campaign, _ = approved(sessions, clock)
    clock.set(NOON)
    go(sessions, clock)
    with sessions.begin() as session:
        rows = session.scalars(select(Message)).all()
        rows[0].state, rows[0].read_at = M.SENT, clock.now()
        rows[1].state = M.UNKNOWN
        found = result(session, session.get_one(Campaign, campaign))
        count = session.scalar(select(func.count()).select_from(Message))

    (town,) = found.towns
    assert town.town_code == AUDIENCE.towns[0]
    assert (town.put, town.waiting, town.sent, town.unknown, town.read) == (3, 1, 1, 1, 1)
    assert replace(found.total, town_code=town.town_code) == town
    assert count == 3


def test_an_audience_that_nobody_can_read_pauses_it(sessions: Sessions, clock: FixedClock) -> None:
    make_families(sessions, 1)
    campaign, _ = approved(sessions, clock, audience=Audience(towns=AUDIENCE.towns))
    with sessions.begin() as session:
        session.execute(update(Campaign).values(audience={"version": 9}))
    clock.set(NOON)

    go(sessions, clock)

    assert state_of(sessions, campaign) is S.PAUSED


def test_without_a_number_of_the_office_there_is_no_test(
    sessions: Sessions, clock: FixedClock
) -> None:
    campaign, second = approved(sessions, clock)
    one = campaign_of(sessions, campaign)
    with sessions.begin() as session, pytest.raises(NoTestFamily):
        send_test(session, clock, default_vault(), one, second, phone=None)


def test_a_child_that_died_after_the_batch_is_not_named(
    sessions: Sessions, clock: FixedClock
) -> None:
    (parent,) = make_families(sessions, 1)
    gone = make_child(sessions, parent_id=parent)
    approved(sessions, clock)
    clock.set(NOON)
    go(sessions, clock)

    with sessions.begin() as session:
        departing.depart(session, clock, parent_id=parent, child_id=gone, kind=Departure.DIED)

    (left,) = messages(sessions)
    assert [child["child_id"] for child in left.data["children"]] == [left.child_id]
    assert left.child_id != gone
    assert left.state is M.WAITING


def test_after_a_restore_what_runs_or_is_due_waits_for_a_person(
    sessions: Sessions, clock: FixedClock
) -> None:
    due, _ = approved(sessions, clock)
    later_on, _ = approved(sessions, clock, planned_at=NOON + timedelta(days=1))
    later(clock, hours=2)

    with sessions.begin() as session:
        assert service.pause_all(session, clock, "restore", "从备份恢复") == 1

    assert state_of(sessions, due) is CampaignState.PAUSED
    assert campaign_of(sessions, due).note == "从备份恢复"
    assert state_of(sessions, later_on) is CampaignState.APPROVED
