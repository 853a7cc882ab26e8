"""Stand-ins for our own protocols, at the edge. Nothing here patches a module."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.outbox.messenger import SendFailure
from backend.people.login import LoginCodeInvalid, WeChatIdentity


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


@dataclass
class FakeMessenger:
    """Takes messages; fails as told for an openid."""

    failures: dict[str, SendFailure] = field(default_factory=dict)
    sent: list[tuple[str, str, dict[str, str], str | None]] = field(default_factory=list)

    def send(
        self, openid: str, template_id: str, data: Mapping[str, str], page: str | None
    ) -> None:
        failure = self.failures.get(openid)
        if failure is not None:
            raise failure
        self.sent.append((openid, template_id, dict(data), page))
