"""One client for each account in a process: one token fetched, one pool of connections."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import Clock
from backend.kernel.privacy import Vault

if TYPE_CHECKING:
    from backend.wechat.client import AccountClient
    from backend.wechat.tokens import TokenStore
    from backend.wechat.transport import Transport


class AccountClients:
    """Safe between threads. The SDK is imported with the first client: it costs half a second."""

    def __init__(
        self, api_base: str, *, sessions: sessionmaker[Session], clock: Clock, vault: Vault
    ) -> None:
        self._api_base = api_base
        self._sessions = sessions
        self._clock = clock
        self._vault = vault
        self._lock = threading.Lock()
        self._held: dict[str, tuple[int, AccountClient]] = {}
        self._ways: tuple[Transport, TokenStore] | None = None

    def get(self, appid: str, secret: str, version: int) -> AccountClient:
        """The client of an account. A newer version of its secret makes a new one.

        A thread that read the row before the change gets the new one too: the old secret is
        refused by now.
        """
        with self._lock:
            held = self._held.get(appid)
            if held is not None and held[0] >= version:
                return held[1]
            client = self._make(appid, secret)
            self._held[appid] = version, client
            return client

    def _make(self, appid: str, secret: str) -> AccountClient:
        from backend.wechat.client import AccountClient

        transport, store = self._ways_to_wechat()
        return AccountClient(appid, secret, store=store, clock=self._clock, transport=transport)

    def _ways_to_wechat(self) -> tuple[Transport, TokenStore]:
        """One pool of connections and one store of tokens for all accounts."""
        from backend.wechat.tokens import DatabaseTokenStore
        from backend.wechat.transport import Transport

        if self._ways is None:
            store = DatabaseTokenStore(self._sessions, self._vault)
            self._ways = Transport(self._api_base), store
        return self._ways

    def close(self) -> None:
        """Give the connections back; for tests."""
        with self._lock:
            if self._ways is not None:
                self._ways[0].close()
            self._held.clear()
            self._ways = None
