"""微信触达: shares, small numbers hidden, the workbook, and who may look."""

import io

from openpyxl import load_workbook
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.outbox.models import Message, MessageState
from backend.people.models import Role
from tests.console.conftest import Enter
from tests.outbox.scene import family, tell

Sessions = sessionmaker[Session]


def tell_families(sessions: Sessions, clock: FixedClock, count: int) -> None:
    """All of them were sent their message, but for one."""
    told = []
    for _ in range(count):
        parent_id, child_id, _ = family(sessions)
        told.append(tell(sessions, clock, parent_id, child_id))
    with sessions.begin() as session:
        for state, ids in ((MessageState.SENT, told[1:]), (MessageState.IN_APP, told[:1])):
            session.execute(update(Message).where(Message.id.in_(ids)).values(state=state))


def test_shares_stand_on_the_page_and_in_the_workbook(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    tell_families(sessions, clock, 10)
    desk = enter(Role.CITY)

    page = desk.page("/reach")
    assert "送达率 90.0%" in page
    assert "小程序服务通知 90.0%，只在小程序内，未读 10.0%" in page
    book = load_workbook(io.BytesIO(desk.get("/reach.xlsx").data))
    assert book.sheetnames == ["街镇", "种类", "月份", "还能收到", "说明"]
    assert [row[2].value for row in book["街镇"].rows] == ["到期", 10, 10]


def test_few_families_are_not_shown_on_the_page_nor_in_the_workbook(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    tell_families(sessions, clock, 3)
    desk = enter(Role.CITY)

    page = desk.page("/reach")
    assert "样本不足" in page
    assert "送达率 66" not in page
    assert "有一组少于 10 位家长" in page
    book = load_workbook(io.BytesIO(desk.get("/reach.xlsx").data))
    assert "还能收到" not in book.sheetnames
    assert [row[1].value for row in book["街镇"].rows] == ["家庭", "样本不足", "样本不足"]


def test_a_town_sees_itself_and_a_clerk_nothing(enter: Enter) -> None:
    town = enter(Role.TOWN, town_code="320281103")
    assert town.get("/reach?town=320281107").status_code == 404
    assert "还没有登记的家庭" in town.page("/reach")
