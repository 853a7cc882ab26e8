"""What WeChat thinks of the words of a rating; nobody sees them before.

The check asks WeChat, so it never runs in a transaction: read, ask, write, each for itself. A
rating that changed meanwhile keeps waiting, for the answer was about other words.
"""

from enum import StrEnum
from typing import Any, Protocol

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.attendance_models import Rating, RatingCheck
from backend.bookings.ratings import WORDS
from backend.kernel.privacy import Vault
from backend.people.models import ParentIdentity

CHECKED_AT_ONCE = 20


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105
    REVIEW = "review"
    RISKY = "risky"


VERDICTS = {
    Verdict.PASS: RatingCheck.PASSED,
    Verdict.REVIEW: RatingCheck.REVIEW,
    Verdict.RISKY: RatingCheck.HIDDEN,
}


class CheckUnavailable(Exception):
    """No verdict now; the same words may be asked about again."""


class CheckImpossible(Exception):
    """WeChat will not judge these words, for example because the writer has left (61010)."""


class TextCheck(Protocol):
    def check(self, openid: str, text: str) -> Verdict:
        """WeChat's opinion of a text that this person wrote.

        Raises CheckUnavailable or CheckImpossible, and nothing else.
        """


def check_waiting(
    sessions: sessionmaker[Session], vault: Vault, check: TextCheck, appid: str
) -> int:
    """Ask about the words that wait, the oldest first; return how many were settled.

    Stops at the first sign that WeChat does not answer: held, not shown.
    """
    with sessions.begin() as session:
        waiting = session.execute(_waiting(appid)).all()
    settled = 0
    for row in waiting:
        try:
            after = _ask(vault, check, row)
        except CheckUnavailable:
            break
        with sessions.begin() as session:
            settled += _settle(session, row, after)
    return settled


def _waiting(appid: str) -> Any:
    return (
        select(Rating.booking_id, Rating.words_sealed, ParentIdentity.openid)
        .outerjoin(
            ParentIdentity,
            (ParentIdentity.parent_id == Rating.parent_id) & (ParentIdentity.appid == appid),
        )
        .where(Rating.check_state == RatingCheck.WAITING, Rating.words_sealed.is_not(None))
        .order_by(Rating.rated_at, Rating.booking_id)
        .limit(CHECKED_AT_ONCE)
    )


def _ask(vault: Vault, check: TextCheck, row: Row[Any]) -> RatingCheck:
    if row.openid is None:
        return RatingCheck.REVIEW
    try:
        return VERDICTS[check.check(row.openid, vault.open(row.words_sealed, WORDS))]
    except CheckImpossible:
        return RatingCheck.REVIEW  # a person reads what WeChat will not


def _settle(session: Session, row: Row[Any], after: RatingCheck) -> int:
    same_words = (
        Rating.booking_id == row.booking_id,
        Rating.check_state == RatingCheck.WAITING,
        Rating.words_sealed == row.words_sealed,
    )
    changed = update(Rating).where(*same_words).values(check_state=after)
    return len(session.execute(changed.returning(Rating.booking_id)).all())
