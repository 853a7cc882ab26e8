"""A child's handbook from birth to six: what is due, and what the family has recorded."""

from datetime import date
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import AfterValidator, StringConstraints

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, Out, clean
from backend.deps import deps
from backend.handbook import service
from backend.handbook.records import Done
from backend.handbook.schedule import Kind
from backend.handbook.timeline import Item, Status
from backend.kernel.ages import age_days, age_text
from backend.kernel.clock import city_date
from backend.people import consents
from backend.people.children import name_of
from backend.people.models import Child

bp = APIBlueprint("handbook", __name__, tag="母子健康手册")


class HandbookChildOut(Out):
    id: int
    name: str
    birth_date: date
    age_days: int
    age_text: str


class SectionOut(Out):
    heading: str
    lines: list[str]


class HandbookPageOut(Out):
    sections: list[SectionOut]


class AlternativeOut(Out):
    id: str
    name: str
    changes: str


class HandbookItemOut(Out):
    """`ask_clinic`: the programme leaves something to the clinic; where that is the day,
    `from_date` and `due_date` are null. `waits_for` is the open dose before this one.
    """

    id: str
    kind: Kind
    title: str
    summary: str
    from_date: date | None
    due_date: date | None
    until_date: date | None
    status: Status
    done_on: date | None
    source: str
    page: HandbookPageOut | None
    guide_slug: str | None
    series: str | None
    earliest_date: date | None
    recommended_by: date | None
    reason: str | None
    waits_for: str | None
    ask_clinic: bool
    alternative: AlternativeOut | None
    place: str | None
    batch: str | None


class RecordedOut(HandbookItemOut):
    next: HandbookItemOut | None


class HandbookOut(Out):
    child: HandbookChildOut
    today: date
    items: list[HandbookItemOut]
    last_place: str | None
    disclaimer: str
    version: str


Words = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=40), AfterValidator(clean)
]


class DoneIn(Body):
    done_on: date
    place: Words | None = None
    batch: Words | None = None


@bp.get("/children/<int:child_id>/handbook")
@signed_in
@bp.output(HandbookOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_handbook(child_id: int) -> HandbookOut:
    """Every item from birth to six as it stands today."""
    parts = deps()
    with parts.reads() as session:
        book = service.read_timeline(
            session,
            parts.clock,
            parts.vault,
            parts.handbook,
            parent_id=viewer(),
            child_id=child_id,
        )
        return HandbookOut(
            child=_child_out(book.child),
            today=city_date(parts.clock.now()),
            items=[_item_out(item) for item in book.items],
            last_place=book.last_place,
            disclaimer=parts.handbook.disclaimer,
            version=parts.handbook.version,
        )


@bp.put("/children/<int:child_id>/handbook/<item_id>")
@signed_in
@bp.input(DoneIn)
@bp.output(RecordedOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such child or item",
        422: "Before the birth, in the future, or out of the order of the doses",
    }
)
def record_done(child_id: int, item_id: str, json_data: DoneIn) -> RecordedOut:
    """Record that an item is done; a reminder of it that still waits is cancelled.

    What is not sent of place and batch is forgotten. A dose that is too early is recorded, and
    its reason asks about it.
    """
    parts = deps()
    with parts.sessions.begin() as session:
        recorded = service.record_done(
            session,
            parts.clock,
            parts.vault,
            parts.handbook,
            parent_id=viewer(),
            child_id=child_id,
            item_id=item_id,
            done=Done(json_data.done_on, json_data.place or None, json_data.batch or None),
        )
        consents.check_given(session, parts.documents, viewer())  # after: 404 comes before 403
    return _recorded_out(recorded)


@bp.delete("/children/<int:child_id>/handbook/<item_id>")
@signed_in
@bp.output(RecordedOut)
@bp.doc(responses={404: "No such child or item"})
def undo_done(child_id: int, item_id: str) -> RecordedOut:
    """Take the record of an item back."""
    parts = deps()
    with parts.sessions.begin() as session:
        recorded = service.undo_done(
            session,
            parts.clock,
            parts.vault,
            parts.handbook,
            parent_id=viewer(),
            child_id=child_id,
            item_id=item_id,
        )
    return _recorded_out(recorded)


def _recorded_out(recorded: service.Recorded) -> RecordedOut:
    following = None if recorded.next is None else _item_out(recorded.next)
    return RecordedOut(**_item_out(recorded.item).model_dump(), next=following)


def _child_out(child: Child) -> HandbookChildOut:
    today = city_date(deps().clock.now())
    return HandbookChildOut(
        id=child.id,
        name=name_of(deps().vault, child),
        birth_date=child.birth_date,
        age_days=age_days(child.birth_date, today),
        age_text=age_text(child.birth_date, today),
    )


def _item_out(item: Item) -> HandbookItemOut:
    sections = [SectionOut(heading=s.heading, lines=list(s.lines)) for s in item.sections]
    page = HandbookPageOut(sections=sections) if sections else None
    return HandbookItemOut.model_validate({**vars(item), "page": page})
