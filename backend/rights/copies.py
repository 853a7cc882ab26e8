"""A copy of everything that is kept of a child, for its guardians (PIPL art. 45)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from backend.bookings.models import Booking
from backend.centres.models import KIND_TITLES, Slot
from backend.handbook.models import HandbookEntry
from backend.kernel import audit
from backend.kernel.clock import Clock, city_time
from backend.kernel.privacy import Vault
from backend.outbox.models import Message
from backend.people import children
from backend.people.models import Child, Consent, Guardian


def copy_of_child(
    session: Session, clock: Clock, vault: Vault, *, child: Child, parent_id: int
) -> dict[str, Any]:
    """The child, its guardians, bookings, handbook entries; this parent's consents, messages.

    Other guardians appear by their relation only. Writes a line to the audit log.
    """
    audit.record(
        session,
        clock,
        actor=f"parent:{parent_id}",
        action="child.exported",
        subject=f"child:{child.id}",
    )
    return {
        "exported_at": _said(clock.now()),
        "child": {
            "name": children.name_of(vault, child),
            "birth_date": child.birth_date.isoformat(),
            "sex": child.sex.value,
            "gestational_weeks": child.gestational_weeks,
            "town_code": child.town_code,
            "village_code": child.village_code,
            "home_cared": child.home_cared,
            "registered_at": _said(child.created_at),
        },
        "guardians": [
            {"relation": guardian.relation.value, "since": _said(guardian.since)}
            for guardian in session.scalars(
                select(Guardian).where(Guardian.child_id == child.id).order_by(Guardian.since)
            )
        ],
        "bookings": _bookings(session, child.id),
        "handbook": [
            {"item": entry.item_id, "done_on": entry.done_on.isoformat()}
            for entry in session.scalars(
                select(HandbookEntry)
                .where(HandbookEntry.child_id == child.id)
                .order_by(HandbookEntry.done_on)
            )
        ],
        "consents": [
            {
                "purpose": consent.purpose.value,
                "version": consent.version,
                "given_at": _said(consent.given_at),
                "withdrawn_at": consent.withdrawn_at and _said(consent.withdrawn_at),
            }
            for consent in session.scalars(
                select(Consent).where(Consent.parent_id == parent_id).order_by(Consent.id)
            )
        ],
        "messages": [
            {"template": message.template, "due_at": _said(message.due_at), "facts": message.data}
            for message in session.scalars(
                select(Message)
                .where(Message.child_id == child.id, Message.parent_id == parent_id)
                .order_by(Message.id)
            )
        ],
    }


def _bookings(session: Session, child_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Booking)
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
        .where(Booking.child_id == child_id)
        .order_by(Booking.id)
    )
    return [
        {
            "kind": KIND_TITLES[booking.slot.kind],
            "title": booking.slot.title,
            "centre": booking.slot.centre.name,
            "starts_at": _said(booking.slot.starts_at),
            "state": booking.state.value,
            "year": booking.quota_year,
            "number": booking.quota_number,
            "requested_at": _said(booking.requested_at),
        }
        for booking in rows
    ]


def _said(instant: datetime) -> str:
    return city_time(instant).isoformat(timespec="seconds")
