"""B7: places given back five at a time; how soon, and in which order, they are offered.

A real scheduler and two workers on a database with fsync; the families act through the services.
Fifteen families share one slot of five places: five leave at once, the next five of the line are
offered and accept, and those who left stand in line again at its end.
"""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk
from backend.bookings.waiting_models import WaitingEntry, WaitingState
from backend.kernel.clock import CITY, RunningClock
from backend.kernel.db import make_engine, session_factory
from backend.outbox.models import Message
from tests.bench.database import Database, open_database
from tests.bench.rows import Measures, Row, percentile
from tests.bookings.family import Family, book, cancel, make_family
from tests.bookings.waiting import accept, join
from tests.conftest import ROOT, make_settings
from tests.factories import make_slot
from tests.process.product import environ_of

PLACES, LINE, WORKERS = 5, 10, 2
MORNING = datetime(2026, 11, 23, 8, 30, tzinfo=CITY)  # no night begins while it runs
W = WaitingState
Sessions = sessionmaker[Session]


@dataclass(frozen=True)
class Entry:
    family: Family
    id: int


class Scene:
    """One slot: who holds its places, and who waits, in order."""

    def __init__(self, sessions: Sessions, clock: RunningClock) -> None:
        self._sessions, self._clock = sessions, clock
        self._slot = make_slot(
            sessions, capacity=PLACES, starts_at=clock.now() + timedelta(days=10)
        )
        holders = [make_family(sessions) for _ in range(PLACES)]
        self._held = [(one, book(sessions, clock, one, self._slot)) for one in holders]
        self._line: deque[Entry] = deque()
        for _ in range(LINE):
            self._stand(make_family(sessions))
        self.out_of_order = 0

    def _stand(self, family: Family) -> None:
        self._line.append(Entry(family, join(self._sessions, self._clock, family, self._slot)))

    def turn(self, pool: ThreadPoolExecutor) -> list[float]:
        """Five places are given back at once and offered; seconds from each to its offer."""
        left = list(pool.map(self._leave, self._held))
        expected = [self._line.popleft() for _ in range(PLACES)]
        offered = self._wait_for_offers()
        self.out_of_order += sorted(offered) != sorted(entry.id for entry in expected)
        self.out_of_order += not self._in_order(list(offered))
        # Places are equal: the first one that was freed is the one that was offered first.
        waits = [
            max(0.0, seen - freed)
            for freed, seen in zip(sorted(left), sorted(offered.values()), strict=True)
        ]
        bookings = pool.map(self._accept, expected)
        gone = [family for family, _ in self._held]
        self._held = [(one.family, made) for one, made in zip(expected, bookings, strict=True)]
        for family in gone:
            self._stand(family)
        return waits

    def _leave(self, held: tuple[Family, int]) -> float:
        cancel(self._sessions, self._clock, *held)
        return time.perf_counter()

    def _accept(self, entry: Entry) -> int:
        return accept(self._sessions, self._clock, entry.family, entry.id)

    def _in_order(self, entries: Sequence[int]) -> bool:
        """Whether the five were offered in the order in which they had joined."""
        query = select(WaitingEntry.offered_at).where(WaitingEntry.id.in_(entries))
        with self._sessions() as session:
            found = session.scalars(query.order_by(WaitingEntry.id)).all()
        times = [one for one in found if one is not None]
        return times == sorted(times)

    def _wait_for_offers(self) -> dict[int, float]:
        """When each open offer was first seen; there are as many as places."""
        seen: dict[int, float] = {}
        query = select(WaitingEntry.id).where(
            WaitingEntry.slot_id == self._slot, WaitingEntry.state == W.OFFERED
        )
        deadline = time.perf_counter() + 60
        while len(seen) < PLACES:
            with self._sessions() as session:
                for entry in session.scalars(query):
                    seen.setdefault(entry, time.perf_counter())
            assert time.perf_counter() < deadline, f"offered {len(seen)} of {PLACES} in a minute"
            time.sleep(0.005)
        return seen


@contextmanager
def _processes(database: Database, clock: RunningClock) -> Iterator[None]:
    """A scheduler and workers, until the measure is taken."""
    settings = make_settings(database.url, clock=clock.setting, sandbox_url="http://127.0.0.1:9")
    started = [
        _launch(database, settings_environ=environ_of(settings), command=command, number=number)
        for number, command in enumerate(["scheduler", *["worker"] * WORKERS])
    ]
    try:
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _launch(
    database: Database, *, settings_environ: dict[str, str], command: str, number: int
) -> subprocess.Popen[bytes]:
    with (database.folder / f"{command}-{number}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "backend", command],
            cwd=ROOT,
            env={**os.environ, **settings_environ},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )


def b7(scale: float) -> Sequence[Row]:
    """10,000 cancel-and-offer cycles, five at a time."""
    turns, clock = max(4, round(2000 * scale)), RunningClock(MORNING)
    with open_database() as database, _processes(database, clock):
        sessions = session_factory(make_engine(database.url, pool_size=PLACES + 1))
        scene, waits = Scene(sessions, clock), list[float]()
        with ThreadPoolExecutor(PLACES) as pool:
            scene.turn(pool)  # the first one opens connections
            for _ in range(turns):
                waits += scene.turn(pool)
        wrong = _lost_or_twice(sessions)
        sessions.kw["bind"].dispose()
    p50, p99 = (round(percentile(waits, one) * 1000) for one in (50, 99))
    cycles = f"of {len(waits)}"
    return [
        Row("B7", p50, "ms, place freed → offered, p50"),
        Row("B7", p99, "ms, place freed → offered, p99", "≤ 5000", p99 <= 5000),
        Row("B7", wrong, f"lost or given twice, {cycles}", "0", wrong == 0, counted=True),
        Row(
            "B7",
            scene.out_of_order,
            f"turns out of order, of {turns}",
            "0",
            not scene.out_of_order,
            counted=True,
        ),
    ]


def _lost_or_twice(sessions: Sessions) -> int:
    """Slots whose counter differs, children with two places, offers told twice or not at all."""
    with sessions() as session:
        twice = session.execute(
            text(
                "SELECT child_id FROM bookings WHERE state IN ('requested', 'confirmed')"
                " GROUP BY child_id, slot_id HAVING count(*) > 1"
            )
        ).all()
        offers = session.scalar(select(func.count()).where(WaitingEntry.offered_at.is_not(None)))
        told = session.scalar(select(func.count()).where(Message.template == "waiting_offered"))
        return len(desk.counter_drift(session)) + len(twice) + abs((offers or 0) - (told or 0))


MEASURES: Measures = {"B7": b7}
