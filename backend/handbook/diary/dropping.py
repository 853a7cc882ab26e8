"""Photos that nobody needs any more go, whoever is killed in between.

Rows first, files after: a row never names a file that is gone. Each step may run again, and
beside itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.diary.models import DiaryEntry, DroppedPhoto, HomeCheck
from backend.handbook.diary.rules import UNDO
from backend.handbook.diary.store import Photos
from backend.kernel.clock import Clock

AT_ONCE = 200
UPLOAD_TAKES_AT_MOST = timedelta(days=1)  # from a photo's file to its row; in truth a second


def forget_removed(session: Session, now: datetime) -> None:
    """Entries that their family removed and did not bring back in time."""
    session.execute(
        delete(DiaryEntry)
        .where(DiaryEntry.removed_at < now - UNDO)
        .execution_options(synchronize_session=False)
    )


def forget_diary(session: Session, child_ids: Sequence[int]) -> None:
    """All of the diary and the home checks; the trigger puts the photos on their list."""
    for table in (DiaryEntry, HomeCheck):
        session.execute(
            delete(table)
            .where(table.child_id.in_(child_ids))
            .execution_options(synchronize_session=False)
        )


def drop_photos(sessions: sessionmaker[Session], clock: Clock, photos: Photos) -> int:
    """Delete the files of rows that are gone; how many."""
    with sessions.begin() as session:
        forget_removed(session, clock.now())
    dropped = 0
    while True:
        with sessions() as session:
            keys = session.scalars(select(DroppedPhoto.photo_key).limit(AT_ONCE)).all()
        for key in keys:
            photos.delete(key)
        with sessions.begin() as session:
            session.execute(
                delete(DroppedPhoto)
                .where(DroppedPhoto.photo_key.in_(keys))
                .execution_options(synchronize_session=False)
            )
        dropped += len(keys)
        if len(keys) < AT_ONCE:
            return dropped


def sweep_photos(sessions: sessionmaker[Session], clock: Clock, photos: Photos) -> int:
    """Delete files that never got a row, because whoever wrote them was killed; how many.

    Only those that have lain there for a day: a younger one may be about to get its row.
    """
    swept = 0
    lying = photos.put_before(clock.now() - UPLOAD_TAKES_AT_MOST)
    while batch := list(islice(lying, AT_ONCE)):
        with sessions() as session:
            kept = set(
                session.scalars(
                    select(DiaryEntry.photo_key).where(
                        DiaryEntry.photo_key.in_({key for _, key in batch})
                    )
                )
            )
        for name, key in batch:
            if key not in kept or not photos.is_whole(name):
                photos.delete_file(name)
                swept += 1
    return swept


def is_kept(session: Session, key: str) -> bool:
    return session.scalar(select(DiaryEntry.id).where(DiaryEntry.photo_key == key)) is not None
