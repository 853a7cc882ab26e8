"""An expecting parent and what is done for her: plain functions for these tests."""

from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.pregnancy import service, sharing
from backend.handbook.pregnancy.dating import Dating, Method
from backend.handbook.pregnancy.models import Pregnancy
from backend.handbook.pregnancy.planner import plan_due
from backend.handbook.pregnancy.programme import load_programme
from backend.kernel.clock import FixedClock, city_date
from backend.outbox.models import Message
from backend.people.documents import load_documents
from backend.people.models import Relation
from tests.factories import make_parent

CONTENT = Path(__file__).parents[3] / "content"
PROGRAMME = load_programme(CONTENT)
DOCUMENTS = load_documents(CONTENT)
TODAY = date(2026, 11, 23)
Sessions = sessionmaker[Session]


def due_when(week: int, days: int = 0, *, on: date = TODAY) -> date:
    """The due date of who is so far on that day."""
    return on + timedelta(days=280 - 7 * week - days)


def begin(
    sessions: Sessions, clock: FixedClock, due: date, *, openid: str | None = None
) -> tuple[int, int]:
    """Parent id and pregnancy id."""
    parent = make_parent(sessions, openid=openid, documents=DOCUMENTS)
    with sessions.begin() as session:
        made = service.begin(
            session,
            clock,
            parent_id=parent,
            dating=Dating(Method.CLINIC, due),
            multiple=False,
        )
        return parent, made.id


def share(sessions: Sessions, clock: FixedClock, mother: int, *, openid: str | None = None) -> int:
    """A father who joined by her code."""
    father = make_parent(sessions, openid=openid, documents=DOCUMENTS)
    with sessions.begin() as session:
        code, _ = sharing.invite(session, clock, parent_id=mother, relation=Relation.MOTHER)
        sharing.join(session, clock, parent_id=father, code=code, relation=Relation.FATHER)
    return father


def plan(sessions: Sessions, clock: FixedClock, day: date | None = None) -> int:
    with sessions.begin() as session:
        return plan_due(session, clock, PROGRAMME, day or city_date(clock.now()))


def end(sessions: Sessions, clock: FixedClock, parent: int) -> Pregnancy:
    with sessions.begin() as session:
        return service.end(session, clock, parent_id=parent)


def told(sessions: Sessions, parent: int) -> list[tuple[str, int]]:
    """Template and week of each message, oldest first."""
    with sessions() as session:
        rows = session.scalars(
            select(Message).where(Message.parent_id == parent).order_by(Message.due_at, Message.id)
        )
        return [(one.template, one.data["week"]) for one in rows]
