"""The directory as a table: out, into Excel, and in again."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres import nursing_rooms, room_sheets
from backend.centres.models import NursingRoom
from backend.centres.places import load_places
from backend.centres.room_sheets import Fate, Keeper, Plan
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid
from tests.factories import TOWN, make_nursing_room

Sessions = sessionmaker[Session]
PLACES = load_places(Path(__file__).parents[2] / "content")
CITY = Keeper(PLACES, None, date(2026, 11, 23))
HEAD = "街镇,名称,位置,地址,开放时间,设施,电话,核对日期"
ROW = "澄江街道,演示商场,三楼,演示路1号,每天 10:00–21:30,哺乳椅、洗手池,0510-00000000,2026-11-20"


def plan(sessions: Sessions, *rows: str, head: str = HEAD, keeper: Keeper = CITY) -> Plan:
    with sessions() as session:
        return room_sheets.plan(session, "\r\n".join((head, *rows)), keeper)


def write(sessions: Sessions, clock: FixedClock, planned: Plan) -> None:
    with sessions.begin() as session:
        room_sheets.write_plan(session, clock, planned, actor="staff:3")


def problem_of(sessions: Sessions, row: str, keeper: Keeper = CITY) -> str:
    (wrong,) = plan(sessions, row, keeper=keeper).wrong
    return wrong.problem


def test_what_was_written_out_and_read_in_changes_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_nursing_room(sessions, name='引号"和,逗号', facilities=("chair", "wheelchair"))
    make_nursing_room(sessions, town_code="320281100")
    with sessions() as session:
        content = room_sheets.write_sheet(nursing_rooms.rooms(session), PLACES)
        planned = room_sheets.plan(session, room_sheets.decode(content), CITY)

    assert content.startswith(b"\xef\xbb\xbf")  # or Excel shows signs instead of Chinese
    assert [row.fate for row in planned.rows] == [Fate.SAME, Fate.SAME]
    assert not planned.may_be_written


def test_new_rows_are_added_and_known_ones_changed(sessions: Sessions, clock: FixedClock) -> None:
    known = make_nursing_room(sessions, name="演示商场", spot="三楼")
    planned = plan(sessions, ROW, "", ROW.replace("三楼", "四楼"))
    assert [(row.line, row.fate) for row in planned.rows] == [(2, Fate.CHANGED), (4, Fate.NEW)]
    assert planned.may_be_written

    write(sessions, clock, planned)

    with sessions() as session:
        rooms = {room.spot: room for room in session.scalars(select(NursingRoom))}
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert rooms["三楼"].id == known
    assert rooms["三楼"].address == rooms["四楼"].address == "演示路1号"
    assert rooms["四楼"].checked_on == date(2026, 11, 20)
    assert actions == ["room.changed", "room.added"]


@pytest.mark.parametrize("day", ["2026/11/3", "2026-11-03", "2026年11月3日", "2026.11.3"])
def test_a_day_is_read_however_excel_writes_it(sessions: Sessions, day: str) -> None:
    (row,) = plan(sessions, ROW.replace("2026-11-20", day)).rows

    assert row.entry is not None
    assert row.entry.checked_on == date(2026, 11, 3)


def test_a_sheet_without_phone_and_day_was_looked_at_today(sessions: Sessions) -> None:
    short = "澄江街道,演示商场,三楼,演示路1号,每天,哺乳椅；护理台"
    (row,) = plan(sessions, short, head="街镇,名称,位置,地址,开放时间,设施").rows

    assert row.entry is not None
    assert (row.entry.phone_public, row.entry.checked_on) == (None, CITY.today)
    assert row.entry.facilities == ("chair", "changing_table")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("澄江街道", "火星街道", "没有这个街镇：火星街道"),
        ("澄江街道", "", "请填写街镇"),
        ("演示商场", "", "请填写名称"),
        ("哺乳椅", "桑拿", "不认识的设施：桑拿"),
        ("0510-00000000", "51000000000", "电话请写成"),
        ("2026-11-20", "2026-02-30", "核对日期请写成"),
        ("2026-11-20", "去年", "核对日期请写成"),
        ("2026-11-20", "2026-11-24", "今天或以前"),
    ],
)
def test_a_wrong_row_says_what_is_wrong(sessions: Sessions, old: str, new: str, said: str) -> None:
    assert said in problem_of(sessions, ROW.replace(old, new))


def test_a_row_of_another_town_is_refused(sessions: Sessions) -> None:
    keeper = replace(CITY, town="320281100")

    assert problem_of(sessions, ROW, keeper) == "澄江街道不在您的范围内"
    assert plan(sessions, ROW, keeper=replace(CITY, town=TOWN)).wrong == []


def test_the_same_room_twice_is_refused(sessions: Sessions) -> None:
    (wrong,) = plan(sessions, ROW, ROW).wrong

    assert (wrong.line, wrong.problem) == (3, "和第 2 行是同一间")


def test_a_closed_room_is_not_reopened_by_a_sheet(sessions: Sessions) -> None:
    make_nursing_room(sessions, name="演示商场", spot="三楼", closed=True)

    assert "已停用" in problem_of(sessions, ROW)


def test_nothing_is_written_while_a_row_is_wrong(sessions: Sessions, clock: FixedClock) -> None:
    planned = plan(sessions, ROW, ROW.replace("三楼", ""))

    with pytest.raises(Invalid):
        write(sessions, clock, planned)
    assert not planned.may_be_written
    with sessions() as session:
        assert session.scalars(select(NursingRoom)).all() == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "缺少这几列：街镇、名称、位置、地址、开放时间、设施"),
        ("街镇,名称\n", "缺少这几列：位置、地址、开放时间、设施"),
        (f"{HEAD}\n,,,\n", "这个文件里有 0 间"),
        (HEAD + "\n" + "\n".join(["甲"] * 1001), "这个文件里有 1001 间"),
        (f'{HEAD}\n"甲"乙,丙\n', "不是逗号分隔的表格"),
    ],
)
def test_another_file_is_refused_as_a_whole(sessions: Sessions, text: str, said: str) -> None:
    with pytest.raises(Invalid) as refusal, sessions() as session:
        room_sheets.plan(session, text, CITY)
    assert said in str(refusal.value.detail)


def test_what_chinese_excel_saves_is_read_and_a_picture_is_not() -> None:
    assert room_sheets.decode(ROW.encode("gb18030")) == ROW
    assert room_sheets.decode(ROW.encode("utf-8")) == ROW
    with pytest.raises(Invalid):
        room_sheets.decode(b"\x89PNG\r\n\x1a\n\xff\xff\xff")
