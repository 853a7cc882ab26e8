"""A copy of everything that is kept of a child, for its guardians (PIPL art. 45)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from backend.bookings.models import Booking, BookingChange
from backend.bookings.waiting_models import WaitingEntry
from backend.centres.models import KIND_TITLES, Slot
from backend.handbook.growth_queries import everything
from backend.handbook.models import HandbookEntry, ItemDate
from backend.handbook.records import BATCH, PLACE, known_of
from backend.kernel import audit
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import Clock, city_date, city_time
from backend.kernel.privacy import Vault
from backend.outbox.merged import CHILDREN
from backend.outbox.models import Message
from backend.people import addresses, children, priority
from backend.people.models import Child, Consent, DuplicateDecision, Guardian, Invitation
from backend.people.priority_queries import grants_of
from backend.rights.diaries import diary_of, home_checks_of, readable_by
from backend.rights.learning_copies import followed_by, marks_of, quizzes_of
from backend.rights.paper_copies import papers_of
from backend.rights.reader_copies import doctor_links_of, handbook_grants_of
from backend.rights.visit_copies import pauses_of, visits_of

Copy = dict[str, Any]

FORMAT, FORMAT_VERSION = "chengyu-child", 1  # another version when a part changes its shape


def copy_of_child(
    session: Session, clock: Clock, vault: Vault, *, child: Child, parent_id: int
) -> Copy:
    """The child with all that refers to it; this parent's consents and messages.

    Other people appear by their part only: another guardian, a centre. What belongs to a second
    registration that was joined into this one is included. Writes a line to the audit log.
    """
    audit.record(
        session,
        clock,
        actor=f"parent:{parent_id}",
        action="child.exported",
        subject=f"child:{child.id}",
    )
    ids = children.registrations(session, child.id)
    readable = readable_by(session, parent_id, ids)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "exported_at": _said(clock.now()),
        "child": _child(vault, child),
        "guardians": _guardians(session, child.id),
        "invitations": _invitations(session, ids),
        "registrations": _registrations(session, ids),
        "priority": _priority(session, clock, vault, ids),
        "addresses": _addresses(session, vault, ids),
        "bookings": _bookings(session, ids),
        "visits": visits_of(session, vault, ids, parent_id),
        "pauses": pauses_of(session, ids),
        "waiting": _waiting(session, ids),
        "moved_items": _moved_items(session, ids),
        **record_of(session, vault, ids, diaries=readable),
        "vaccine_facts": _vaccine_facts(session, vault, ids),
        "home_checks": home_checks_of(session, vault, readable),
        "doctor_links": doctor_links_of(session, ids),
        "handbook_grants": handbook_grants_of(session, ids),
        "consents": _consents(session, parent_id),
        "messages": _messages(session, ids, parent_id),
        "library": marks_of(session, parent_id),
        "followed_accounts": followed_by(session, parent_id),
        "quizzes": quizzes_of(session, parent_id),
        "log": _log(session, ids, parent_id),
    }


def record_of(
    session: Session, vault: Vault, ids: Sequence[int], *, diaries: Sequence[int]
) -> dict[str, list[Copy]]:
    """The rows that are the child's own record, wherever it moves; an import takes these.

    `diaries`: those of `ids` whose diary may be read.
    """
    return {
        "handbook": _handbook(session, vault, ids),
        "growth": _growth(session, vault, ids),
        **papers_of(session, vault, ids),
        "diary": diary_of(session, vault, diaries),
    }


def _child(vault: Vault, child: Child) -> Copy:
    state = child.duplicate_state
    return {
        "name": children.name_of(vault, child),
        "birth_date": child.birth_date.isoformat(),
        "sex": child.sex.value,
        "gestational_weeks": child.gestational_weeks,
        "town_code": child.town_code,
        "village_code": child.village_code,
        "home_cared": child.home_cared,
        "registered_at": _said(child.created_at),
        "duplicate": None if state is None else state.value,
        "departure": None if child.departure is None else child.departure.value,
        "departed_at": _said_or_none(child.departed_at),
    }


def _guardians(session: Session, child_id: int) -> list[Copy]:
    rows = session.scalars(
        select(Guardian).where(Guardian.child_id == child_id).order_by(Guardian.since)
    )
    return [{"relation": one.relation.value, "since": _said(one.since)} for one in rows]


def _invitations(session: Session, ids: Sequence[int]) -> list[Copy]:
    rows = session.scalars(
        select(Invitation).where(Invitation.child_id.in_(ids)).order_by(Invitation.created_at)
    )
    return [
        {
            "created_at": _said(one.created_at),
            "expires_at": _said(one.expires_at),
            "used_at": _said_or_none(one.used_at),
        }
        for one in rows
    ]


def _registrations(session: Session, ids: Sequence[int]) -> list[Copy]:
    """Whether two registrations are one child: what was decided, by a family or by staff."""
    rows = session.scalars(
        select(DuplicateDecision)
        .where(DuplicateDecision.child_id.in_(ids))
        .order_by(DuplicateDecision.id)
    )
    return [
        {
            "same": one.same,
            "by": _part_of(one.actor),
            "at": _said(one.at),
            "undone_at": _said_or_none(one.undone_at),
        }
        for one in rows
    ]


def _priority(session: Session, clock: Clock, vault: Vault, ids: Sequence[int]) -> list[Copy]:
    """What was asked and granted. The kind is there while it is kept."""
    today = city_date(clock.now())
    return [
        {
            "kind": priority.kind_of(vault, one).value if one.ended_at is None else None,
            "asked_at": _said(one.asked_at),
            "state": priority.state_of(one, today).value,
            "valid_until": None if one.valid_until is None else one.valid_until.isoformat(),
            "ended_at": _said_or_none(one.ended_at),
        }
        for one in grants_of(session, ids)
    ]


def _addresses(session: Session, vault: Vault, ids: Sequence[int]) -> list[Copy]:
    kept = [addresses.address_of(session, vault, one) for one in ids]
    return [
        {"address": one.text, "changed_at": _said(one.changed_at)}
        for one in kept
        if one is not None
    ]


def _bookings(session: Session, ids: Sequence[int]) -> list[Copy]:
    rows = session.scalars(
        select(Booking)
        .options(joinedload(Booking.slot).joinedload(Slot.centre))
        .where(Booking.child_id.in_(ids))
        .order_by(Booking.id)
    ).all()
    history: dict[int, list[Copy]] = {}
    for change in session.scalars(
        select(BookingChange)
        .where(BookingChange.booking_id.in_([one.id for one in rows]))
        .order_by(BookingChange.id)
    ):
        line = {
            "at": _said(change.at),
            "by": _part_of(change.actor),
            "state": change.after.value,
            "reason": change.reason,
        }
        history.setdefault(change.booking_id, []).append(line)
    return [
        {
            "kind": KIND_TITLES[booking.slot.kind],
            "title": booking.slot.title,
            "centre": booking.slot.centre.name,
            "starts_at": _said(booking.slot.starts_at),
            "state": booking.state.value,
            "year": booking.quota_year,
            "number": booking.quota_number,
            "reason": booking.reason,
            "requested_at": _said(booking.requested_at),
            "history": history.get(booking.id, []),
        }
        for booking in rows
    ]


def _waiting(session: Session, ids: Sequence[int]) -> list[Copy]:
    """The lines in which the child stood."""
    rows = session.scalars(
        select(WaitingEntry)
        .options(joinedload(WaitingEntry.slot).joinedload(Slot.centre))
        .where(WaitingEntry.child_id.in_(ids))
        .order_by(WaitingEntry.id)
    )
    return [
        {
            "kind": KIND_TITLES[one.slot.kind],
            "title": one.slot.title,
            "centre": one.slot.centre.name,
            "starts_at": _said(one.slot.starts_at),
            "state": one.state.value,
            "joined_at": _said(one.joined_at),
            "offered_at": _said_or_none(one.offered_at),
            "offer_until": _said_or_none(one.offer_until),
            "ended_at": _said_or_none(one.ended_at),
        }
        for one in rows
    ]


def _handbook(session: Session, vault: Vault, ids: Sequence[int]) -> list[Copy]:
    rows = session.scalars(
        select(HandbookEntry)
        .where(HandbookEntry.child_id.in_(ids))
        .order_by(HandbookEntry.done_on, HandbookEntry.item_id)
    )
    return [
        {
            "item": one.item_id,
            "done_on": one.done_on.isoformat(),
            "place": None if one.place_sealed is None else vault.open(one.place_sealed, PLACE),
            "batch": None if one.batch_sealed is None else vault.open(one.batch_sealed, BATCH),
            "recorded_at": _said(one.recorded_at),
        }
        for one in rows
    ]


def _moved_items(session: Session, ids: Sequence[int]) -> list[Copy]:
    """Items whose day differs from what the birth date alone says; None: not wanted."""
    rows = session.scalars(
        select(ItemDate).where(ItemDate.child_id.in_(ids)).order_by(ItemDate.item_id)
    )
    return [
        {"item": one.item_id, "due_on": None if one.due_on is None else one.due_on.isoformat()}
        for one in rows
    ]


def _growth(session: Session, vault: Vault, ids: Sequence[int]) -> list[Copy]:
    """What was measured, in grams and millimetres."""
    return [
        {
            "measured_on": one.measured_on.isoformat(),
            **asdict(one.measures),
            "recorded_at": _said(one.recorded_at),
        }
        for one in everything(session, vault, ids)
    ]


def _vaccine_facts(session: Session, vault: Vault, ids: Sequence[int]) -> Copy:
    """What the family said once; None: nobody said."""
    known = known_of(session, vault, ids)
    return {
        "mother_hbsag": None if known.mother is None else known.mother.value,
        "birth_grams": known.birth_grams,
        "had_varicella": known.had_varicella,
        "immunoglobulin": [day.isoformat() for day in known.immunoglobulin],
    }


def _consents(session: Session, parent_id: int) -> list[Copy]:
    rows = session.scalars(
        select(Consent).where(Consent.parent_id == parent_id).order_by(Consent.id)
    )
    return [
        {
            "purpose": one.purpose.value,
            "version": one.version,
            "document_hash": one.document_hash,
            "given_at": _said(one.given_at),
            "withdrawn_at": _said_or_none(one.withdrawn_at),
        }
        for one in rows
    ]


def _messages(session: Session, ids: Sequence[int], parent_id: int) -> list[Copy]:
    """What was said of the child; of a message about several children the part of this one."""
    of_several = [Message.data.contains({CHILDREN: [{"child_id": one}]}) for one in ids]
    rows = session.scalars(
        select(Message)
        .where(
            Message.parent_id == parent_id,
            or_(Message.child_id.in_(ids), and_(Message.child_id.is_(None), or_(*of_several))),
        )
        .order_by(Message.id)
    )
    return [
        {
            "template": one.template,
            "due_at": _said(one.due_at),
            "state": one.state.value,
            "sent_at": _said_or_none(one.sent_at),
            "read_at": _said_or_none(one.read_at),
            "facts": _facts(one.data, ids),
        }
        for one in rows
    ]


def _facts(data: Mapping[str, Any], ids: Sequence[int]) -> Copy:
    if CHILDREN not in data:
        return dict(data)
    return {**data, CHILDREN: [told for told in data[CHILDREN] if told["child_id"] in ids]}


def _log(session: Session, ids: Sequence[int], parent_id: int) -> list[Copy]:
    """Who saw or changed the child's record (未成年人网络保护条例 art. 36)."""
    rows = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject.in_([f"child:{one}" for one in ids]))
        .order_by(AuditEntry.id)
    )
    own = f"parent:{parent_id}"
    return [
        {
            "at": _said(one.at),
            "by": "self" if one.actor == own else _part_of(one.actor),
            "action": one.action,
        }
        for one in rows
    ]


def _part_of(actor: str) -> str:
    """`staff`, `parent` or `system`: other people stay unnamed."""
    return actor.partition(":")[0]


def _said_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else _said(instant)


def _said(instant: datetime) -> str:
    return city_time(instant).isoformat(timespec="seconds")
