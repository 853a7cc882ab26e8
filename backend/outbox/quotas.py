"""How much each account and template has been sent today and this minute, counted by ourselves.

WeChat refuses what goes beyond its limits, and a refusal at nine in the morning costs a day. So
every call that is about to be made is counted first, in the transaction that marks it, and what
would go beyond a limit is not made. A call that fails is counted as well: WeChat may.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock, city_date, city_midnight
from backend.outbox.models import SendQuota, Span
from backend.outbox.pauses import WHOLE_ACCOUNT, Lane

Counted = tuple[str, str, Span]
"""appid, template or WHOLE_ACCOUNT, and the span: what one row counts."""


@dataclass(frozen=True)
class Limits:
    """What one account may send; None is no limit. `templates`: a day's, by our names."""

    day: int | None = None
    minute: int | None = None
    templates: Mapping[str, int] = field(default_factory=dict)

    def of(self, template: str, span: Span) -> int | None:
        if template != WHOLE_ACCOUNT:
            return self.templates.get(template)
        return self.day if span is Span.DAY else self.minute


@dataclass(frozen=True)
class Taken:
    """`may_go`: for each message whether it may. `used_up`: which limits said no."""

    may_go: list[bool]
    used_up: list[Counted]


@dataclass(frozen=True)
class QuotaRow:
    """For the operator: `left` is None where there is no limit."""

    appid: str
    template: str
    span: Span
    used: int
    limit: int | None

    @property
    def left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.used)


NO_LIMITS = Limits()


def take(
    session: Session, clock: Clock, lanes: Sequence[Lane], limits: Mapping[str, Limits]
) -> Taken:
    """Count a message of each of these lanes, in their order, as far as the limits allow.

    Locks the counters in their order, after everything else that the caller locks.
    """
    now = clock.now()
    rows_of = {lane: _rows_of(lane, limits) for lane in set(lanes)}
    rows = sorted({row for of_lane in rows_of.values() for row in of_lane})
    used = _locked(session, now, rows)
    ceilings = {row: limits.get(row[0], NO_LIMITS).of(row[1], row[2]) for row in rows}
    left = {row: top - used[row] for row, top in ceilings.items() if top is not None}
    taken: Counter[Counted] = Counter()
    may_go, used_up = [], dict[Counted, None]()
    for lane in lanes:
        full = [row for row in rows_of[lane] if row in left and taken[row] >= left[row]]
        may_go.append(not full)
        used_up.update(dict.fromkeys(full))
        if not full:
            for row in rows_of[lane]:
                taken[row] += 1
    if taken:
        counted = sorted(taken)
        values = _columns(counted) | {
            "begins": [begin_of(span, now) for _, _, span in counted],
            "used": [used[row] + taken[row] for row in counted],
        }
        session.execute(COUNT, values)
    return Taken(may_go, list(used_up))


def quotas_left(session: Session, clock: Clock, limits: Mapping[str, Limits]) -> list[QuotaRow]:
    """What was sent today and in this minute, and the limit of each; accounts first."""
    now = clock.now()
    rows = session.scalars(
        select(SendQuota).order_by(SendQuota.appid, SendQuota.template, SendQuota.span)
    )
    return [
        QuotaRow(
            row.appid,
            row.template,
            row.span,
            row.used if row.begins_at >= begin_of(row.span, now) else 0,
            limits.get(row.appid, NO_LIMITS).of(row.template, row.span),
        )
        for row in rows
    ]


def begin_of(span: Span, now: datetime) -> datetime:
    """When the day of the city, or the minute, began."""
    return (
        city_midnight(city_date(now)) if span is Span.DAY else now.replace(second=0, microsecond=0)
    )


def end_of(span: Span, now: datetime) -> datetime:
    if span is Span.DAY:
        return city_midnight(city_date(now) + timedelta(days=1))
    return begin_of(span, now) + timedelta(minutes=1)


def _rows_of(lane: Lane, limits: Mapping[str, Limits]) -> list[Counted]:
    appid, template = lane
    rows = [(appid, WHOLE_ACCOUNT, Span.DAY), (appid, template, Span.DAY)]
    if limits.get(appid, NO_LIMITS).minute is not None:
        rows.append((appid, WHOLE_ACCOUNT, Span.MINUTE))
    return rows


def _locked(session: Session, now: datetime, rows: Sequence[Counted]) -> dict[Counted, int]:
    """What each of these rows has used of its present span, locked; missing rows are made."""
    columns = _columns(rows)
    found = session.execute(LOCK, columns).all()
    if len(found) < len(rows):
        session.execute(MAKE, columns | {"now": now})
        found = session.execute(LOCK, columns).all()
    used = {}
    for appid, template, span, begins_at, so_far in found:
        begun = begins_at >= begin_of(Span(span), now)  # later: a worker whose clock is ahead
        used[appid, template, Span(span)] = so_far if begun else 0
    return used


def _columns(rows: Sequence[Counted]) -> dict[str, list[str]]:
    return {
        "appids": [row[0] for row in rows],
        "templates": [row[1] for row in rows],
        "spans": [row[2].value for row in rows],
    }


LOCK = text("""
    SELECT appid, template, span, begins_at, used
      FROM send_quotas
     WHERE (appid, template, span) IN (
               SELECT * FROM unnest(CAST(:appids AS text[]), CAST(:templates AS text[]),
                                    CAST(:spans AS text[])) AS wanted)
     ORDER BY appid, template, span
       FOR UPDATE
""")
MAKE = text("""
    INSERT INTO send_quotas (appid, template, span, begins_at, used)
    SELECT appid, template, span, :now, 0
      FROM unnest(CAST(:appids AS text[]), CAST(:templates AS text[]), CAST(:spans AS text[]))
        AS missing (appid, template, span)
     ORDER BY appid, template, span
    ON CONFLICT DO NOTHING
""")
COUNT = text("""
    UPDATE send_quotas AS kept
       SET begins_at = greatest(kept.begins_at, counted.begins_at), used = counted.used
      FROM unnest(CAST(:appids AS text[]), CAST(:templates AS text[]), CAST(:spans AS text[]),
                  CAST(:begins AS timestamptz[]), CAST(:used AS bigint[]))
        AS counted (appid, template, span, begins_at, used)
     WHERE kept.appid = counted.appid AND kept.template = counted.template
       AND kept.span = counted.span
""")
