"""In the copy: who outside the family was shown the book, or asked to see it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.kernel.clock import city_time
from backend.people.models import Staff
from backend.rights.handbook_grants.models import HandbookGrant
from backend.rights.take_along.doctor_models import DoctorLink

Copy = dict[str, Any]


def doctor_links_of(session: Session, ids: Sequence[int]) -> list[Copy]:
    """Links that showed the child to a doctor; each look stands in `log`."""
    rows = session.scalars(
        select(DoctorLink).where(DoctorLink.child_id.in_(ids)).order_by(DoctorLink.id)
    )
    return [
        {
            "created_at": _said(one.created_at),
            "expires_at": _said(one.expires_at),
            "revoked_at": _said(one.revoked_at),
        }
        for one in rows
    ]


def handbook_grants_of(session: Session, ids: Sequence[int]) -> list[Copy]:
    """Child-health staff by their institution; each look stands in `log`."""
    rows = session.execute(
        select(HandbookGrant, Staff.office)
        .join(Staff, Staff.id == HandbookGrant.staff_id)
        .where(HandbookGrant.child_id.in_(ids))
        .order_by(HandbookGrant.id)
    )
    return [
        {
            "office": office,
            "purpose": one.purpose.value,
            "hours": one.hours,
            "state": one.state.value,
            "asked_at": _said(one.asked_at),
            "decided_at": _said(one.decided_at),
            "ends_at": _said(one.ends_at),
            "closed_at": _said(one.closed_at),
            "closed_by": None if one.closed_by is None else one.closed_by.partition(":")[0],
        }
        for one, office in rows
    ]


def _said(instant: datetime | None) -> str | None:
    return None if instant is None else city_time(instant).isoformat(timespec="seconds")
