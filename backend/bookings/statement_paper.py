"""A statement as a PDF to sign and to stamp: figures and no child. Set by typst, as the books are.

typst and its fonts are heavy (55 MB) and belong to the extra `book`; without them the page prints
from the browser.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from backend.bookings.money import in_capitals, yuan
from backend.bookings.settlement import DEDUCTIONS, REASON_TITLES, STATEMENT_TITLES
from backend.bookings.settlement_models import StatementState
from backend.bookings.statement_evidence import CorrectionRow
from backend.bookings.statement_queries import StatementRow, StatementStep, Subtotal, Summary
from backend.centres.place_models import ContractUnit
from backend.kernel.clock import city_time
from backend.kernel.errors import Unavailable

TEMPLATE = Path(__file__).with_name("statement.typ")
FONTS = "manimgx_fonts_cjk"  # Noto Sans CJK, OFL 1.1
FINAL = {StatementState.ACCEPTED, StatementState.PAID}


class PdfUnavailable(Unavailable):
    code = "statement_pdf_unavailable"
    message = "这台服务器还没有装排版程序，请用浏览器打印"


def paper(
    row: StatementRow,
    town: str,
    summary: Summary,
    corrections: Sequence[CorrectionRow],
    steps: Sequence[StatementStep],
) -> bytes:
    """The same statement gives the same bytes. Raises PdfUnavailable."""
    spec = find_spec(FONTS)
    if spec is None or spec.submodule_search_locations is None or find_spec("typst") is None:
        raise PdfUnavailable
    import typst

    data = _data(row, town, summary, corrections, steps)
    changed = city_time(row.changed_at)
    return typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(spec.submodule_search_locations[0])],
        ignore_system_fonts=True,  # the same paper on every machine
        sys_inputs={"statement": json.dumps(data, ensure_ascii=False)},
        timestamp=datetime(changed.year, changed.month, changed.day, tzinfo=UTC),
    )


def _data(
    row: StatementRow,
    town: str,
    summary: Summary,
    corrections: Sequence[CorrectionRow],
    steps: Sequence[StatementStep],
) -> dict[str, Any]:
    """Everything on the paper as text; the template only lays it out."""
    return {
        "number": row.id,
        "institution": row.institution,
        "town": town,
        "month": f"{row.month.year}年{row.month.month}月",
        "term": f"{row.valid_from} 至 {row.valid_until}",
        "unit": "元/户·月" if row.unit is ContractUnit.FAMILY else "元/人次",
        "price": yuan(row.price_fen),
        "ceiling": None if row.ceiling_fen is None else yuan(row.ceiling_fen),
        "state": STATEMENT_TITLES[row.state],
        "final": row.state in FINAL,
        "sessions": row.sessions,
        "deductions": row.deductions,
        "sessions_yuan": yuan(row.sessions_fen),
        "corrections_yuan": yuan(row.corrections_fen),
        "total": yuan(row.total_fen),
        "capitals": in_capitals(row.total_fen),
        "by_centre": [_subtotal(one) for one in summary.by_centre],
        "by_kind": [_subtotal(one) for one in summary.by_kind],
        "by_reason": [
            [REASON_TITLES[reason], DEDUCTIONS[reason], str(number)]
            for reason, number in summary.by_reason
        ],
        "corrections": [
            [f"{one.of_month:%Y-%m}" if one.of_month else "", one.note, yuan(one.amount_fen)]
            for one in corrections
        ],
        "steps": [
            [f"{city_time(one.at):%Y-%m-%d %H:%M}", one.who, _step(one), one.note]
            for one in steps
            if one.before != one.after
        ],
        "version": f"{city_time(row.changed_at):%Y-%m-%d %H:%M:%S}",
    }


def _step(one: StatementStep) -> str:
    return STATEMENT_TITLES[one.after] if one.before else "建立"


def _subtotal(one: Subtotal) -> list[str]:
    return [one.name, str(one.sessions), str(one.deductions), yuan(one.sessions_fen)]
