"""The app, the clock, the database: what most tests stand on, and nothing else."""

import base64
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from backend.cli.database import EmbeddedPostgres
from backend.config import Settings, make_vault
from backend.kernel import schema
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.db import make_engine, session_factory
from backend.kernel.privacy import Vault
from tests.fakes import FakeLogin
from tests.servers import NamedServer, Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from backend.deps import Texts

# Timings never decide a test: a busy machine is slow to draw its first example.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")

ROOT = Path(__file__).parents[1]
DATABASE_FIXTURES = {
    "engine",
    "sessions",
    "committed",
    "database",
    "make_database",
    "make_empty_database",
    "app",
    "client",
}
OF_ONE_TEST = {"database_url", "photo_dir", "content_dir"}  # parts of the application know these
WEBS: list[tuple[dict[str, object], Flask]] = []
MORNING = datetime(2026, 11, 23, 10, tzinfo=CITY)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("db")


class TestDatabases:
    """Databases of one test run: a migrated template, and clones of it."""

    __test__ = False

    def __init__(self, server: Server) -> None:
        self._server = server
        self.template = f"chengyu_template_{uuid.uuid4().hex[:12]}"
        self._names: set[str] = set()
        schema.upgrade(server.create_database(self.template))

    def clone(self) -> tuple[str, str]:
        """A fresh database: (name, URL)."""
        name = self._name()
        return name, self._server.create_database(name, template=self.template)

    def empty(self) -> tuple[str, str]:
        """A database without a single table: (name, URL)."""
        name = self._name()
        return name, self._server.create_database(name)

    def drop(self, name: str) -> None:
        self._server.drop_database(name)
        self._names.discard(name)

    def drop_all(self) -> None:
        for name in (*self._names, self.template):
            self._server.drop_database(name)

    def _name(self) -> str:
        name = f"chengyu_{uuid.uuid4().hex[:12]}"
        self._names.add(name)
        return name


@pytest.fixture(scope="session")
def databases() -> Iterator[TestDatabases]:
    """One embedded server for this process, without fsync; gone afterwards.

    With TEST_DATABASE_URL it is that server, from which the databases are removed again.
    """
    if "TEST_DATABASE_URL" in os.environ:
        named = TestDatabases(NamedServer(os.environ["TEST_DATABASE_URL"]))
        yield named
        named.drop_all()
        return
    folder = Path(tempfile.mkdtemp(prefix="cy-"))
    server = EmbeddedPostgres()
    try:
        server.start(folder / "pg", fsync=False)
        yield TestDatabases(server)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database(databases: TestDatabases) -> str:
    """The URL of the database that rolled-back tests share."""
    return databases.clone()[1]


@pytest.fixture
def make_database(databases: TestDatabases) -> Iterator[Callable[[], str]]:
    """Makes migrated databases of a test's own."""
    names: list[str] = []

    def make() -> str:
        name, url = databases.clone()
        names.append(name)
        return url

    yield make
    for name in names:
        databases.drop(name)


@pytest.fixture
def make_empty_database(databases: TestDatabases) -> Iterator[Callable[[], str]]:
    """Makes databases without tables, for tests of migrations."""
    names: list[str] = []

    def make() -> str:
        name, url = databases.empty()
        names.append(name)
        return url

    yield make
    for name in names:
        databases.drop(name)


@pytest.fixture(scope="session")
def engine(database: str) -> Iterator[Engine]:
    made = make_engine(database, pool_size=2)
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Iterator[sessionmaker[Session]]:
    """Sessions on one connection whose outer transaction is rolled back after the test."""
    with engine.connect() as connection:
        outer = connection.begin()
        yield sessionmaker(
            connection, expire_on_commit=False, join_transaction_mode="create_savepoint"
        )
        outer.rollback()


@pytest.fixture
def committed(make_database: Callable[[], str]) -> Iterator[sessionmaker[Session]]:
    """Sessions that commit for real, on a database of the test's own; for threads."""
    made = make_engine(make_database(), pool_size=20, max_overflow=30)
    yield session_factory(made)
    made.dispose()


@pytest.fixture
def clock() -> FixedClock:
    """Monday 2026-11-23, 10:00 in the city."""
    return FixedClock(MORNING)


@cache
def texts() -> "Texts":
    """content/ as it is, read once for all tests of this process."""
    from backend.deps import read_texts

    return read_texts(ROOT / "content")


def key(letter: str) -> str:
    """A key for tests: base64 of 32 equal letters."""
    return base64.b64encode(letter.encode() * 32).decode()


def make_settings(database_url: str, **changes: object) -> Settings:
    """Settings of a test; the environment's own BACKEND_ variables do not count."""
    values: dict[str, object] = {
        "mode": "test",
        "database_url": database_url,
        "secret_key": "s" * 32,
        "field_keys": f"k1:{key('f')}",
        "lookup_key": key("l"),
        "content_dir": str(ROOT / "content"),
        "preview_dir": str(ROOT / "miniprogram/preview/dist"),
        "wechat_api_base": "http://127.0.0.1:9",
        "wechat_appid": "wxtest000000000001",
        "wechat_secret": "secret-of-tests",
        "wechat_token": "token-of-tests",
        "wechat_aes_key": "a" * 43,
        "wechat_template_ids": {
            "booking_confirmed": "tpl-booking-confirmed",
            "booking_declined": "tpl-booking-declined",
            "handbook_reminder": "tpl-handbook-reminder",
        },
    }
    for name in os.environ:
        assert not name.startswith("BACKEND_"), f"{name} would change the tests"
    return Settings.model_validate(values | changes)


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    return make_settings(database, photo_dir=str(tmp_path / "photos"))


@pytest.fixture
def vault() -> Vault:
    return make_vault(make_settings("unused"))


@pytest.fixture(scope="session")
def browser() -> "Iterator[Browser]":
    """One for all tests: Playwright cannot run twice in one thread."""
    from tests.browser.chromium import chromium

    with chromium() as running:
        yield running


@pytest.fixture
def login() -> FakeLogin:
    return FakeLogin()


@pytest.fixture
def app(
    settings: Settings, clock: FixedClock, sessions: sessionmaker[Session], login: FakeLogin
) -> Flask:
    """The whole web application on the rolled-back database, with parts of this test's own."""
    from backend.deps import EXTENSION, LOGIN, build  # costs a second: not paid without the web

    web = web_of(settings)
    known = texts() if settings.content_dir == str(ROOT / "content") else None
    web.extensions[EXTENSION] = build(settings, clock=clock, sessions=sessions, texts=known)
    web.extensions[LOGIN] = login
    return web


def web_of(settings: Settings) -> Flask:
    """Routes and templates, made once for all tests of this process whose settings are alike."""
    from backend.app import create_app

    alike = {name: value for name, value in settings if name not in OF_ONE_TEST}
    for known, web in WEBS:
        if known == alike:
            return web
    made = create_app(settings, login=FakeLogin(), texts=texts())
    WEBS.append((alike, made))
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
