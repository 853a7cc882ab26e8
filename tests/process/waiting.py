"""Wait for a condition, never for a time."""

from collections.abc import Callable
from threading import Event
from time import monotonic
from typing import TypeVar

Result = TypeVar("Result")


def eventually(ask: Callable[[], Result], seconds: float = 60, every: float = 0.05) -> Result:
    """The first answer that is true; fails with the last one after so many seconds."""
    deadline = monotonic() + seconds
    while True:
        answer = ask()
        if answer:
            return answer
        assert monotonic() < deadline, f"not within {seconds} s; last answer: {answer!r}"
        Event().wait(every)
