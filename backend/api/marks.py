"""What a parent marks in the library: favourites, and what was read."""

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Out
from backend.deps import deps
from backend.guides import marks

bp = APIBlueprint("marks", __name__, tag="育儿指南")


class MarksOut(Out):
    """Slugs of guides and recipes, the latest first."""

    favourites: list[str]
    read: list[str]


@bp.get("/marks")
@signed_in
@bp.output(MarksOut)
def list_marks() -> MarksOut:
    """The favourites of the signed-in parent, and what they have read."""
    with deps().reads() as session:
        return _marks(session)


@bp.put("/marks/<slug>/favourite")
@signed_in
@bp.output(MarksOut)
@bp.doc(responses={404: "No such piece", 409: "300 favourites already"})
def keep(slug: str) -> MarksOut:
    """Make a piece a favourite; twice is once."""
    known = deps().library.slugs
    with deps().sessions.begin() as session:
        marks.keep_favourite(session, deps().clock, known, parent_id=viewer(), slug=slug)
        return _marks(session)


@bp.delete("/marks/<slug>/favourite")
@signed_in
@bp.output(MarksOut)
def drop(slug: str) -> MarksOut:
    """No favourite any more."""
    with deps().sessions.begin() as session:
        marks.drop_favourite(session, parent_id=viewer(), slug=slug)
        return _marks(session)


@bp.put("/marks/<slug>/read")
@signed_in
@bp.output(MarksOut)
@bp.doc(responses={404: "No such piece"})
def read(slug: str) -> MarksOut:
    """The piece was read to its end."""
    known = deps().library.slugs
    with deps().sessions.begin() as session:
        marks.mark_read(session, deps().clock, known, parent_id=viewer(), slug=slug)
        return _marks(session)


def _marks(session: Session) -> MarksOut:
    return MarksOut(
        favourites=list(marks.favourites(session, parent_id=viewer())),
        read=list(marks.read_slugs(session, parent_id=viewer())),
    )
