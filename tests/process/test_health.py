from collections.abc import Callable
from pathlib import Path

from tests.process.fleet import leading_pid
from tests.process.product import Product, ask
from tests.process.waiting import eventually


def there(workers: int, schedulers: int) -> dict[str, int]:
    return {"workers": workers, "schedulers": schedulers}


def test_health_names_whoever_does_not_live(make_product: Callable[..., Product]) -> None:
    product = make_product()
    product.start("web")

    eventually(lambda: product.down() == ["worker", "scheduler"])
    assert ask("GET", f"{product.base}/livez") == (200, {"status": "ok"})

    product.start("scheduler", "worker")
    eventually(lambda: product.healthz() == (200, {"status": "ok"} | there(1, 1)))

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
