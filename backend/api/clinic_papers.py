"""Newborn screenings and the family doctor, as the family copies them from the papers."""

from datetime import date
from typing import Annotated

from apiflask import APIBlueprint
from pydantic import AfterValidator, Field, StringConstraints
from sqlalchemy.orm import Session

from backend.api.auth import signed_in, viewer
from backend.api.schemas import Body, Name, Out, Word, clean
from backend.deps import deps
from backend.handbook import clinic_papers
from backend.handbook.clinic_papers import FamilyDoctor, NewbornResult, PaperResult
from backend.handbook.screening_file import NewbornTest
from backend.kernel.clock import city_date
from backend.kernel.errors import NotFound
from backend.people import consents

bp = APIBlueprint("clinic_papers", __name__, tag="母子健康手册")

EARLIEST = date(2000, 1, 1)  # of a sign-up: earlier ones are typing errors

Note = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(clean)
]
Phone = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^([0-9+][0-9 -]{4,18})?$")
]


class NewbornIn(Body):
    done_on: date
    result: PaperResult
    note: Note = ""


class NewbornResultOut(Out):
    done_on: date
    result: PaperResult
    note: str


class NewbornTestOut(Out):
    """`asked`: what to do with this result; null where nothing is to be done."""

    id: NewbornTest
    title: str
    lines: list[str]
    result: NewbornResultOut | None
    asked: str | None


class NewbornOut(Out):
    today: date
    title: str
    intro: str
    items: list[NewbornTestOut]
    sources: list[str]
    disclaimer: str
    next: str | None = None


class DoctorIn(Body):
    team: Name
    doctor: Word = ""
    phone: Phone = ""
    signed_on: Annotated[date, Field(ge=EARLIEST)] | None = None


class DoctorOut(Out):
    team: str
    doctor: str
    phone: str
    signed_on: date | None


class FamilyDoctorOut(Out):
    """`kept` is null where nothing is noted."""

    today: date
    title: str
    intro: str
    kept: DoctorOut | None
    disclaimer: str


@bp.get("/children/<int:child_id>/newborn-screening")
@signed_in
@bp.output(NewbornOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_newborn(child_id: int) -> NewbornOut:
    """What is looked at after birth, when, and the results that the family copied."""
    with deps().reads() as session:
        return _newborn(session, child_id)


@bp.put("/children/<int:child_id>/newborn-screening/<test>")
@signed_in
@bp.input(NewbornIn)
@bp.output(NewbornOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such child or test",
        422: "Before the birth or in the future",
    }
)
def record_newborn(child_id: int, test: str, json_data: NewbornIn) -> NewbornOut:
    """Copy a result from the paper."""
    parts = deps()
    with parts.sessions.begin() as session:
        clinic_papers.record_newborn(
            session,
            parts.clock,
            parts.vault,
            parent_id=viewer(),
            child_id=child_id,
            test=_test(test),
            result=NewbornResult(**json_data.model_dump()),
        )
        consents.check_given(session, parts.documents, viewer())  # after: 404 comes before 403
        return _newborn(session, child_id)


@bp.delete("/children/<int:child_id>/newborn-screening/<test>")
@signed_in
@bp.output(NewbornOut)
@bp.doc(responses={404: "No such child or test"})
def forget_newborn(child_id: int, test: str) -> NewbornOut:
    """Delete a result."""
    with deps().sessions.begin() as session:
        clinic_papers.forget_newborn(
            session, parent_id=viewer(), child_id=child_id, test=_test(test)
        )
        return _newborn(session, child_id)


@bp.get("/children/<int:child_id>/family-doctor")
@signed_in
@bp.output(FamilyDoctorOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_doctor(child_id: int) -> FamilyDoctorOut:
    """The team that the family has signed up with."""
    with deps().reads() as session:
        return _doctor(session, child_id)


@bp.put("/children/<int:child_id>/family-doctor")
@signed_in
@bp.input(DoctorIn)
@bp.output(FamilyDoctorOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "Not a child of this parent",
        422: "In the future, or no telephone number",
    }
)
def record_doctor(child_id: int, json_data: DoctorIn) -> FamilyDoctorOut:
    """Note the team, its telephone and the day."""
    parts = deps()
    with parts.sessions.begin() as session:
        clinic_papers.record_family_doctor(
            session,
            parts.clock,
            parts.vault,
            parent_id=viewer(),
            child_id=child_id,
            doctor=FamilyDoctor(**json_data.model_dump()),
        )
        consents.check_given(session, parts.documents, viewer())
        return _doctor(session, child_id)


@bp.delete("/children/<int:child_id>/family-doctor")
@signed_in
@bp.output(FamilyDoctorOut)
@bp.doc(responses={404: "Not a child of this parent"})
def forget_doctor(child_id: int) -> FamilyDoctorOut:
    """Delete the note."""
    with deps().sessions.begin() as session:
        clinic_papers.forget_family_doctor(session, parent_id=viewer(), child_id=child_id)
        return _doctor(session, child_id)


def _test(text: str) -> NewbornTest:
    try:
        return NewbornTest(text)
    except ValueError:
        raise NotFound from None


def _newborn(session: Session, child_id: int) -> NewbornOut:
    parts = deps()
    programme = parts.screenings
    words = programme.words.newborn
    results = clinic_papers.newborn_results(
        session, parts.vault, parent_id=viewer(), child_id=child_id
    )
    asked = {PaperResult.RECHECK: words.recheck, PaperResult.UNCLEAR: words.unclear}
    items = []
    for test in words.tests:
        kept = results.get(test.id)
        items.append(
            NewbornTestOut(
                id=test.id,
                title=test.title,
                lines=[programme.said(line) for line in test.lines],
                result=None if kept is None else NewbornResultOut.model_validate(kept),
                asked=None if kept is None else asked.get(kept.result),
            )
        )
    keys = [key for test in words.tests for line in test.lines for key in line.sources]
    return NewbornOut(
        today=city_date(parts.clock.now()),
        title=words.title,
        intro=words.intro,
        items=items,
        sources=programme.titles(*keys),
        disclaimer=parts.handbook.disclaimer,
    )


def _doctor(session: Session, child_id: int) -> FamilyDoctorOut:
    parts = deps()
    page = parts.screenings.words.family_doctor
    kept = clinic_papers.family_doctor(session, parts.vault, parent_id=viewer(), child_id=child_id)
    return FamilyDoctorOut(
        today=city_date(parts.clock.now()),
        title=page.title,
        intro=page.intro,
        kept=None if kept is None else DoctorOut.model_validate(kept),
        disclaimer=parts.handbook.disclaimer,
    )
