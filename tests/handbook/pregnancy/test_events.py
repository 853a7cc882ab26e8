"""Whatever a family says in whatever order: nothing wrong waits, nothing outlives an end."""

import contextlib
import itertools
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.pregnancy import service
from backend.handbook.pregnancy.dating import Dating, Method, gestation
from backend.handbook.pregnancy.models import State
from backend.kernel.clock import FixedClock, city_date
from backend.kernel.errors import DomainError
from backend.outbox.models import Message, MessageState
from tests.factories import MORNING
from tests.handbook.pregnancy.scene import begin, due_when, plan

Sessions = sessionmaker[Session]
WEEKS = st.integers(4, 41)
EVENTS = st.one_of(
    st.tuples(st.just("days"), st.integers(1, 9)),
    st.tuples(st.just("move"), WEEKS),
    st.tuples(st.just("begin"), WEEKS),
    st.tuples(st.sampled_from(["end", "restore", "deliver"]), st.just(0)),
)


def act(sessions: Sessions, clock: FixedClock, parent: int, event: tuple[str, int]) -> None:
    """One thing that happens; a refusal is an answer too."""
    what, number = event
    if what == "days":
        clock.advance(timedelta(days=number))
        return
    with contextlib.suppress(DomainError), sessions.begin() as session:
        if what == "deliver":
            for one in session.scalars(select(Message).where(Message.parent_id == parent)):
                one.state = MessageState.SENT
        elif what in ("end", "restore"):
            {"end": service.end, "restore": service.restore}[what](session, clock, parent_id=parent)
        else:
            due = due_when(number, on=city_date(clock.now()))
            {"move": service.redate, "begin": service.begin}[what](
                session,
                clock,
                parent_id=parent,
                dating=Dating(Method.CLINIC, due),
                multiple=False,
            )


def messages(sessions: Sessions, parent: int) -> list[Message]:
    with sessions() as session:
        query = select(Message).where(Message.parent_id == parent).order_by(Message.due_at)
        return list(session.scalars(query))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(EVENTS, min_size=3, max_size=12))
def test_nothing_wrong_waits_after_any_event(
    sessions: Sessions, clock: FixedClock, events: list[tuple[str, int]]
) -> None:
    clock.set(MORNING)
    parent, _ = begin(sessions, clock, due_when(15))
    for event in events:
        act(sessions, clock, parent, event)
        check_what_waits(sessions, parent)
        plan(sessions, clock)
        check_what_waits(sessions, parent)
        assert plan(sessions, clock) == 0

    cards = [one.due_at for one in messages(sessions, parent) if one.template == "pregnancy_week"]
    assert all(b - a >= timedelta(days=7) for a, b in itertools.pairwise(cards))


def check_what_waits(sessions: Sessions, parent: int) -> None:
    with sessions() as session:
        last = service.latest(session, parent)
    assert last is not None
    found = messages(sessions, parent)
    if last.state is State.ENDED:
        assert [one.key for one in found if f":{last.id}:" in one.key] == []
    for one in found:
        if one.state is MessageState.WAITING:
            assert f"pregnancy:{last.id}:{last.due_date}:" in one.key
            assert one.data["week"] == week_on(last.due_date, city_date(one.due_at))


def week_on(due: date, day: date) -> int:
    return gestation(due, day).weeks
