"""kill -9 of three workers and two schedulers over a night and a morning: nothing lost or twice.

In the night the reminders of the day are planned and last month's statements drawn up, each by
the clock; at nine the reminders go out. All the while processes die, and in between all at once.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, insert, select, text

from backend.bookings.settlement_models import Statement
from backend.handbook.reminders import dues_of, told_on
from backend.handbook.schedule import load_schedule
from backend.jobs.timetable import NOMINAL, latest_nominal
from backend.kernel.clock import CITY, Clock, clock_from
from backend.kernel.db import make_engine, session_factory
from backend.outbox.models import Message, MessageState
from backend.people.children import NAME
from backend.people.models import Child, Consent, Guardian, Relation, Sex
from tests.bookings.settling import make_contract, make_institution
from tests.conftest import ROOT
from tests.factories import TOWN, default_vault
from tests.process.fleet import SCHEDULERS, WORKERS, Fleet, nominal_runs, run_twice
from tests.process.product import Product
from tests.process.receivers import (
    UNDER_WAY,
    Sessions,
    arrived,
    make_receivers,
    outcome,
    states,
)
from tests.process.waiting import eventually
from tests.soak import SOAK, at_full, record

SEND = "/cgi-bin/message/subscribe/send"
DAY = date(2026, 12, 1)  # a first of the month: every task of the timetable falls due
BEFORE_ONE = "2026-12-01T00:59:55+08:00"
BEFORE_NINE = "2026-12-01T08:59:57+08:00"
AFTER_FIVE = datetime(2026, 12, 1, 5, tzinfo=CITY)


@pytest.fixture
def sessions_of() -> Iterator[Callable[[Product], Sessions]]:
    engines = []

    def make(product: Product) -> Sessions:
        engines.append(make_engine(product.settings.database_url, pool_size=2))
        return session_factory(engines[-1])

    yield make
    for engine in engines:
        engine.dispose()


def now(start: str) -> str:
    """A clock that shows `start` at this moment, for every process that is given it."""
    return clock_from(start).setting  # type: ignore[attr-defined,no-any-return]


def a_birth_date() -> date:
    """Whose families are told something on DAY, as the content stands."""
    schedule = load_schedule(ROOT / "content")
    births = (DAY - timedelta(days=days) for days in range(60, 400))
    return next(birth for birth in births if told_on(birth, DAY, dues_of(schedule, birth)))


def give_each_a_child(sessions: Sessions, clock: Clock, parents: list[int]) -> None:
    """Of one birth date, with the consents that reminders need."""
    born, at, name = a_birth_date(), clock.now(), default_vault().seal("测试宝宝", NAME)
    with sessions.begin() as session:
        rows = [
            {
                "name_sealed": name,
                "identity": parent.to_bytes(32),
                "birth_date": born,
                "sex": Sex.FEMALE,
                "town_code": TOWN,
                "home_cared": True,
                "created_at": at,
            }
            for parent in parents
        ]
        children = list(session.scalars(insert(Child).returning(Child.id), rows))
        pairs = list(zip(children, parents, strict=True))
        session.execute(
            insert(Guardian),
            [
                {"child_id": child, "parent_id": parent, "relation": Relation.MOTHER, "since": at}
                for child, parent in pairs
            ],
        )
        session.execute(
            insert(Consent),
            [
                {
                    "parent_id": parent,
                    "purpose": purpose,
                    "version": "1",
                    "document_hash": "x",
                    "channel": "test",
                    "given_at": at,
                }
                for parent in parents
                for purpose in ("privacy", "children")
            ],
        )


def planned(sessions: Sessions) -> int:
    with sessions() as session:
        return session.scalar(select(func.count(Message.id))) or 0


def statements(sessions: Sessions) -> dict[date, int]:
    """How many drafts each month has."""
    with sessions() as session:
        rows = session.execute(select(Statement.month, func.count()).group_by(Statement.month))
        return {row.month: row[1] for row in rows}


def moved_on(sessions: Sessions, product: Product, before: int) -> bool:
    return arrived(product) > before or not UNDER_WAY & set(states(sessions))


def test_no_message_and_no_task_is_lost_or_doubled_in_a_night_and_a_morning(
    make_product: Callable[..., Product],
    sessions_of: Callable[[Product], Sessions],
    tmp_path: Path,
) -> None:
    messages, kills, started = at_full(60, 2000), at_full(1, 10), monotonic()
    seed = random.randrange(2**32) if SOAK else 1201
    chance = random.Random(seed)
    product = make_product(clock=BEFORE_ONE)
    sessions, fleet = sessions_of(product), Fleet(product)
    product.start("wechat-sandbox")
    product.ask_sandbox("POST", "faults", path=SEND, delay_ms=at_full(100, 400))
    parents = make_receivers(product, sessions, clock_from(BEFORE_ONE), messages)
    give_each_a_child(sessions, clock_from(BEFORE_ONE), parents)
    make_contract(sessions, make_institution(sessions))

    product.settings = product.settings.model_copy(update={"clock": now(BEFORE_ONE)})
    fleet.start()
    led = kill_in_the_night(fleet, kills, chance)
    tonight = ("plan_handbook", latest_nominal("plan_handbook", AFTER_FIVE))
    eventually(lambda: tonight in nominal_runs(sessions))
    assert planned(sessions) == messages  # each family has its reminder, and none two
    assert arrived(product) == 0  # and nothing rang in the night
    fleet.cut_the_power(now(BEFORE_NINE))
    kill_while_messages_go_out(fleet, sessions, kills, chance)
    eventually(lambda: not UNDER_WAY & set(states(sessions)), seconds=300, every=0.2)
    due = {(task, latest_nominal(task, AFTER_FIVE)) for task in NOMINAL}
    eventually(lambda: due <= set(nominal_runs(sessions)))

    what, runs = outcome(sessions, tmp_path), nominal_runs(sessions)
    record(
        "fleet_kills",
        seed=seed,
        messages=messages,
        kills=dict(fleet.killed),
        leaders_in_the_night=led,
        **what.numbers(),
        nominal_times=len(runs),
        run_twice=len(run_twice(runs)),
        seconds=round(monotonic() - started, 1),
    )
    unknown = len(what.unknown)
    expected = Counter({MessageState.SENT: len(what.sent), MessageState.UNKNOWN: unknown})
    assert states(sessions) == expected  # none of them may be unknown: a Counter takes 0 for none
    assert len(what.sent) + unknown == messages
    assert not what.lost | what.twice | what.unasked
    assert unknown <= fleet.killed["worker"] * 2 * product.settings.send_threads
    assert not run_twice(runs)
    assert statements(sessions) == {date(2026, 10, 1): 1, date(2026, 11, 1): 1}
    assert fleet.leader() is not None


def the_leader(fleet: Fleet) -> str:
    leader = eventually(fleet.leader)
    assert leader is not None
    return leader


def another_leads(fleet: Fleet, last: str) -> bool:
    return fleet.leader() not in {None, last}


def kill_in_the_night(fleet: Fleet, kills: int, chance: random.Random) -> int:
    """The leader as soon as it leads, then whoever it hits; how often another one led on."""
    led = 0
    for number in range(kills):
        leader = the_leader(fleet)
        hit = chance.choice((*SCHEDULERS, *WORKERS)) if number else leader
        fleet.kill(hit)
        if hit == leader:
            eventually(partial(another_leads, fleet, leader), every=0.2)
            led += 1
    return led


def kill_while_messages_go_out(
    fleet: Fleet, sessions: Sessions, kills: int, chance: random.Random
) -> None:
    """A worker once messages arrive, then whoever it hits, each time after more have arrived."""
    for number in range(kills):
        eventually(partial(moved_on, sessions, fleet.product, arrived(fleet.product)), every=0.01)
        fleet.kill(chance.choice((*SCHEDULERS, *WORKERS) if number else WORKERS))


def test_the_test_would_notice_a_task_that_runs_twice(
    make_product: Callable[..., Product], sessions_of: Callable[[Product], Sessions]
) -> None:
    """Without its key `task_runs` takes a second row, and the next leader brings one."""
    product = make_product()
    sessions = sessions_of(product)
    with sessions.begin() as session:
        session.execute(text("ALTER TABLE task_runs DROP CONSTRAINT pk_task_runs"))
    fleet = Fleet(product)
    product.start(*SCHEDULERS, WORKERS[0])
    eventually(lambda: len(nominal_runs(sessions)) == len(NOMINAL))

    product.kill(the_leader(fleet))

    eventually(lambda: run_twice(nominal_runs(sessions)))
