"""P7: how many families of a city an audience has, and the whole timeline of one child.

The city is that of P1, with a permission of WeChat's for every second parent. Counting is what a
page of the console does: by town and by channel, each parent once. Three audiences: by age, by
one dose that is overdue, and the dearest that can be asked.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from backend.campaigns.audience import Audience
from backend.campaigns.counting import Channel, count, families, sample
from backend.handbook.schedule import Schedule, load_schedule
from backend.handbook.service import read_timeline
from backend.kernel.db import session_factory
from backend.people.models import Child, Guardian
from tests.bench.bench_planning import CLOCK, DAY, FULL, MOVED, seconds, settle_a_city
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row, median
from tests.conftest import ROOT
from tests.factories import default_vault

ROUNDS = 5
CHANNEL = Channel("wx-bench", "tpl-campaign")
PERMISSIONS = (
    "INSERT INTO parent_identities (appid, openid, parent_id)"
    " SELECT 'wx-bench', 'openid-' || id, id FROM parents",
    """
    INSERT INTO subscription_balances (appid, openid, template_id, balance)
    SELECT 'wx-bench', 'openid-' || id, 'tpl-campaign', 1 FROM parents WHERE id % 2 = 0
    """,
    MOVED,
    "VACUUM ANALYZE",
)
AUDIENCES: Mapping[str, Audience] = {
    "under three": Audience(to_months=36),
    "one dose overdue": Audience(dose="vaccine:mmr-1"),
    "any dose or check-up, sessions left, no quiz": Audience(
        dose="any", checkup="any", sessions_below=6, no_quiz_this_month=True
    ),
}


def p7(database: Database, scale: float) -> Sequence[Row]:
    schedule = load_schedule(Path(ROOT / "content"))
    with database.engine(pool_size=1) as engine:
        settle_a_city(engine, round(FULL * scale), schedule)
        _give_permissions(engine)
        with session_factory(engine).begin() as session:
            rows = [
                row
                for one in AUDIENCES.items()
                for row in _counted(database, session, schedule, *one)
            ]
            rows += [_looked_at(session, schedule), _timeline(session, schedule)]
    return rows


def _give_permissions(engine: Engine) -> None:
    with engine.connect() as connection:
        autocommit = connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in PERMISSIONS:
            autocommit.execute(text(statement), {"day": DAY} if ":day" in statement else {})


def _counted(
    database: Database, session: Session, schedule: Schedule, name: str, audience: Audience
) -> list[Row]:
    """The time, and what it costs PostgreSQL: on a busy machine the second tells more."""
    found = 0

    def ask() -> None:
        nonlocal found
        who = families(session, CLOCK, schedule, audience, DAY)
        found = count(session, who, CHANNEL).total.parents

    before = database.cpu()
    took = median([seconds(ask) for _ in range(ROUNDS)])
    cpu = (database.cpu() - before) / ROUNDS
    assert found
    return [
        Row("P7", round(took, 2), "s, count", "≤ 3", took <= 3, beside=f"{name}: {found}"),
        Row("P7", round(cpu, 2), "s PostgreSQL CPU, count"),
    ]


def _looked_at(session: Session, schedule: Schedule) -> Row:
    """The ten families of the preview."""

    def ask() -> None:
        who = families(session, CLOCK, schedule, Audience(to_months=36), DAY)
        assert len(sample(session, who)) == 10

    return Row(
        "P7", round(median([seconds(ask) for _ in range(ROUNDS)]) * 1000), "ms, ten families"
    )


def _timeline(session: Session, schedule: Schedule) -> Row:
    """From birth to six, with what is recorded, as the mini-program asks for it."""
    guardian = session.scalars(
        select(Guardian)
        .join(Child, Child.id == Guardian.child_id)
        .where(Child.deleted_at.is_(None), Child.duplicate_state.is_(None))
        .order_by(Guardian.child_id.desc())
        .limit(1)
    ).one()

    def ask() -> None:
        book = read_timeline(
            session,
            CLOCK,
            default_vault(),
            schedule,
            parent_id=guardian.parent_id,
            child_id=guardian.child_id,
        )
        assert book.items

    took = median([seconds(ask) for _ in range(ROUNDS)]) * 1000
    return Row("P7", round(took, 1), "ms, one timeline", "≤ 200", took <= 200)


MEASURES: Measures = {"P7": OnDatabase(p7)}
