"""P4: a million random plans by the rules that ship, on machines of five time zones.

Pure functions in processes of their own, each with the zone of its machine; a promise that is
broken fails the command, as everything does that must be right.
"""

import multiprocessing
import time
from collections.abc import Sequence

from tests.bench.rows import Measures, Row
from tests.calendars import MACHINES, machine_in
from tests.handbook.random_plans import Found, check_plans

FULL = 1_000_000  # plans
CHUNK = 10_000
PROCESSES = 2
SEED = 20261127


def p4(scale: float) -> Sequence[Row]:
    """Seconds are told and have no goal: what counts is that nothing is broken."""
    plans = max(len(MACHINES), round(FULL * scale))
    counts = [CHUNK] * (plans // CHUNK) + [plans % CHUNK] * bool(plans % CHUNK)
    began = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        found = Found()
        for one in pool.imap_unordered(_chunk, list(enumerate(counts))):
            found.add(one)
    seconds = round(time.monotonic() - began, 1)
    assert found.plans == plans
    assert not found.broken, f"{found.broken}: {found.examples[:3]}"
    told = f"{found.sends:,} sends, {found.items:,} items, {seconds} s"
    return [
        Row("P4", found.broken[promise], f"of {plans} plans", "0", True, beside=text,
            counted=True)
        for promise, text in (
            ("at night", f"sent outside 08:00-21:00; {told}"),
            ("of a day before the family came", "late joiner told of days before"),
            ("over", "told of what is over"),
        )
    ]  # fmt: skip


def _chunk(work: tuple[int, int]) -> Found:
    number, count = work
    with machine_in(MACHINES[number % len(MACHINES)]):
        return check_plans(SEED + number, count)


MEASURES: Measures = {"P4": p4}
