"""The read log and the grants as a workbook. Names are masked by who asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from openpyxl import Workbook

from backend.bookings.sheets import Value, add_sheet, bytes_of
from backend.rights.handbook_grants.log import LogRow
from backend.rights.handbook_grants.queries import GrantRow
from backend.rights.handbook_grants.rules import HOURS, PURPOSES
from backend.rights.handbook_grants.words import standing_words

DELETED = "已删除"
Mask = Callable[[str | None], str]
"""A sealed name as it may leave the console; None: the child is deleted."""


def log_workbook(looks: Iterable[LogRow], grants: Sequence[GrantRow], mask: Mask) -> bytes:
    """Two sheets: 查看记录, 授权."""
    made = Workbook(write_only=True)
    add_sheet(made, "查看记录", (18, 14, 30, 12, 12, 24, 16, 10), _looks(looks, mask))
    add_sheet(
        made, "授权", (10, 14, 30, 12, 12, 16, 10, 22, 18, 18, 14, 18, 30), _grants(grants, mask)
    )
    return bytes_of(made)


def _looks(rows: Iterable[LogRow], mask: Mask) -> Iterator[Sequence[Value]]:
    yield ("时间", "人员", "单位", "手册编号", "孩子", "看了什么", "用途", "授权编号")
    for row in rows:
        yield (
            row.at,
            row.reader.name,
            row.reader.office,
            row.child_id,
            mask(row.child_name_sealed),
            row.page,
            row.purpose,
            row.grant_id,
        )


def _grants(rows: Sequence[GrantRow], mask: Mask) -> Iterator[Sequence[Value]]:
    yield (
        "授权编号",
        "人员",
        "单位",
        "手册编号",
        "孩子",
        "用途",
        "申请多久",
        "状态",
        "申请时间",
        "审批时间",
        "审批人",
        "到期时间",
        "原因",
    )
    for row in rows:
        yield (
            row.id,
            row.staff_name,
            row.office,
            row.child_id,
            mask(row.child_name_sealed),
            PURPOSES[row.purpose],
            HOURS.get(row.hours, f"{row.hours} 小时"),
            standing_words(row),
            row.asked_at,
            row.decided_at,
            row.decided_by,
            row.ends_at,
            row.reason,
        )
