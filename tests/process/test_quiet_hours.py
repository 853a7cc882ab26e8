"""No message rings between 21:00 and 08:00 in the city."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest

from backend.kernel.clock import CITY, Clock, clock_from
from backend.kernel.db import make_engine, session_factory
from backend.outbox.models import MessageState
from tests.process.product import Product
from tests.process.receivers import Sessions, arrived, make_receivers, put_messages, states
from tests.process.waiting import eventually

ProductAt = Callable[[str], tuple[Product, Sessions, Clock]]


@pytest.fixture
def product_at(make_product: Callable[..., Product]) -> Iterator[ProductAt]:
    """The running product at a time of 2026-11-23, with one clock for all its processes."""
    engines = []

    def start(city_time: str) -> tuple[Product, Sessions, Clock]:
        begins = clock_from(f"2026-11-23T{city_time}+08:00")
        product = make_product(clock=begins.setting)  # type: ignore[attr-defined]
        product.start("wechat-sandbox", "scheduler", "worker")
        engines.append(make_engine(product.settings.database_url, pool_size=2))
        return product, session_factory(engines[-1]), begins

    yield start
    for engine in engines:
        engine.dispose()


def at(city_time: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{city_time}").replace(tzinfo=CITY)


def test_what_is_due_at_2059_goes_out_and_what_is_due_at_21_waits(product_at: ProductAt) -> None:
    product, sessions, clock = product_at("20:59:35")
    early, late = make_receivers(product, sessions, clock, 2)
    put_messages(sessions, clock, [early], "before-nine")
    eventually(lambda: arrived(product) == 1)

    eventually(lambda: clock.now() >= at("21:00:00"))
    put_messages(sessions, clock, [late], "after-nine")
    eventually(lambda: clock.now() >= at("21:00:05"))  # five more wake-ups of the sender

    assert arrived(product) == 1
    assert states(sessions) == {MessageState.SENT: 1, MessageState.WAITING: 1}


def test_what_is_due_at_0759_goes_out_at_0800(product_at: ProductAt) -> None:
    product, sessions, clock = product_at("07:59:50")
    parents = make_receivers(product, sessions, clock, 1)
    put_messages(sessions, clock, parents, "before-eight")

    eventually(lambda: arrived(product) == 1)

    (message,) = product.ask_sandbox("GET", "messages?phone=all")["items"]
    assert datetime.fromisoformat(message["received_at"]) >= at("08:00:00")
