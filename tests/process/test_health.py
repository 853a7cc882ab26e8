import urllib.request
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from backend.kernel.db import make_engine
from tests.process.fleet import leading_pid
from tests.process.product import Product, ask, free_port
from tests.process.waiting import eventually


def there(workers: int, schedulers: int) -> dict[str, int]:
    return {"workers": workers, "schedulers": schedulers}


def test_health_names_whoever_does_not_live(make_product: Callable[..., Product]) -> None:
    port = free_port()
    product = make_product(metrics_port=port)
    product.start("web")

    eventually(lambda: product.down() == ["worker", "scheduler"])
    assert ask("GET", f"{product.base}/livez") == (200, {"status": "ok"})

    product.start("scheduler", "worker")
    eventually(lambda: product.healthz() == (200, {"status": "ok"} | there(1, 1)))

    eventually(lambda: 'status="5xx"' in scraped(port))
    eventually(lambda: 'chengyu_processes_alive{kind="web"} 2.0' in scraped(port + 1))
    eventually(lambda: 'chengyu_jobs_total{outcome="done",task="deliver"}' in scraped(port + 2))

    product.start("worker@2", "scheduler@2")
    eventually(lambda: product.healthz() == (200, {"status": "ok"} | there(2, 2)))
    product.kill("worker@2")  # one of two: all goes on, and the numbers tell
    eventually(lambda: product.healthz() == (200, {"status": "ok"} | there(1, 2)))
    product.kill("scheduler@2")

    product.kill("worker")
    gone = {"status": "unavailable", "down": ["worker"]}
    eventually(lambda: product.healthz() == (503, gone | there(0, 1)))

    product.start("worker")
    eventually(lambda: product.down() == [])

    product.kill("scheduler")
    eventually(lambda: product.down() == ["scheduler"])


def scraped(port: int) -> str:
    """What Prometheus would read there; nothing while nobody listens."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def test_a_worker_and_a_scheduler_that_are_asked_to_stop_do_so(
    make_product: Callable[..., Product],
) -> None:
    product = make_product()
    product.start("web", "scheduler", "worker")
    eventually(lambda: product.down() == [])

    assert product.stop("worker") == 0
    eventually(lambda: product.down() == ["worker"], seconds=2)  # it has taken its name off
    assert product.stop("scheduler") == 0
    assert product.stop("web") == 0
    assert beating(product) == []  # who ends as it should takes its row along


def beating(product: Product) -> list[str]:
    engine = make_engine(product.settings.database_url, pool_size=1)
    with engine.connect() as connection:
        found = connection.scalars(text("SELECT process FROM heartbeats WHERE process LIKE '%:%'"))
        names = list(found)
    engine.dispose()
    return names


def test_another_scheduler_leads_as_soon_as_the_leader_is_killed(
    make_product: Callable[..., Product], tmp_path: Path
) -> None:
    first = make_product()
    first.start("scheduler")
    eventually(lambda: leading_pid(first) == first.pid("scheduler"))
    other_machine = tmp_path / "other-machine"
    other_machine.mkdir()
    second = Product(first.settings.database_url, other_machine)
    try:
        second.start("scheduler")
        eventually(lambda: "scheduler_started" in second.log("scheduler"))
        assert leading_pid(first) == first.pid("scheduler")

        first.kill("scheduler")

        eventually(lambda: leading_pid(first) == second.pid("scheduler"), seconds=8)
    finally:
        second.stop_all()
