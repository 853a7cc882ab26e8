"""候补 on the desk: masked, in order, within the clerk's scope."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from tests.bookings.family import Family, book, cancel, make_family
from tests.bookings.waiting import join, leave, tick
from tests.console.conftest import Desk, Enter
from tests.factories import MORNING, make_centre, make_slot

Sessions = sessionmaker[Session]


class Line:
    """One full session of a centre and two families that wait for it."""

    def __init__(self, sessions: Sessions, clock: FixedClock, centre: int) -> None:
        self.sessions, self.clock = sessions, clock
        self.slot = make_slot(
            sessions, centre_id=centre, capacity=1, starts_at=MORNING + timedelta(days=3)
        )
        self.holder = make_family(sessions)
        self.booking = book(sessions, clock, self.holder, self.slot)
        self.families = [make_family(sessions, name=name) for name in ("王小一", "李小二")]
        self.entries = [join(sessions, clock, one, self.slot) for one in self.families]

    def offer(self) -> None:
        cancel(self.sessions, self.clock, self.holder, self.booking)
        tick(self.sessions, self.clock)


@pytest.fixture
def line(sessions: Sessions, clock: FixedClock, centre: int) -> Line:
    return Line(sessions, clock, centre)


def test_the_line_is_shown_in_order_and_masked(clerk: Desk, line: Line) -> None:
    page = clerk.page("/waiting")

    assert page.index("王*一") < page.index("李*二")
    assert "王小一" not in page
    assert "2 个家庭在候补" in page


def test_an_offer_shows_until_when(clerk: Desk, line: Line) -> None:
    line.offer()

    page = clerk.page("/waiting")

    assert "等家长接受" in page
    assert "11月23日 12:00 前" in page


def test_who_left_is_shown_only_when_asked_for(clerk: Desk, line: Line) -> None:
    family: Family = line.families[0]
    leave(line.sessions, line.clock, family, line.entries[0])

    assert "王*一" not in clerk.page("/waiting")
    assert "已退出" in clerk.page(f"/waiting?ended=1&slot={line.slot}")


def test_another_centres_line_is_not_shown(enter: Enter, sessions: Sessions, line: Line) -> None:
    other = enter(centre_id=make_centre(sessions), login="other")

    assert "没有家庭在候补" in other.page("/waiting")
    assert "没有家庭在候补" in other.page(f"/waiting?slot={line.slot}&ended=1")


def test_what_was_shown_is_written_down(clerk: Desk, sessions: Sessions, line: Line) -> None:
    clerk.page("/waiting")

    with sessions() as session:
        query = select(AuditEntry).where(AuditEntry.subject == "page:waiting")
        (entry,) = session.scalars(query)
    assert entry.detail == {"children": sorted(one.child for one in line.families)}
