"""A consent is taken back, and what was kept under it goes."""

from sqlalchemy.orm import Session

from backend.handbook.pregnancy import service as pregnancies
from backend.kernel.clock import Clock
from backend.people.models import Purpose
from backend.rights import diaries


def withdraw(session: Session, clock: Clock, *, parent_id: int, purpose: Purpose) -> None:
    """End the consents of that purpose. Pushes stop at once; reading goes on.

    With the one for the pregnancy handbook every pregnancy of the parent is deleted; the parent
    is locked first, so that none is begun meanwhile. The diary goes with the last
    consent to it.
    """
    if purpose is Purpose.PREGNANCY:
        pregnancies.lock_parent(session, parent_id)
        pregnancies.forget(session, clock, parent_id=parent_id)
    diaries.withdraw_consent(session, clock, parent_id=parent_id, purpose=purpose)
