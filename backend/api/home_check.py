"""The safety check of a child's home."""

from datetime import date
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import Field

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, Out, Word
from backend.deps import deps
from backend.handbook import home_safety
from backend.handbook.diary import service
from backend.handbook.home_safety import Answer, Checked, Hazard
from backend.kernel.ages import age_months
from backend.kernel.clock import city_date
from backend.people import consents
from backend.people.models import Purpose

bp = APIBlueprint("home_check", __name__, tag="成长日记")

MOST_ANSWERS = 100


class HomeItemOut(Out):
    """`source`: where the line is from; for one that nobody has checked it says so."""

    id: str
    text: str
    next: str
    verified: bool
    source: str


class HazardOut(Out):
    id: str
    title: str
    guide_slug: str | None
    items: list[HomeItemOut]


class CheckedOut(Out):
    day: date
    answers: dict[str, Answer]


class HomeCheckOut(Out):
    """`agreed`: without the consent the check can be gone through, and is not kept."""

    agreed: bool
    today: date
    hazards: list[HazardOut]
    last: CheckedOut | None


class AnswersIn(Body):
    answers: Annotated[dict[Word, Answer], Field(max_length=MOST_ANSWERS)]


@bp.get("/children/<int:child_id>/home-check")
@signed_in
@bp.output(HomeCheckOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_home_check(child_id: int) -> HomeCheckOut:
    """What is asked of the home of a child of this age, and what was answered last."""
    parts, today = deps(), city_date(deps().clock.now())
    with parts.reads() as session:
        book = service.open_book(session, parent_id=viewer(), child_id=child_id)
        agreed = consents.agrees(session, parts.documents, viewer(), Purpose.DIARY)
        last = home_safety.last_check(session, parts.vault, book) if agreed else None
    asked = parts.home_list.at(age_months(book.child.birth_date, today))
    return HomeCheckOut(
        agreed=agreed,
        today=today,
        hazards=[_hazard_out(one) for one in asked],
        last=_checked_out(last),
    )


@bp.put("/children/<int:child_id>/home-check")
@signed_in
@bp.input(AnswersIn)
@bp.output(CheckedOut)
@bp.doc(
    responses={
        403: "Consent for this purpose is needed first",
        404: "Not a child of this parent",
        422: "Nothing answered, or a line that is not on the list",
    }
)
def keep_home_check(child_id: int, json_data: AnswersIn) -> CheckedOut:
    """Keep today's answers; a second check of a day replaces the first."""
    parts = deps()
    with parts.sessions.begin() as session:
        book = service.open_book(session, parent_id=viewer(), child_id=child_id, lock=True)
        service.check_may_write(session, parts.documents, book)
        checked = home_safety.keep(
            session, parts.clock, parts.vault, parts.home_list, book, json_data.answers
        )
    return CheckedOut(day=checked.day, answers=checked.answers)


def _checked_out(checked: Checked | None) -> CheckedOut | None:
    return None if checked is None else CheckedOut(day=checked.day, answers=checked.answers)


def _hazard_out(hazard: Hazard) -> HazardOut:
    """The guide is named only while it may be read."""
    known = hazard.guide is not None and hazard.guide in deps().library
    return HazardOut(
        id=hazard.id,
        title=hazard.title,
        guide_slug=hazard.guide if known else None,
        items=[HomeItemOut.model_validate(item) for item in hazard.items],
    )
