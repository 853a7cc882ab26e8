"""The only place that reads the time. Everything else is given a Clock."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> None:
        self._now += step

    def set(self, instant: datetime) -> None:
        self._now = instant.astimezone(UTC)


class RunningClock:
    """Starts at `start` at the real time `anchor` (Unix seconds) and then runs on.

    Processes that are given the same pair agree, whenever each of them starts.
    """

    def __init__(self, start: datetime, anchor: float | None = None) -> None:
        self._start = start.astimezone(UTC)
        self._anchor = time.time() if anchor is None else anchor

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.time() - self._anchor)

    @property
    def setting(self) -> str:
        """The value of BACKEND_CLOCK that gives another process this same clock."""
        return f"{self._start.isoformat()}@{self._anchor}"


def clock_from(setting: str) -> Clock:
    """`system`, an ISO instant with offset, or `ISO@UNIX` (the instant ISO at real time UNIX).

    Raises ValueError for anything else.
    """
    if setting == "system":
        return SystemClock()
    text, _, anchor = setting.partition("@")
    start = datetime.fromisoformat(text)
    if start.tzinfo is None:
        raise ValueError("BACKEND_CLOCK needs an offset, such as 2026-11-23T10:00:00+08:00")
    return RunningClock(start, float(anchor) if anchor else None)


def city_time(instant: datetime) -> datetime:
    """The same instant on the city's clock."""
    return instant.astimezone(CITY)


def city_date(instant: datetime) -> date:
    """The city's calendar day at that instant."""
    return instant.astimezone(CITY).date()


def city_midnight(day: date) -> datetime:
    """The first instant of a city day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=CITY).astimezone(UTC)
