"""What stands in the engine's queue."""

from sqlalchemy import Engine, text


def waiting(engine: Engine) -> list[str]:
    """The names of the tasks that wait, in order."""
    with engine.connect() as connection:
        return list(
            connection.scalars(
                text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
            )
        )


def nominal_times(engine: Engine, task: str) -> list[str]:
    """The nominal times at which a task was deferred, in order."""
    statement = text("SELECT args ->> 'nominal' FROM procrastinate_jobs WHERE task_name = :task")
    with engine.connect() as connection:
        return list(connection.scalars(statement, {"task": task}))


def begin_all(engine: Engine, worker_seconds_ago: float) -> None:
    """Every waiting job is in the hands of a worker whose last beat was so long ago."""
    with engine.begin() as connection:
        worker = connection.scalar(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (clock_timestamp() - make_interval(secs => :ago)) RETURNING id"
            ),
            {"ago": worker_seconds_ago},
        )
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker"),
            {"worker": worker},
        )
