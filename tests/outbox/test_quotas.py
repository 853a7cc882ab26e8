"""What we count ourselves before WeChat refuses."""

import threading
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import CITY, FixedClock
from backend.outbox import pauses, quotas
from backend.outbox.delivery import Delivered, deliver
from backend.outbox.models import PauseReason, Span
from backend.outbox.quotas import Limits, QuotaRow
from tests.factories import APPID
from tests.fakes import FakeMessenger
from tests.outbox.scene import TEMPLATE, balance, delivery, told_families
from tests.outbox.test_pauses import reminded

Sessions = sessionmaker[Session]


def left(sessions: Sessions, clock: FixedClock, limits: Limits) -> dict[tuple[str, Span], QuotaRow]:
    with sessions() as session:
        rows = quotas.quotas_left(session, clock, {APPID: limits})
        return {(row.template, row.span): row for row in rows}


def test_a_day_of_an_account_ends_at_its_limit_and_begins_at_midnight(
    sessions: Sessions, clock: FixedClock
) -> None:
    told = told_families(sessions, clock, 10)
    limits, messenger = Limits(day=7), FakeMessenger()
    parts = delivery(sessions, clock, messenger, limits=limits)

    done = deliver(parts)

    assert (done.sent, done.postponed, messenger.calls) == (7, 3, 7)
    assert deliver(parts) == Delivered()
    assert sum(balance(sessions, key) for _, key in told) == 3, "what waits keeps its permission"
    whole = left(sessions, clock, limits)[pauses.WHOLE_ACCOUNT, Span.DAY]
    assert (whole.used, whole.left) == (7, 0)
    with sessions() as session:
        (pause,) = pauses.pauses(session, clock)
    assert (pause.reason, pause.until) == (
        PauseReason.DAY_QUOTA,
        datetime(2026, 11, 24, tzinfo=CITY),
    )

    clock.set(datetime(2026, 11, 24, 8, tzinfo=CITY))

    assert deliver(parts).sent == 3
    assert left(sessions, clock, limits)[pauses.WHOLE_ACCOUNT, Span.DAY].left == 4


def test_a_template_at_its_limit_leaves_the_others_alone(
    sessions: Sessions, clock: FixedClock
) -> None:
    told_families(sessions, clock, 5)
    reminded(sessions, clock)
    limits = Limits(day=100, templates={TEMPLATE: 2})
    parts = delivery(sessions, clock, FakeMessenger(), limits=limits)

    done = deliver(parts)

    assert (done.sent, done.postponed) == (3, 3)
    rows = left(sessions, clock, limits)
    assert rows[TEMPLATE, Span.DAY].left == 0
    assert rows[pauses.WHOLE_ACCOUNT, Span.DAY].used == 3


def test_a_minute_is_waited_for(sessions: Sessions, clock: FixedClock) -> None:
    told_families(sessions, clock, 5)
    clock.set(datetime(2026, 11, 23, 10, 0, 20, tzinfo=CITY))
    limits = Limits(minute=3)
    parts = delivery(sessions, clock, FakeMessenger(), limits=limits)

    assert deliver(parts).sent == 3
    clock.advance(timedelta(seconds=39))
    assert deliver(parts) == Delivered()
    clock.advance(timedelta(seconds=1))

    assert deliver(parts).sent == 2
    assert left(sessions, clock, limits)[pauses.WHOLE_ACCOUNT, Span.MINUTE].left == 1


def test_what_has_no_limit_is_counted_all_the_same(sessions: Sessions, clock: FixedClock) -> None:
    told_families(sessions, clock, 3)
    deliver(delivery(sessions, clock, FakeMessenger()))

    row = left(sessions, clock, Limits())[TEMPLATE, Span.DAY]

    assert (row.used, row.limit, row.left) == (3, None, None)


def test_workers_at_once_do_not_go_over_a_limit_together(
    committed: Sessions, clock: FixedClock
) -> None:
    told_families(committed, clock, 60)
    messenger = FakeMessenger()
    parts = delivery(committed, clock, messenger, threads=3, limits=Limits(day=25))
    workers = [threading.Thread(target=deliver, args=[parts, 15]) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert messenger.calls == 25
    assert left(committed, clock, Limits(day=25))[pauses.WHOLE_ACCOUNT, Span.DAY].used == 25


def test_a_worker_whose_clock_is_behind_does_not_begin_the_minute_again(
    sessions: Sessions, clock: FixedClock
) -> None:
    limits = {APPID: Limits(minute=2)}
    lane = (APPID, TEMPLATE)
    behind = FixedClock(clock.now() - timedelta(minutes=1))
    with sessions.begin() as session:
        assert quotas.take(session, clock, [lane], limits).may_go == [True]
        assert quotas.take(session, behind, [lane, lane], limits).may_go == [True, False]
        assert quotas.take(session, clock, [lane], limits).may_go == [False]
