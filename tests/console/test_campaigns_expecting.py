"""群发 to expecting families at the city's desk: tens, words, and nobody's name."""

import io
import re

from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message, MessageState
from backend.people.models import Role
from tests.campaigns.town import go
from tests.console.conftest import Desk, Enter
from tests.console.test_campaigns import FIELDS, step
from tests.factories import make_child
from tests.handbook.pregnancy.scene import begin, due_when

Sessions = sessionmaker[Session]
TO_EXPECTING = FIELDS | {
    "headline": "孕妇学校周六开课",
    "sentence": "社区卫生服务中心周六上午讲产前筛查，欢迎两个人一起来。",
    "whom": "expecting",
    "from_week": "12",
    "to_week": "28",
}


def write(desk: Desk, **changes: object) -> int:
    answer = desk.post("/campaigns", **TO_EXPECTING | changes)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return int(answer.headers["Location"].split("/")[-2])


def expecting(sessions: Sessions, clock: FixedClock, count: int) -> list[int]:
    return [begin(sessions, clock, due_when(20))[0] for _ in range(count)]


def shown(page: str) -> str:
    """What a person reads of it: no tags, and so no ids in addresses."""
    return re.sub(r"<[^>]+>", " ", page.partition("<main")[2])


def test_counted_in_tens_approved_by_another_sent_and_nobody_named(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    first, second = enter(Role.CITY, login="first"), enter(Role.CITY, login="second")
    parents = expecting(sessions, clock, 8)
    make_child(sessions, parent_id=parents[0], name="王小一")
    campaign = write(first)

    page = first.page(f"/campaigns/{campaign}/preview")
    assert "孕期家庭 少于 10 个" in page
    assert "孕妇学校周六开课" in page
    assert "王" not in shown(page)
    assert "少于 10 个，不能群发" in step(first, campaign, "submit")

    parents += expecting(sessions, clock, 5)
    assert "孕期家庭 10 个以上" in first.page(f"/campaigns/{campaign}/preview")
    assert "现在有 10 个以上家庭" in step(first, campaign, "submit")
    assert "要由另一个人审批" in first.page(f"/campaigns/{campaign}")
    assert "已批准" in step(second, campaign, "approve")
    assert go(sessions, clock) == 13
    with sessions.begin() as session:
        row = session.scalars(select(Message).order_by(Message.id).limit(1)).one()
        session.execute(update(Message).where(Message.id != row.id).values(state=MessageState.SENT))

    page = first.page(f"/campaigns/{campaign}")
    assert "孕满 12～28 周" in page
    assert "13" not in shown(page).replace("13:", "").replace("11月23日", "")
    assert "10 以上" in shown(page)
    assert "少于 10" in shown(page)
    assert "10 以上" in first.page("/campaigns")
    sheet = load_workbook(io.BytesIO(first.get(f"/campaigns/{campaign}.xlsx").data))["按街镇"]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)] == [
        ["合计", "10 以上", "少于 10", "10 以上", *["少于 10"] * 4]
    ]
    assert "撤回了还在排队的 少于 10 条" in step(first, campaign, "cancel", note="改期")
    with sessions() as session:
        listed = session.scalars(
            select(AuditEntry.id).where(AuditEntry.subject == "page:campaign")
        ).all()
    assert listed == []


def test_it_is_written_again_as_it_was(enter: Enter, sessions: Sessions) -> None:
    desk = enter(Role.CITY)
    campaign = write(desk)

    page = desk.page(f"/campaigns/{campaign}/edit")
    assert re.search(r'name="from_week"[^>]*value="12"', page)
    assert re.search(r'checked[^>]*name="whom"[^>]*value="expecting"', page)
    wrong = desk.post("/campaigns", **TO_EXPECTING | {"to_week": ""})
    assert wrong.status_code == 422
    assert "请填孕周" in wrong.get_data(as_text=True)


def test_a_town_is_offered_none_and_sees_none(enter: Enter, sessions: Sessions) -> None:
    campaign = write(enter(Role.CITY))
    town = enter(Role.TOWN)

    assert "孕期" not in town.page("/campaigns/new")
    assert town.get(f"/campaigns/{campaign}").status_code == 404
    assert town.get(f"/campaigns/{campaign}/preview").status_code == 404
    own = write(town)  # whatever is posted, a town tells its families with children
    assert "月龄" in town.page(f"/campaigns/{own}")
