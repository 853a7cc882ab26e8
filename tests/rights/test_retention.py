from datetime import date, timedelta

from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.people.models import Child
from backend.rights.deletion import forget_grown
from tests.factories import make_child, make_parent


def test_children_who_have_turned_seven_are_forgotten(
    sessions: sessionmaker[Session], clock: FixedClock
) -> None:
    parent_id = make_parent(sessions)
    grown = make_child(sessions, parent_id=parent_id, birth_date=date(2019, 11, 23))
    younger = make_child(sessions, parent_id=parent_id, birth_date=date(2019, 11, 24))

    with sessions.begin() as session:
        assert forget_grown(session, clock) == 1
        assert forget_grown(session, clock) == 0

    with sessions() as session:
        assert session.get_one(Child, grown).name_sealed == ""
        assert session.get_one(Child, younger).deleted_at is None
    clock.advance(timedelta(days=1))
    with sessions.begin() as session:
        assert forget_grown(session, clock) == 1
