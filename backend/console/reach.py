"""微信触达: which share of the due messages arrived, by which way, and how many may still go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import render_template
from flask.typing import ResponseReturnValue
from openpyxl import Workbook
from sqlalchemy.orm import Session

from backend.bookings.sheets import Value, add_sheet, bytes_of
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.downloads import download
from backend.console.months import month_asked
from backend.console.permissions import Action
from backend.console.towns import town_asked, town_choices
from backend.deps import deps
from backend.kernel.ages import add_months
from backend.kernel.clock import city_date
from backend.outbox.templates import UnknownTemplate
from backend.statistics.formulas import MIN_FAMILIES, share
from backend.statistics.reach import (
    ARRIVED,
    FORMULA,
    MONTHS,
    OUTCOMES,
    Left,
    Reach,
    hidden,
    left_is_shown,
    permissions_left,
    reach_by_month,
    reach_in,
)

NO_TOWN = "没有街镇（含孕期消息）"
TOO_FEW = "样本不足"


@dataclass(frozen=True)
class Row:
    """A town, a kind of message or a month. `shown` is False where there are too few families."""

    name: str
    reach: Reach
    shown: bool = True

    @property
    def bars(self) -> list[tuple[str, str, float, float]]:
        """Name, title, begin and width of each part of the bar, in per cent."""
        found, at = [], 0.0
        for (name, title), part in zip(OUTCOMES.items(), self.reach.parts, strict=True):
            width = 100 * part / self.reach.due
            if part:
                found.append((name, title, round(at, 2), round(width, 2)))
            at += width
        return found


@dataclass(frozen=True)
class Asked:
    month: date
    town: str | None


@dataclass(frozen=True)
class Found:
    towns: list[Row]
    kinds: list[Row]
    months: list[Row]
    together: Row
    left: Left

    @property
    def left_rows(self) -> list[tuple[str, int, str]]:
        """What is said of how many families may still be sent so many messages."""
        titles = (("0 次", self.left.none), ("1 次", self.left.one), ("2 次及以上", self.left.more))
        return [
            (title, count, f"{share(count, self.left.families)}%")
            for title, count in titles
            if self.left.families
        ]


@bp.get("/reach")
@requires(Action.SEE_STATISTICS)
def reach() -> ResponseReturnValue:
    asked = _asked()
    with deps().reads() as session:
        found = _found(session, asked)
    this_month = city_date(deps().clock.now()).replace(day=1)
    return render_template(
        "console/reach.html",
        asked=asked,
        found=found,
        left_shown=left_is_shown(found.left),
        month_choices=[add_months(this_month, -back) for back in range(MONTHS)],
        town_choices=town_choices(),
        outcomes=OUTCOMES,
        arrived=ARRIVED,
        formula=FORMULA,
        min_families=MIN_FAMILIES,
    )


@bp.get("/reach.xlsx")
@requires(Action.SEE_STATISTICS)
def reach_sheet() -> ResponseReturnValue:
    """The tables of the page. What the page hides is hidden here."""
    asked = _asked()
    with deps().reads() as session:
        found = _found(session, asked)
    made = Workbook(write_only=True)
    widths = (22, 10, *[14] * (len(OUTCOMES) + 2))
    for title, rows in (
        ("街镇", [*found.towns, found.together]),
        ("种类", found.kinds),
        ("月份", found.months),
    ):
        add_sheet(made, title, widths, _lines(title, rows))
    if left_is_shown(found.left):
        head = ("还能收到", "家庭", "占比")
        add_sheet(made, "还能收到", (14, 10, 10), [head, *found.left_rows])
    add_sheet(made, "说明", (100,), [(FORMULA,), (f"少于 {MIN_FAMILIES} 个家庭不显示",)])
    return download(bytes_of(made), f"reach-{asked.month:%Y-%m}.xlsx")


def _lines(title: str, rows: Sequence[Row]) -> Iterator[Sequence[Value]]:
    yield (title, "家庭", "到期", *OUTCOMES.values(), "送达率（%）")
    for row in rows:
        if row.shown:
            found = row.reach
            yield (row.name, found.families, found.due, *found.parts, found.rate)
        else:
            yield (row.name, TOO_FEW)


def _asked() -> Asked:
    """Raises NotFound for a town that the viewer may not see."""
    this_month = city_date(deps().clock.now()).replace(day=1)
    return Asked(month_asked(this_month, this_month), town_asked())


def _found(session: Session, asked: Asked) -> Found:
    clock, scope = deps().clock, viewer().scope
    of_month = reach_in(session, clock, scope, asked.month, asked.town)
    months = reach_by_month(session, clock, scope, asked.month, asked.town)
    names = dict(town_choices())
    towns = {names.get(code or "", code or NO_TOWN): one for code, one in of_month.towns.items()}
    kinds = {_kind(name): one for name, one in of_month.kinds.items()}
    return Found(
        towns=_rows(towns),
        kinds=_rows(kinds),
        months=[
            Row(f"{month.year}年{month.month}月", one, one.families >= MIN_FAMILIES)
            for month, one in sorted(months.items(), reverse=True)
        ],
        together=Row("合计", of_month.together, of_month.together.families >= MIN_FAMILIES),
        left=permissions_left(session, scope, appid=deps().settings.wechat_appid, town=asked.town),
    )


def _rows(found: Mapping[str, Reach]) -> list[Row]:
    """Those with most messages first."""
    gone = hidden({name: one.families for name, one in found.items()})
    ordered = sorted(found.items(), key=lambda one: (-one[1].due, one[0]))
    rows = [Row(name, one, name not in gone) for name, one in ordered]
    return sorted(rows, key=lambda row: not row.shown)


def _kind(name: str) -> str:
    try:
        return deps().templates[name].title
    except UnknownTemplate:
        return name
