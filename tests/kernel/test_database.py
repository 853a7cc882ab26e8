"""What the engine says and keeps to itself, and how it notices that somebody is gone."""

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import bindparam, make_url, select, text
from sqlalchemy.exc import DBAPIError

from backend.kernel.db import make_engine, plain_url

# As set, whatever the connection is: over a socket file the server shows all of them as 0.
WATCH = text("""
    SELECT name, reset_val FROM pg_settings
     WHERE name LIKE 'tcp_keepalives%' OR name = 'tcp_user_timeout'
""")
HALF_A_MINUTE = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
}


def test_the_text_of_a_database_error_holds_nobodys_data(database: str) -> None:
    engine = make_engine(database, pool_size=1)

    with pytest.raises(DBAPIError) as error, engine.connect() as connection:
        connection.execute(select(bindparam("openid", "丁小满\0")))
    engine.dispose()

    assert "丁小满" not in str(error.value)


def test_the_server_ends_a_transaction_whose_process_hangs(database: str) -> None:
    """A worker that was stopped in one would hold the rows of families until it is killed."""
    engine = make_engine(database, pool_size=1)

    with engine.connect() as connection:
        limit = connection.scalar(text("SHOW idle_in_transaction_session_timeout"))
    engine.dispose()
    assert limit == "2min"


def test_the_server_watches_for_hosts_that_vanish_with_their_locks(database: str) -> None:
    engine = make_engine(database, pool_size=1)

    with engine.connect() as connection:
        assert {row.name: row.reset_val for row in connection.execute(WATCH)} == HALF_A_MINUTE
    engine.dispose()


def test_two_servers_in_the_url_are_the_same_two_to_every_driver() -> None:
    """SQLAlchemy reads the URL itself, procrastinate and the leader hand it to libpq."""
    url = (
        "postgresql+psycopg://chengyu:p%40ss@/chengyu"
        "?host=db-a,db-b&port=5432,5433&target_session_attrs=read-write"
    )

    theirs = conninfo_to_dict(plain_url(url))
    _, ours = make_engine(url).dialect.create_connect_args(make_url(url))

    assert {name: ours[name] for name in theirs} == theirs
    assert (ours["host"], ours["port"]) == ("db-a,db-b", "5432,5433")
