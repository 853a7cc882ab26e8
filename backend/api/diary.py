"""A child's diary: a note or a photo per day, for its guardians alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

from apiflask import APIBlueprint, HTTPError
from flask import Response, request
from pydantic import AfterValidator, Field, StringConstraints, ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, CityTime, Out, Query, clean_lines
from backend.deps import deps
from backend.handbook.diary import service
from backend.handbook.diary.archive import Leaf, zipped
from backend.handbook.diary.models import DiaryEntry
from backend.handbook.diary.photos import LARGEST_BYTES, PhotoMissing
from backend.handbook.diary.rules import LONGEST_NOTE
from backend.handbook.diary.service import Book
from backend.kernel import audit
from backend.kernel.errors import NotFound
from backend.people import consents
from backend.people.models import Purpose

bp = APIBlueprint("diary", __name__, tag="成长日记")

PHOTO = "photo"  # the field of the form
LARGEST_UPLOAD = LARGEST_BYTES + 256 * 1024  # with the rest of the form
UPLOADS = frozenset({"diary.add_photo", "diary.change_photo"})
"""Endpoints that take a form with a file; every other body of the API is JSON."""
PRIVATE = "private, no-store"
Answers = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]
PICTURE: Answers = {
    200: {"description": "A JPEG", "content": {"image/jpeg": {}}},
    403: {"description": "Consent for this purpose is needed first"},
    404: {"description": "No such child or entry, or no photo"},
}
ARCHIVE: Answers = {
    200: {"description": "Notes and photos", "content": {"application/zip": {}}},
    403: {"description": "Consent for this purpose is needed first"},
    404: {"description": "Not a child of this parent"},
}

Note = Annotated[str, StringConstraints(max_length=LONGEST_NOTE), AfterValidator(clean_lines)]


class DiaryQuery(Query):
    month: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] | None = None


class SizeQuery(Query):
    small: bool = False


class EntryOut(Out):
    """`version` goes back with a change, so that nobody writes over what they have not seen."""

    id: int
    day: date
    note: str | None
    photo: bool
    mine: bool
    version: int
    recorded_at: CityTime


class DiaryOut(Out):
    """`agreed`: whether this guardian has agreed to the text; without it nothing is told.

    `earlier` is the next month that has entries.
    """

    agreed: bool
    month: str | None
    items: list[EntryOut]
    earlier: str | None


class NewEntryIn(Body):
    day: date
    note: Note


class NewPhotoIn(Body):
    """What stands in the form beside the photo."""

    day: date
    note: Note | None = None


class NoteIn(Body):
    note: Note | None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


@bp.get("/children/<int:child_id>/diary")
@signed_in
@bp.input(DiaryQuery, location="query")
@bp.output(DiaryOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_diary(child_id: int, query_data: DiaryQuery) -> DiaryOut:
    """A month of the diary, newest first; without a month the newest that has entries."""
    parts = deps()
    asked = None if query_data.month is None else date.fromisoformat(f"{query_data.month}-01")
    with parts.reads() as session:
        book = service.open_book(session, parent_id=viewer(), child_id=child_id)
        if not consents.agrees(session, parts.documents, viewer(), Purpose.DIARY):
            return DiaryOut(agreed=False, month=None, items=[], earlier=None)
        found = service.read_month(session, parts.vault, book, asked)
    return DiaryOut(
        agreed=True,
        month=_month(found.first),
        items=[EntryOut.model_validate(one) for one in found.entries],
        earlier=_month(found.earlier),
    )


@bp.post("/children/<int:child_id>/diary")
@signed_in
@bp.input(NewEntryIn)
@bp.output(EntryOut, status_code=201)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "Not a child of this parent",
        409: "The day says something else already",
        422: "An empty note, or a day before the birth or after today",
    }
)
def add_note(child_id: int, json_data: NewEntryIn) -> EntryOut:
    """Write a day. The same note for the same day once more is the same entry."""
    with _writing(child_id) as (session, book):
        row = service.write(
            session,
            deps().clock,
            deps().vault,
            book,
            day=json_data.day,
            note=json_data.note,
        )
        return _shown(book, row)


@bp.post("/children/<int:child_id>/diary/photos")
@signed_in
@bp.output(EntryOut, status_code=201)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "Not a child of this parent",
        409: "The day has an entry already",
        422: "No photo, a broken or too large one, or a wrong day",
    }
)
def add_photo(child_id: int) -> EntryOut:
    """A day with a photo, and a note if there is one; a form with the fields below."""
    _check_first(child_id)
    told = _form()
    with _kept_photo() as key, _writing(child_id) as (session, book):
        row = service.write(
            session,
            deps().clock,
            deps().vault,
            book,
            day=told.day,
            note=told.note,
            photo=key,
        )
        return _shown(book, row)


@bp.put("/children/<int:child_id>/diary/<int:entry_id>")
@signed_in
@bp.input(NoteIn)
@bp.output(EntryOut)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "No such child or entry",
        409: "Somebody else changed it meanwhile",
        422: "Neither a note nor a photo would be left",
    }
)
def change_note(child_id: int, entry_id: int, json_data: NoteIn) -> EntryOut:
    """Other words for a day; null takes them away where there is a photo."""
    with _writing(child_id) as (session, book):
        row = service.change_note(
            session,
            deps().clock,
            deps().vault,
            book,
            entry_id=entry_id,
            note=json_data.note,
            seen=json_data.version,
        )
        return _shown(book, row)


@bp.delete("/children/<int:child_id>/diary/<int:entry_id>")
@signed_in
@bp.doc(responses={204: "Removed; can be restored for ten minutes", 404: "No such child or entry"})
def remove_entry(child_id: int, entry_id: int) -> Response:
    """Take a day out of the diary; its photo is deleted when it cannot be restored any more."""
    with deps().sessions.begin() as session:
        book = service.open_book(session, parent_id=viewer(), child_id=child_id, lock=True)
        service.remove(session, deps().clock, book, entry_id=entry_id)
    return Response(status=204)


@bp.post("/children/<int:child_id>/diary/<int:entry_id>/restore")
@signed_in
@bp.output(EntryOut)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "No such child or entry",
        409: "More than ten minutes have passed",
    }
)
def restore_entry(child_id: int, entry_id: int) -> EntryOut:
    """Bring a removed day back."""
    with _writing(child_id) as (session, book):
        return _shown(book, service.restore(session, deps().clock, book, entry_id=entry_id))


@bp.get("/children/<int:child_id>/diary/<int:entry_id>/photo")
@signed_in
@bp.input(SizeQuery, location="query")
@bp.doc(responses=PICTURE)
def read_photo(child_id: int, entry_id: int, query_data: SizeQuery) -> Response:
    """The photo of a day. Nobody on the way may keep it."""
    parts = deps()
    with parts.reads() as session:
        book = service.open_book(session, parent_id=viewer(), child_id=child_id)
        service.check_may_read(session, parts.documents, book)
        key = service.photo_key(session, book, entry_id)
    data = parts.photos.get(key, small=query_data.small)
    if data is None:
        raise NotFound
    response = Response(data, content_type="image/jpeg")
    response.headers["Cache-Control"] = PRIVATE
    return response


@bp.post("/children/<int:child_id>/diary/<int:entry_id>/photo")
@signed_in
@bp.output(EntryOut)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "No such child or entry",
        422: "No photo, a broken or too large one",
    }
)
def change_photo(child_id: int, entry_id: int) -> EntryOut:
    """A photo for a day that has none, or another one; a form with the field `photo`."""
    _check_first(child_id, entry_id)
    with _kept_photo() as key, _writing(child_id) as (session, book):
        row = service.put_photo(session, deps().clock, book, entry_id=entry_id, photo=key)
        return _shown(book, row)


@bp.delete("/children/<int:child_id>/diary/<int:entry_id>/photo")
@signed_in
@bp.output(EntryOut)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "No such child or entry",
        422: "There is no note either: remove the day instead",
    }
)
def remove_photo(child_id: int, entry_id: int) -> EntryOut:
    """The words of a day without its photo; the photo is deleted at once."""
    with _writing(child_id) as (session, book):
        row = service.put_photo(session, deps().clock, book, entry_id=entry_id, photo=None)
        return _shown(book, row)


@bp.get("/children/<int:child_id>/diary.zip")
@signed_in
@bp.doc(responses=ARCHIVE)
def take_along(child_id: int) -> Response:
    """The whole diary to take along (PIPL art. 45)."""
    parts = deps()
    with parts.sessions.begin() as session:
        book = service.open_book(session, parent_id=viewer(), child_id=child_id)
        service.check_may_read(session, parts.documents, book)
        leaves = [
            Leaf(number, row.day, service.text_of(parts.vault, row), row.photo_key)
            for number, row in enumerate(service.all_entries(session, book), start=1)
        ]
        audit.record(
            session,
            parts.clock,
            actor=f"parent:{viewer()}",
            action="diary.exported",
            subject=f"child:{child_id}",
        )
    response = Response(zipped(leaves, parts.photos), content_type="application/zip")
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Content-Disposition"] = 'attachment; filename="diary.zip"'
    return response


@contextmanager
def _writing(child_id: int) -> Iterator[tuple[Session, Book]]:
    """A transaction with the child locked and the consents seen after that."""
    with deps().sessions.begin() as session:
        book = service.open_book(session, parent_id=viewer(), child_id=child_id, lock=True)
        service.check_may_write(session, deps().documents, book)
        yield session, book


def _check_first(child_id: int, entry_id: int | None = None) -> None:
    """Refuse strangers before their five megabytes are unpacked."""
    with deps().reads() as session:
        book = service.open_book(session, parent_id=viewer(), child_id=child_id)
        service.check_may_write(session, deps().documents, book)
        if entry_id is not None:
            service.check_there(session, book, entry_id)


@contextmanager
def _kept_photo() -> Iterator[str]:
    """The photo of the request in the store, under its key; gone again if no row comes of it.

    When the database itself fails it may have committed all the same: then the file stays, and
    `sweep_photos` decides a day later.
    """
    given = request.files.get(PHOTO)
    if given is None:
        raise PhotoMissing
    from backend.handbook.diary.redrawing import redrawn  # Pillow is slow to load, seldom needed

    photos = deps().photos
    key = photos.put(redrawn(given.read(LARGEST_BYTES + 1)), deps().clock.now())
    try:
        yield key
    except DBAPIError:
        raise
    except BaseException:
        photos.delete(key)
        raise


def _form() -> NewPhotoIn:
    try:
        return NewPhotoIn.model_validate(request.form.to_dict())
    except ValidationError as error:
        raise HTTPError(422) from error


def _shown(book: Book, row: DiaryEntry) -> EntryOut:
    return EntryOut.model_validate(service.entry_of(deps().vault, book, row))


def _month(first: date | None) -> str | None:
    return None if first is None else f"{first:%Y-%m}"
