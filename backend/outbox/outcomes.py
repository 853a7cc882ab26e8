"""What came of messages on the wire, on its way from the sending threads to the one who writes."""

from threading import Event, Lock

from backend.outbox.claims import Ready
from backend.outbox.verdicts import Verdict


class Outcomes:
    """Where the sending threads leave what came of it. Wakes the one who writes once a group."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: list[tuple[Ready, Verdict]] = []
        self._wanted = 1
        self._enough = Event()

    def put(self, ready: Ready, verdict: Verdict) -> None:
        with self._lock:
            self._kept.append((ready, verdict))
            if len(self._kept) >= self._wanted:
                self._enough.set()

    def take(self, wanted: int, seconds: float) -> list[tuple[Ready, Verdict]]:
        """All there are, as soon as there are so many or so many seconds have passed."""
        with self._lock:
            self._wanted = wanted
            if len(self._kept) < wanted:
                self._enough.clear()
        self._enough.wait(seconds)
        with self._lock:
            kept, self._kept = self._kept, []
        return kept
