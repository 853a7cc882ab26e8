"""What PostgreSQL itself says of a schema, to compare two of them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

Catalogue = dict[str, set[tuple[str, ...]]]

OURS = "NOT LIKE ALL (ARRAY['procrastinate\\_%', 'alembic\\_version%'])"
QUERIES = {
    "columns": f"""
        SELECT table_name, column_name, data_type, coalesce(character_maximum_length::text, ''),
               is_nullable, coalesce(column_default, ''), is_identity
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name {OURS}""",
    "constraints": f"""
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
          AND conrelid::regclass::text {OURS}""",
    "indexes": f"""
        SELECT tablename, indexname, indexdef FROM pg_indexes
        WHERE schemaname = 'public' AND tablename {OURS}""",
    "triggers": f"""
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid::regclass::text {OURS}""",
    "functions": """
        SELECT proname, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'""",
    "types": """
        SELECT typname, typtype::text FROM pg_type
        WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')""",
    "all tables": """
        SELECT tablename, '' FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'""",
}


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection whose work is rolled back, and nothing open afterwards."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def catalogue(url: str) -> Catalogue:
    with connected(url) as connection:
        return {
            kind: {tuple(map(str, row)) for row in connection.execute(text(query))}
            for kind, query in QUERIES.items()
        }
