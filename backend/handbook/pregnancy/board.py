"""What a family sees of a pregnancy on a day: a pure function of the due date and what is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from backend.handbook.pregnancy.dating import (
    DAYS_PER_WEEK,
    SILENT_WEEKS,
    GestationalAge,
    day_of_week,
    gestation,
)
from backend.handbook.pregnancy.programme import Card, Checkup, Programme, Window


class CheckupStatus(StrEnum):
    DONE = "done"
    DUE = "due"
    UPCOMING = "upcoming"
    PAST = "past"  # its weeks are over; the hospital says whether it is still to be done


class Phase(StrEnum):
    RUNNING = "running"
    AFTER_DUE = "after_due"  # nobody knows whether the child is born: nothing is assumed
    SILENT = "silent"  # from 42 weeks on nothing is pushed


@dataclass(frozen=True)
class CheckupOnDay:
    checkup: Checkup
    from_date: date
    aim_date: date
    until_date: date
    status: CheckupStatus
    done_on: date | None


@dataclass(frozen=True)
class Board:
    age: GestationalAge
    days_left: int  # to the due date; negative after it
    phase: Phase
    checkups: tuple[CheckupOnDay, ...]
    following: CheckupOnDay | None
    card: Card | None
    windows: tuple[Window, ...]


def board(programme: Programme, due: date, on: date, done: Mapping[str, date]) -> Board:
    """`done` maps ids of check-ups to days; ids that the programme does not know are left alone."""
    age = gestation(due, on)
    visits = tuple(
        checkup_on(one, due, on, done.get(one.id))
        for one in sorted(programme.checkups, key=lambda one: one.first_week)
    )
    open_ones = (one for one in visits if one.status in (CheckupStatus.DUE, CheckupStatus.UPCOMING))
    return Board(
        age=age,
        days_left=(due - on).days,
        phase=phase(due, on),
        checkups=visits,
        following=next(open_ones, None),
        card=programme.card_of(age.weeks),
        windows=programme.windows_of(age.weeks),
    )


def phase(due: date, on: date) -> Phase:
    if on >= day_of_week(due, SILENT_WEEKS):
        return Phase.SILENT
    return Phase.AFTER_DUE if on >= due else Phase.RUNNING


def checkup_on(checkup: Checkup, due: date, on: date, done_on: date | None) -> CheckupOnDay:
    first = day_of_week(due, checkup.first_week)
    last = day_of_week(due, checkup.last_week) + timedelta(days=DAYS_PER_WEEK - 1)
    return CheckupOnDay(
        checkup=checkup,
        from_date=first,
        aim_date=day_of_week(due, checkup.aim_week),
        until_date=last,
        status=_status(first, last, on, done_on),
        done_on=done_on,
    )


def _status(first: date, last: date, on: date, done_on: date | None) -> CheckupStatus:
    if done_on is not None:
        return CheckupStatus.DONE
    if on > last:
        return CheckupStatus.PAST
    return CheckupStatus.DUE if on >= first else CheckupStatus.UPCOMING
