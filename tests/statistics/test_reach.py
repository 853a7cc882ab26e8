"""What became of due messages: each counted once, none lost, no small number shown."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox.models import Channel, Message, MessageState
from backend.outbox.queries import Wording, messages_of
from backend.people.models import Role
from backend.people.scopes import Scope
from backend.statistics.reach import (
    OUTCOMES,
    Left,
    hidden,
    permissions_left,
    reach_by_month,
    reach_in,
)
from tests.factories import APPID, TOWN, default_vault
from tests.outbox.scene import TEMPLATE, TEMPLATES, family, grant, tell

Sessions = sessionmaker[Session]
EVERYWHERE = Scope(Role.CITY, None, None)
HERE = Scope(Role.TOWN, frozenset(), TOWN)
ELSEWHERE = Scope(Role.TOWN, frozenset(), "320281999")


def test_each_due_message_is_in_one_group_and_in_the_list_of_the_app(
    sessions: Sessions, clock: FixedClock
) -> None:
    """P8: the list in the app holds every message that was due."""
    month = clock.now().date().replace(day=1)
    ends: list[dict[str, Any]] = [
        {"state": MessageState.SENT},
        {"state": MessageState.SENT, "channel": Channel.SERVICE, "account": "wxservice"},
        {"state": MessageState.IN_APP, "read_at": clock.now()},
        {"state": MessageState.IN_APP},
        {"state": MessageState.WAITING},
        {"state": MessageState.UNKNOWN},
        {"state": MessageState.FAILED},
    ]
    parents = []
    for end in ends:
        parent_id, child_id, _ = family(sessions)
        parents.append(parent_id)
        message_id = tell(sessions, clock, parent_id, child_id)
        tell(sessions, clock, parent_id, child_id, later=timedelta(days=1))  # not due
        with sessions.begin() as session:
            session.execute(update(Message).where(Message.id == message_id).values(**end))

    with sessions() as session:
        found = reach_in(session, clock, EVERYWHERE, month)
        months = reach_by_month(session, clock, EVERYWHERE, month)
        none = reach_in(session, clock, ELSEWHERE, month).together
        due = len(session.scalars(select(Message.id).where(Message.due_at <= clock.now())).all())
        wording = Wording(TEMPLATES, default_vault())
        listed = sum(
            len(messages_of(session, clock, wording, parent_id=one).items) for one in parents
        )

    assert found.together.parts == (1,) * len(OUTCOMES)
    assert str(found.together.rate) == "42.8"
    assert found.towns == {TOWN: found.together}
    assert found.kinds == {TEMPLATE: found.together}
    assert months == {date(month.year, month.month, 1): found.together}
    assert (due, listed, none.due) == (7, 7, 0)


def test_messages_of_a_pregnancy_are_of_no_town(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, _, _ = family(sessions)  # a mother of a child, who expects another
    tell(sessions, clock, parent_id, template="pregnancy_notice", data={})
    month = clock.now().date().replace(day=1)

    with sessions() as session:
        assert set(reach_in(session, clock, EVERYWHERE, month).towns) == {None}
        assert reach_in(session, clock, HERE, month).together.due == 0


def test_what_is_left_of_permissions_by_family(sessions: Sessions, clock: FixedClock) -> None:
    for times in (0, 1, 3):
        _, _, key = family(sessions)
        if times:
            grant(sessions, clock, key, times=times)

    with sessions() as session:
        assert permissions_left(session, EVERYWHERE, appid=APPID) == Left(1, 1, 1)
        assert permissions_left(session, ELSEWHERE, appid=APPID).families == 0


def test_few_families_are_hidden_and_so_is_who_would_tell_them() -> None:
    assert hidden({"a": 40, "b": 12, "c": 0}) == set()
    assert hidden({"a": 40, "b": 12, "c": 3}) == {"b", "c"}
    assert hidden({"a": 40, "b": 9, "c": 3}) == {"b", "c"}
