"""kill -9 of the worker while thousands of messages go out: none lost, none twice."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import select

from backend.kernel.clock import clock_from
from backend.kernel.db import make_engine, session_factory
from backend.outbox.models import Message, MessageState
from tests.process.product import Product
from tests.process.receivers import (
    UNDER_WAY,
    Sessions,
    arrived,
    make_receivers,
    outcome,
    put_messages,
    received,
    resend_what_was_on_the_wire,
    states,
)
from tests.process.waiting import eventually
from tests.soak import at_full, record

MESSAGES, MESSAGES_IN_FULL = 2000, 6000  # each kill leaves up to twice the threads unknown
SEND = "/cgi-bin/message/subscribe/send"
DELAY_MS = 40  # so that something is on the wire whenever the kill comes


def send_with_kills(
    product: Product,
    sessions: Sessions,
    *,
    messages: int,
    kills: int,
    after_kill: Callable[[Sessions], None] = lambda _sessions: None,
) -> None:
    """Put the messages, kill the worker so often while they go out, wait until all is settled."""
    product.start("wechat-sandbox", "scheduler")
    product.ask_sandbox("POST", "faults", path=SEND, delay_ms=DELAY_MS)
    clock = clock_from(product.settings.clock)
    parents = make_receivers(product, sessions, clock, messages)
    put_messages(sessions, clock, parents, "kill-test")
    for _ in range(kills):
        left_by_the_last = on_the_wire(sessions)
        product.start("worker")
        sends = partial(more_on_the_wire, sessions, left_by_the_last)
        eventually(sends, every=0.01)
        eventually(partial(more_than, arrived(product), product), every=0.01)
        eventually(sends, every=0.01)
        product.kill("worker")
        after_kill(sessions)
    product.start("worker")
    eventually(lambda: not UNDER_WAY & set(states(sessions)), seconds=300, every=0.2)


def on_the_wire(sessions: Sessions) -> set[int]:
    with sessions() as session:
        sending = select(Message.id).where(Message.state == MessageState.SENDING)
        return set(session.scalars(sending))


def more_on_the_wire(sessions: Sessions, known: set[int]) -> bool:
    """Does the worker that lives send? What a killed one left stays `sending` for a while."""
    return bool(on_the_wire(sessions) - known)


def more_than(before: int, product: Product) -> bool:
    return arrived(product) > before


@pytest.fixture
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


@pytest.fixture
def sessions(product: Product) -> Iterator[Sessions]:
    engine = make_engine(product.settings.database_url, pool_size=2)
    yield session_factory(engine)
    engine.dispose()


def test_no_message_is_lost_or_doubled_when_workers_are_killed(
    product: Product, sessions: Sessions, tmp_path: Path
) -> None:
    kills, messages = at_full(2, 20), at_full(MESSAGES, MESSAGES_IN_FULL)
    started = monotonic()

    send_with_kills(product, sessions, messages=messages, kills=kills)

    found, what = states(sessions), outcome(sessions, tmp_path)
    seconds = round(monotonic() - started, 1)
    record("outbox_kills", messages=messages, kills=kills, **what.numbers(), seconds=seconds)
    unknown = len(what.unknown)
    assert found == {MessageState.SENT: len(what.sent), MessageState.UNKNOWN: unknown}
    assert len(what.sent) + unknown == messages
    assert not what.lost
    assert not what.twice
    # What was on the wire at a kill, and no more, is listed for the operator.
    assert kills // 2 <= unknown <= kills * 2 * product.settings.send_threads
    assert not what.unasked


def test_the_kill_test_would_notice_a_worker_that_resends(
    product: Product, sessions: Sessions, tmp_path: Path
) -> None:
    send_with_kills(
        product, sessions, messages=200, kills=1, after_kill=resend_what_was_on_the_wire
    )

    assert max(received(tmp_path).values()) > 1
