"""P4 small: random plans break no promise, on any machine's zone; and a wrong rule is found.

A million of them: `make bench ONLY=P4 SCALE=1`.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from backend.handbook.planner import Near
from backend.handbook.reminders import Told, told_on
from backend.outbox.hours import SEND_FROM, SEND_UNTIL
from tests.calendars import MACHINES, machine_in
from tests.handbook.random_plans import SHIPPED, Rules, check_plans

EXAMPLES = 200


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> Iterator[str]:
    """This process as if its machine stood in another zone."""
    with machine_in(request.param):
        yield request.param


def test_nothing_leaves_at_night_or_late_whatever_the_zone_of_the_machine(machine: str) -> None:
    found = check_plans(seed=MACHINES.index(machine), count=EXAMPLES)

    assert found.broken == {}, found.examples
    assert found.sends > EXAMPLES / 4


def _by_the_machine(at: datetime) -> bool:
    return not SEND_FROM <= at.astimezone().time() < SEND_UNTIL


def _by_greenwich(at: datetime) -> bool:
    return not SEND_FROM <= at.astimezone(UTC).time() < SEND_UNTIL


def _everything(near: list[Near], day: date, today: date) -> Iterator[tuple[date, Told]]:
    """Without the question whether it is still worth telling."""
    for one in near:
        yield from ((one.birth, told) for told in told_on(one.birth, day, one.dues))


@pytest.mark.parametrize(
    ("rule", "wrong", "promise"),
    [
        ("is_quiet", lambda at: False, "at night"),
        ("is_quiet", _by_greenwich, "at night"),
        ("is_quiet", lambda at: at.hour < 8 or at.hour >= 21, "at night"),  # as it was written
        ("heard", lambda joined, day: True, "of a day before the family came"),
        ("told_to", _everything, "over"),
        ("city_date", lambda at: at.date(), "of another day than today and those that were missed"),
    ],
)
def test_a_wrong_rule_is_found(rule: str, wrong: Any, promise: str) -> None:
    found = check_plans(seed=1, count=2000, rules=Rules(**{rule: wrong}))

    assert found.broken[promise]


def test_the_clock_of_the_machine_is_found_on_a_machine_elsewhere(machine: str) -> None:
    found = check_plans(seed=1, count=EXAMPLES, rules=Rules(is_quiet=_by_the_machine))

    assert ("at night" in found.broken) is (machine != "Asia/Shanghai")


def test_the_same_seed_is_the_same_plans() -> None:
    assert check_plans(seed=3, count=20) == check_plans(seed=3, count=20, rules=SHIPPED)
