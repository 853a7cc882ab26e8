"""kill -9 of the worker while it offers freed places: none lost, none given twice."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.kernel.clock import Clock, clock_from
from backend.kernel.db import make_engine, session_factory
from backend.outbox.models import Message
from tests.bookings.family import Family, cancel, make_family
from tests.bookings.waiting import full_slot, join, states_in_line
from tests.factories import MORNING
from tests.process.product import Product
from tests.process.waiting import eventually
from tests.soak import at_full, record

Sessions = sessionmaker[Session]
W = WaitingState
PLACES, LINE = 3, 5  # of each slot


@pytest.fixture
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


@pytest.fixture
def sessions(product: Product) -> Iterator[Sessions]:
    engine = make_engine(product.settings.database_url, pool_size=8)
    yield session_factory(engine)
    engine.dispose()


def offered(sessions: Sessions) -> int:
    with sessions() as session:
        query = select(func.count()).where(WaitingEntry.state == W.OFFERED)
        return session.scalar(query) or 0


def test_no_place_is_lost_or_given_twice_when_workers_are_killed(
    product: Product, sessions: Sessions
) -> None:
    kills, slots = at_full(2, 20), at_full(12, 60)
    clock = clock_from(product.settings.clock)
    product.start("scheduler")
    made = [_full_slot_with_a_line(sessions, clock, number) for number in range(slots)]
    bookings = [one for _, held in made for one in held]
    freed = interrupted = 0

    for number in range(kills):
        product.start("worker")
        more = partial(_more_than, sessions, offered(sessions))
        share = bookings[number::kills]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda one: cancel(sessions, clock, *one), share))
        freed += len(share)
        eventually(more, every=0.002)
        product.kill("worker")
        interrupted += offered(sessions) < freed
        with sessions() as session:
            assert desk.counter_drift(session) == []  # also in the middle
    product.start("worker")
    wanted = slots * PLACES
    eventually(lambda: offered(sessions) == wanted, seconds=120, every=0.2)

    for slot, _ in made:
        assert states_in_line(sessions, slot) == [W.OFFERED] * PLACES + [W.WAITING] * (
            LINE - PLACES
        )
    assert _told_twice(sessions) == []
    with sessions() as session:
        assert desk.counter_drift(session) == []
    record(
        "waiting_kills",
        slots=slots,
        places=wanted,
        kills=kills,
        with_offers_left_to_make=interrupted,
        lost=0,
        twice=0,
    )


def _more_than(sessions: Sessions, before: int) -> bool:
    return offered(sessions) > before


def _full_slot_with_a_line(
    sessions: Sessions, clock: Clock, number: int
) -> tuple[int, list[tuple[Family, int]]]:
    starts_at = MORNING + timedelta(days=3, minutes=number)
    slot, bookings = full_slot(sessions, clock, capacity=PLACES, starts_at=starts_at)
    for _ in range(LINE):
        join(sessions, clock, make_family(sessions), slot)
    return slot, bookings


def _told_twice(sessions: Sessions) -> list[int]:
    with sessions() as session:
        told = session.scalars(
            select(Message.data["waiting_id"].as_integer()).where(
                Message.template == "waiting_offered"
            )
        )
        return [entry for entry, count in Counter(told).items() if count > 1]
