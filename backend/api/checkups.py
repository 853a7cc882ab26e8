"""The thirteen check-ups: when, what is done, and what the family copied of each."""

from datetime import date
from typing import Annotated, Literal

from apiflask import APIBlueprint
from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, Out, Word, clean
from backend.deps import deps
from backend.handbook import checkup_results
from backend.handbook.checkup_results import Checkup, CheckupResult
from backend.handbook.timeline import Status
from backend.kernel.clock import city_date
from backend.kernel.errors import NotFound
from backend.people import consents

bp = APIBlueprint("checkups", __name__, tag="母子健康手册")

LONGEST_ADVICE = 500  # characters
# Typing errors are refused, results are not judged: no child has ever had more or less.
LEAST_HAEMOGLOBIN, MOST_HAEMOGLOBIN, MOST_TEETH = 20, 300, 32

Advice = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_ADVICE),
    AfterValidator(clean),
]


class ResultIn(Body):
    """`haemoglobin` in g/L; hearing and vision in the words of the paper."""

    done_on: date
    place: Word = ""
    haemoglobin: Annotated[int, Field(ge=LEAST_HAEMOGLOBIN, le=MOST_HAEMOGLOBIN)] | None = None
    teeth: Annotated[int, Field(ge=0, le=MOST_TEETH)] | None = None
    hearing: Word = ""
    vision: Word = ""
    advice: Advice = ""


class ResultOut(Out):
    place: str
    haemoglobin: int | None
    teeth: int | None
    hearing: str
    vision: str
    advice: str


class CheckupOut(Out):
    """`result` is null where nothing was copied; `done_on` is the handbook's own."""

    id: str
    item_id: str
    title: str
    place: str
    from_date: date
    due_date: date
    until_date: date | None
    status: Status
    done_on: date | None
    head_circumference: bool
    haemoglobin: Literal["routine", "if_missed_at_6m"] | None
    hearing: str | None
    vision: list[str]
    screening: bool
    parent_questions: list[str]
    result: ResultOut | None


class CheckupsOut(Out):
    today: date
    items: list[CheckupOut]
    eyes_title: str
    eyes_intro: str
    star: str
    sources: list[str]
    disclaimer: str
    next: str | None = None


@bp.get("/children/<int:child_id>/checkups")
@signed_in
@bp.output(CheckupsOut)
@bp.doc(responses={404: "Not a child of this parent"})
def list_checkups(child_id: int) -> CheckupsOut:
    """All check-ups from birth to six, each with its window, its content and its result."""
    parts = deps()
    words, file = parts.screenings.words, parts.screenings.checkups
    with parts.reads() as session:
        found = _checkups(session, child_id)
    keys = [key for mark in file.marks.values() for key in mark.sources if key in file.sources]
    return CheckupsOut(
        today=city_date(parts.clock.now()),
        items=[_out(one) for one in found],
        eyes_title=words.eye_care.title,
        eyes_intro=words.eye_care.intro,
        star=file.star,
        sources=[file.sources[key] for key in dict.fromkeys(keys) if key != "MEM"],
        disclaimer=parts.handbook.disclaimer,
    )


@bp.put("/children/<int:child_id>/checkups/<visit_id>")
@signed_in
@bp.input(ResultIn)
@bp.output(CheckupOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such child or check-up",
        422: "Before the birth, in the future, or out of range",
    }
)
def record_result(child_id: int, visit_id: str, json_data: ResultIn) -> CheckupOut:
    """Copy a result from the paper; the check-up counts as done from then on."""
    parts = deps()
    with parts.sessions.begin() as session:
        checkup_results.record_result(
            session,
            parts.clock,
            parts.vault,
            parts.handbook,
            parent_id=viewer(),
            child_id=child_id,
            visit_id=visit_id,
            done_on=json_data.done_on,
            result=CheckupResult(**json_data.model_dump(exclude={"done_on"})),
        )
        consents.check_given(session, parts.documents, viewer())  # after: 404 comes before 403
        return _one(session, child_id, visit_id)


@bp.delete("/children/<int:child_id>/checkups/<visit_id>")
@signed_in
@bp.output(CheckupOut)
@bp.doc(responses={404: "No such child or check-up"})
def forget_result(child_id: int, visit_id: str) -> CheckupOut:
    """Delete what was copied; that the check-up is done is taken back in the handbook."""
    parts = deps()
    with parts.sessions.begin() as session:
        checkup_results.forget_result(
            session, parts.handbook, parent_id=viewer(), child_id=child_id, visit_id=visit_id
        )
        return _one(session, child_id, visit_id)


def _checkups(session: Session, child_id: int) -> list[Checkup]:
    parts = deps()
    _, found = checkup_results.checkups_of(
        session,
        parts.clock,
        parts.vault,
        parts.handbook,
        parts.screenings,
        parent_id=viewer(),
        child_id=child_id,
    )
    return found


def _one(session: Session, child_id: int, visit_id: str) -> CheckupOut:
    found = next((one for one in _checkups(session, child_id) if one.visit.id == visit_id), None)
    if found is None:
        raise NotFound
    return _out(found)


def _out(checkup: Checkup) -> CheckupOut:
    visit, item = checkup.visit, checkup.item
    return CheckupOut(
        id=visit.id,
        item_id=item.id,
        title=visit.title,
        place=visit.place,
        from_date=item.from_date,
        due_date=item.due_date,
        until_date=item.until_date,
        status=item.status,
        done_on=item.done_on,
        head_circumference=visit.head_circumference,
        haemoglobin=visit.haemoglobin,
        hearing=visit.hearing,
        vision=list(visit.vision),
        screening=visit.autism_first_screen,
        parent_questions=list(visit.parent_questions),
        result=None if checkup.result is None else ResultOut.model_validate(checkup.result),
    )
