"""Reads of the review: which decisions there are, and the texts that were signed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.guides.review import Decision, Reviews, latest
from backend.guides.review_models import ReviewDecision, ReviewedText
from backend.kernel.clock import Clock, city_date


def newest_decision(session: Session) -> int:
    """The number of the newest decision, 0 before the first: has anything changed?"""
    return session.scalar(select(func.max(ReviewDecision.id))) or 0


def read_reviews(session: Session, clock: Clock, grace: timedelta) -> Reviews:
    """Every decision as of the city's today, with the texts they were about."""
    rows = session.scalars(select(ReviewDecision).order_by(ReviewDecision.id))
    texts = session.scalars(select(ReviewedText))
    return Reviews(
        today=city_date(clock.now()),
        grace=grace,
        decisions=latest(decision_of(row) for row in rows),
        texts={(text.slug, text.content_hash): text.text for text in texts},
    )


def decision_of(row: ReviewDecision) -> Decision:
    return Decision(
        slug=row.slug,
        content_hash=row.content_hash,
        verdict=row.verdict,
        valid_until=row.valid_until,
        office=row.office,
        reviewer=row.reviewer,
        decided_on=city_date(row.decided_at),
        note=row.note,
    )
