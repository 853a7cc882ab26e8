"""What the people of this folder's tests do, each act in a transaction of its own."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import moving, queries, service
from backend.bookings.models import Booking
from backend.kernel.clock import Clock
from backend.people import children, joining, signin
from backend.people.login import WeChatIdentity
from backend.people.models import Child, Guardian, Relation, Sex
from tests.bookings.family import DOCUMENTS
from tests.factories import APPID, TOWN, default_vault, make_parent

Sessions = sessionmaker[Session]


def parent(sessions: Sessions) -> int:
    """A parent who agreed to everything."""
    return make_parent(sessions, documents=DOCUMENTS)


def register(sessions: Sessions, clock: Clock, parent_id: int, **changes: Any) -> int:
    """Register 丁小满, the same child each time unless something is changed."""
    facts: dict[str, Any] = {
        "name": "丁小满",
        "birth_date": date(2026, 3, 10),
        "sex": Sex.FEMALE,
        "gestational_weeks": None,
        "town_code": TOWN,
        "village_code": None,
        "home_cared": True,
        "relation": Relation.MOTHER,
    }
    new = children.Registration(**(facts | changes))
    with sessions.begin() as session:
        return children.register(session, clock, default_vault(), parent_id=parent_id, new=new).id


def invite(sessions: Sessions, clock: Clock, parent_id: int, child_id: int) -> str:
    with sessions.begin() as session:
        return joining.invite(session, clock, parent_id=parent_id, child_id=child_id)[0]


def accept(sessions: Sessions, clock: Clock, parent_id: int, code: str) -> int:
    with sessions.begin() as session:
        return joining.accept_invitation(
            session,
            clock,
            parent_id=parent_id,
            code=code,
            relation=Relation.FATHER,
            move=moving.move_sessions,
        ).id


def decide(sessions: Sessions, clock: Clock, child_id: int, *, same: bool) -> int:
    """A decision of staff; its id."""
    with sessions.begin() as session:
        return joining.decide_duplicate(
            session,
            clock,
            child_id=child_id,
            same=same,
            actor="staff:1",
            move=moving.move_sessions,
        ).id


def undo(sessions: Sessions, clock: Clock, decision_id: int) -> None:
    with sessions.begin() as session:
        joining.undo_decision(
            session, clock, decision_id=decision_id, actor="staff:2", move_back=moving.move_back
        )


def book(sessions: Sessions, clock: Clock, parent_id: int, child_id: int, slot_id: int) -> int:
    with sessions.begin() as session:
        policy = queries.policy_at(session, clock.now())
        return service.request_booking(
            session, clock, policy, parent_id=parent_id, child_id=child_id, slot_id=slot_id
        ).id


def sign_in(sessions: Sessions, clock: Clock, openid: str) -> tuple[int, str]:
    """(id of the parent, token)."""
    with sessions.begin() as session:
        found, token, _ = signin.sign_in(
            session, clock, appid=APPID, identity=WeChatIdentity(openid)
        )
        return found.id, token


def child_row(sessions: Sessions, child_id: int) -> Child:
    with sessions() as session:
        return session.get_one(Child, child_id)


def guardians(sessions: Sessions, child_id: int) -> list[int]:
    with sessions() as session:
        return children.guardians_of(session, child_id)


def guardian_rows(sessions: Sessions, parent_id: int) -> Sequence[int]:
    with sessions() as session:
        return session.scalars(
            select(Guardian.child_id).where(Guardian.parent_id == parent_id)
        ).all()


def numbers(sessions: Sessions, child_id: int) -> list[int]:
    """The numbered sessions that a child has used, in order."""
    with sessions() as session:
        found = session.scalars(
            select(Booking.quota_number)
            .where(Booking.child_id == child_id, Booking.quota_number.is_not(None))
            .order_by(Booking.quota_number)
        )
        return [number for number in found if number is not None]


def mine(sessions: Sessions, parent_id: int) -> list[int]:
    """The children that a parent sees."""
    with sessions() as session:
        return [child.id for child in children.children_of(session, parent_id)]
