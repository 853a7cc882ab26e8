import psycopg
from sqlalchemy import Engine, text

from backend.jobs.leader import Leader, address
from tests.kernel.test_database import HALF_A_MINUTE, WATCH
from tests.sandbox.running import until


def kill_the_leaders_connection(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks"
                " WHERE locktype = 'advisory' AND database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
        )


def test_of_two_schedulers_one_leads(url: str) -> None:
    first, second = Leader(url), Leader(url)

    assert first.holds()
    assert not second.holds()
    assert first.holds()

    first.resign()
    second.resign()


def test_the_next_leads_when_the_leader_ends(url: str) -> None:
    first, second = Leader(url), Leader(url)
    assert first.holds()

    first.resign()

    assert second.holds()
    assert not first.holds()
    second.resign()


def test_a_leader_that_lost_its_connection_notices_before_it_fires(
    url: str, own_engine: Engine
) -> None:
    first, second = Leader(url), Leader(url)
    assert first.holds()
    kill_the_leaders_connection(own_engine)
    assert second.holds()

    assert not first.holds()

    second.resign()


def test_the_next_leads_when_the_leader_hangs(url: str) -> None:
    """A process that is stopped keeps its connection, and the kernel answers for it."""
    first, second = Leader(url, silent_seconds=0.3), Leader(url)
    assert first.holds()
    assert not second.holds()

    assert until(second.holds)

    assert not first.holds(), "awake again it notices before it fires"
    second.resign()


def test_the_server_takes_the_right_to_fire_from_a_machine_that_vanished(url: str) -> None:
    """Linux alone would leave the lock with it for two hours, and no scheduler would fire."""
    with psycopg.connect(address(url)) as connection:
        assert dict(connection.execute(str(WATCH)).fetchall()) == HALF_A_MINUTE
