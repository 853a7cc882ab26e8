"""A child's handbook from birth to six: what is due, and what the family has recorded."""

from datetime import date

from apiflask import APIBlueprint

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, Out
from backend.deps import deps
from backend.handbook import service
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


class HandbookItemOut(Out):
    id: str
    kind: Kind
    title: str
    summary: str
    from_date: date
    due_date: date
    until_date: date | None
    status: Status
    done_on: date | None
    source: str
    page: HandbookPageOut | None
    guide_slug: str | None


class HandbookOut(Out):
    child: HandbookChildOut
    today: date
    items: list[HandbookItemOut]
    disclaimer: str
    version: str


class DoneIn(Body):
    done_on: date


@bp.get("/children/<int:child_id>/handbook")
@signed_in
@bp.output(HandbookOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_handbook(child_id: int) -> HandbookOut:
    """Every item from birth to six as it stands today."""
    parts = deps()
    with parts.reads() as session:
        child, items = service.read_timeline(
            session, parts.clock, parts.handbook, parent_id=viewer(), child_id=child_id
        )
        return HandbookOut(
            child=_child_out(child),
            today=city_date(parts.clock.now()),
            items=[_item_out(item) for item in items],
            disclaimer=parts.handbook.disclaimer,
            version=parts.handbook.version,
        )


@bp.put("/children/<int:child_id>/handbook/<item_id>")
@signed_in
@bp.input(DoneIn)
@bp.output(HandbookItemOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such child or item",
        422: "Before the birth or in the future",
    }
)
def record_done(child_id: int, item_id: str, json_data: DoneIn) -> HandbookItemOut:
    """Record that an item is done; a reminder of it that still waits is cancelled."""
    parts = deps()
    with parts.sessions.begin() as session:
        item = service.record_done(
            session,
            parts.clock,
            parts.handbook,
            parent_id=viewer(),
            child_id=child_id,
            item_id=item_id,
            done_on=json_data.done_on,
        )
        consents.check_given(session, parts.documents, viewer())  # after: 404 comes before 403
    return _item_out(item)


@bp.delete("/children/<int:child_id>/handbook/<item_id>")
@signed_in
@bp.output(HandbookItemOut)
@bp.doc(responses={404: "No such child or item"})
def undo_done(child_id: int, item_id: str) -> HandbookItemOut:
    """Take the record of an item back."""
    parts = deps()
    with parts.sessions.begin() as session:
        item = service.undo_done(
            session,
            parts.clock,
            parts.handbook,
            parent_id=viewer(),
            child_id=child_id,
            item_id=item_id,
        )
    return _item_out(item)


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
    return HandbookItemOut(
        id=item.id,
        kind=item.kind,
        title=item.title,
        summary=item.summary,
        from_date=item.from_date,
        due_date=item.due_date,
        until_date=item.until_date,
        status=item.status,
        done_on=item.done_on,
        source=item.source,
        page=HandbookPageOut(sections=sections) if sections else None,
        guide_slug=item.guide_slug,
    )
