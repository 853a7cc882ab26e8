"""P1: the reminders of one day for a city of children, beside one statement written by hand.

The other statement is one that an SQL author would write: it knows the rules as a table, finds
the birth dates itself, and must add exactly the rows that the planner adds.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, TextClause, text

from backend.handbook.planner import SEND_AT, TEMPLATE, plan_due
from backend.handbook.schedule import Age, Kind, Rule, Schedule, load_schedule
from backend.kernel.clock import CITY, FixedClock, city_date, city_midnight
from backend.kernel.db import session_factory
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row, median
from tests.conftest import ROOT

FULL = 1_000_000  # children
ROUNDS = 5
CLOCK = FixedClock(datetime(2026, 11, 23, 8, 30, tzinfo=CITY))
DAY = city_date(CLOCK.now())
DAYS_OF_BIRTHS = 2190  # six years, spread evenly
# Some are left out for each of the planner's reasons: deleted, merged, done, account closed,
# one of the two consents withdrawn.
CITY_OF_CHILDREN = (
    """
    INSERT INTO parents (created_at, deleted_at)
    SELECT :before, CASE WHEN n % 103 = 0 THEN CAST(:before AS timestamptz) END
      FROM generate_series(1, :count) AS n
    """,
    """
    INSERT INTO children (name_sealed, identity, birth_date, sex, town_code, home_cared,
                          created_at, deleted_at)
    SELECT 'k1:x', sha256(n::text::bytea),
           CAST(:day AS date) - (CAST(n AS bigint) * 7919 % :days)::integer, 'f', '320281001',
           true, :before, CASE WHEN n % 97 = 0 THEN CAST(:before AS timestamptz) END
      FROM generate_series(1, :count) AS n
    """,
    """
    UPDATE children SET duplicate_of_id = id - 1, duplicate_state = 'same'
     WHERE id % 101 = 0 AND deleted_at IS NULL
    """,
    """
    INSERT INTO guardians (child_id, parent_id, relation, since)
    SELECT id, id, 'mother', :before FROM children
    UNION ALL
    SELECT id, id % :count + 1, 'father', :before FROM children WHERE id % 4 = 0
    """,
    """
    INSERT INTO consents (parent_id, purpose, version, document_hash, channel, given_at,
                          withdrawn_at)
    SELECT id, purpose, '1', 'x', 'bench', :before,
           CASE WHEN id % every = 0 THEN CAST(:before AS timestamptz) END
      FROM parents CROSS JOIN (VALUES ('privacy', 89), ('children', 83)) AS asked (purpose, every)
    """,
    """
    INSERT INTO handbook_entries (child_id, item_id, done_on, recorded_by, recorded_at)
    SELECT id, item, CAST(:day AS date), id, :before
      FROM children CROSS JOIN unnest(CAST(:items AS text[])) AS item
     WHERE id % 200 = 0 OR id % 202 = 0
    """,
)
MOVED = """
    INSERT INTO item_dates (child_id, item_id, due_on)
    SELECT child.id, moved.item, birth_date + moved.days + (child.id % 90)::integer
      FROM children AS child
     CROSS JOIN (VALUES ('vaccine:hepb-3', 180), ('vaccine:dtap-3', 180), ('vaccine:mmr-1', 240),
                        ('vaccine:jel-1', 250), ('vaccine:hepal-1', NULL)) AS moved (item, days)
     WHERE child.id % 5 = 0
"""
BY_HAND = text("""
WITH rule AS (
    SELECT * FROM unnest(CAST(:items AS text[]), CAST(:titles AS text[]), CAST(:cards AS boolean[]),
                         CAST(:mothers AS boolean[]),
                         CAST(:due_months AS integer[]), CAST(:due_days AS integer[]),
                         CAST(:end_months AS integer[]), CAST(:end_days AS integer[]),
                         CAST(:close_months AS integer[]), CAST(:close_days AS integer[]))
         WITH ORDINALITY
        AS rule (item_id, title, card, mother, due_months, due_days, end_months, end_days,
                 close_months, close_days, place)
), due AS (
    SELECT birth, item_id, title, card, mother, place, due_date,
           (due_date - birth) % 7 AS day_of_week,
           (due_date - birth) / 7 - (CAST(:day AS date) - birth) / 7 AS week,
           (CAST(:day AS date) - birth) % 7 AS today,
           CAST(:day AS date) < (birth + make_interval(months => end_months))::date + end_days
               AS current,
           CAST(:day AS date) < (birth + make_interval(months => close_months))::date + close_days
               AS still_given
      FROM generate_series(CAST(:day AS date) - INTERVAL '7 years', CAST(:day AS date), '1 day')
        AS born (moment)
     CROSS JOIN LATERAL (SELECT moment::date AS birth) AS b
     CROSS JOIN rule
     CROSS JOIN LATERAL (
           SELECT (birth + make_interval(months => due_months))::date + due_days AS due_date) AS d
     WHERE due_date BETWEEN CAST(:day AS date) - 20 AND CAST(:day AS date) + 13
), anchor AS (
    SELECT birth, min(day_of_week) FILTER (WHERE NOT card AND week = -2) AS back,
           min(day_of_week) FILTER (WHERE NOT card AND week = 0) AS here,
           min(day_of_week) FILTER (WHERE NOT card AND week = 1) AS following,
           max(day_of_week) FILTER (WHERE card AND week = 0) AS last_card
      FROM due GROUP BY birth
), before AS (
    SELECT *, CASE WHEN here > 0 THEN here - 1 END AS eve,
           CASE WHEN following = 0 THEN 6 END AS next_eve,
           CASE WHEN following = 0 AND here > 0 THEN here - 1 ELSE following END AS ahead
      FROM anchor
), days AS (
    SELECT *, least(eve, next_eve, ahead) AS first, greatest(eve, next_eve, ahead) AS last
      FROM before
), week AS (
    SELECT *, CASE WHEN first IS NULL OR back IS NULL OR back IN (first, last) THEN back
                   WHEN first = last THEN CASE WHEN back < eve THEN eve ELSE back END
                   WHEN back < first THEN first ELSE last END AS open
      FROM days
), tells AS (
    SELECT due.birth, item_id, title, mother, place, due_date,
           CASE WHEN NOT card AND week = -2 AND today = open AND still_given THEN 'open'
                WHEN NOT current THEN NULL
                WHEN NOT card AND (week = 0 AND today = eve OR week = 1 AND today = next_eve)
                THEN 'eve'
                WHEN NOT card AND week = 1 AND today = ahead THEN 'ahead'
                WHEN card AND week = 0 AND today = coalesce(
                     CASE WHEN day_of_week <= least(first, open) THEN least(first, open)
                          ELSE greatest(last, open) END, last_card) THEN 'card' END AS say
      FROM due JOIN week ON week.birth = due.birth
), child_told AS (
    SELECT child.id AS child_id,
           jsonb_agg(jsonb_build_object('item_id', tells.item_id, 'item_title', title,
                                        'due_date', due_date, 'say', say)
                     ORDER BY due_date, place) AS items,
           jsonb_agg(jsonb_build_object('item_id', tells.item_id, 'item_title', title,
                                        'due_date', due_date, 'say', say)
                     ORDER BY due_date, place) FILTER (WHERE NOT mother) AS for_fathers
      FROM tells
      JOIN children AS child ON child.birth_date = tells.birth
     WHERE say IS NOT NULL AND child.deleted_at IS NULL
       AND child.duplicate_state IS DISTINCT FROM 'same' AND child.created_at < :day_ends
       AND NOT EXISTS (SELECT FROM handbook_entries AS entry
                        WHERE entry.child_id = child.id AND entry.item_id = tells.item_id)
       AND NOT EXISTS (SELECT FROM children AS second
                         JOIN handbook_entries AS entry ON entry.child_id = second.id
                        WHERE second.duplicate_of_id = child.id
                          AND second.duplicate_state = 'same' AND entry.item_id = tells.item_id)
     GROUP BY child.id
)
INSERT INTO messages (key, parent_id, child_id, template, data, due_at, created_at)
SELECT 'handbook:' || guardian.parent_id || ':' || CAST(:day AS date), guardian.parent_id,
       CASE WHEN count(*) = 1 THEN min(child_told.child_id) END, :template,
       jsonb_build_object('children', jsonb_agg(
           jsonb_build_object('child_id', child_told.child_id, 'items',
               CASE guardian.relation WHEN 'mother' THEN items ELSE for_fathers END)
           ORDER BY child_told.child_id)),
       :due_at, :now
  FROM child_told
  JOIN guardians AS guardian ON guardian.child_id = child_told.child_id
  JOIN parents AS parent ON parent.id = guardian.parent_id
 WHERE (guardian.relation = 'mother' OR for_fathers IS NOT NULL)
   AND parent.deleted_at IS NULL AND guardian.since < :day_ends
   AND EXISTS (SELECT FROM consents WHERE consents.parent_id = guardian.parent_id
                  AND withdrawn_at IS NULL AND purpose = 'privacy')
   AND EXISTS (SELECT FROM consents WHERE consents.parent_id = guardian.parent_id
                  AND withdrawn_at IS NULL AND purpose = 'children')
 GROUP BY guardian.parent_id
ON CONFLICT (key) DO NOTHING
""")
ROWS = text("""
SELECT count(*), md5(string_agg(md5((key, parent_id, child_id, template, data, due_at, created_at,
                                     state)::text), '' ORDER BY key))
  FROM messages
""")


def p1(database: Database, scale: float) -> Sequence[Row]:
    """Both take turns on an empty outbox, commit included; medians. The rows must be equal."""
    schedule = load_schedule(Path(ROOT / "content"))
    with database.engine(pool_size=2) as engine:
        settle_a_city(engine, round(FULL * scale), schedule)
        ours, by_hand = take_turns(engine, schedule)
        _move_items(engine)
        moved = _plan_alone(engine, schedule)
    ratio = median(ours) / median(by_hand)
    return [
        Row("P1", round(median(ours), 2), "s", "≤ 5", median(ours) <= 5),
        Row("P1", round(median(ours), 2), "s", "≤ 1.3 x", ratio <= 1.3,
            round(median(by_hand), 2), "one statement by hand, the same rows", ratio),
        Row("P1", round(median(moved), 2), "s", "≤ 5", median(moved) <= 5,
            beside="one child in five has days of its own"),
    ]  # fmt: skip


def take_turns(
    engine: Engine, schedule: Schedule, statement: TextClause = BY_HAND
) -> tuple[list[float], list[float]]:
    """Seconds of the planner and of the statement written by hand, round by round."""
    sessions, parameters = session_factory(engine), _parameters(schedule)

    def plan() -> None:
        with sessions.begin() as session:
            assert plan_due(session, CLOCK, schedule, DAY)

    def say_it_by_hand() -> None:
        with engine.begin() as connection:
            connection.execute(statement, parameters)

    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        found = []
        for work, kept in zip((plan, say_it_by_hand), times, strict=True):
            kept.append(seconds(work))
            found.append(_rows_and_forget(engine))
        assert found[0] == found[1], "the two do not add the same rows"
    return times


def _plan_alone(engine: Engine, schedule: Schedule) -> list[float]:
    sessions, times = session_factory(engine), []
    for _ in range(ROUNDS):

        def plan() -> None:
            with sessions.begin() as session:
                assert plan_due(session, CLOCK, schedule, DAY)

        times.append(seconds(plan))
        _rows_and_forget(engine)
    return times


def _move_items(engine: Engine) -> None:
    """Five items of every fifth child are due on days of its own, one is not wanted."""
    with engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        autocommit.execute(text(MOVED), {"day": DAY})
        autocommit.execute(text("VACUUM ANALYZE item_dates"))


def _rows_and_forget(engine: Engine) -> tuple[Any, ...]:
    """How many rows there are and the sum of what stands in them; then there are none."""
    with engine.begin() as connection:
        rows = tuple(connection.execute(ROWS).one())
        connection.execute(text("TRUNCATE messages CASCADE"))
    return rows


def settle_a_city(engine: Engine, count: int, schedule: Schedule) -> None:
    values = {
        "before": CLOCK.now() - timedelta(days=30),
        "day": DAY,
        "count": count,
        "days": DAYS_OF_BIRTHS,
        "items": [rule.id for rule in schedule.rules],
    }
    with engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in CITY_OF_CHILDREN:
            autocommit.execute(text(statement), values)
        autocommit.execute(text("VACUUM ANALYZE"))


def _parameters(schedule: Schedule) -> dict[str, object]:
    rules = schedule.rules
    return {
        "items": [rule.id for rule in rules],
        "titles": [rule.title for rule in rules],
        "due_months": [rule.due.months for rule in rules],
        "due_days": [rule.due.days for rule in rules],
        "end_months": [_end(rule).months for rule in rules],
        "end_days": [_end(rule).days for rule in rules],
        "close_months": [rule.closes.months for rule in rules],
        "close_days": [rule.closes.days for rule in rules],
        "cards": [rule.kind is Kind.GUIDE for rule in rules],
        "mothers": [rule.kind is Kind.MOTHER for rule in rules],
        "template": TEMPLATE,
        "day": DAY,
        "due_at": datetime.combine(DAY, SEND_AT, CITY),
        "now": CLOCK.now(),
        "day_ends": city_midnight(DAY + timedelta(days=1)),
    }


def _end(rule: Rule) -> Age:
    """The age from which a reminder comes too late."""
    return rule.late or rule.closes


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


MEASURES: Measures = {"P1": OnDatabase(p1)}
