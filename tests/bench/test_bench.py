"""The bench stays true: what its measures assert and count holds, on a city of a few children.

Its timings are looked at by nobody here. Each scale is the smallest at which the measure still
proves something: for P1 and B8 the tests below say what, E6 asserts it itself.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import TextClause, text

from backend.handbook.schedule import load_schedule
from backend.kernel.db import session_factory
from tests.bench import bench_planning as planning
from tests.bench import bench_pregnancy as pregnancy
from tests.bench import bench_settlement as settlement
from tests.bench.__main__ import MEASURES
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Row, missed_counts
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
SMALLEST = 0.001
SCALES = {
    "B8": 0.02,
    "D1": 0.01,
    "E1": SMALLEST,
    "E6": 0.01,
    "H4": SMALLEST,
    "H5": SMALLEST,
    "P1": 0.02,
    "P7": SMALLEST,
    "P8": SMALLEST,
}
PURE = ("G4", "H1", "H2")  # no database; the same whatever the scale
LEFT_OUT = {
    "loads processes of the product; tests/concurrency and tests/process have the promises": (
        *("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B9", "W1", "S1"),
    ),
    "only times what processes of their own do": ("G1", "G2", "G3", "H3"),
    "WeChat is a process of its own; tests/outbox/test_with_sandbox.py has the paths": (
        *("P2", "P6"),
    ),
    "processes in five time zones; tests/handbook/test_random_plans.py has the plans": ("P4",),
}
OF_P1 = {  # rule → where the statement by hand says it, and what one would write without it
    "a child that was deleted": ("child.deleted_at IS NULL", "true"),
    "a second registration": ("AND child.duplicate_state IS DISTINCT FROM 'same'", ""),
    "what is done": ("entry.child_id = child.id AND", "false AND"),
    "what is done, at the second registration": (
        "AND second.duplicate_state = 'same' AND entry.item_id",
        "AND false AND entry.item_id",
    ),
    "an account that was closed": ("parent.deleted_at IS NULL", "true"),
    "no consent to the privacy policy": ("withdrawn_at IS NULL AND purpose = 'privacy'", "true"),
    "no consent to a child's data": ("withdrawn_at IS NULL AND purpose = 'children'", "true"),
    "what only a mother is told": (
        "CASE guardian.relation WHEN 'mother' THEN items ELSE for_fathers END",
        "items",
    ),
    "the eve of next week's day": (" OR week = 1 AND today = next_eve", ""),
    "one day for what is open and what comes": (" OR back IN (first, last) THEN", " THEN"),
    "a week of cards alone": (", last_card)", ", NULL)"),
}
OF_B8 = {
    "two places at one time": "SELECT one.id FROM attended AS one JOIN",
    "too old": "SELECT attended.id FROM attended JOIN children ON",
    "no number": "SELECT id FROM attended WHERE quota_number IS NULL",
    "not confirmed": "SELECT id FROM attended JOIN check_ins ON",
    "a certificate that ran out": "SELECT attended.id FROM attended JOIN teacher_certificates",
    "a closed room": "SELECT attended.id FROM attended JOIN closures",
}
NOTHING_FOLLOWS = (
    "UPDATE pregnancies SET due_date = due_date + 9, dated_at = :now WHERE id = 1",
    "UPDATE pregnancies SET state = 'ended', closed_at = :now WHERE id = 2",
)


@pytest.fixture
def place(make_database: Callable[[], str], tmp_path: Path) -> Database:
    """On the server of the tests, without fsync; whose CPU is counted matters to no test."""
    return Database(make_database(), tmp_path, postmaster=os.getpid())


def changed(statement: TextClause, words: str, others: str) -> TextClause:
    assert statement.text.count(words) == 1, words
    return text(statement.text.replace(words, others))


def test_every_measure_is_run_here_or_has_a_reason() -> None:
    left_out = [name for names in LEFT_OUT.values() for name in names]

    assert sorted([*SCALES, *PURE, *left_out]) == sorted(MEASURES)


@pytest.mark.parametrize("name", SCALES)
def test_what_a_measure_of_a_database_asserts_and_counts_holds(name: str, place: Database) -> None:
    measure = MEASURES[name]
    assert isinstance(measure, OnDatabase)

    rows = measure.take(place, SCALES[name])

    assert {row.name for row in rows} == {name}
    assert missed_counts(rows) == []


@pytest.mark.parametrize("name", PURE)
def test_what_a_measure_of_functions_asserts_and_counts_holds(name: str) -> None:
    rows = MEASURES[name](SMALLEST)

    assert {row.name for row in rows} == {name}
    assert missed_counts(rows) == []


def test_a_count_must_meet_its_goal_and_a_timing_need_not() -> None:
    lost, late = Row("X", 1, "lost", "0", False, counted=True), Row("X", 9, "s", "≤ 5", False)

    assert missed_counts([lost, late]) == [lost]


def test_p1_notices_a_rule_that_its_statement_forgets(place: Database) -> None:
    schedule, unnoticed = load_schedule(ROOT / "content"), []
    with place.engine(pool_size=2) as engine:
        planning.settle_a_city(engine, round(planning.FULL * SCALES["P1"]), schedule)
        for rule, words in OF_P1.items():
            with suppress(AssertionError):  # the two do not add the same rows
                planning.take_turns(engine, schedule, changed(planning.BY_HAND, *words))
                unnoticed.append(rule)

    assert unnoticed == []


def test_b8_notices_a_rule_that_its_count_forgets(place: Database) -> None:
    unnoticed = []
    with place.engine(pool_size=2) as engine:
        settlement.live_through_a_year(engine, round(settlement.FULL * SCALES["B8"]))
        sessions = session_factory(engine)
        settlement.draw_up(sessions, settlement.MONTH)
        for rule, words in OF_B8.items():
            forgets = changed(settlement.FROM_THE_LOG, words, words.replace("SELECT", "SELECT 0 *"))
            counted = settlement.count_the_log(engine, forgets)
            with suppress(AssertionError):  # an institution of which everything is paid
                if settlement.differences(sessions, counted) == 0:
                    unnoticed.append(rule)

    assert unnoticed == []


def test_e1_notices_what_outlives_a_new_due_date_and_an_end(place: Database) -> None:
    with place.engine(pool_size=2) as engine:
        pregnancy.settle_pregnancies(engine, 0)
        before = pregnancy.wrong_messages(engine)
        with engine.begin() as connection:
            for said in NOTHING_FOLLOWS:
                connection.execute(text(said), {"now": pregnancy.CLOCK.now()})
        wrong = pregnancy.wrong_messages(engine)

    assert (before, wrong) == (0, 1 + 11)  # one that waits; after the end also the ten that went
