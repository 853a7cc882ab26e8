"""群发 at the desks: written by a town, looked at, approved by the city, followed, stopped."""

import io
import re
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.campaigns.models import Campaign, CampaignState
from backend.config import Settings
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message, MessageState
from backend.people.documents import load_documents
from backend.people.models import Parent, Role
from backend.people.phones import PHONE
from tests.campaigns.town import CONTENT, GUIDE, go
from tests.conftest import make_settings
from tests.console.conftest import Desk, Enter
from tests.factories import TOWN, default_vault, make_child, make_parent

Sessions = sessionmaker[Session]
DOCUMENTS = load_documents(CONTENT)
SEEN = re.compile(r'name="seen" value="([^"]+)"')
FIELDS = {
    "headline": "这周可以补种疫苗",
    "sentence": "预防接种门诊这周六也开，带上接种证。",
    "guide": GUIDE,
    "from_months": "",
    "to_months": "36",
    "dose": "",
    "checkup": "",
    "centre": "",
    "how": "booked",
    "sessions_below": "",
    "day": "2026-11-23",
    "hour": "10",  # it is ten: now
}
TEST_PHONE = "13800000000"
OTHER_TOWN = "320281101"


@pytest.fixture
def settings(database: str) -> Settings:
    return make_settings(database, campaign_test_phone=TEST_PHONE)


@pytest.fixture
def town(enter: Enter) -> Desk:
    return enter(Role.TOWN)


@pytest.fixture
def city(enter: Enter) -> Desk:
    return enter(Role.CITY)


def write(desk: Desk, **changes: object) -> int:
    answer = desk.post("/campaigns", **FIELDS | changes)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return int(answer.headers["Location"].split("/")[-2])


def step(desk: Desk, campaign: int, name: str, **fields: object) -> str:
    """Press a button of the campaign's page as it is shown now."""
    found = SEEN.search(desk.page(f"/campaigns/{campaign}"))
    seen = {"seen": found[1]} if found else {}
    return desk.post_and_read(f"/campaigns/{campaign}/{name}", **seen, **fields)


def one(sessions: Sessions, campaign: int) -> Campaign:
    with sessions() as session:
        return session.get_one(Campaign, campaign)


def test_written_looked_at_approved_sent_and_counted(
    town: Desk, city: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    assert "还没有群发" in town.page("/campaigns")
    parent = make_parent(sessions, documents=DOCUMENTS)
    kids = [make_child(sessions, parent_id=parent, name="王小一", town_code=TOWN) for _ in "ab"]
    make_child(sessions, parent_id=make_parent(sessions), town_code=TOWN)  # never agreed
    campaign = write(town)

    page = town.page(f"/campaigns/{campaign}/preview")
    assert "1 位家长" in page
    assert "王*一、王*一" in page
    assert "王小一" not in page
    with sessions() as session:
        listed = session.scalars(
            select(AuditEntry).where(AuditEntry.subject == "page:campaign")
        ).one()
        assert listed.detail == {"children": kids}

    assert "现在有 1 个家庭" in step(town, campaign, "submit")
    assert "等市里另一个人审批" in town.page(f"/campaigns/{campaign}")
    assert "已批准，到时间自动开始" in step(city, campaign, "approve")
    assert go(sessions, clock) == 1

    page = town.page(f"/campaigns/{campaign}")
    assert "已发完" in page
    assert "data-live" in page  # one is on its way
    assert "connect-src" in town.get(f"/campaigns/{campaign}").headers["Content-Security-Policy"]
    with sessions.begin() as session:
        session.execute(update(Message).values(state=MessageState.SENT, read_at=clock.now()))
    assert "data-live" not in town.page(f"/campaigns/{campaign}")
    answer = town.get(f"/campaigns/{campaign}.xlsx")
    sheet = load_workbook(io.BytesIO(answer.data))["按街镇"]
    assert [cell.value for cell in sheet[2]] == ["澄江街道", 1, 0, 1, 0, 0, 0, 1]
    assert "导出结果" in town.page(f"/campaigns/{campaign}")


def test_two_of_the_city_are_needed(enter: Enter, sessions: Sessions) -> None:
    make_child(sessions, parent_id=make_parent(sessions, documents=DOCUMENTS))
    first, second = enter(Role.CITY, login="first"), enter(Role.CITY, login="second")
    campaign = write(first)
    step(first, campaign, "submit")

    page = first.page(f"/campaigns/{campaign}")
    assert "要由另一个人审批" in page
    assert ">批准<" not in page
    assert "自己写或提交的群发要由另一个人审批" in step(first, campaign, "approve")
    assert "已退回草稿" in step(second, campaign, "return", note="太早了")
    assert "太早了" in first.page(f"/campaigns/{campaign}")
    step(first, campaign, "submit")
    step(second, campaign, "approve")

    assert one(sessions, campaign).state is CampaignState.APPROVED


def test_what_cannot_be_sent_is_a_sentence_on_the_form(town: Desk, sessions: Sessions) -> None:
    for changes, said in (
        ({"headline": ""}, "请检查标出的几项"),
        ({"sentence": "会员优惠"}, "不能做推广：优惠"),
        ({"from_months": "36"}, "月龄要从小到大"),
        ({"hour": "9"}, "这个时间已经过了"),
        ({"hour": "22"}, "请检查标出的几项"),
        ({"guide": "no-such-guide"}, "请检查标出的几项"),
        ({"towns": [OTHER_TOWN]}, "请检查标出的几项"),
    ):
        answer = town.post("/campaigns", **FIELDS | changes)
        page = answer.get_data(as_text=True)
        assert (answer.status_code, said in page) == (422, True), said
        assert FIELDS["guide"] in page  # what was typed stays
    with sessions() as session:
        assert session.scalars(select(Campaign)).all() == []


def test_a_draft_is_changed_until_it_is_submitted(town: Desk, sessions: Sessions) -> None:
    make_child(sessions, parent_id=make_parent(sessions, documents=DOCUMENTS), town_code=TOWN)
    campaign = write(town, dose="any", sessions_below="3", no_quiz="y")
    page = town.page(f"/campaigns/{campaign}/edit")
    assert 'value="36"' in page
    seen = SEEN.search(page)
    assert seen is not None
    path = f"/campaigns/{campaign}/edit"

    assert town.post(path, **FIELDS | {"seen": seen[1], "to_months": "12"}).status_code == 303
    late = town.post(path, **FIELDS | {"seen": seen[1]})
    assert "这条群发刚刚有变化" in late.get_data(as_text=True)
    assert one(sessions, campaign).audience["to_months"] == 12
    step(town, campaign, "submit")
    assert "现在是：待审批" in town.client.get(f"/console{path}", follow_redirects=True).get_data(
        as_text=True
    )


def test_what_changes_while_its_families_are_counted_is_not_submitted(
    town: Desk, sessions: Sessions
) -> None:
    """They are counted without a lock, so somebody may change it meanwhile, and then it counts
    for nothing."""
    make_child(sessions, parent_id=make_parent(sessions, documents=DOCUMENTS), town_code=TOWN)
    campaign = write(town)

    def change(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("WITH told"):
            with sessions.begin() as session:
                session.get_one(Campaign, campaign).changed_at += timedelta(seconds=1)

    with sessions() as session:
        connection = session.connection()
    event.listen(connection, "before_cursor_execute", change)
    said = step(town, campaign, "submit")
    event.remove(connection, "before_cursor_execute", change)

    assert "这条群发刚刚有变化" in said
    assert one(sessions, campaign).state is CampaignState.DRAFT


def test_nobody_to_tell_cannot_be_submitted(town: Desk) -> None:
    campaign = write(town)

    assert "现在没有这样的家庭" in town.page(f"/campaigns/{campaign}/preview")
    assert "没有可以发的家庭" in step(town, campaign, "submit")


def test_paused_resumed_and_cancelled(
    town: Desk, city: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    make_child(sessions, parent_id=make_parent(sessions, documents=DOCUMENTS), town_code=TOWN)
    campaign = write(town)
    step(town, campaign, "submit")
    step(city, campaign, "approve")

    assert "已暂停" in step(town, campaign, "pause")
    with sessions.begin() as session:
        session.execute(update(Campaign).values(planned_at=clock.now() - timedelta(hours=25)))
    assert "接着发的只会出现在小程序" in town.page(f"/campaigns/{campaign}")
    step(town, campaign, "resume")
    assert one(sessions, campaign).state is CampaignState.APPROVED
    assert "请写明原因" in step(town, campaign, "cancel", note=" ")
    assert "已取消" in step(city, campaign, "cancel", note="门诊改期")
    assert "门诊改期" in town.page(f"/campaigns/{campaign}")


def test_a_town_sees_its_own_and_others_see_none(
    town: Desk, enter: Enter, clerk: Desk, sessions: Sessions
) -> None:
    campaign = write(town)
    other = enter(Role.TOWN, town_code=OTHER_TOWN, login="other")

    assert other.get(f"/campaigns/{campaign}").status_code == 404
    assert FIELDS["headline"] not in other.page("/campaigns")
    assert clerk.get("/campaigns").status_code == 403
    assert enter(Role.REVIEWER).get("/campaigns").status_code == 403
    assert town.post(f"/campaigns/{campaign}/approve").status_code == 403
    assert enter(Role.CITY).get(f"/campaigns/{campaign}/edit").status_code == 404


def test_the_test_family_is_told_in_the_same_words(town: Desk, sessions: Sessions) -> None:
    campaign = write(town)
    assert "还没有在小程序里关联" in town.post_and_read(f"/campaigns/{campaign}/test")
    parent = make_parent(sessions, documents=DOCUMENTS)
    child = make_child(sessions, parent_id=parent)
    fingerprint = default_vault().fingerprint(PHONE, TEST_PHONE)
    with sessions.begin() as session:
        session.execute(
            update(Parent).where(Parent.id == parent).values(phone_fingerprint=fingerprint)
        )

    assert "已发给测试家庭" in town.post_and_read(f"/campaigns/{campaign}/test")

    with sessions() as session:
        message = session.scalars(select(Message)).one()
    assert (message.parent_id, message.child_id) == (parent, child)
    assert message.data["children"][0]["items"][0]["headline"] == FIELDS["headline"]
