"""Writing and reading a child's diary. The caller owns the transaction.

Every act begins with `open_book`, which says whose diary it is, and that this parent may.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.handbook.diary import rules
from backend.handbook.diary.models import DiaryEntry
from backend.kernel.ages import add_months
from backend.kernel.clock import Clock, city_date
from backend.kernel.errors import NotFound
from backend.kernel.privacy import Vault
from backend.people import consents
from backend.people.children import own_child, registrations
from backend.people.documents import Documents
from backend.people.models import Child, Purpose

NOTE = "diary-note"  # the vault's purpose


@dataclass(frozen=True)
class Book:
    """A child's diary in the hands of a guardian; `ids` with the registrations joined into it."""

    parent_id: int
    child: Child
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """One day as a guardian reads it."""

    id: int
    day: date
    note: str | None
    photo: bool
    mine: bool
    version: int
    recorded_at: datetime


@dataclass(frozen=True)
class Month:
    """The entries of a month, newest first; `earlier` is the next month that has any."""

    first: date | None
    entries: list[Entry]
    earlier: date | None


def open_book(session: Session, *, parent_id: int, child_id: int, lock: bool = False) -> Book:
    """Raises NotFound for an unknown child and for another family's."""
    child = own_child(session, parent_id=parent_id, child_id=child_id, lock=lock)
    ids = tuple(registrations(session, child.id))
    return Book(parent_id, child, ids)


def check_may_read(session: Session, documents: Documents, book: Book) -> None:
    """Raises ConsentNeeded unless this guardian agreed to the text about the diary."""
    consents.check_agreed(session, documents, book.parent_id, Purpose.DIARY)


def check_may_write(session: Session, documents: Documents, book: Book) -> None:
    """Raises ConsentNeeded. Call it with the child locked: taking a consent back waits then."""
    consents.check_given(session, documents, book.parent_id)
    check_may_read(session, documents, book)


def read_month(session: Session, vault: Vault, book: Book, month: date | None) -> Month:
    """The month of that day; without one the newest that has entries."""
    first = _newest_month(session, book, None) if month is None else month.replace(day=1)
    if first is None:
        return Month(None, [], None)
    rows = session.scalars(
        select(DiaryEntry)
        .where(
            DiaryEntry.child_id.in_(book.ids),
            DiaryEntry.removed_at.is_(None),
            DiaryEntry.day >= first,
            DiaryEntry.day < add_months(first, 1),
        )
        .order_by(DiaryEntry.day.desc(), DiaryEntry.id.desc())
    )
    entries = [entry_of(vault, book, row) for row in rows]
    return Month(first, entries, _newest_month(session, book, first))


def all_entries(session: Session, book: Book) -> Sequence[DiaryEntry]:
    """Every entry that was not removed, oldest first."""
    return session.scalars(
        select(DiaryEntry)
        .where(DiaryEntry.child_id.in_(book.ids), DiaryEntry.removed_at.is_(None))
        .order_by(DiaryEntry.day, DiaryEntry.id)
    ).all()


def entry_of(vault: Vault, book: Book, row: DiaryEntry) -> Entry:
    return Entry(
        id=row.id,
        day=row.day,
        note=text_of(vault, row),
        photo=row.photo_key is not None,
        mine=row.recorded_by == book.parent_id,
        version=row.version,
        recorded_at=row.recorded_at,
    )


def text_of(vault: Vault, row: DiaryEntry) -> str | None:
    return None if row.note_sealed is None else vault.open(row.note_sealed, NOTE)


def photo_key(session: Session, book: Book, entry_id: int) -> str:
    """Raises NotFound for an entry without a photo, a removed one, another child's."""
    row = _row(session, book, entry_id)
    if row.photo_key is None:
        raise NotFound
    return row.photo_key


def check_there(session: Session, book: Book, entry_id: int) -> None:
    """Raises NotFound for an unknown entry, a removed one, another child's."""
    _row(session, book, entry_id)


def write(  # noqa: PLR0913  # which day, which words and which photo are three facts
    session: Session,
    clock: Clock,
    vault: Vault,
    book: Book,
    *,
    day: date,
    note: str | None = None,
    photo: str | None = None,
) -> DiaryEntry:
    """A new day. The same note again is the same entry: an answer may have been lost.

    Raises DayOutOfRange, NothingWritten, or DayTaken when the day says something else.
    """
    rules.check_day(day, book.child.birth_date, city_date(clock.now()))
    note = rules.note_of(note)
    rules.check_says_something(note, photo)
    for row in _rows_of_day(session, book, day):
        if row.removed_at is not None:
            session.delete(row)  # what is written anew cannot be taken back any more
        elif photo is None and text_of(vault, row) == note:
            return row
        else:
            raise rules.DayTaken
    session.flush()
    made = DiaryEntry(
        child_id=book.child.id,
        day=day,
        note_sealed=None if note is None else vault.seal(note, NOTE),
        photo_key=photo,
        version=1,
        recorded_by=book.parent_id,
        recorded_at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def change_note(  # noqa: PLR0913  # which entry, which words and what was seen are three facts
    session: Session,
    clock: Clock,
    vault: Vault,
    book: Book,
    *,
    entry_id: int,
    note: str | None,
    seen: int,
) -> DiaryEntry:
    """Other words for a day; none at all where a photo stands.

    Raises NotFound, NothingWritten, or ChangedMeanwhile unless `seen` is its version.
    """
    row, note = _row(session, book, entry_id), rules.note_of(note)
    if note == text_of(vault, row):
        return row
    rules.check_seen(seen, row.version)
    rules.check_says_something(note, row.photo_key)
    row.note_sealed = None if note is None else vault.seal(note, NOTE)
    _changed(session, clock, book, row)
    return row


def put_photo(
    session: Session, clock: Clock, book: Book, *, entry_id: int, photo: str | None
) -> DiaryEntry:
    """Another photo for a day, or none where words stand. Raises NotFound, NothingWritten."""
    row = _row(session, book, entry_id)
    if photo is None:
        rules.check_says_something(row.note_sealed, None)
    row.photo_key = photo
    _changed(session, clock, book, row)
    return row


def remove(session: Session, clock: Clock, book: Book, *, entry_id: int) -> None:
    """Out of sight at once, gone after rules.UNDO; twice is once. Raises NotFound."""
    row = _row(session, book, entry_id, removed=True)
    if row.removed_at is None:
        row.removed_at = clock.now()
        session.flush()


def restore(session: Session, clock: Clock, book: Book, *, entry_id: int) -> DiaryEntry:
    """Take a removal back. Raises NotFound, TooLateToRestore."""
    row = _row(session, book, entry_id, removed=True)
    if row.removed_at is not None and not rules.may_restore(row.removed_at, clock.now()):
        raise rules.TooLateToRestore
    row.removed_at = None
    session.flush()
    return row


def _row(session: Session, book: Book, entry_id: int, *, removed: bool = False) -> DiaryEntry:
    row = session.scalar(
        select(DiaryEntry).where(DiaryEntry.id == entry_id, DiaryEntry.child_id.in_(book.ids))
    )
    if row is None or (row.removed_at is not None and not removed):
        raise NotFound
    return row


def _rows_of_day(session: Session, book: Book, day: date) -> Sequence[DiaryEntry]:
    """Two, where two registrations were joined and both families had written."""
    return session.scalars(
        select(DiaryEntry).where(DiaryEntry.child_id.in_(book.ids), DiaryEntry.day == day)
    ).all()


def _changed(session: Session, clock: Clock, book: Book, row: DiaryEntry) -> None:
    row.version += 1
    row.recorded_by, row.recorded_at = book.parent_id, clock.now()
    session.flush()


def _newest_month(session: Session, book: Book, before: date | None) -> date | None:
    query = select(func.max(DiaryEntry.day)).where(
        DiaryEntry.child_id.in_(book.ids), DiaryEntry.removed_at.is_(None)
    )
    if before is not None:
        query = query.where(DiaryEntry.day < before)
    newest: date | None = session.scalar(query)
    return None if newest is None else newest.replace(day=1)
