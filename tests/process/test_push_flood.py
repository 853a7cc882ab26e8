"""WeChat repeats itself, from many connections at once: what a family said counts once."""

from collections.abc import Callable

from sqlalchemy import text

from backend.kernel.db import make_engine, session_factory
from tests.bench.client import fire
from tests.process.product import Product
from tests.process.pushes import handled_once, make_flood, open_events
from tests.process.waiting import eventually


def test_a_flood_of_repeated_pushes_is_handled_once_each(
    make_product: Callable[..., Product],
) -> None:
    product = make_product()
    product.start("web", "scheduler", "worker@1", "worker@2")
    flood = make_flood(product.settings, 200)
    engine = make_engine(product.settings.database_url, pool_size=1)
    sessions = session_factory(engine)
    eventually(lambda: product.down() == [])

    answers = fire(product.port, flood.rows)

    assert {(answer.status, answer.body) for answer in answers} == {(200, b"success")}
    eventually(lambda: open_events(sessions) == 0)
    assert handled_once(sessions, flood)
    with sessions.begin() as session:  # a yes that is counted again would be seen
        session.execute(text("UPDATE subscription_balances SET balance = balance + 1"))
    assert not handled_once(sessions, flood)
    engine.dispose()
