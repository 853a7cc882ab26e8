"""Everything that sending needs, made once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import Clock
from backend.kernel.privacy import Vault
from backend.outbox import claims
from backend.outbox.channels import NO_NEXT_CHANNEL, NextChannel, Sender
from backend.outbox.claims import Settle, Terms
from backend.outbox.forms import Form
from backend.outbox.hours import is_quiet
from backend.outbox.messenger import Messenger
from backend.outbox.quotas import NO_LIMITS, Limits
from backend.outbox.templates import Templates


@dataclass(frozen=True)
class Delivery:
    """`appid`, `messenger`, `template_ids`, `forms` and `limits` are those of the mini-program.

    `threads`: messages on the wire at once; twice as many may be unknown after a kill. `ways`:
    what comes after the mini-program. `settle` keeps messages about several things true, see
    `claims`. `at_night` sends in quiet hours as well (a button of the demo). `stopping` is asked
    before each message, in any thread: when it answers True, what was not handed over is let go.
    """

    sessions: sessionmaker[Session]
    clock: Clock
    vault: Vault
    templates: Templates
    messenger: Messenger
    appid: str
    template_ids: Mapping[str, str]
    threads: int = 48
    lease: timedelta = claims.LEASE
    at_night: bool = False
    settle: Settle = claims.nothing_changed
    stopping: Callable[[], bool] = lambda: False
    limits: Limits = NO_LIMITS
    ways: NextChannel = field(default=NO_NEXT_CHANNEL)
    forms: Mapping[str, Form] = field(default_factory=dict)

    def held_back(self) -> bool:
        """Whether nothing may go out now."""
        return is_quiet(self.clock.now()) and not self.at_night

    @cached_property
    def terms(self) -> Terms:
        return Terms(self.lease, self.settle, self.ways, self.templates.urgent)

    @cached_property
    def mini_program(self) -> Sender:
        return Sender(self.appid, self.messenger, self.template_ids, self.limits, forms=self.forms)

    def sender(self, account: str) -> Sender | None:
        """Who sends for a message's account: "" is the mini-program; None: nobody any more."""
        return self.ways.sender(account) if account else self.mini_program
