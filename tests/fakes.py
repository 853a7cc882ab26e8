"""Stand-ins for our own protocols, at the edge. Nothing here patches a module."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from backend.outbox.messenger import SendFailure
from backend.people.login import LoginCodeInvalid, PhoneCodeInvalid, WeChatIdentity


class FakeLogin:
    """Redeems each code `phone:<name>:<number>` once, as WeChat does."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def openid_for(self, code: str) -> WeChatIdentity:
        kind, _, rest = code.partition(":")
        if kind != "phone" or not rest or code in self._used:
            raise LoginCodeInvalid
        self._used.add(code)
        return WeChatIdentity(openid=f"openid-{rest.partition(':')[0]}")

    def phone_for(self, code: str) -> str:
        """Redeems each code `number:<digits>` once."""
        kind, _, number = code.partition(":")
        if kind != "number" or code in self._used:
            raise PhoneCodeInvalid
        self._used.add(code)
        return number


@dataclass
class FakeMessenger:
    """WeChat as the outbox sees it. Fails as told for an openid; notices two calls at once.

    `failures` holds for every message to an openid; `script` says what happens to the next
    ones, whoever gets them (None: taken). `before` runs in the sending thread, first.
    """

    failures: dict[str, SendFailure] = field(default_factory=dict)
    script: list[SendFailure | None] = field(default_factory=list)
    before: Callable[[str], None] = lambda openid: None
    sent: list[tuple[str, str, dict[str, str], str | None]] = field(default_factory=list)
    first_id: int = 0  # of a 服务号: every message that it takes has a number after this one
    calls: int = 0
    clashes: int = 0  # 43108: two calls at once for one openid
    _talking: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(
        self,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        page: str | None,
        message_id: int | None,
    ) -> int | None:
        with self._lock:
            self.calls += 1
            self.clashes += openid in self._talking
            self._talking.add(openid)
            failure = self.script.pop(0) if self.script else self.failures.get(openid)
        try:
            self.before(openid)
            if failure is not None:
                raise failure
            with self._lock:
                self.sent.append((openid, template_id, dict(data), page))
                return self.first_id + len(self.sent) if self.first_id else None
        finally:
            with self._lock:
                self._talking.discard(openid)
