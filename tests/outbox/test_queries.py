"""What parents, operators and the demo page read of the outbox."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import CITY, FixedClock
from backend.kernel.errors import Invalid
from backend.kernel.paging import Page, encode_cursor
from backend.outbox import queries, service
from backend.outbox.claims import LEASE
from backend.outbox.models import Message, MessageState
from backend.outbox.queries import InAppMessage, Wording
from tests.factories import default_vault
from tests.outbox.scene import TEMPLATES, family, tell

Sessions = sessionmaker[Session]


def wording() -> Wording:
    return Wording(TEMPLATES, default_vault())


def listed(
    sessions: Sessions, clock: FixedClock, parent_id: int, after: str | None = None, limit: int = 50
) -> Page[InAppMessage]:
    with sessions() as session:
        return queries.messages_of(
            session, clock, wording(), parent_id=parent_id, after=after, limit=limit
        )


def set_state(sessions: Sessions, message_id: int, state: MessageState) -> None:
    with sessions.begin() as session:
        one = session.get_one(Message, message_id)
        one.state, one.not_before = state, one.due_at + LEASE


def test_the_list_holds_everything_that_is_due_in_full_words(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, _ = family(sessions, name="王小一")
    message_id = tell(sessions, clock, parent_id, child_id)
    tell(sessions, clock, parent_id, child_id, later=timedelta(seconds=1))
    stranger, strange_child, _ = family(sessions)
    tell(sessions, clock, stranger, strange_child)

    (item,) = listed(sessions, clock, parent_id).items

    assert (item.id, item.kind, item.title) == (message_id, "booking_confirmed", "预约已确认")
    assert item.body.startswith("王小一的“亲子律动”已确认")
    assert item.page == "pages/bookings/bookings?id=7"
    assert (item.created_at, item.read_at) == (clock.now(), None)


@pytest.mark.parametrize(
    ("state", "shown"),
    [(state, shown) for state, shown in queries.SHOWN_STATE.items()],
)
def test_a_message_is_in_the_list_whatever_its_state(
    sessions: Sessions, clock: FixedClock, state: MessageState, shown: str
) -> None:
    parent_id, child_id, _ = family(sessions)
    set_state(sessions, tell(sessions, clock, parent_id, child_id), state)

    assert [item.wechat for item in listed(sessions, clock, parent_id).items] == [shown]


def test_every_state_has_a_word_for_the_parent() -> None:
    assert set(queries.SHOWN_STATE) == set(MessageState)


def test_pages_go_through_all_of_it_once_newest_first(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, _ = family(sessions)
    told = [
        tell(sessions, clock, parent_id, child_id, later=-timedelta(minutes=number // 2))
        for number in range(7)
    ]
    seen: list[int] = []
    after = None
    while True:
        page = listed(sessions, clock, parent_id, after, limit=3)
        seen += [item.id for item in page.items]
        after = page.next
        if after is None:
            break

    assert sorted(seen) == sorted(told)
    assert seen[0] == told[1]


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", encode_cursor(1), encode_cursor("no time", 1), encode_cursor(1, "x")]
)
def test_a_cursor_that_is_not_ours_is_refused(
    sessions: Sessions, clock: FixedClock, cursor: str
) -> None:
    with pytest.raises(Invalid):
        listed(sessions, clock, 1, after=cursor)


def test_a_message_nobody_can_word_does_not_hide_the_others(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, _ = family(sessions)
    tell(sessions, clock, parent_id, child_id, template="forgotten")
    tell(sessions, clock, parent_id, child_id, data={})
    tell(sessions, clock, parent_id, child_id)

    titles = [item.title for item in listed(sessions, clock, parent_id).items]

    assert titles == ["预约已确认", "消息", "消息"]


def test_unread_counts_what_is_due_and_not_read(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, child_id, _ = family(sessions)
    first, _, _ = (
        tell(sessions, clock, parent_id, child_id, later=timedelta(hours=hours))
        for hours in (0, 0, 1)
    )

    def unread() -> int:
        with sessions() as session:
            return queries.unread_count(session, clock, parent_id=parent_id)

    assert unread() == 2
    with sessions.begin() as session:
        service.mark_read(session, clock, parent_id=parent_id, ids=[first])
    assert unread() == 1
    clock.advance(timedelta(hours=1))
    assert unread() == 2


def test_the_operator_sees_what_is_unknown_or_failed_and_no_names(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, _ = family(sessions, name="王小一")
    told = [tell(sessions, clock, parent_id, child_id) for _ in range(4)]
    for message_id, state in zip(
        told,
        [MessageState.UNKNOWN, MessageState.SENT, MessageState.FAILED, MessageState.IN_APP],
        strict=True,
    ):
        set_state(sessions, message_id, state)

    with sessions() as session:
        first = queries.trouble(session, limit=1)
        rest = queries.trouble(session, after=first.next)
        unknown = queries.trouble(session, states=[MessageState.UNKNOWN])

    assert [row.id for row in (*first.items, *rest.items)] == [told[2], told[0]]
    assert [row.id for row in unknown.items] == [told[0]]
    assert "王" not in repr(first)


def test_by_night_the_queue_shows_what_goes_out_at_eight(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, _ = family(sessions, name="王小一")
    clock.set(datetime(2026, 11, 23, 22, tzinfo=CITY))
    now = tell(sessions, clock, parent_id, child_id)
    early = tell(sessions, clock, parent_id, child_id, later=timedelta(hours=10))
    tell(sessions, clock, parent_id, child_id, later=timedelta(hours=11))
    set_state(sessions, tell(sessions, clock, parent_id), MessageState.SENT)

    with sessions() as session:
        rows = queries.queue(session, clock, wording())

    assert [row.id for row in rows] == [now, early]
    assert (rows[0].title, rows[0].to, rows[0].state) == ("预约已确认", "王*一的家长", "waiting")
