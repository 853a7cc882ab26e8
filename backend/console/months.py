"""A month in an address or a form, as 2026-11: by its first day."""

from __future__ import annotations

from datetime import date

from flask import request

FIRST_MONTH, LAST_MONTH = date(2000, 1, 1), date(2199, 12, 1)  # beyond them nothing is shown
MONTHS_OFFERED = 24


def read_month(text: str, last: date = LAST_MONTH) -> date:
    """Raises ValueError, also for a month that no page shows."""
    month = date.fromisoformat(f"{text}-01")
    if not FIRST_MONTH <= month <= last:
        raise ValueError("a month that no page shows")
    return month


def month_asked(usual: date, last: date = LAST_MONTH) -> date:
    """The month in the address; the usual one where there is none, or none to be shown."""
    try:
        return read_month(request.args.get("month", ""), last)
    except ValueError:
        return usual
