"""A real house for measures: PostgreSQL with fsync, granian with four workers, many families.

Everything lies in a temporary folder and is gone afterwards. CPU seconds are those of the
product's own processes; the load client counts apart.
"""

import math
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import psutil
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.models import Booking, BookingPolicy
from backend.bookings.rules import Policy
from backend.centres.models import Centre, Slot, SlotKind
from backend.config import make_vault
from backend.kernel.clock import CITY
from backend.kernel.db import Base, make_engine, session_factory
from backend.people.children import NAME
from backend.people.documents import load_documents
from backend.people.models import Child, Consent, Guardian, Parent, ParentToken, Relation, Sex
from backend.people.rules import digest
from tests.bench.database import Database, cpu_of_tree, open_database
from tests.conftest import ROOT, make_settings
from tests.process.product import environ_of, free_port
from tests.process.waiting import eventually

CLOCK = datetime(2026, 12, 28, 10, tzinfo=CITY)  # both years' slots are open for booking
DAY = timedelta(days=1)
WORKERS = 4
CRASH_LOOP = 6.0  # seconds; granian's own figure is 5.5 (granian/server/common.py)
TOWN = "320281001"
# What autovacuum does within a minute of a city's first import. Without it the guardians of a
# child are looked up through everybody's consents: 4,300 index scans a booking.
ANALYZE = text("ANALYZE parents, children, guardians, consents, parent_tokens")
DOCUMENTS = load_documents(ROOT / "content")


@dataclass(frozen=True)
class Family:
    token: str
    child: int


@dataclass(frozen=True)
class Cpu:
    """CPU seconds used so far."""

    web: float
    database: float

    @property
    def total(self) -> float:
        return self.web + self.database

    def since(self, earlier: "Cpu") -> "Cpu":
        return Cpu(self.web - earlier.web, self.database - earlier.database)


class House:
    """The product under load: its address, its database, its processes."""

    def __init__(self, database: Database) -> None:
        self.url = database.url
        self.sessions: sessionmaker[Session] = session_factory(make_engine(self.url, pool_size=8))
        self._database = database
        self.port = free_port()
        self._kills: list[float] = []
        self._web = self._start_web()

    def _start_web(self) -> subprocess.Popen[bytes]:
        settings = make_settings(
            self.url, port=self.port, clock=CLOCK.isoformat(), sandbox_url="http://127.0.0.1:9"
        )
        with (self._database.folder / "web.log").open("wb") as log:
            web = subprocess.Popen(
                [sys.executable, "-m", "backend", "web", "--workers", str(WORKERS)],
                cwd=ROOT,
                env={**os.environ, **environ_of(settings)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        eventually(self._answers, seconds=60)
        return web

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests."""
        children = psutil.Process(self._web.pid).children()
        return [one for one in children if "resource_tracker" not in " ".join(one.cmdline())]

    def kill_a_worker(self) -> None:
        """kill -9 of the web process that has lived longest; granian starts another."""
        oldest = min(self.workers(), key=lambda one: one.create_time())
        os.kill(oldest.pid, signal.SIGKILL)
        self._kills.append(time.monotonic())

    def may_lose_a_worker(self) -> bool:
        """Whether granian would replace the oldest worker.

        It takes the death of one that it has just started for a crash loop and ends: right for a
        server, and not what is measured.
        """
        born = self._kills[-WORKERS] if len(self._kills) >= WORKERS else -math.inf
        return time.monotonic() - born > CRASH_LOOP

    def cpu(self) -> Cpu:
        return Cpu(cpu_of_tree(self._web.pid), self._database.cpu())

    def close(self) -> None:
        os.killpg(self._web.pid, signal.SIGTERM)
        try:
            self._web.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(self._web.pid, signal.SIGKILL)
            self._web.wait()
        self.sessions.kw["bind"].dispose()

    def add_families(self, count: int) -> list[Family]:
        """Parents who agreed to everything and are signed in, each with a child of ten months."""
        tokens = [secrets.token_urlsafe(16) for _ in range(count)]
        name = make_vault(make_settings("unused")).seal("测试宝宝", NAME)
        with self.sessions.begin() as session:
            parents = _insert(session, Parent, [{"created_at": CLOCK}] * count)
            children = _insert(session, Child, [_child(name) for _ in range(count)])
            pairs = list(zip(children, parents, strict=True))
            session.execute(
                insert(ParentToken),
                [_token(token, who) for token, who in zip(tokens, parents, strict=True)],
            )
            session.execute(insert(Guardian), [_guardian(child, who) for child, who in pairs])
            session.execute(insert(Consent), [row for who in parents for row in _consents(who)])
        with self.sessions.begin() as session:
            session.execute(ANALYZE)
        return [Family(token, child) for token, child in zip(tokens, children, strict=True)]

    def add_slots(
        self, count: int, *, capacity: int, first: datetime = CLOCK + timedelta(days=2)
    ) -> list[int]:
        """Slots of one new centre, one minute apart."""
        with self.sessions.begin() as session:
            centre = Centre(
                name=secrets.token_hex(8), town_code=TOWN, address="测试路1号", created_at=CLOCK
            )
            session.add(centre)
            session.flush()
            starts = [first + timedelta(minutes=number) for number in range(count)]
            return _insert(session, Slot, [_slot(centre.id, at, capacity) for at in starts])

    def allow_open(self, most: int) -> None:
        """From now on a child may have so many sessions ahead of it: the city's next rule."""
        with self.sessions.begin() as session:
            session.add(BookingPolicy(**policy_row(max_open=most), effective_from=CLOCK - DAY))

    def forget_bookings(self) -> None:
        """Everybody has six sessions again."""
        with self.sessions.begin() as session:
            session.execute(
                text("TRUNCATE booking_log, bookings, messages, idempotent_answers CASCADE")
            )

    def sold(self, slot: int) -> tuple[int, int]:
        """Places of a slot: as its counter says, as its bookings say."""
        with self.sessions() as session:
            taken = session.scalar(select(Slot.taken).where(Slot.id == slot))
            rows = session.scalar(select(func.count()).where(Booking.slot_id == slot))
            return taken or 0, rows or 0

    def numbers_used(self, child: int) -> list[int]:
        """How many of the six each year has used for a child."""
        with self.sessions() as session:
            counts = session.execute(
                select(Booking.quota_year, func.count())
                .where(Booking.child_id == child)
                .group_by(Booking.quota_year)
                .order_by(Booking.quota_year)
            )
            return [row[1] for row in counts]


def policy_row(**changes: Any) -> dict[str, Any]:
    return {**asdict(replace(Policy(), **changes)), "note": "bench", "created_by": "bench"}


def _insert(session: Session, kind: type[Base], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert many rows; their ids in the order of the rows."""
    ids = session.scalars(
        insert(kind).returning(kind.__table__.c.id, sort_by_parameter_order=True), rows
    )
    return list(ids)


def _child(name_sealed: str) -> dict[str, Any]:
    return {
        "name_sealed": name_sealed,
        "identity": secrets.token_bytes(32),
        "birth_date": date(2026, 2, 1),
        "sex": Sex.FEMALE,
        "town_code": TOWN,
        "home_cared": True,
        "created_at": CLOCK,
    }


def _token(token: str, parent: int) -> dict[str, Any]:
    return {
        "token_hash": digest(token),
        "parent_id": parent,
        "created_at": CLOCK,
        "expires_at": CLOCK + timedelta(days=30),
    }


def _guardian(child: int, parent: int) -> dict[str, Any]:
    return {"child_id": child, "parent_id": parent, "relation": Relation.MOTHER, "since": CLOCK}


def _consents(parent: int) -> list[dict[str, Any]]:
    return [
        {
            "parent_id": parent,
            "purpose": document.purpose,
            "version": document.version,
            "document_hash": document.hash,
            "channel": "bench",
            "given_at": CLOCK,
        }
        for document in DOCUMENTS.values()
    ]


def _slot(centre: int, starts_at: datetime, capacity: int) -> dict[str, Any]:
    return {
        "centre_id": centre,
        "kind": SlotKind.ACTIVITY,
        "title": "一起爬一爬",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=1),
        "age_from_months": 0,
        "age_to_months": 36,
        "capacity": capacity,
        "created_at": CLOCK,
    }


@contextmanager
def open_house() -> Iterator[House]:
    """An empty migrated database (fsync on) and granian. Closed whatever happens."""
    with open_database() as database:
        house = House(database)
        try:
            yield house
        finally:
            house.close()
