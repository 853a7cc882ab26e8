"""A consent is taken back, and what was kept under it goes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.handbook.pregnancy import service as pregnancies
from backend.kernel.clock import Clock
from backend.people.models import OF_EVERYBODY, Guardian, Purpose
from backend.rights import diaries
from backend.rights.handbook_grants.service import end_all


def withdraw(session: Session, clock: Clock, *, parent_id: int, purpose: Purpose) -> None:
    """End the consents of that purpose. Pushes stop at once; reading goes on.

    With the one for the pregnancy handbook every pregnancy of the parent is deleted; the parent
    is locked first, so that none is begun meanwhile. The diary goes with the last
    consent to it. What staff were granted of the parent's children ends with the consents that
    everybody gives, whichever guardian takes one back: one no is enough.
    """
    if purpose is Purpose.PREGNANCY:
        pregnancies.lock_parent(session, parent_id)
        pregnancies.forget(session, clock, parent_id=parent_id)
    diaries.withdraw_consent(session, clock, parent_id=parent_id, purpose=purpose)
    if purpose in OF_EVERYBODY:
        ids = session.scalars(select(Guardian.child_id).where(Guardian.parent_id == parent_id))
        end_all(session, clock, child_ids=list(ids), actor=f"parent:{parent_id}")
