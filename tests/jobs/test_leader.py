from sqlalchemy import Engine, text

from backend.jobs.leader import Leader


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
