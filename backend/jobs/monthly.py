"""What the first of a month sets off. May run twice, late, or on two machines at once."""

from datetime import date, datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.settlement import month_of
from backend.bookings.statement_drafts import draw_up_missing, institutions_without
from backend.jobs.models import TaskRun
from backend.jobs.tasks import first_run, run_before
from backend.kernel.ages import add_months
from backend.kernel.clock import Clock, city_date

log = structlog.get_logger()

TASK = "draw_up_statements"
CATCH_UP_MONTHS = 12


def draw_up_statements(sessions: sessionmaker[Session], clock: Clock, nominal: datetime) -> None:
    """A draft for every contract of the month before, and of months missed before that one.

    Each institution in a transaction of its own, and the row of the run last: a run that was
    killed begins again and finds what is done. Two at once wait for each other at the contracts.
    """
    with sessions() as session:
        if session.get(TaskRun, (TASK, nominal)) is not None:
            return
        months = _months(nominal, run_before(session, TASK, nominal))
    made = open_ = 0
    for month in months:
        with sessions() as session:
            institutions = institutions_without(session, month)
        for institution in institutions:
            with sessions.begin() as session:
                done = draw_up_missing(session, clock, month=month, institution_id=institution)
            made, open_ = made + done.made, open_ + done.open
    with sessions.begin() as session:
        first_run(session, clock, TASK, nominal)
    log.info("statements_drawn_up", months=len(months), made=made, open_bookings=open_)


def _months(nominal: datetime, before: datetime | None) -> list[date]:
    """The months that ended since the run before this one, the oldest first; at least one."""
    last = add_months(month_of(city_date(nominal)), -1)
    first = last if before is None else month_of(city_date(before))
    found = [add_months(last, -back) for back in range(CATCH_UP_MONTHS)]
    return [month for month in reversed(found) if month >= min(first, last)]
