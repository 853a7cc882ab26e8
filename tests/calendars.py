"""Days and instants at which calendars go wrong, and machines that stand elsewhere."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from hypothesis import strategies as st

FIRST, LAST = date(2019, 1, 1), date(2032, 12, 31)
MACHINES = ("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia", "Asia/Kathmandu")

_EVERY_DAY = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
_TURNING = [day for day in _EVERY_DAY if day.day >= 28 or day.day == 1]

# Half of them about the end of a month, and 29 February as often as other days are together.
DAYS = st.one_of(
    st.dates(FIRST, LAST),
    st.sampled_from(_TURNING),
    st.sampled_from([day for day in _TURNING if (day.month, day.day) == (2, 29)]),
)
_OFFSETS = st.sampled_from([timedelta(0), timedelta(microseconds=-1), timedelta(seconds=1)])
# Midnight of the city is 16:00 in Greenwich; both midnights, and anything between.
INSTANTS = st.builds(
    lambda day, hour, off: datetime(day.year, day.month, day.day, hour, tzinfo=UTC) + off,
    DAYS,
    st.one_of(st.sampled_from([0, 16]), st.integers(0, 23)),
    _OFFSETS,
)


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """This process as if its machine stood in another zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
