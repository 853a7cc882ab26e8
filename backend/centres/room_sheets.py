"""The directory of nursing rooms as a table for Excel, and back.

A row is known by town, name and spot: read in again, it changes that room and makes no second.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from backend.centres.models import NursingRoom
from backend.centres.nursing_rooms import FACILITIES, RoomEntry, RoomRow, rooms_by_key, row_of, tidy
from backend.centres.places import Places
from backend.centres.room_keeping import add_room, change_room
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid

COLUMNS = ("街镇", "名称", "位置", "地址", "开放时间", "设施", "电话", "核对日期")
MAY_BE_MISSING = frozenset({"电话", "核对日期"})
MOST_ROWS = 1000
BETWEEN = re.compile(r"[、,，;；/\s]+")  # what people write between two facilities
DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")  # Excel writes 2026/1/3
IDS = {title: id for id, title in FACILITIES.items()}


class Fate(StrEnum):
    """What writing a row would do."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    WRONG = "wrong"


@dataclass(frozen=True)
class PlannedRow:
    """A row of the sheet. `line` counts as Excel does; `entry` is None where it is wrong."""

    line: int
    name: str
    fate: Fate
    entry: RoomEntry | None = None
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    rows: list[PlannedRow]

    def count(self, fate: str) -> int:
        return sum(row.fate == fate for row in self.rows)

    @property
    def wrong(self) -> list[PlannedRow]:
        return [row for row in self.rows if row.fate is Fate.WRONG]

    @property
    def may_be_written(self) -> bool:
        return not self.wrong and self.count(Fate.SAME) < len(self.rows)


@dataclass(frozen=True)
class Keeper:
    """Who reads a sheet in. `town` None: the city's staff, who may write every town's rows."""

    places: Places
    town: str | None
    today: date


def write_sheet(rows: Iterable[RoomRow], places: Places) -> bytes:
    """The table as CSV. The mark in front (BOM) lets Excel read the Chinese."""
    text = io.StringIO()
    sheet = csv.writer(text)  # CRLF, as Excel writes it
    sheet.writerow(COLUMNS)
    for row in rows:
        sheet.writerow(
            (
                places.name_of(row.town_code),
                row.name,
                row.spot,
                row.address,
                row.opening_hours,
                "、".join(row.facility_titles),
                row.phone_public or "",
                row.checked_on.isoformat(),
            )
        )
    return text.getvalue().encode("utf-8-sig")


def decode(content: bytes) -> str:
    """The text of a file: UTF-8, or what Chinese Excel saves as plain CSV. Raises Invalid."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("读不出文字。请在 Excel 里另存为“CSV UTF-8（逗号分隔）”再选")


def plan(session: Session, text: str, keeper: Keeper) -> Plan:
    """What writing the sheet would do, row by row. Raises Invalid when it is no such sheet."""
    known = rooms_by_key(session, keeper.town)
    lines: dict[tuple[str, str, str], int] = {}
    planned = []
    for line, cells in _records(text):
        try:
            entry = _entry(cells, keeper)
            if entry.key in lines:
                raise Invalid(f"和第 {lines[entry.key]} 行是同一间")
            lines[entry.key] = line
            row = PlannedRow(line, entry.name, _fate(entry, known.get(entry.key)), entry)
        except (Invalid, Conflict) as error:
            problem = error.detail or error.message
            row = PlannedRow(line, cells["名称"], Fate.WRONG, problem=problem)
        planned.append(row)
    return Plan(planned)


def write_plan(session: Session, clock: Clock, planned: Plan, *, actor: str) -> None:
    """Add what is new, change what is known. Raises Invalid while any row is wrong."""
    if planned.wrong:
        raise Invalid("还有几行没有改好，一行也没有写入")
    known = rooms_by_key(session)
    for row in planned.rows:
        if row.entry is None or row.fate is Fate.SAME:
            continue
        room = known.get(row.entry.key)
        if room is None:
            add_room(session, clock, row.entry, actor=actor)
        else:
            change_room(session, clock, room, row.entry, actor=actor)


def _records(text: str) -> list[tuple[int, dict[str, str]]]:
    """(line, cells by heading) of each row that says anything."""
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise Invalid("这个文件不是逗号分隔的表格（CSV）") from error
    heads = [head.strip() for head in table[0]] if table else []
    missing = [name for name in COLUMNS if name not in heads and name not in MAY_BE_MISSING]
    if missing:
        raise Invalid(f"第一行缺少这几列：{'、'.join(missing)}")
    found = [
        (line, dict.fromkeys(COLUMNS, "") | dict(zip(heads, cells, strict=False)))
        for line, cells in enumerate(table[1:], 2)
        if any(cell.strip() for cell in cells)
    ]
    if not 0 < len(found) <= MOST_ROWS:
        raise Invalid(f"一次可以导入 1–{MOST_ROWS} 间，这个文件里有 {len(found)} 间")
    return found


def _entry(cells: Mapping[str, str], keeper: Keeper) -> RoomEntry:
    """The row as an entry. Raises Invalid."""
    entry = RoomEntry(
        town_code=_town(cells["街镇"].strip(), keeper),
        name=cells["名称"],
        address=cells["地址"],
        spot=cells["位置"],
        opening_hours=cells["开放时间"],
        facilities=_facilities(cells["设施"]),
        phone_public=cells["电话"],
        checked_on=_day(cells["核对日期"].strip(), keeper.today),
    )
    return tidy(entry, keeper.today)


def _town(text: str, keeper: Keeper) -> str:
    found = next((town for town in keeper.places if text in (town.name, town.code)), None)
    if found is None:
        raise Invalid(f"没有这个街镇：{text}" if text else "请填写街镇")
    if keeper.town not in (None, found.code):
        raise Invalid(f"{found.name}不在您的范围内")
    return found.code


def _facilities(text: str) -> tuple[str, ...]:
    titles = [title for title in BETWEEN.split(text) if title]
    unknown = [title for title in titles if title not in IDS]
    if unknown:
        raise Invalid(f"不认识的设施：{'、'.join(unknown)}")
    return tuple(IDS[title] for title in titles)


def _day(text: str, today: date) -> date:
    """Nothing means today: who fills the sheet has looked."""
    if not text:
        return today
    parts = DAY.fullmatch(text)
    try:
        if parts is None:
            raise ValueError
        return date(*(int(part) for part in parts.groups()))
    except ValueError as error:
        raise Invalid("核对日期请写成 2026-01-31 这样") from error


def _fate(entry: RoomEntry, room: NursingRoom | None) -> Fate:
    """Raises Conflict for a closed room: only a person can know that it is open again."""
    if room is None:
        return Fate.NEW
    row = row_of(room)
    if row.closed:
        raise Conflict("这一间已停用，请先在名录里恢复")
    same = all(
        getattr(row, name) == getattr(entry, name) for name in RoomEntry.__dataclass_fields__
    )
    return Fate.SAME if same else Fate.CHANGED
