"""P2: messages out of the outbox to WeChat, and what each of them costs.

Through the outbox's own delivery and the client of production, to a stub that takes each message
after 20 ms; every outcome is stored. Beside it, in turns: the same number of bare POSTs over
http.client with as many threads, which record nothing.
"""

import http.client
import json
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from backend import deps
from backend.jobs.tasks import SENT_AT_ONCE
from backend.kernel.clock import CITY
from backend.kernel.db import make_engine
from backend.outbox.delivery import deliver
from backend.outbox.models import MessageState
from backend.outbox.parts import Delivery
from backend.people.children import NAME
from tests.bench.database import Database, open_database
from tests.bench.rows import Measures, Row, median
from tests.conftest import ROOT, make_settings

FULL = 100_000  # messages
ROUNDS = 5
MORNING = datetime(2026, 11, 23, 10, tzinfo=CITY)
TEMPLATE = "handbook_reminder"
FACTS = {"item_id": "checkup:m3", "item_title": "满3月龄健康检查", "due_date": "2026-12-01"}
FLOOR = "http.client, as many threads, nothing stored"
FAMILIES = (
    "INSERT INTO parents (created_at) SELECT :at FROM generate_series(1, :count)",
    """
    INSERT INTO children (name_sealed, identity, birth_date, sex, town_code, home_cared, created_at)
    SELECT :name, sha256(n::text::bytea), DATE '2026-02-01', 'f', '320281001', true, :at
      FROM generate_series(1, :count) AS n
    """,
    "INSERT INTO parent_identities (appid, openid, parent_id)"
    " SELECT :appid, 'openid-of-the-bench-' || id, id FROM parents",
    """
    INSERT INTO subscription_balances (appid, openid, template_id, balance)
    SELECT :appid, openid, :template_id, 100 FROM parent_identities
    """,
)
MESSAGES = """
    INSERT INTO messages (key, parent_id, child_id, template, data, due_at, created_at)
    SELECT :round || ':' || id, id, id, :template, CAST(:facts AS jsonb), :at, :at FROM parents
"""


@dataclass(frozen=True)
class Cost:
    """Of one round: messages a second; CPU microseconds of each, here and in PostgreSQL."""

    per_second: float
    cpu_us: float
    database_us: float = 0.0


def p2(scale: float) -> Sequence[Row]:
    """Rounds of delivery and of bare POSTs take turns; medians, and the rate over everything."""
    with open_database() as database, stub() as port:
        return _measure(database, port, max(200, round(FULL * scale / ROUNDS)))


def _measure(database: Database, port: int, count: int) -> Sequence[Row]:
    outbox = Outbox(database, port, count)
    outbox.deliver_a_round()  # connections, the token, compiled statements
    pairs = [
        (bare(port, count, outbox.parts.threads), outbox.deliver_a_round()) for _ in range(ROUNDS)
    ]
    assert outbox.states() == {MessageState.SENT.value: count * (ROUNDS + 1)}
    floor = [pair[0] for pair in pairs]
    ours = [pair[1] for pair in pairs]
    rate, bare_rate = (median([one.per_second for one in costs]) for costs in (ours, floor))
    cpu, bare_cpu = (median([one.cpu_us for one in costs]) for costs in (ours, floor))
    return [
        Row("P2", round(rate), "messages/s", "≥ 1000", rate >= 1000,
            round(bare_rate), FLOOR, rate / bare_rate),
        Row("P2", round(cpu), "us CPU each", "≤ 4 x", cpu / bare_cpu <= 4,
            round(bare_cpu), FLOOR, cpu / bare_cpu),
        Row("P2", round(median([one.database_us for one in ours])), "us PostgreSQL CPU each"),
    ]  # fmt: skip


class Outbox:
    """Families with a permission each, and the delivery of a worker process."""

    def __init__(self, database: Database, port: int, families: int) -> None:
        settings = make_settings(
            database.url,
            clock=MORNING.isoformat(),
            wechat_api_base=f"http://127.0.0.1:{port}",
        )
        made = deps.build(settings)
        self.parts: Delivery = deps.delivery_of(made, deps.wechat_parts(made)[1])
        self._database = database
        self.engine = make_engine(database.url, pool_size=1)
        self.families = families
        self._round = 0
        values = {
            "at": MORNING,
            "count": families,
            "name": made.vault.seal("测试宝宝", NAME),
            "appid": settings.wechat_appid,
            "template_id": settings.wechat_template_ids[TEMPLATE],
        }
        with self.engine.begin() as connection:
            for statement in FAMILIES:
                connection.execute(text(statement), values)

    def deliver_a_round(self) -> Cost:
        """One message for each family, from waiting to its outcome in the database."""
        self._round += 1
        with self.engine.begin() as connection:
            self.put(connection)
        self._settle()
        before = self._database.cpu()
        rate, cpu_us = timed(self._drain, self.families)
        return Cost(rate, cpu_us, (self._database.cpu() - before) / self.families * 1e6)

    def states(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT state, count(*) AS sum FROM messages GROUP BY state")
            )
            return {row.state: row.sum for row in rows}

    def put(self, connection: Connection) -> None:
        facts = json.dumps(FACTS, ensure_ascii=False)
        values = {"round": self._round, "template": TEMPLATE, "facts": facts, "at": MORNING}
        connection.execute(text(MESSAGES), values)

    def _settle(self) -> None:
        """Let no vacuum of the last round run into the next one."""
        with self.engine.connect() as connection:
            autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
            autocommit.execute(text("VACUUM ANALYZE"))

    def _drain(self) -> None:
        while deliver(self.parts, in_all=SENT_AT_ONCE).claimed:  # as the worker calls it
            pass


def bare(port: int, count: int, threads: int) -> Cost:
    """So many POSTs of a message's size, one connection a thread."""
    values = {f"thing{n}": {"value": "满3月龄健康检查"} for n in range(1, 4)}
    body = json.dumps({"touser": "openid-of-the-bench-100000", "data": values}).encode()

    def send(share: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _ in range(share):
            connection.request("POST", "/cgi-bin/message/subscribe/send?access_token=bench", body)
            assert connection.getresponse().read()
        connection.close()

    def send_all() -> None:
        shares = [count // threads + (n < count % threads) for n in range(threads)]
        senders = [threading.Thread(target=send, args=[share]) for share in shares]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()

    return Cost(*timed(send_all, count))


def timed(work: Callable[[], None], count: int) -> tuple[float, float]:
    """Things a second, and CPU microseconds of this process for each."""
    used, started = own_cpu(), time.perf_counter()
    work()
    return count / (time.perf_counter() - started), (own_cpu() - used) / count * 1e6


def own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def stub() -> Iterator[int]:
    """The stub in a process of its own; its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.stub"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.communicate(timeout=10)


MEASURES: Measures = {"P2": p2}
