"""What an import says of a row, for the family that decides which of two is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.handbook.schedule import Schedule
from backend.rights.take_along.book import doses_by_id
from backend.rights.take_along.files import PART_TITLES, CopyFile, Part

Said = Mapping[str, Any]


def unknown(part: Part, key: str) -> str:
    return f"{PART_TITLES[part]}：{key}"


def not_taken(copy: CopyFile, *, diary: bool) -> list[str]:
    """What the file tells and an import does not take, each with what to do."""
    said = []
    if copy.from_fhir:
        said.append("体检结果、发育筛查、日记和家庭医生：不在 FHIR 文件里，在数据文件里")
    if copy.diary and not diary:
        said.append("成长日记：要先同意成长日记的说明，再导入一次")
    photos = sum(row.photo and not row.removed for row in copy.diary)
    if photos:
        said.append(f"成长日记的 {photos} 张照片：不在文件里，在打包下载的照片里")
    if copy.home_checks:
        said.append("家里的安全检查：换了家要重新看一遍")
    return said


def title(part: Part, row: Said, schedule: Schedule) -> str:
    """What the row is about: 乙肝疫苗第1剂, 2026-11-20 的测量."""
    if part is Part.HANDBOOK:
        return item_title(str(row["item"]), schedule)
    if part is Part.GROWTH:
        return f"{row['measured_on']} 的测量"
    if part is Part.DIARY:
        return f"{row['day']} 的日记"
    if part in (Part.CHECKUPS, Part.SCREENINGS):
        visit = item_title(f"checkup:{row['visit']}", schedule)
        return f"{visit}（{PART_TITLES[part]}）"
    return PART_TITLES[part]


def said(part: Part, row: Said) -> str:
    """What it says, short enough for a phone."""
    if part is Part.HANDBOOK:
        return "，".join(str(row[name]) for name in ("done_on", "place", "batch") if row[name])
    if part is Part.GROWTH:
        return _measures(row)
    if part is Part.DIARY:
        return str(row["note"] or "只有照片")[:60]
    words = [str(value) for name, value in row.items() if name != "recorded_at" and value]
    return "，".join(words)[:60]


def _measures(row: Said) -> str:
    found = []
    if row["weight_g"] is not None:
        found.append(f"体重{row['weight_g'] / 1000:g}公斤")
    if row["length_mm"] is not None:
        found.append(f"身长{row['length_mm'] / 10:g}厘米")
    if row["head_mm"] is not None:
        found.append(f"头围{row['head_mm'] / 10:g}厘米")
    return "，".join(found)


def item_title(item_id: str, schedule: Schedule) -> str:
    rule = schedule.rule(item_id)
    if rule is not None:
        return rule.title
    known = doses_by_id(schedule.programme).get(item_id.removeprefix("vaccine:"))
    return item_id if known is None else known[0].title(known[1])
