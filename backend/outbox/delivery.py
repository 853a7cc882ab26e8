"""Send what is due: claim, decide, mark, send with no transaction open, write back.

While `threads` messages are on the wire, as many are marked for the threads to take next, so
that the wire never waits for the database. At most twice `threads` are marked `sending` and not
yet written back at any moment, so a kill leaves at most that many `unknown`; everything else is
either still waiting or settled.
"""

from dataclasses import dataclass

import structlog

from backend.outbox import claims
from backend.outbox.batch import Batch, Counts
from backend.outbox.claims import Claimed
from backend.outbox.models import MessageState
from backend.outbox.parts import Delivery

log = structlog.get_logger()


@dataclass(frozen=True)
class Delivered:
    """What one call did, in messages. `postponed` wait again, those of `fell_on` for their next
    way. `lost`: found on the wire of a dead worker.
    """

    claimed: int = 0
    sent: int = 0
    in_app: int = 0
    failed: int = 0
    unknown: int = 0
    postponed: int = 0
    fell_on: int = 0
    lost: int = 0


def deliver(parts: Delivery, limit: int = 500, in_all: int | None = None) -> Delivered:
    """Send up to `limit` due messages and return when each of them has its outcome.

    With `in_all` it claims as many again whenever they run low, until so many: the wire never
    runs dry, and what is urgent waits for one claim at most. Any number of processes may call
    this at once. By night it only lists what was lost. Call again while `claimed` is not 0.
    """
    with parts.sessions.begin() as session:
        lost = claims.list_the_lost(session, parts.clock)
    if lost:
        log.error("messages_lost_on_the_wire", messages=lost)
    if parts.held_back():
        return Delivered(lost=lost)
    claiming = Claiming(parts, limit, limit if in_all is None else in_all)
    claimed = claiming.more()
    counts = Batch(parts, claiming.more).run(claimed) if claimed else Counts()
    return Delivered(
        claimed=claiming.claimed,
        sent=counts.by_state[MessageState.SENT],
        in_app=counts.by_state[MessageState.IN_APP],
        failed=counts.by_state[MessageState.FAILED],
        unknown=counts.by_state[MessageState.UNKNOWN],
        postponed=counts.by_state[MessageState.WAITING],
        fell_on=counts.fell_on,
        lost=lost,
    )


class Claiming:
    """Takes messages off the outbox, `limit` at a time, `in_all` at most."""

    def __init__(self, parts: Delivery, limit: int, in_all: int) -> None:
        self._parts = parts
        self._limit = limit
        self._in_all = in_all
        self.claimed = 0

    def more(self) -> list[Claimed]:
        wanted = min(self._limit, self._in_all - self.claimed)
        if wanted <= 0:
            return []
        parts = self._parts
        with parts.sessions.begin() as session:
            found = claims.claim(
                session, parts.clock, appid=parts.appid, limit=wanted, terms=parts.terms
            )
        self.claimed += len(found)
        return found
