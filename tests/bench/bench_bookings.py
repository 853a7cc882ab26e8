"""B1 to B6: bookings under load, over HTTP against granian with four workers.

Each takes place in a house of its own. Every measure answers {figure, floor, ratio, …}: the floor
is what the database itself does in the same run, the ratio how much of it is left.
"""

import json
import resource
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from backend.bookings import rules, service
from backend.kernel.clock import CITY, FixedClock
from tests.bench.client import Answer, Call, fire
from tests.bench.floor import commits_a_second
from tests.bench.house import CLOCK, Family, House, open_house
from tests.bench.rows import Measure, Measures, Row, median, percentile
from tests.concurrency.racing import at_once
from tests.process.waiting import eventually

Result = dict[str, Any]
BOOKINGS = "/api/v1/bookings"
BUYERS, PLACES = 200, 20
NEW_YEAR = datetime(2027, 1, 1, 10, tzinfo=CITY)


def b1(house: House, scale: float) -> Result:
    """200 buyers for 20 places, every fifth run with a worker killed: oversold, undersold."""
    families = house.add_families(BUYERS)
    runs, over, under, wrong = max(5, round(100 * scale)), 0, 0, Counter[str]()
    for number in range(runs):
        slot, answers = _rush(house, families, kill=number % 5 == 4)
        taken, rows = house.sold(slot)
        told = sum(answer.status == 201 for answer in answers)
        over += max(0, rows - PLACES, told - PLACES)
        under += max(0, PLACES - rows, PLACES - told)
        wrong.update(a.code for a in answers if a.code not in {"booked", "slot_full"})
        assert taken == rows
    figure = {"runs": runs, "killed": runs // 5, "over": over, "under": under}
    return {"figure": figure, "floor": {"over": 0, "under": 0}, "ratio": None, "other": dict(wrong)}


def b3(house: House, scale: float) -> Result:
    """Time until all 200 are answered, and p99, in milliseconds; the median of the runs."""
    families = house.add_families(BUYERS)
    _rush(house, families)  # the first one opens connections and compiles statements
    before = house.cpu()
    runs = [_rush(house, families)[1] for _ in range(max(3, round(30 * scale)))]
    used = house.cpu().since(before).total / len(runs) / BUYERS
    all_answered = median([max(a.seconds for a in answers) * 1000 for answers in runs])
    p99 = median([percentile([a.seconds * 1000 for a in answers], 99) for answers in runs])
    floor = BUYERS / commits_a_second(house.url) * 1000
    return {
        "figure": {
            "all_answered_ms": round(all_answered),
            "p99_ms": round(p99),
            "cpu_ms_each": round(used * 1000, 2),
        },
        "floor": round(floor),
        "ratio": round(all_answered / floor, 2),
    }


def _rush(
    house: House, families: Sequence[Family], *, kill: bool = False
) -> tuple[int, list[Answer]]:
    """All families want the same slot at once."""
    house.forget_bookings()
    (slot,) = house.add_slots(1, capacity=PLACES)
    killer = threading.Timer(0.15, house.kill_a_worker)
    if kill:
        eventually(house.may_lose_a_worker)
        killer.start()
    answers = fire(house.port, [[_call(family, slot)] for family in families])
    if kill:
        killer.join()
    return slot, answers


def b2(house: House, scale: float) -> Result:
    """50 tries at once by one child with six left; every second run over New Year."""
    runs, wrong = max(6, round(100 * scale)), 0
    house.forget_bookings()
    house.allow_open(12)  # six of each year, all of them ahead
    this_year = house.add_slots(50, capacity=500)
    both_years = this_year[:25] + house.add_slots(25, capacity=500, first=NEW_YEAR)
    for number, family in enumerate(house.add_families(runs)):
        slots = both_years if number % 2 else this_year
        answers = fire(house.port, [[_call(family, slot)] for slot in slots])
        expected = [6, 6] if number % 2 else [6]
        told = sum(answer.status == 201 for answer in answers)
        wrong += house.numbers_used(family.child) != expected or told != sum(expected)
    return {"figure": {"runs": runs, "not_exactly_six": wrong}, "floor": 0, "ratio": None}


def b4(house: House, scale: float) -> Result:
    """Steady bookings on a hot family of slots: per second, and CPU milliseconds of each.

    Each with its log row, idempotency key and message in one commit. 32 connections.
    """
    count, lines = max(320, round(6000 * scale)), 32
    house.forget_bookings()
    slots = house.add_slots(20, capacity=500)
    fire(house.port, _rows(house, slots, 160, lines))  # connections, caches, compiled statements
    floor, rows = commits_a_second(house.url), _rows(house, slots, count, lines)
    before, client_before, started = house.cpu(), _own_cpu(), time.perf_counter()
    answers = fire(house.port, rows)
    seconds, used = time.perf_counter() - started, house.cpu().since(before)
    assert {answer.status for answer in answers} == {201}
    return {
        "figure": {
            "per_second": round(count / seconds),
            "cpu_ms_each": round(used.total / count * 1000, 2),
            "web_cpu_ms_each": round(used.web / count * 1000, 2),
            "p99_ms": round(percentile([a.seconds * 1000 for a in answers], 99)),
        },
        "floor": round(floor),
        "ratio": round(count / seconds / floor, 3),
        "client_cpu_ms_each": round((_own_cpu() - client_before) / count * 1000, 2),
    }


def _rows(house: House, slots: Sequence[int], count: int, lines: int) -> list[list[Call]]:
    """So many families, each with one booking to make, dealt out to the connections."""
    families = house.add_families(count)
    calls = [_call(family, slots[n % len(slots)]) for n, family in enumerate(families)]
    return [calls[line::lines] for line in range(lines)]


def b5(house: House, scale: float) -> Result:
    """One key 20 times at once: bookings made, different bodies."""
    runs, wrong = max(5, round(100 * scale)), 0
    house.forget_bookings()
    (slot,) = house.add_slots(1, capacity=500)
    for family in house.add_families(runs):
        answers = fire(house.port, [[_call(family, slot, key="once")]] * 20)
        bodies = {(answer.status, answer.body) for answer in answers}
        wrong += len(bodies) != 1 or house.numbers_used(family.child) != [1]
    return {"figure": {"runs": runs, "not_one_booking": wrong}, "floor": 0, "ratio": None}


def b6(house: House, scale: float) -> Result:
    """Pairs of clerks on one booking: pairs without exactly one winner. Service level."""
    pairs, wrong = max(20, round(1000 * scale)), 0
    house.forget_bookings()
    slots, clock = house.add_slots(-(-pairs // 400), capacity=500), FixedClock(CLOCK)
    for answer in fire(house.port, _rows(house, slots, pairs, lines=8)):
        booking = json.loads(answer.body)["id"]

        def press(clerk: int, booking: int = booking) -> None:
            with house.sessions.begin() as session:
                if clerk == 1:
                    service.confirm(session, clock, booking_id=booking, actor="staff:1")
                else:
                    service.decline(
                        session, clock, booking_id=booking, actor="staff:2", reason="满了"
                    )

        won, lost = at_once(press, [1, 2])
        seen = [error for error in lost if isinstance(error, rules.BookingStateChanged)]
        wrong += len(won) != 1 or len(seen) != 1 or not seen[0].detail
    return {"figure": {"pairs": pairs, "not_one_winner": wrong}, "floor": 0, "ratio": None}


TAKE: Mapping[str, Callable[[House, float], Result]] = {
    "B1": b1,
    "B2": b2,
    "B3": b3,
    "B4": b4,
    "B5": b5,
    "B6": b6,
}


def rows(name: str, found: Result) -> list[Row]:
    """A result as lines of the table."""
    return ROWS[name](found)


def _counts(name: str, *wrong: str) -> Callable[[Result], list[Row]]:
    """Of a measure that counts what must not be."""

    def lines(found: Result) -> list[Row]:
        figure = found["figure"]
        of = figure.get("runs", figure.get("pairs"))
        return [
            Row(name, figure[one], f"{one.replace('_', ' ')}, of {of}", "0", figure[one] == 0,
                counted=True)
            for one in wrong
        ]  # fmt: skip

    return lines


def _b3_rows(found: Result) -> list[Row]:
    figure = found["figure"]
    answered, p99 = figure["all_answered_ms"], figure["p99_ms"]
    return [
        Row("B3", answered, "ms, all 200 answered", "≤ 600", answered <= 600,
            found["floor"], "200 raw commits", found["ratio"]),
        Row("B3", p99, "ms, p99", "≤ 500", p99 <= 500),
        Row("B3", figure["cpu_ms_each"], "ms CPU each"),
    ]  # fmt: skip


def _b4_rows(found: Result) -> list[Row]:
    figure = found["figure"]
    rate, cpu = figure["per_second"], figure["cpu_ms_each"]
    return [
        Row("B4", rate, "bookings/s", "≥ 150", rate >= 150,
            found["floor"], "raw insert-commits/s", found["ratio"]),
        Row("B4", cpu, "ms CPU each", "≤ 8", cpu <= 8),
        Row("B4", figure["p99_ms"], "ms, p99"),
    ]  # fmt: skip


ROWS: Mapping[str, Callable[[Result], list[Row]]] = {
    "B1": _counts("B1", "over", "under"),
    "B2": _counts("B2", "not_exactly_six"),
    "B3": _b3_rows,
    "B4": _b4_rows,
    "B5": _counts("B5", "not_one_booking"),
    "B6": _counts("B6", "not_one_winner"),
}


def _alone(name: str) -> Measure:
    """One measure in a house of its own."""

    def take(scale: float) -> Sequence[Row]:
        with open_house() as house:
            return rows(name, TAKE[name](house, scale))

    return take


MEASURES: Measures = {name: _alone(name) for name in TAKE}


def _call(family: Family, slot: int, key: str | None = None) -> Call:
    body = {"child_id": family.child, "slot_id": slot}
    return Call(BOOKINGS, family.token, key or secrets.token_hex(8), body)


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
