"""One sandbox: its memory and everything that works on it."""

import threading

from flask import current_app

from backend.kernel.clock import Clock
from backend.sandbox.articles import Articles
from backend.sandbox.chats import Chats
from backend.sandbox.config import SandboxConfig
from backend.sandbox.errors import WireError
from backend.sandbox.faults import Faults
from backend.sandbox.inbox import Inbox
from backend.sandbox.jobs import Jobs
from backend.sandbox.masses import Delivery, Masses
from backend.sandbox.phones import Phones
from backend.sandbox.pushes import Pushes
from backend.sandbox.replies import Replies
from backend.sandbox.store import Store
from backend.sandbox.subscriptions import Subscriptions
from backend.sandbox.tokens import Tokens

EXTENSION = "wechat_sandbox"


class OnePerPerson:
    """WeChat refuses a second call for the same openid while one is on its way (43108)."""

    def __init__(self) -> None:
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def enter(self, openid: str) -> None:
        """Raises WireError 43108."""
        with self._lock:
            if openid in self._busy:
                raise WireError(43108)
            self._busy.add(openid)

    def leave(self, openid: str) -> None:
        with self._lock:
            self._busy.discard(openid)


class Sandbox:
    def __init__(self, config: SandboxConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.store = Store(config.var_dir / "wechat-sandbox.sqlite3")
        self.phones = Phones(self.store, config, clock)
        self.tokens = Tokens(self.store, config, clock)
        self.chats = Chats(self.store, clock)
        self.pushes = Pushes(self.store, config, clock, Replies(config, self.chats))
        self.subscriptions = Subscriptions(self.store, config, self.phones, self.pushes)
        self.inbox = Inbox(self.store, config, clock)
        self.articles = Articles(self.store, clock, self.pushes)
        delivery = Delivery(self.phones, self.chats, self.articles, self.pushes)
        self.masses = Masses(self.store, config, clock, delivery)
        self.jobs = Jobs(
            self.store, config, {"publish": self.articles.finish, "mass": self.masses.finish}
        )
        self.faults = Faults(self.store)
        self.one_per_person = OnePerPerson()

    def close(self) -> None:
        """Finish what is being delivered and write everything down."""
        self.jobs.close()
        self.pushes.close()
        self.store.close()


def sandbox() -> Sandbox:
    """The one of the app that is answering."""
    found: Sandbox = current_app.extensions[EXTENSION]
    return found
