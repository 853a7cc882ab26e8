"""`content status`: how many texts are reviewed, for operators and their cron."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from backend.deps import Deps
from backend.guides.review import DUE_SOON
from backend.guides.review_desk import (
    PILE_TITLES,
    SHELVES,
    Pile,
    ReviewRow,
    count,
    read_desk,
    review_rows,
)

TO_READ_AGAIN = (Pile.SOON, Pile.DUE)


def status(parts: Deps) -> Iterator[str]:
    """Lines for a person: the counts of each series, and what is due."""
    with parts.reads() as session:
        grace = timedelta(days=parts.settings.review_grace_days)
        desk = read_desk(session, parts.clock, grace)
    rows = review_rows(parts.current_library.shelf, desk)
    yield f"{desk.reviews.today} 共 {len(rows)} 篇，{_counts(rows)}"
    for shelf, title in SHELVES.items():
        chosen = [row for row in rows if row.shelf == shelf]
        if chosen:
            yield f"  {title} {len(chosen)} 篇：{_counts(chosen)}"
    shown = sum(row.shown is not None for row in rows)
    yield f"正式环境现在显示 {shown} 篇，其中 {_older(rows)} 篇是以前审定的版本"
    due = [row for row in rows if row.pile in TO_READ_AGAIN]
    yield f"{DUE_SOON.days} 天内到期或已经到期 {len(due)} 篇" + ("：" if due else "")
    yield from (_line(row) for row in due)


def _counts(rows: list[ReviewRow]) -> str:
    counts = count(rows)
    return "，".join(f"{PILE_TITLES[pile]} {number}" for pile, number in counts.items() if number)


def _older(rows: list[ReviewRow]) -> int:
    return sum(row.older_is_shown for row in rows)


def _line(row: ReviewRow) -> str:
    decision = row.standing.decision
    assert decision is not None  # it was signed once
    return f"  {decision.valid_until} {row.id} {row.title}（{decision.office}）"
