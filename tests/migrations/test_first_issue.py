"""A city that began with the first issue's version: nothing of what it wrote is lost or changed.

But for one thing: a message that a worker held without a lease gets one that is over (0045).
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from backend.app import create_app
from backend.kernel import schema
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.db import make_engine, session_factory
from backend.outbox import claims
from backend.outbox.models import Message, MessageState
from tests.api.families import Phone
from tests.conftest import make_settings
from tests.console.conftest import TOKEN
from tests.fakes import FakeLogin
from tests.migrations.catalogue import connected

pytestmark = pytest.mark.slow

FIRST_ISSUE = "0010"
AFTER = datetime(2026, 11, 28, 9, tzinfo=CITY)
DONE = 2  # what each of the first families had written into the handbook
WITHOUT_A_LEASE = 6  # messages that it left on the wire
DUMP = Path(__file__).with_name("first_issue.sql")
TABLES = """
    SELECT tablename FROM pg_tables
    WHERE schemaname = 'public'
      AND tablename NOT LIKE ALL (ARRAY['procrastinate\\_%', 'alembic\\_version'])"""
COLUMNS = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = :table ORDER BY ordinal_position"""

Shape = dict[str, list[str]]
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture
def old_city(make_empty_database: Callable[[], str]) -> str:
    """The URL of a database as the first issue left it."""
    url = make_empty_database()
    schema.upgrade(url, FIRST_ISSUE)
    with connected(url) as connection:
        connection.exec_driver_sql("DELETE FROM booking_policies")  # the dump has it
        connection.exec_driver_sql(DUMP.read_text(encoding="utf-8").replace("%", "%%"))
        connection.commit()
    return url


def test_nothing_is_lost_or_changed(old_city: str) -> None:
    shape = _shape(old_city)
    before = _rows(old_city, shape)
    mended = before | {"messages": _under_a_lease(before["messages"], shape["messages"])}
    assert sum(row not in mended["messages"] for row in before["messages"]) == WITHOUT_A_LEASE

    schema.upgrade(old_city)

    assert _rows(old_city, shape) == mended
    schema.downgrade(old_city, FIRST_ISSUE)
    assert _shape(old_city) == shape
    assert _rows(old_city, shape) == mended


def test_what_was_on_the_wire_without_an_end_is_listed_and_its_family_told_again(
    old_city: str,
) -> None:
    """Without a lease it would be on the wire for ever, and hold back all that comes after."""
    schema.upgrade(old_city)
    engine = make_engine(old_city, pool_size=1)
    on_the_wire = select(Message.id).where(Message.state == MessageState.SENDING)

    with session_factory(engine)() as session:
        before = session.scalars(on_the_wire).all()
        listed = claims.list_the_lost(session, FixedClock(AFTER))
        left = session.scalars(on_the_wire).all()
    engine.dispose()
    assert (len(before), listed, left) == (WITHOUT_A_LEASE, WITHOUT_A_LEASE, [])


def test_every_table_of_the_first_issue_has_rows(old_city: str) -> None:
    """Or the comparison above would prove nothing."""
    assert [table for table, rows in _rows(old_city, _shape(old_city)).items() if not rows] == []


def test_what_stands_at_child_and_parent_is_filled_from_the_rows(old_city: str) -> None:
    schema.upgrade(old_city)

    with connected(old_city) as connection:
        recorded = connection.execute(
            text(
                "SELECT bit_count(recorded_doses::bit(64)) + bit_count(recorded_checkups::bit(64)),"
                " (SELECT count(*) FROM handbook_entries WHERE child_id = child.id"
                "     AND item_id ~ '^(vaccine|checkup):') FROM children AS child"
            )
        ).all()
        agreed = set(connection.scalars(text("SELECT id FROM parents WHERE agreed")))
        both = connection.scalars(
            text(
                "SELECT parent_id FROM consents WHERE withdrawn_at IS NULL AND purpose = 'privacy'"
                " INTERSECT SELECT parent_id FROM consents"
                " WHERE withdrawn_at IS NULL AND purpose = 'children'"
            )
        )
        assert agreed == set(both)
        assert agreed
    assert all(word == rows for word, rows in recorded)
    assert any(rows for _, rows in recorded)


@pytest.fixture
def web(old_city: str) -> Iterator[Flask]:
    """Today's product on the old city's data."""
    schema.upgrade(old_city)
    engine = make_engine(old_city, pool_size=2)
    yield create_app(
        make_settings(old_city),
        clock=FixedClock(AFTER),
        sessions=session_factory(engine),
        login=FakeLogin(),
    )
    engine.dispose()


def test_an_old_family_and_its_clerk_go_on(old_city: str, web: Flask) -> None:
    """Signed in again, they find what they had."""
    phone, desk = Phone(web.test_client(), "0"), web.test_client()
    before = _rows(old_city, {"bookings": ["child_id", "state"]})["bookings"]

    phone.agree()  # the words have changed since
    children = phone.get("/children").json["items"]
    bookings = phone.get("/bookings").json["items"]

    assert [child["name"] for child in children] == ["丁小满"]
    mine = [state for child, state in before if child == children[0]["id"]]
    assert sorted(booking["state"] for booking in bookings) == sorted(mine)
    timeline = phone.get(f"/children/{children[0]['id']}/handbook").json["items"]
    assert sum(item["status"] == "done" for item in timeline) == DONE

    token = TOKEN.search(desk.get("/console/sign-in").get_data(as_text=True))
    assert token is not None
    form = {"csrf_token": token[1], "login": "zhongxin", "password": "Passwort-der-Probe-9"}
    assert desk.post("/console/sign-in", data=form).status_code == 303
    for path in ("/", "/requests", "/slots", "/slots/week", "/waiting"):
        assert desk.get(f"/console{path}").status_code == 200, path


def _shape(url: str) -> Shape:
    with connected(url) as connection:
        return {
            table: list(connection.scalars(text(COLUMNS), {"table": table}))
            for table in sorted(connection.scalars(text(TABLES)))
        }


def _under_a_lease(rows: list[tuple[Any, ...]], columns: list[str]) -> list[tuple[Any, ...]]:
    """These messages as 0045 leaves them: what is held has a lease, over since it was written."""
    state, lease, written = (columns.index(one) for one in ("state", "not_before", "created_at"))
    mended = [
        (*row[:lease], row[written], *row[lease + 1 :])
        if row[state] in ("claimed", "sending") and row[lease] is None
        else row
        for row in rows
    ]
    return sorted(mended, key=repr)


def _rows(url: str, shape: Shape) -> Rows:
    with connected(url) as connection:
        return {
            table: sorted(
                map(tuple, connection.execute(text(f"SELECT {', '.join(columns)} FROM {table}"))),
                key=repr,
            )
            for table, columns in shape.items()
        }
