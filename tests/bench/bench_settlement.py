"""B8: a year of a city's sessions, settled; each statement beside a count of the log.

The count is what an auditor would write: it starts from the last log row of each booking, takes
away what stands against a payment condition by condition, and knows nothing of the statements.
"""

import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, TextClause, select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import statements
from backend.bookings.settlement_models import Statement
from backend.bookings.statement_queries import StatementFilter, statements_page, summary
from backend.centres.place_models import Contract
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.db import session_factory
from backend.people.models import Role
from backend.people.scopes import Scope
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row, median

FULL = 1_000_000  # bookings of a year, of which 92 % were attended
ROUNDS = 3
INSTITUTIONS, CENTRES, PLACES, SIX = 20, 60, 8, 6
PRICE = 8000  # fen
CLOCK = FixedClock(datetime(2026, 12, 3, 10, tzinfo=CITY))
MONTH = date(2026, 7, 1)
ACTOR = "staff:1"
EVERYWHERE = Scope(Role.CITY, None, None)
# Among them, for each reason, some that are not paid: no confirmation, too old, a second place at
# the same time (its number is one of the year before: those of this year are taken), no number, a
# teacher whose certificate ran out, a closed room.
CITY_YEAR = (
    "INSERT INTO institutions (name, created_at)"
    " SELECT '机构' || n, :at FROM generate_series(1, :institutions) AS n",
    """
    INSERT INTO contracts (institution_id, town_code, valid_from, valid_until, unit, price_fen,
                           created_at, created_by)
    SELECT id, '320281001', DATE '2026-01-01', DATE '2026-12-31', 'session', :price, :at, 'x'
      FROM institutions
    """,
    """
    INSERT INTO centres (name, town_code, address, institution_id, created_at)
    SELECT '中心' || n, '320281001', 'x', n % :institutions + 1, :at
      FROM generate_series(1, :centres) AS n
    """,
    """
    INSERT INTO rooms (centre_id, name, capacity, opening, created_at)
    SELECT id, 'x', 20, '{}', :at FROM centres
    """,
    """
    INSERT INTO teachers (institution_id, display_name, created_at)
    SELECT n % :institutions + 1, '老师' || n, :at FROM generate_series(1, :centres) AS n
    """,
    """
    INSERT INTO teacher_certificates (teacher_id, title, valid_from, valid_until, created_at)
    SELECT id, 'x', DATE '2025-01-01',
           CASE WHEN id = 7 THEN DATE '2026-07-20' ELSE DATE '2027-01-01' END, :at
      FROM teachers
    """,
    """
    INSERT INTO slots (centre_id, kind, title, starts_at, ends_at, age_from_months, age_to_months,
                       capacity, taken, room_id, teacher_id, created_at)
    SELECT place, 'activity', 'x', starts_at, starts_at + INTERVAL '1 hour', 0, 36, 20, 0,
           place, place, :at
      FROM generate_series(0, :bookings / :places - 1) AS n
     CROSS JOIN LATERAL (
           SELECT n % :centres + 1 AS place,
                  (TIMESTAMP '2026-01-01 08:00' + make_interval(
                      days => (n / :centres) * 347 / (:bookings / :places / :centres + 1),
                      hours => (n / :centres) % 7)) AT TIME ZONE 'Asia/Shanghai' AS starts_at) AS x
    """,
    """
    INSERT INTO closures (centre_id, starts_at, ends_at, reason, created_at, created_by)
    SELECT 5, TIMESTAMP '2026-07-10 00:00' AT TIME ZONE 'Asia/Shanghai',
           TIMESTAMP '2026-07-14 10:30' AT TIME ZONE 'Asia/Shanghai', 'x', :at, 'x'
    """,
    """
    INSERT INTO children (name_sealed, identity, birth_date, sex, town_code, home_cared, created_at)
    SELECT 'k1:x', sha256(n::text::bytea), DATE '2026-01-01' - (n * 7919 % 1000)::integer, 'f',
           '320281001', true, :at
      FROM generate_series(1, :bookings / :six + 1) AS n
    """,
    """
    INSERT INTO bookings (child_id, slot_id, state, quota_year, quota_number, requested_at,
                          changed_at)
    SELECT (CASE WHEN n % 997 = 996 THEN n - :places ELSE n END) % (:bookings / :six + 1) + 1,
           n / :places + 1,
           CASE WHEN n % 100 < 92 THEN 'attended' WHEN n % 100 < 97 THEN 'missed'
                ELSE 'cancelled_by_family' END,
           CASE WHEN n % 997 = 996 THEN 2025 ELSE 2026 END,
           CASE WHEN n % 501 <> 0 THEN n / (:bookings / :six + 1) + 1 END,
           :at, :at
      FROM generate_series(0, :bookings - 1) AS n
    """,
    """
    INSERT INTO booking_log (booking_id, at, actor, before, after)
    SELECT id, :at, 'parent:1', NULL, 'requested' FROM bookings
    UNION ALL SELECT id, :at, 'staff:1', 'requested', 'confirmed' FROM bookings
    UNION ALL SELECT id, :at, 'staff:1', 'confirmed', state FROM bookings
    """,
    """
    INSERT INTO check_ins (booking_id, way, scan_key, scanned_at, synced_at, confirmed_at)
    SELECT id, 'qr', id::text, :at, :at,
           CASE WHEN id % 53 <> 0 THEN CAST(:at AS timestamptz) END
      FROM bookings WHERE state = 'attended'
    """,
)
FROM_THE_LOG = text("""
WITH attended AS (
    SELECT booking.id, booking.child_id, booking.quota_number, slot.starts_at, slot.ends_at,
           slot.teacher_id, slot.centre_id, centre.institution_id,
           (slot.starts_at AT TIME ZONE 'Asia/Shanghai')::date AS day
      FROM slots AS slot
      JOIN centres AS centre ON centre.id = slot.centre_id
      JOIN bookings AS booking ON booking.slot_id = slot.id
     CROSS JOIN LATERAL (SELECT after FROM booking_log WHERE booking_id = booking.id
                          ORDER BY id DESC LIMIT 1) AS last
     WHERE last.after = 'attended'
       AND to_char(slot.starts_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') = :month
), good AS (
    SELECT id FROM attended
    EXCEPT SELECT one.id FROM attended AS one JOIN attended AS other USING (child_id)
            WHERE (one.starts_at, one.ends_at) OVERLAPS (other.starts_at, other.ends_at)
              AND one.id <> other.id
              AND ((SELECT confirmed_at IS NULL FROM check_ins WHERE booking_id = other.id),
                   other.id)
                < ((SELECT confirmed_at IS NULL FROM check_ins WHERE booking_id = one.id), one.id)
    EXCEPT SELECT attended.id FROM attended JOIN children ON children.id = child_id
            WHERE extract(year FROM age(day, birth_date)) >= 3 OR day < birth_date
    EXCEPT SELECT id FROM attended WHERE quota_number IS NULL
    EXCEPT SELECT id FROM attended JOIN check_ins ON booking_id = id WHERE confirmed_at IS NULL
    EXCEPT SELECT attended.id FROM attended JOIN teacher_certificates USING (teacher_id)
            WHERE day > valid_until
    EXCEPT SELECT attended.id FROM attended JOIN closures USING (centre_id)
            WHERE tstzrange(attended.starts_at, attended.ends_at)
               && tstzrange(closures.starts_at, closures.ends_at)
)
SELECT institution_id, count(*) AS attended, count(good.id) AS paid
  FROM attended LEFT JOIN good USING (id) GROUP BY institution_id ORDER BY institution_id
""")


def b8(database: Database, scale: float) -> Sequence[Row]:
    """A month of every institution: written once, read, and computed again from nothing."""
    with database.engine(pool_size=2) as engine:
        live_through_a_year(engine, round(FULL * scale))
        sessions = session_factory(engine)
        one = _seconds(lambda: draw_up(sessions, MONTH, only=1))
        rest = _seconds(lambda: draw_up(sessions, MONTH))
        again = median([_seconds(lambda: draw_up(sessions, MONTH)) for _ in range(ROUNDS)])
        read = median([_seconds(lambda: _read(sessions)) for _ in range(ROUNDS)])
        counted: list[Any] = []
        count = _seconds(lambda: counted.extend(count_the_log(engine)))
        differing = differences(sessions, counted)
        lines = sum(row.attended for row in counted)
    assert differing == 0, f"{differing} statements are not what the log says"
    return [
        Row("B8", differing, "statements unlike the log", "0", differing == 0, counted=True),
        Row("B8", round(read, 2), "s report of a month", "≤ 2", read <= 2,
            round(count, 2), "the same from the log, by hand", round(read / count, 2)),
        Row("B8", round(one, 2), "s one statement drawn up", "≤ 2", one <= 2),
        Row("B8", round(again, 2), "s all computed again", "≤ 2", again <= 2),
        Row("B8", round(rest, 2), f"s all written, {lines} lines"),
    ]  # fmt: skip


def draw_up(sessions: sessionmaker[Session], month: date, *, only: int | None = None) -> None:
    with sessions.begin() as session:
        contracts = session.scalars(select(Contract.id).order_by(Contract.id).limit(only)).all()
        statements.draw_up(session, CLOCK, month=month, contract_ids=contracts, actor=ACTOR)


def _read(sessions: sessionmaker[Session]) -> None:
    """The list of the month and the subtotals of every statement, as the console shows them."""
    with sessions() as session:
        page = statements_page(session, EVERYWHERE, StatementFilter(month=MONTH))
        assert len(page.items) == INSTITUTIONS
        for row in page.items:
            found = summary(session, row.id)
            assert sum(one.sessions for one in found.by_centre) == row.sessions


def count_the_log(engine: Engine, statement: TextClause = FROM_THE_LOG) -> Sequence[Any]:
    """Of each institution: sessions that were attended, and how many of them are paid."""
    with engine.connect() as connection:
        return connection.execute(statement, {"month": f"{MONTH:%Y-%m}"}).all()


def differences(sessions: sessionmaker[Session], counted: Sequence[Any]) -> int:
    """Statements whose sessions, deductions or fen are not what the log says."""
    with sessions() as session:
        rows = statements_page(session, EVERYWHERE, StatementFilter(month=MONTH)).items
        assert session.query(Statement).count() == len(rows)
    stated = {
        row.institution_id: (row.sessions + row.deductions, row.sessions, row.total_fen)
        for row in rows
    }
    from_log = {row.institution_id: (row.attended, row.paid, row.paid * PRICE) for row in counted}
    assert all(0 < paid < attended for attended, paid, _ in from_log.values()), "too few bookings"
    return sum(stated.get(key) != from_log.get(key) for key in stated.keys() | from_log.keys())


def live_through_a_year(engine: Engine, bookings: int) -> None:
    values = {
        "bookings": bookings,
        "institutions": INSTITUTIONS,
        "centres": CENTRES,
        "places": PLACES,
        "six": SIX,
        "price": PRICE,
        "at": CLOCK.now() - timedelta(days=1),
    }
    with engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in CITY_YEAR:
            autocommit.execute(text(statement), values)
        autocommit.execute(text("VACUUM ANALYZE"))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


MEASURES: Measures = {"B8": OnDatabase(b8)}
