"""A database of a test's own, the engine on it, and sessions that commit."""

from collections.abc import Callable, Iterator

import pytest
from procrastinate import App
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from backend.jobs.engine import make_engine as make_task_engine
from backend.kernel.db import make_engine, session_factory


@pytest.fixture
def url(make_database: Callable[[], str]) -> str:
    return make_database()


@pytest.fixture
def own_engine(url: str) -> Iterator[Engine]:
    made = make_engine(url, pool_size=3)
    yield made
    made.dispose()


@pytest.fixture
def own_sessions(own_engine: Engine) -> sessionmaker[Session]:
    return session_factory(own_engine)


@pytest.fixture
def tasks(url: str) -> Iterator[App]:
    with make_task_engine(url, kind="test").open() as app:
        yield app
