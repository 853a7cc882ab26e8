"""The diary's part in rights: consents that end it, its lines in the copy."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from backend.handbook.diary.dropping import forget_diary
from backend.handbook.diary.models import DiaryEntry, HomeCheck
from backend.handbook.diary.service import text_of
from backend.handbook.home_safety import answers_of
from backend.kernel import audit
from backend.kernel.clock import Clock, city_time
from backend.kernel.privacy import Vault
from backend.people import children, consents
from backend.people.models import Child, Consent, DuplicateState, Guardian, Purpose


def withdraw_consent(session: Session, clock: Clock, *, parent_id: int, purpose: Purpose) -> None:
    """End a consent and what stood on it alone.

    A diary belongs to all guardians: it goes when nobody agrees to it any more.
    """
    diaries = purpose is Purpose.DIARY
    ids = consents.lock_children(session, parent_id) if diaries else []
    consents.withdraw(session, clock, parent_id=parent_id, purpose=purpose)
    for child_id in ids:
        drop_unagreed(session, clock, child_id=child_id, actor=f"parent:{parent_id}")


def drop_unagreed(session: Session, clock: Clock, *, child_id: int, actor: str) -> None:
    """Forget the diary of a child, with registrations joined into it, that no guardian agrees to.

    Call it with the child locked.
    """
    child = session.get_one(Child, child_id)
    first = child.duplicate_of_id if child.duplicate_state is DuplicateState.SAME else None
    ids = children.registrations(session, first or child.id)
    agreed = exists().where(
        Guardian.child_id.in_(ids),
        Consent.parent_id == Guardian.parent_id,
        Consent.purpose == Purpose.DIARY,
        Consent.withdrawn_at.is_(None),
    )
    if session.scalar(select(agreed)) or not _has_diary(session, ids):
        return
    forget_diary(session, ids)
    audit.record(session, clock, actor=actor, action="diary.removed", subject=f"child:{child_id}")


def _has_diary(session: Session, ids: Sequence[int]) -> bool:
    kept = [exists().where(table.child_id.in_(ids)) for table in (DiaryEntry, HomeCheck)]
    return any(session.scalar(select(one)) for one in kept)


def readable_by(session: Session, parent_id: int, ids: Sequence[int]) -> Sequence[int]:
    """Of these children those whose diary this guardian may read: all, under a standing consent."""
    agreed = exists().where(
        Consent.parent_id == parent_id,
        Consent.purpose == Purpose.DIARY,
        Consent.withdrawn_at.is_(None),
    )
    return ids if session.scalar(select(agreed)) else []


def diary_of(session: Session, vault: Vault, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Notes, and which days have a photo; the photos themselves are in diary.zip."""
    rows = session.scalars(
        select(DiaryEntry).where(DiaryEntry.child_id.in_(ids)).order_by(DiaryEntry.day)
    )
    return [
        {
            "day": one.day.isoformat(),
            "note": text_of(vault, one),
            "photo": one.photo_key is not None,
            "recorded_at": city_time(one.recorded_at).isoformat(timespec="seconds"),
            "removed": one.removed_at is not None,
        }
        for one in rows
    ]


def home_checks_of(session: Session, vault: Vault, ids: Sequence[int]) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(HomeCheck).where(HomeCheck.child_id.in_(ids)).order_by(HomeCheck.day)
    )
    return [
        {
            "day": one.day.isoformat(),
            "answers": {name: answer.value for name, answer in answers_of(vault, one).items()},
            "recorded_at": city_time(one.recorded_at).isoformat(timespec="seconds"),
        }
        for one in rows
    ]
