"""No message rings at night: pure functions of the instant."""

from datetime import datetime, time, timedelta

from backend.kernel.clock import city_time

SEND_FROM = time(
    8
)  # on the city's clock; the commissioner's rule: no sends between 21:00 and 08:00
SEND_UNTIL = time(21)


def is_quiet(instant: datetime) -> bool:
    """From 21:00:00 until 07:59:59.999999 in the city nothing is sent."""
    return not SEND_FROM <= city_time(instant).time() < SEND_UNTIL


def next_send_time(instant: datetime) -> datetime:
    """The instant itself by day, else the next 08:00 in the city."""
    if not is_quiet(instant):
        return instant
    local = city_time(instant)
    day = local.date() if local.time() < SEND_FROM else local.date() + timedelta(days=1)
    return datetime.combine(day, SEND_FROM, local.tzinfo).astimezone(instant.tzinfo)
