"""What is to be done when: ids in the order of their times, for one thread or several."""

import heapq
import threading
import time
from collections.abc import Iterable


class Timed:
    """Rows in the store are the truth; this only says when to look at which."""

    def __init__(self, at_once: Iterable[int] = ()) -> None:
        self._due: list[tuple[float, int]] = [(0.0, one) for one in at_once]
        self._changed = threading.Condition()
        self._closing = False

    def put(self, row_id: int, delay: float) -> None:
        """`delay`: seconds from now."""
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + delay, row_id))
            self._changed.notify()

    def next(self) -> int | None:
        """The id of the next one when its time has come; None when closing."""
        with self._changed:
            while not self._closing:
                wait = self._due[0][0] - time.monotonic() if self._due else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._due)[1]
                self._changed.wait(wait)
        return None

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
