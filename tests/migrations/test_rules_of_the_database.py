"""What the database refuses, rule by rule: the last guard when two requests race."""

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DatabaseError

from tests.migrations.catalogue import OURS
from tests.migrations.rows import BREACHES, LAWFUL, Breach

# What a foreign key refers to: the primary key refuses such a row before it does.
IMPLIED = {"uq_pregnancies_id_state"}
# A key made by the database itself can clash with nothing; every other key is a rule.
RULES = f"""
    SELECT conname FROM pg_constraint AS rule
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text {OURS}
      AND contype IN ('c', 'u', 'x', 'p')
      AND NOT (contype = 'p' AND EXISTS (
          SELECT 1 FROM pg_attribute
          WHERE attrelid = rule.conrelid AND attnum = ANY (rule.conkey) AND attidentity <> ''))
    UNION
    SELECT indexrelid::regclass::text FROM pg_index
    WHERE indisunique AND NOT indisprimary AND indrelid::regclass::text {OURS}
      AND indrelid::regclass::text NOT LIKE 'pg\\_%'
"""


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection on which one lawful row of each table stands; rolled back."""
    with engine.connect() as made:
        for table, row in LAWFUL.items():
            _insert(made, table, row)
        yield made
        made.rollback()


@pytest.mark.parametrize(
    "breach", BREACHES, ids=lambda breach: f"{breach.rule}-{sorted(breach.changes.items())}"
)
def test_a_row_that_breaks_a_rule_is_refused(connection: Connection, breach: Breach) -> None:
    with pytest.raises(DatabaseError) as refusal:
        _insert(connection, breach.table, LAWFUL[breach.table] | breach.changes)

    assert isinstance(refusal.value.orig, psycopg.IntegrityError)
    assert refusal.value.orig.diag.constraint_name == breach.rule


def test_every_rule_has_a_row_that_breaks_it(engine: Engine) -> None:
    with engine.connect() as connection:
        rules = {str(name) for name in connection.scalars(text(RULES))}

    assert rules - IMPLIED == {breach.rule for breach in BREACHES}


def test_every_table_has_a_lawful_row(engine: Engine) -> None:
    with engine.connect() as connection:
        tables = connection.scalars(
            text(
                f"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename {OURS}"
            )
        )
        assert set(tables) == set(LAWFUL)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET actor = 'somebody else'",
        "DELETE FROM audit_log",
        "UPDATE booking_log SET actor = 'somebody else'",
        "UPDATE sign_checks SET note = 'something else'",
        "DELETE FROM sign_checks",
    ],
)
def test_what_happened_is_not_rewritten(connection: Connection, statement: str) -> None:
    with pytest.raises(DatabaseError, match="only ever added"):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "changes",
    [
        {"quota_number": None, "state": "declined"},
        {"quota_number": 2, "state": "cancelled_by_family"},
        {"quota_year": 2027, "state": "cancelled_by_centre"},
    ],
)
def test_a_place_given_back_may_be_booked_again(
    connection: Connection, changes: dict[str, Any]
) -> None:
    _insert(connection, "bookings", LAWFUL["bookings"] | {"id": 2} | changes)


def test_a_consent_withdrawn_may_be_given_again(connection: Connection) -> None:
    connection.execute(text("UPDATE consents SET withdrawn_at = given_at"))

    _insert(connection, "consents", LAWFUL["consents"])


def test_a_second_registration_stands_beside_the_first_as_its_duplicate(
    connection: Connection,
) -> None:
    duplicate = {"id": 2, "duplicate_of_id": 1, "duplicate_state": "possible"}

    _insert(connection, "children", LAWFUL["children"] | duplicate)


def test_a_child_with_bookings_cannot_be_deleted_by_accident(connection: Connection) -> None:
    with pytest.raises(DatabaseError) as refusal:
        connection.execute(text("DELETE FROM children"))

    assert isinstance(refusal.value.orig, psycopg.errors.RestrictViolation)


def _insert(connection: Connection, table: str, row: Mapping[str, Any]) -> None:
    columns = ", ".join(row)
    values = ", ".join(f":{column}" for column in row)
    connection.execute(
        text(f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({values})"), row
    )
