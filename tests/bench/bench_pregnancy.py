"""E1: what a family says takes effect at once; how long one transaction of it takes (P5).

A city of open pregnancies, each with a waiting message and ten that were sent, with fsync. Of
some the due date is moved, then they end; of others the child is born. Nothing of theirs may be
left that could go out.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from backend.handbook.pregnancy import service
from backend.handbook.pregnancy.dating import Dating, Method
from backend.handbook.pregnancy.planner import plan_due
from backend.handbook.pregnancy.programme import load_programme
from backend.kernel.clock import CITY, FixedClock, city_date
from backend.kernel.db import session_factory
from backend.kernel.sex import Sex
from backend.people.children import Registration
from backend.people.models import Relation
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row, percentile
from tests.conftest import ROOT
from tests.factories import default_vault

FULL = 100_000  # open pregnancies; the city has a few thousand births a year
FAMILIES = 200  # of whom each says two things
CLOCK = FixedClock(datetime(2026, 11, 23, 8, 30, tzinfo=CITY))
DAY = city_date(CLOCK.now())
CITY_OF_PREGNANCIES = (
    "INSERT INTO parents (created_at) SELECT :before FROM generate_series(1, :count)",
    """
    INSERT INTO consents (parent_id, purpose, version, document_hash, channel, given_at)
    SELECT id, purpose, '1', 'x', 'bench', :before
      FROM parents CROSS JOIN unnest(ARRAY['privacy', 'pregnancy']) AS purpose
    """,
    """
    INSERT INTO pregnancies (parent_id, due_date, dated_by, multiple, state, plans_from,
                             created_at, dated_at)
    SELECT id, CAST(:day AS date) + (id * 7919 % 260)::integer, 'lmp', false, 'open',
           CAST(:day AS date) - 30, :before, :before FROM parents
    """,
    """
    INSERT INTO pregnancy_parents (pregnancy_id, parent_id, opener, state, since)
    SELECT id, parent_id, true, state, created_at FROM pregnancies
    """,
    """
    INSERT INTO messages (key, parent_id, template, data, state, due_at, created_at)
    SELECT 'pregnancy:' || id || ':' || due_date || ':' || 'week-' || week || ':' || parent_id,
           parent_id, 'pregnancy_week', '{"week": 20}',
           CASE week WHEN 0 THEN 'waiting' ELSE 'sent' END,
           CAST(:before AS timestamptz) - make_interval(days => 7 * week), :before
      FROM pregnancies CROSS JOIN generate_series(0, 10) AS week
    """,
)
# After the end not even what was sent stays in a list; otherwise it is what could still go out.
WRONG = text("""
SELECT count(*) FROM messages JOIN pregnancies ON pregnancies.parent_id = messages.parent_id
 WHERE messages.template LIKE 'pregnancy%'
   AND (pregnancies.state = 'ended'
        OR messages.state IN ('waiting', 'claimed')
           AND (pregnancies.state <> 'open' OR pregnancies.dated_at > :before
                AND starts_with(messages.key, 'pregnancy:' || pregnancies.id || ':')
                AND split_part(messages.key, ':', 3) <> pregnancies.due_date::text))
""")


def e1(database: Database, scale: float) -> Sequence[Row]:
    """Seconds of each transaction, commit included; then one plan of the day for all."""
    programme = load_programme(ROOT / "content")
    with database.engine(pool_size=2) as engine:
        settle_pregnancies(engine, round(FULL * scale))
        sessions = session_factory(engine)

        def said(what: Callable[[Session, int], object], parent: int) -> float:
            began = time.perf_counter()
            with sessions.begin() as session:
                what(session, parent)
            return time.perf_counter() - began

        few, near_term = range(1, FAMILIES + 1), _near_term(engine)
        moved = [said(_move, parent) for parent in few]
        wrong = wrong_messages(engine)
        born = [said(_bear, parent) for parent in near_term]
        ended = [said(_end, parent) for parent in few]
        wrong += wrong_messages(engine)
        assert wrong == 0, "a message outlived what it tells of"
        began = time.perf_counter()
        with sessions.begin() as session:
            assert plan_due(session, CLOCK, programme, DAY)
        planned = time.perf_counter() - began
    return [
        Row("E1", wrong, f"wrong after {3 * FAMILIES}", "0", wrong == 0, counted=True,
            beside="P5: messages that could still go out; peer: MomConnect handles by event"),
        *(
            _row(f"{what}, p{percent}", seconds, percent)
            for what, seconds in (
                ("due date moved", moved),
                ("birth recorded", born),
                ("ended", ended),
            )
            for percent in (50, 99)
        ),
        Row("E1", round(planned, 2), "s", "≤ 5", planned <= 5, None, "plan of that day"),
    ]  # fmt: skip


def _row(about: str, seconds: list[float], percent: int) -> Row:
    found = round(percentile(seconds, percent) * 1000, 1)
    return Row("E1", found, "ms", "≤ 50", found <= 50, None, about)


def _move(session: Session, parent: int) -> None:
    dating = Dating(Method.CLINIC, DAY + timedelta(days=100))
    service.redate(session, CLOCK, parent_id=parent, dating=dating, multiple=False)


def _end(session: Session, parent: int) -> None:
    service.end(session, CLOCK, parent_id=parent)


def _bear(session: Session, parent: int) -> None:
    born = Registration(
        name=f"测试宝宝{parent}",
        birth_date=DAY,
        sex=Sex.FEMALE,
        gestational_weeks=None,
        town_code="320281001",
        village_code=None,
        home_cared=True,
        relation=Relation.MOTHER,
    )
    service.record_birth(session, CLOCK, default_vault(), parent_id=parent, born=[born])


def _near_term(engine: Engine) -> list[int]:
    """As many other parents, whose child may be born today."""
    query = text("""
        SELECT parent_id FROM pregnancies
         WHERE due_date < CAST(:day AS date) + 70 AND parent_id > :few ORDER BY parent_id LIMIT :few
    """)
    with engine.connect() as connection:
        found = connection.scalars(query, {"day": DAY, "few": FAMILIES}).all()
    assert len(found) == FAMILIES
    return list(found)


def wrong_messages(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(WRONG, {"before": CLOCK.now() - timedelta(hours=1)}) or 0)


def settle_pregnancies(engine: Engine, count: int) -> None:
    values = {
        "before": CLOCK.now() - timedelta(days=1),
        "day": DAY,
        "count": max(count, 6 * FAMILIES),
    }
    with engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in CITY_OF_PREGNANCIES:
            autocommit.execute(text(statement), values)
        autocommit.execute(text("VACUUM ANALYZE"))


MEASURES: Measures = {"E1": OnDatabase(e1)}
