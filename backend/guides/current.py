"""The library as it is now: several processes follow the same decisions within a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from backend.guides.library import Library
from backend.guides.loading import Shelf
from backend.guides.review_queries import newest_decision, read_reviews
from backend.kernel.clock import Clock, city_date

ASK_EVERY = 1.0  # seconds; one small query a process
T = TypeVar("T")
log = structlog.get_logger()


class CurrentLibrary:
    """Makes the library anew when a decision was taken, or a day began.

    `get` costs a comparison; once a second it asks the database for the number of the newest
    decision. While the database does not answer, the last library stands.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        show_pending: bool,
        grace: timedelta,
        reads: sessionmaker[Session],
        clock: Clock,
    ) -> None:
        self.shelf = shelf
        self._show_pending = show_pending
        self._grace = grace
        self._reads = reads
        self._clock = clock
        self._asking = threading.Lock()
        self._ask_at = 0.0
        self._seen: tuple[int, date] | None = None
        self._library = shelf.library(show_pending=show_pending)

    def get(self) -> Library:
        if time.monotonic() >= self._ask_at and self._asking.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._ask_at = time.monotonic() + ASK_EVERY
                self._asking.release()
        return self._library

    def look_again(self) -> None:
        """After a decision of one's own: the next `get` asks at once."""
        self._ask_at = 0.0

    def _look(self) -> None:
        try:
            with self._reads() as session:
                seen = (newest_decision(session), city_date(self._clock.now()))
                if seen == self._seen:
                    return
                reviews = read_reviews(session, self._clock, self._grace)
        except SQLAlchemyError as error:
            log.warning("reviews_unreadable", kind=type(error).__name__)
            return
        self._library = self.shelf.library(show_pending=self._show_pending, reviews=reviews)
        self._seen = seen


class Follows(Generic[T]):
    """Something made from the library, made anew when the library is another."""

    def __init__(self, make: Callable[[Library], T]) -> None:
        self._make = make
        self._made: tuple[Library, T] | None = None

    def get(self, library: Library) -> T:
        made = self._made
        if made is None or made[0] is not library:
            made = self._made = (library, self._make(library))
        return made[1]
