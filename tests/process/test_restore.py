"""A house that is restored from a backup sends nobody what went out after it a second time."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import NullPool, create_engine, make_url

from backend.cli.database import programs
from backend.kernel.clock import clock_from
from backend.kernel.db import session_factory
from backend.outbox.models import MessageState
from tests.conftest import ROOT
from tests.process.product import Product, environ_of
from tests.process.receivers import (
    UNDER_WAY,
    Sessions,
    arrived,
    make_receivers,
    put_messages,
    states,
)
from tests.process.waiting import eventually

SENT_BEFORE, SENT_AFTER = 20, 30
LATER, LATER_STILL = "2026-11-23T10:20:00+08:00", "2026-11-23T10:40:00+08:00"


def dump(url: str, file: Path) -> None:
    _run("pg_dump", "--format=custom", f"--file={file}", _plain(url))


def load(file: Path, url: str) -> None:
    _run("pg_restore", "--no-owner", f"--dbname={_plain(url)}", str(file))


def _run(program: str, *arguments: str) -> None:
    subprocess.run([str(programs() / program), *arguments], check=True, capture_output=True)


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def command(product: Product, *words: str) -> str:
    """What a command says, on either stream."""
    result = subprocess.run(
        [sys.executable, "-m", "backend", *words],
        cwd=ROOT,
        env={**os.environ, **environ_of(product.settings)},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout + result.stderr


def sessions_of(product: Product) -> Sessions:
    """Sessions of its present database that keep no connection."""
    engine = create_engine(product.settings.database_url, poolclass=NullPool)
    return session_factory(engine)


def go_on_with(product: Product, backup: Path, fresh: str) -> Sessions:
    """The installation as its backup has it, in another database; no process runs."""
    load(backup, fresh)
    changes = {"database_url": fresh, "clock": LATER}  # each process begins at its clock's time
    product.settings = product.settings.model_copy(update=changes)
    return sessions_of(product)


def test_what_went_out_after_the_backup_goes_out_again_only_without_the_two_steps(
    make_product: Callable[..., Product], make_empty_database: Callable[[], str], tmp_path: Path
) -> None:
    product, backup = make_product(), tmp_path / "backup"
    sessions, clock = sessions_of(product), clock_from(product.settings.clock)
    product.start("wechat-sandbox", "scheduler")
    parents = make_receivers(product, sessions, clock, SENT_BEFORE + SENT_AFTER)
    put_messages(sessions, clock, parents[:SENT_BEFORE], "before")
    product.start("worker")
    eventually(lambda: states(sessions) == {MessageState.SENT: SENT_BEFORE})
    product.kill("worker")
    put_messages(sessions, clock, parents[SENT_BEFORE:], "after")
    dump(product.settings.database_url, backup)
    product.start("worker")
    eventually(lambda: states(sessions) == {MessageState.SENT: SENT_BEFORE + SENT_AFTER})
    product.kill("worker")
    product.kill("scheduler")

    sessions = go_on_with(product, backup, make_empty_database())
    assert "paused" in command(product, "restore", "hold")
    product.start("scheduler", "worker")
    product.settings = product.settings.model_copy(update={"clock": LATER_STILL})
    eventually(lambda: f"{SENT_AFTER} messages" in command(product, "restore", "settle"))
    newcomer = make_receivers(product, sessions, clock, 1)
    put_messages(sessions, clock, newcomer, "new")
    eventually(lambda: not UNDER_WAY & set(states(sessions)))
    assert states(sessions) == {
        MessageState.SENT: SENT_BEFORE + 1,
        MessageState.UNKNOWN: SENT_AFTER,
    }
    assert arrived(product) == SENT_BEFORE + SENT_AFTER + 1, "each once"
    product.kill("worker")
    product.kill("scheduler")

    sessions = go_on_with(product, backup, make_empty_database())
    product.start("scheduler", "worker")
    eventually(lambda: not UNDER_WAY & set(states(sessions)))
    assert arrived(product) == SENT_BEFORE + SENT_AFTER + 1 + SENT_AFTER, "thirty twice"
