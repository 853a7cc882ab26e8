"""What a missed session costs. Pure: a history in, a consequence out.

The first one in `warn_months` is a warning and gives its number back; each later one stays used.
`pause_after` of them within `pause_within_days` stop booking for `pause_days`. What the centre
excused after an appeal is no missed session any more and is not in a history.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.bookings.rules import Policy
from backend.kernel.ages import add_months
from backend.kernel.clock import city_date


@dataclass(frozen=True)
class Miss:
    """A missed session. `forgiven`: it holds no number of the year's six."""

    booking_id: int
    starts_at: datetime
    forgiven: bool = False


def is_warning(policy: Policy, starts_at: datetime, others: Collection[Miss]) -> bool:
    """Whether a session missed at `starts_at` is the first one in `warn_months`; 0: never.

    The order in which a centre marks does not matter: an earlier session that is marked later
    brings no second warning.
    """
    return policy.warn_months > 0 and not any(
        (other.starts_at < starts_at or other.forgiven)
        and _within_months(policy.warn_months, other.starts_at, starts_at)
        for other in others
    )


def brings_pause(policy: Policy, starts_at: datetime, others: Collection[Miss]) -> bool:
    """Whether this one makes `pause_after` of them within `pause_within_days`."""
    span = timedelta(days=policy.pause_within_days)
    times = [starts_at, *(other.starts_at for other in others)]
    return policy.pause_days > 0 and any(
        first <= starts_at < first + span
        and sum(first <= time < first + span for time in times) >= policy.pause_after
        for first in times
    )


def pause_until(policy: Policy, now: datetime) -> datetime:
    return now + timedelta(days=policy.pause_days)


def _within_months(months: int, one: datetime, other: datetime) -> bool:
    earlier, later = sorted((city_date(one), city_date(other)))
    return later < add_months(earlier, months)
