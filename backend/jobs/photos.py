"""The diary's photos whose rows are gone, or never came."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.diary import dropping
from backend.handbook.diary.store import Photos
from backend.jobs.tasks import first_run
from backend.kernel.clock import Clock

log = structlog.get_logger()


def drop(sessions: sessionmaker[Session], clock: Clock, photos: Photos) -> None:
    """Delete the files of entries that are gone for good."""
    dropped = dropping.drop_photos(sessions, clock, photos)
    if dropped:
        log.info("photos_dropped", dropped=dropped)


def sweep(sessions: sessionmaker[Session], clock: Clock, photos: Photos, nominal: datetime) -> None:
    """Delete what uploads left that were killed.

    The row of this run is committed after the work: a sweep that was killed runs again.
    """
    swept = dropping.sweep_photos(sessions, clock, photos)
    with sessions.begin() as session:
        first = first_run(session, clock, "sweep_photos", nominal)
    if first or swept:
        log.info("photos_swept", swept=swept)
