"""A PostgreSQL of a measure's own, with fsync, in a temporary folder that is gone afterwards."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import Engine

from backend.cli.database import EmbeddedPostgres
from backend.kernel import schema
from backend.kernel.db import make_engine
from tests.bench.rows import Row


@dataclass(frozen=True)
class Database:
    """An empty migrated database. `folder` lives as long as it does."""

    url: str
    folder: Path
    postmaster: int

    def cpu(self) -> float:
        """CPU seconds of the server so far."""
        return cpu_of_tree(self.postmaster)

    @contextmanager
    def engine(self, pool_size: int) -> Iterator[Engine]:
        made = make_engine(self.url, pool_size=pool_size)
        try:
            yield made
        finally:
            made.dispose()


@dataclass(frozen=True)
class OnDatabase:
    """Implements rows.Measure: what needs a database and nothing else.

    Called, it has one of its own, with fsync; the suite gives `take` a database of its server.
    """

    take: Callable[[Database, float], Sequence[Row]]

    def __call__(self, scale: float) -> Sequence[Row]:
        with open_database() as database:
            return self.take(database, scale)


@contextmanager
def open_database() -> Iterator[Database]:
    folder = Path(tempfile.mkdtemp(prefix="cy-bench-"))
    server = EmbeddedPostgres()
    try:
        server.start(folder / "pg", fsync=True)
        url = server.create_database("bench")
        schema.upgrade(url)
        postmaster = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
        yield Database(url, folder, postmaster)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def cpu_of_tree(pid: int) -> float:
    """User and system seconds of a process, its children and those that ended already."""
    top = psutil.Process(pid)
    ended = top.cpu_times()
    total: float = ended.user + ended.system + ended.children_user + ended.children_system
    for one in top.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            used = one.cpu_times()
            total += used.user + used.system
    return total
