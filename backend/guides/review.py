"""How far a text is reviewed: what a named office decided about this version of it, and until when.

Pure: decisions in, standing out. A decision belongs to a slug and the hash of the text with its
figures filled in; the latest one about a version counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from backend.guides.review_models import Verdict

DUE_SOON = timedelta(days=60)  # before the end: time for an office to read again


class State(StrEnum):
    """What readers and reviewers are told of a text."""

    PENDING = "pending"  # nobody has signed this version
    RETURNED = "returned"  # read, and sent back with a note
    REVIEWED = "reviewed"
    DUE = "due"  # signed once, the signature has run out, still shown for a while
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


SHOWN = frozenset({State.REVIEWED, State.DUE})  # in production


@dataclass(frozen=True)
class Decision:
    """One row of review_decisions. `decided_on`: the city's day."""

    slug: str
    content_hash: str
    verdict: Verdict
    valid_until: date | None
    office: str
    reviewer: str
    decided_on: date
    note: str


@dataclass(frozen=True)
class Standing:
    """The state of one version, and the decision it rests on."""

    state: State
    decision: Decision | None = None

    @property
    def is_shown(self) -> bool:
        return self.state in SHOWN

    @property
    def reader_state(self) -> str:
        """What a family sees: pending, reviewed, or due for another review."""
        return self.state.value if self.is_shown else State.PENDING.value


PENDING = Standing(State.PENDING)


@dataclass(frozen=True)
class Reviews:
    """Every decision as of one day, in the order of their taking.

    `texts`: the signed versions as they were, by slug and hash.
    """

    today: date = date.max
    grace: timedelta = timedelta(0)
    decisions: Mapping[tuple[str, str], Decision] = field(default_factory=dict)
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def standing(self, slug: str, content_hash: str) -> Standing:
        decision = self.decisions.get((slug, content_hash))
        if decision is None:
            return PENDING
        return Standing(state_of(decision, self.today, self.grace), decision)

    def newest_shown(self, slug: str) -> Standing | None:
        """Of the versions of a text that may still be shown the one that was signed last."""
        signed = [
            self.standing(slug, content_hash)
            for (name, content_hash) in self.decisions
            if name == slug
        ]
        return next((standing for standing in reversed(signed) if standing.is_shown), None)

    def last_signed(self, slug: str) -> tuple[str, Standing] | None:
        """The newest version of a text that may still be shown: its text and its standing."""
        newest = self.newest_shown(slug)
        if newest is None or newest.decision is None:
            return None
        text = self.texts.get((slug, newest.decision.content_hash))
        return None if text is None else (text, newest)


def state_of(decision: Decision, today: date, grace: timedelta) -> State:
    """Shown through `valid_until`, then as due for `grace` longer, then not at all."""
    if decision.verdict is Verdict.RETURNED:
        return State.RETURNED
    if decision.verdict is Verdict.WITHDRAWN:
        return State.WITHDRAWN
    assert decision.valid_until is not None
    if today <= decision.valid_until:
        return State.REVIEWED
    return State.DUE if today <= decision.valid_until + grace else State.EXPIRED


def is_due_soon(decision: Decision, today: date) -> bool:
    """Whether an approval ends within 60 days, so that an office can read again in time."""
    return decision.valid_until is not None and today > decision.valid_until - DUE_SOON


def latest(decisions: Iterable[Decision]) -> dict[tuple[str, str], Decision]:
    """By slug and hash, in the order in which the latest ones were taken."""
    found: dict[tuple[str, str], Decision] = {}
    for one in decisions:
        found.pop((one.slug, one.content_hash), None)  # to the end: it is the newest now
        found[one.slug, one.content_hash] = one
    return found
