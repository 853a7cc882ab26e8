"""Sessions as iCalendar (RFC 5545), in the city's time. No child's name: calendars travel far."""

from collections.abc import Iterable
from datetime import datetime

from icalendar import Calendar, Event

from backend.bookings.models import BookingState
from backend.bookings.queries import CalendarEntry
from backend.bookings.rules import OPEN_STATES, STATE_TITLES
from backend.centres.models import SlotState
from backend.centres.queries import SlotRow
from backend.kernel.clock import city_time

PRODUCT = "-//Chengyu//Chengyu//ZH"
OVER = frozenset(BookingState) - OPEN_STATES - {BookingState.ATTENDED, BookingState.MISSED}


def of_booking(entry: CalendarEntry) -> bytes:
    """One booking; METHOD:CANCEL takes it out of the family's calendar again."""
    event = _event(f"booking-{entry.booking_id}", entry.slot, entry.address, entry.changed_at)
    event.add("sequence", entry.revision)
    event.add("description", STATE_TITLES[entry.state])
    event.add("status", _status(entry.state))
    return _calendar([event], method="CANCEL" if entry.state in OVER else "PUBLISH")


def of_centre(name: str, address: str, slots: Iterable[SlotRow], now: datetime) -> bytes:
    """Every session of a centre, with how many places are taken."""
    events = []
    for slot in slots:
        event = _event(f"slot-{slot.id}", slot, address, now)
        cancelled = slot.state is SlotState.CANCELLED
        event.add("description", f"已约 {slot.taken}/{slot.capacity}")
        event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        events.append(event)
    return _calendar(events, method="PUBLISH", name=name)


def _status(state: BookingState) -> str:
    if state in OVER:
        return "CANCELLED"
    return "TENTATIVE" if state is BookingState.REQUESTED else "CONFIRMED"


def _event(uid: str, slot: SlotRow, address: str, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", f"{uid}@chengyu")
    event.add("dtstamp", stamp)
    event.add("dtstart", city_time(slot.starts_at))
    event.add("dtend", city_time(slot.ends_at))
    event.add("summary", f"{slot.kind_title}：{slot.title}")
    event.add("location", f"{slot.centre}，{address}")
    return event


def _calendar(events: Iterable[Event], *, method: str, name: str | None = None) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    if name is not None:
        calendar.add("x-wr-calname", name)
    for event in events:
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
