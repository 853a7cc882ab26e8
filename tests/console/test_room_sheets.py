"""The directory out to Excel and in again, in the console."""

import io
import re
from html import unescape

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres.models import NursingRoom
from backend.people.models import Role
from tests.console.conftest import Desk, Enter
from tests.factories import make_nursing_room

Sessions = sessionmaker[Session]
HEAD = "街镇,名称,位置,地址,开放时间,设施,电话,核对日期"
ROW = '澄江街道,演示商场,三楼,"演示路1号,东门",每天,哺乳椅、洗手池,,2026/11/20'
SHEET = re.compile(r'<textarea name="sheet"[^>]*>\n?(.*?)</textarea>', re.DOTALL)


@pytest.fixture
def officer(enter: Enter) -> Desk:
    """Of 澄江街道."""
    return enter(Role.TOWN)


def look_at(desk: Desk, *rows: str, encoding: str = "utf-8-sig") -> str:
    """Send a file; the page that says what it would do."""
    content = "\r\n".join((HEAD, *rows)).encode(encoding)
    file = (io.BytesIO(content), "rooms.csv")
    return desk.post("/nursing-rooms/import", file=file).get_data(as_text=True)


def names(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(NursingRoom.name).order_by(NursingRoom.id)))


def test_a_file_is_looked_at_and_then_written(officer: Desk, sessions: Sessions) -> None:
    page = look_at(officer, ROW, ROW.replace("三楼", "四楼"), encoding="gb18030")
    assert "新增 2 间" in page
    assert names(sessions) == []
    held = SHEET.search(page)
    assert held is not None

    page = officer.post_and_read("/nursing-rooms/import/write", sheet=unescape(held.group(1)))

    assert "已导入：新增 2 间，修改 0 间" in page
    assert names(sessions) == ["演示商场", "演示商场"]
    page = look_at(officer, ROW)
    assert "没有变化 1 间" in page
    assert SHEET.search(page) is None


def test_wrong_rows_are_named_by_their_line(officer: Desk, sessions: Sessions) -> None:
    page = look_at(officer, ROW, ROW.replace("澄江街道", "璜土镇"), ROW.replace("哺乳椅", "桑拿"))

    assert "2 行要改" in page
    assert re.search(r"<td class=\"num\">3</td>.*?璜土镇不在您的范围内", page, re.DOTALL)
    assert re.search(r"<td class=\"num\">4</td>.*?不认识的设施：桑拿", page, re.DOTALL)
    assert SHEET.search(page) is None

    refused = officer.post(
        "/nursing-rooms/import/write", sheet=f"{HEAD}\n{ROW.replace('澄江街道', '璜土镇')}"
    )
    assert "一行也没有写入" in refused.get_data(as_text=True)
    assert names(sessions) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "请先选一个文件"),
        (b"\xff\xff\xff\x00", "读不出文字"),
        (b"a,b\n1,2\n", "缺少这几列"),
        (b"x" * 500_001, "文件太大"),
    ],
)
def test_another_file_is_refused_with_a_sentence(officer: Desk, content: bytes, said: str) -> None:
    response = officer.post("/nursing-rooms/import", file=(io.BytesIO(content), "x.csv"))

    assert response.status_code == 422
    assert said in response.get_data(as_text=True)


def test_without_a_file_one_is_asked_for(officer: Desk) -> None:
    response = officer.post("/nursing-rooms/import")

    assert "请先选一个文件" in response.get_data(as_text=True)


def test_the_export_holds_what_the_list_shows(
    officer: Desk, enter: Enter, sessions: Sessions
) -> None:
    make_nursing_room(sessions, name="演示商场")
    make_nursing_room(sessions, name="远处医院", town_code="320281100")

    answer = officer.get("/nursing-rooms/export.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"\xef\xbb\xbf")
    text = answer.get_data().decode("utf-8-sig")
    assert text.splitlines()[0] == HEAD
    assert "演示商场" in text
    assert "远处医院" not in text

    everything = enter(Role.CITY).get("/nursing-rooms/export.csv").data.decode()
    assert "远处医院" in everything
