"""The forms of an account as they stand now, for who sends in the middle of a batch."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import templates as registry
from backend.outbox.forms import Form

ASK_EVERY = 2.0  # seconds; one query for each account and process

T = TypeVar("T")
log = structlog.get_logger()


class AsItStands(Mapping[str, T]):
    """A mapping that is read anew each time."""

    def __init__(self, read: Callable[[], Mapping[str, T]]) -> None:
        self._read = read

    def __getitem__(self, name: str) -> T:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


@dataclass(frozen=True)
class Held:
    """What was read of an account, and until when it counts."""

    until: float
    forms: Mapping[str, Form]
    ids: Mapping[str, str]


class TemplateRegistry:
    """Every account's forms by our names. Safe between threads.

    `settings`: those of the environment's variables, by account; they hold for what has no row
    yet, so that who knows environment variables only is served before anything was written.
    While the database does not answer, what was read last stands. `seconds`: a clock that never
    goes back.
    """

    def __init__(
        self,
        reads: sessionmaker[Session],
        settings: Mapping[str, Mapping[str, Form]],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reads = reads
        self.settings = settings
        self._seconds = seconds
        self._lock = threading.Lock()
        self._held: dict[str, Held] = {}

    def forms(self, appid: str) -> Mapping[str, Form]:
        return self._as_held(appid).forms

    def ids(self, appid: str) -> Mapping[str, str]:
        """Our template name → WeChat's template id. Asked for every message."""
        return self._as_held(appid).ids

    def _as_held(self, appid: str) -> Held:
        """Of all who find it too old one asks; the others wait for what it hears."""
        held = self._held.get(appid)
        if held is not None and self._seconds() < held.until:
            return held
        with self._lock:
            held = self._held.get(appid)
            if held is None or self._seconds() >= held.until:
                forms = self._asked(appid, held)
                ids = {name: form.template_id for name, form in forms.items()}
                held = Held(self._seconds() + ASK_EVERY, forms, ids)
                self._held[appid] = held
        return held

    def names(self, appid: str) -> Mapping[str, str]:
        """WeChat's template id → our name, also of what is retired."""
        now = {form.template_id: name for name, form in self.forms(appid).items()}
        with self._reads() as session:
            return registry.names_of(session, appid) | now

    def live_forms(self, appid: str) -> Mapping[str, Form]:
        return AsItStands(lambda: self.forms(appid))

    def live_ids(self, appid: str) -> Mapping[str, str]:
        return AsItStands(lambda: self.ids(appid))

    def look_again(self) -> None:
        """After a change of one's own: what was read counts no more, nor what is being read."""
        with self._lock:
            self._held.clear()

    def _asked(self, appid: str, held: Held | None) -> Mapping[str, Form]:
        try:
            with self._reads() as session:
                rows = registry.forms_of(session, appid)
                known = registry.known_names(session, appid)
        except SQLAlchemyError as error:
            log.warning("templates_unreadable", kind=type(error).__name__)
            return self.settings.get(appid, {}) if held is None else held.forms
        unwritten = self.settings.get(appid, {})
        return {name: form for name, form in unwritten.items() if name not in known} | rows
