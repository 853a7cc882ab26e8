"""知晓率: what the sampled families knew, by town and month, and how that is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.centres.places import UnknownTown
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.months import month_asked
from backend.console.permissions import Action
from backend.console.towns import town_asked, town_choices
from backend.deps import deps
from backend.knowledge.rules import month_of
from backend.statistics.export import csv_bytes
from backend.statistics.formulas import KNOWLEDGE_FORMULA, KNOWLEDGE_TARGET, MIN_FAMILIES
from backend.statistics.knowledge import (
    Missed,
    Sample,
    Span,
    knowledge_by_town,
    most_missed,
    total,
    year_until,
)

NO_TOWN = "没有填街镇"
TOO_FEW = "样本不足"
CSV_HEADER = ("月份", "街镇", "家庭数", "答对题数", "作答题数", "知晓率（%）")


@dataclass(frozen=True)
class Row:
    """A town, or all of them together, over the months of the page."""

    name: str
    samples: list[Sample]

    @property
    def families(self) -> int:
        return total(self.samples).families


@dataclass(frozen=True)
class MissedRow:
    """`text` is None for a question that is in the content no more."""

    missed: Missed
    text: str | None
    guide_slug: str | None
    guide_title: str | None


@bp.get("/knowledge")
@requires(Action.SEE_STATISTICS)
def knowledge() -> ResponseReturnValue:
    this_month = month_of(deps().clock.now())
    span = _span_asked(this_month)
    with deps().reads() as session:
        rows, together = _table(session, span)
        month_only = Span(span.last, span.last, span.town_code)
        missed = [_missed_row(one) for one in most_missed(session, viewer().scope, month_only)]
    return render_template(
        "console/knowledge.html",
        span=span,
        rows=rows,
        together=together,
        missed=missed,
        month_choices=sorted({*year_until(this_month).months, span.last}, reverse=True),
        town_choices=town_choices(),
        formula=KNOWLEDGE_FORMULA,
        target=KNOWLEDGE_TARGET,
        min_families=MIN_FAMILIES,
    )


@bp.get("/knowledge.csv")
@requires(Action.SEE_STATISTICS)
def knowledge_csv() -> ResponseReturnValue:
    """The table of the page, one line a town and month. What the page hides is hidden here."""
    span = _span_asked(month_of(deps().clock.now()))
    with deps().reads() as session:
        rows, together = _table(session, span)
    lines = [
        (f"{month:%Y-%m}", row.name, *_numbers(sample))
        for row in [*rows, together]
        for month, sample in zip(span.months, row.samples, strict=True)
    ]
    note = f"{KNOWLEDGE_FORMULA}；少于 {MIN_FAMILIES} 个家庭不显示"
    response = Response(csv_bytes(CSV_HEADER, [*lines, ("说明", note)]), mimetype="text/csv")
    response.headers["Content-Disposition"] = (
        f"attachment; filename=knowledge-{span.last:%Y-%m}.csv"
    )
    return response


def _numbers(sample: Sample) -> tuple[int | str, ...]:
    if sample.rate is None:
        return (sample.families, "", "", TOO_FEW if sample.families else "")
    return (sample.families, sample.correct, sample.asked, str(sample.rate))


def _span_asked(this_month: date) -> Span:
    """The year up to the month in the address, or to this month; of the town in the address.

    Raises NotFound for a town that the viewer may not see.
    """
    return year_until(month_asked(this_month, this_month), town_asked())


def _table(session: Session, span: Span) -> tuple[list[Row], Row]:
    """A row for each town of the page, and one of all together."""
    found = {
        (cell.town_code, cell.month): cell.sample
        for cell in knowledge_by_town(session, viewer().scope, span)
    }
    listed = [code for code, _ in town_choices() if span.town_code in {None, code}]
    others = sorted({code or "" for code, _ in found} - set(listed))  # without a town, or closed
    rows = [
        Row(_town_name(code), [found.get((code or None, month), Sample()) for month in span.months])
        for code in [*listed, *others]
    ]
    columns = zip(*(row.samples for row in rows), strict=True)
    return rows, Row("合计", [total(column) for column in columns])


def _town_name(code: str) -> str:
    if not code:
        return NO_TOWN
    try:
        return deps().places.town(code).name
    except UnknownTown:
        return code


def _missed_row(missed: Missed) -> MissedRow:
    question = deps().questions.get(missed.question_id)
    if question is None:
        return MissedRow(missed, None, None, None)
    if question.guide not in deps().library:
        return MissedRow(missed, question.text, None, None)
    guide = deps().library.get(question.guide)
    return MissedRow(missed, question.text, guide.slug, guide.title)
