"""Up from nothing, down to nothing, up again; and what stands then is what the models say."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from backend.kernel import schema
from backend.kernel.db import Base
from tests.migrations.catalogue import QUERIES, catalogue, connected

pytestmark = pytest.mark.slow

SCRIPTS = ScriptDirectory.from_config(schema.alembic_config(""))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


def test_each_migration_goes_down_as_it_came_up(make_empty_database: Callable[[], str]) -> None:
    url = make_empty_database()
    stages = [catalogue(url)]
    for revision in REVISIONS:
        schema.upgrade(url, revision)
        stages.append(catalogue(url))

    for number in range(len(REVISIONS) - 1, -1, -1):
        schema.downgrade(url, "-1")
        assert catalogue(url) == stages[number], f"down from {REVISIONS[number]}"
    assert catalogue(url) == {kind: set() for kind in QUERIES}

    schema.upgrade(url)
    assert catalogue(url) == stages[-1]


def test_the_newest_migration_equals_the_models(make_database: Callable[[], str]) -> None:
    command.check(schema.alembic_config(make_database()))


def test_migrations_and_models_make_the_same_rules(
    make_database: Callable[[], str], make_empty_database: Callable[[], str]
) -> None:
    """`alembic check` sees no changed CHECK and no changed condition of an index."""
    by_models = make_empty_database()
    engine = create_engine(by_models, poolclass=NullPool)
    Base.metadata.create_all(engine)

    migrated, modelled = catalogue(make_database()), catalogue(by_models)

    for kind in ("columns", "constraints", "indexes"):
        assert migrated[kind] == modelled[kind]


def test_an_upgrade_of_a_new_database_changes_nothing(make_database: Callable[[], str]) -> None:
    url = make_database()
    before = catalogue(url)

    schema.upgrade(url)

    assert catalogue(url) == before


def test_there_is_one_line_of_migrations_and_head_names_its_end() -> None:
    """Two branches that add one each conflict in this file, in git, not in production."""
    named = (Path(schema.MIGRATIONS) / "HEAD").read_text(encoding="utf-8").strip()

    assert SCRIPTS.get_heads() == [named]
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS


def test_every_migration_says_why_it_is_there() -> None:
    for script in SCRIPTS.walk_revisions():
        first, _, more = (script.module.__doc__ or "").partition("\n\n")
        assert first.endswith("."), script.revision
        assert more.strip(), script.revision


def test_a_revision_imports_nothing_of_ours() -> None:
    """The models move on; what a revision did stays what it was."""
    for script in SCRIPTS.walk_revisions():
        source = Path(script.path).read_text(encoding="utf-8")
        assert "backend" not in source, script.revision


def test_a_database_knows_where_it_stands(
    make_empty_database: Callable[[], str], engine: Engine
) -> None:
    url = make_empty_database()
    empty = create_engine(url, poolclass=NullPool)

    assert schema.current_revision(empty) is None
    assert schema.current_revision(engine) == schema.newest_revision()


def test_people_written_before_bookings_existed_are_still_there(
    make_empty_database: Callable[[], str],
) -> None:
    url = make_empty_database()
    schema.upgrade(url, "0003")
    _execute(
        url,
        "INSERT INTO parents (id, created_at) OVERRIDING SYSTEM VALUE VALUES (1, '2026-01-01Z')",
        """INSERT INTO children (id, name_sealed, identity, birth_date, sex, town_code, home_cared,
           created_at) OVERRIDING SYSTEM VALUE
           VALUES (1, 'k1:x', '\\x01', '2026-01-01', 'f', '320281001', true, '2026-01-02Z')""",
        "INSERT INTO guardians VALUES (1, 1, 'mother', '2026-01-02Z')",
        """INSERT INTO audit_log (at, actor, action, subject, detail)
           VALUES ('2026-01-02Z', 'parent:1', 'child.registered', 'child:1', '{}')""",
    )

    schema.upgrade(url)

    with connected(url) as connection:
        child = connection.execute(
            text(
                "SELECT name_sealed, sex, relation FROM children"
                " JOIN guardians ON guardians.child_id = children.id"
            )
        ).one()
        assert tuple(child) == ("k1:x", "f", "mother")
        assert connection.scalar(text("SELECT count(*) FROM audit_log")) == 1


def test_a_new_city_has_a_booking_policy_from_the_start(engine: Engine) -> None:
    with engine.connect() as connection:
        row = connection.execute(text("SELECT opens_days, free_cancel_hours FROM booking_policies"))
        assert row.one() == (14, 24)


def test_a_migration_gives_up_rather_than_hold_up_all_traffic(
    make_database: Callable[[], str],
) -> None:
    url = make_database()
    before = catalogue(url)

    with connected(url) as reader:
        reader.execute(text("SELECT 1 FROM heartbeats"))  # its transaction stays open
        with pytest.raises(OperationalError, match="lock timeout"):
            schema.downgrade(url, "0007")

    assert catalogue(url) == before


def _execute(url: str, *statements: str) -> None:
    with connected(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
