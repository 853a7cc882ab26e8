"""The SQL of each migration, without a database, as squawk judges it.

procrastinate's own SQL is not judged: it is taken as released.
"""

import io
import subprocess
import sys
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from backend.kernel.schema import alembic_config

ROOT = Path(__file__).parents[1]
SQL = ROOT / "build" / "sql"
NOT_OURS = {"0009"}
# Tables are made whole by these migrations; env.py sets the timeouts for all of them.
EXCLUDED = [
    "prefer-robust-stmts",
    "prefer-timestamp-tz",
    "prefer-identity",
    "require-timeout-settings",
    "prefer-text-field",  # StrEnum columns: VARCHAR(40) with a CHECK
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "require-concurrent-index-creation",
    "adding-foreign-key-constraint",
]


def sql_of(module: object) -> str:
    buffer = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": buffer}
    )
    with Operations.context(context):
        module.upgrade()  # type: ignore[attr-defined]
    return buffer.getvalue()


def main() -> int:
    SQL.mkdir(parents=True, exist_ok=True)
    files = []
    for script in ScriptDirectory.from_config(alembic_config("")).walk_revisions():
        if script.revision not in NOT_OURS:
            file = SQL / f"{Path(script.path).stem}.sql"
            file.write_text(sql_of(script.module), encoding="utf-8")
            files.append(str(file))
    command = ["squawk", "--assume-in-transaction", "--pg-version=18"]
    excluded = [f"--exclude={rule}" for rule in EXCLUDED]
    return subprocess.run([*command, *excluded, *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
