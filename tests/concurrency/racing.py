"""Start several acts at the same moment and see what becomes of each."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def at_once(
    act: Callable[[Item], Result], items: Sequence[Item]
) -> tuple[list[Result], list[Exception]]:
    """Run `act` on every item in a thread of its own, all at once: (results, refusals)."""
    start = Barrier(len(items))

    def run(item: Item) -> Result:
        start.wait(timeout=30)
        return act(item)

    results: list[Result] = []
    refusals: list[Exception] = []
    with ThreadPoolExecutor(len(items)) as pool:
        for future in [pool.submit(run, item) for item in items]:
            error = future.exception()
            if error is None:
                results.append(future.result())
            elif isinstance(error, Exception):
                refusals.append(error)
            else:
                raise error
    return results, refusals


def kinds(refusals: Sequence[Exception]) -> set[type[Exception]]:
    return {type(refusal) for refusal in refusals}
