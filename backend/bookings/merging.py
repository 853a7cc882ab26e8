"""Which sessions stay when two registrations turn out to be one child. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.bookings.models import BookingState
from backend.bookings.rules import FREE_SESSIONS_PER_YEAR, OPEN_STATES, PLACE_STATES


@dataclass(frozen=True)
class Held:
    """A booking as far as a merge looks at it. `incoming`: of the registration that goes."""

    id: int
    incoming: bool
    slot_id: int
    state: BookingState
    quota_year: int
    quota_number: int | None
    requested_at: datetime

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES


@dataclass(frozen=True)
class Plan:
    """`cancel`: by the centre. `stay`: left with the old registration, without a number.

    `numbers`: the number of every other booking after the merge.
    """

    cancel: frozenset[int]
    stay: frozenset[int]
    numbers: dict[int, int | None] = field(default_factory=dict)


def plan_merge(sessions: Sequence[Held]) -> Plan:
    """Six a year stay six.

    Of two bookings of one slot the open one is cancelled (of two open ones the incoming); of
    two that are over, the incoming one stays behind. Then each year keeps at most six numbers:
    first what is over, then the open ones in the order in which they were asked for. Open
    bookings beyond six are cancelled; what is over keeps its state and loses its number.
    """
    cancel, stay = _same_slot(sessions)
    by_year: dict[int, list[Held]] = defaultdict(list)
    for session in sessions:
        if session.id not in cancel | stay and session.quota_number is not None:
            by_year[session.quota_year].append(session)
    numbers: dict[int, int | None] = {}
    for held in by_year.values():
        held.sort(key=lambda one: (one.open, one.requested_at, one.id))
        numbers |= _number(held[:FREE_SESSIONS_PER_YEAR])
        for beyond in held[FREE_SESSIONS_PER_YEAR:]:
            if beyond.open:
                cancel.add(beyond.id)
            else:
                numbers[beyond.id] = None
    for session in sessions:
        if session.id not in cancel | stay:
            numbers.setdefault(session.id, None)
    return Plan(frozenset(cancel), frozenset(stay), numbers)


def _same_slot(sessions: Sequence[Held]) -> tuple[set[int], set[int]]:
    cancel: set[int] = set()
    stay: set[int] = set()
    holders: dict[int, list[Held]] = defaultdict(list)
    for session in sessions:
        if session.state in PLACE_STATES:
            holders[session.slot_id].append(session)
    for pair in holders.values():
        if len(pair) < 2:
            continue
        # The one to lose: open before over, incoming before staying.
        loser = max(pair, key=lambda one: (one.open, one.incoming))
        (cancel if loser.open else stay).add(loser.id)
    return cancel, stay


def _number(held: Sequence[Held]) -> dict[int, int | None]:
    """Numbers for at most six: who stays keeps his own, who comes takes a free one."""
    own = {one.id: one.quota_number for one in held if not one.incoming}
    free = [n for n in range(1, FREE_SESSIONS_PER_YEAR + 1) if n not in own.values()]
    coming = sorted((one for one in held if one.incoming), key=lambda one: one.quota_number or 0)
    return own | {one.id: free.pop(0) for one in coming}
