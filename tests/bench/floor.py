"""What the database itself can do: one INSERT and a durable COMMIT, from many clients."""

import multiprocessing
import threading
import time

import psycopg
from sqlalchemy.engine import make_url

PROCESSES = 4
THREADS = 16


def commits_a_second(url: str, seconds: float = 3.0) -> float:
    """BEGIN; one INSERT; COMMIT, from 64 clients in four processes, for so long."""
    conninfo = _conninfo(url)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bench_floor")
        connection.execute(
            "CREATE TABLE bench_floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int)"
        )
    context = multiprocessing.get_context("spawn")
    with context.Pool(PROCESSES) as pool:
        counts = pool.starmap(_insert_for, [(conninfo, seconds)] * PROCESSES)
    return sum(counts) / seconds


def _insert_for(conninfo: str, seconds: float) -> int:
    start = threading.Barrier(THREADS)
    counts = [0] * THREADS

    def insert(number: int) -> None:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            start.wait(timeout=30)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                connection.execute("INSERT INTO bench_floor (n) VALUES (1)")
                counts[number] += 1

    threads = [threading.Thread(target=insert, args=[number]) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _conninfo(url: str) -> str:
    parts = make_url(url)
    return psycopg.conninfo.make_conninfo(
        host=str(parts.query["host"]), user=parts.username, dbname=parts.database
    )
