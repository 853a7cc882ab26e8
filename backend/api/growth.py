"""A child's growth: what the family measured, beside the standard that it chose."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response
from pydantic import Field

from backend.api.auth import signed_in, viewer
from backend.api.guides import unless_known
from backend.api.schemas import Body, Out, Query, day_in_address
from backend.deps import deps
from backend.handbook import growth_queries, growth_service
from backend.handbook.growth.ages import TERM_DAYS, corrected_birth
from backend.handbook.growth.assessment import Assessment, Reading
from backend.handbook.growth.loaded import DECIMALS
from backend.handbook.growth.measurements import BY_LENGTH, Indicator, corrected_cm
from backend.handbook.growth.standards import DEFAULT, TITLES, Standard, StandardName
from backend.handbook.growth.words import place
from backend.handbook.growth_queries import Shown
from backend.handbook.growth_rules import HEAD_MM, LENGTH_MM, WEIGHT_G, Measures
from backend.handbook.growth_service import Told
from backend.kernel.ages import DAYS_PER_MONTH, add_months, age_text
from backend.kernel.clock import city_date
from backend.kernel.sex import Sex
from backend.people import consents
from backend.people.children import name_of
from backend.people.models import Child

bp = APIBlueprint("growth", __name__, tag="生长曲线")


class StandardQuery(Query):
    standard: StandardName = DEFAULT


class CurveQuery(StandardQuery):
    indicator: Indicator
    sex: Sex


class CurvesOut(Out):
    """`points`: [x, -3 SD, -2, -1, median, +1, +2, +3 SD]; x in months, or in cm along `length`."""

    standard: StandardName
    title: str
    indicator: Indicator
    sex: Sex
    along: Literal["age", "length"]
    points: list[list[float]]


class ScoreOut(Out):
    """`value` stands at `x` of the drawn lines; kg, cm or kg/m². `centile` in per cent.

    `level`: between which lines, by name; `label`: what the standard calls it; `place`: in words.
    """

    indicator: Indicator
    x: float
    value: float
    z: float
    centile: float
    level: str
    label: str
    place: str


class ReadingOut(Out):
    """At one age, actual or corrected; an indicator that is not there does not apply."""

    age_text: str
    scores: list[ScoreOut]


class ChangeOut(Out):
    """In words, since the measurement before that has the same indicator. `crossed`: of -3 … 3."""

    indicator: Indicator
    text: str
    crossed: list[int]


class MeasuresOut(Out):
    weight_g: int | None
    length_mm: int | None
    lying: bool | None
    head_mm: int | None


class MeasurementOut(MeasuresOut):
    """`questions`: values that are hard to believe, kept because the family said so."""

    measured_on: date
    actual: ReadingOut
    corrected: ReadingOut | None
    changes: list[ChangeOut]
    questions: list[str]


class StandardOut(Out):
    name: StandardName
    title: str


class GrowthChildOut(Out):
    """`preterm`: born before 37 weeks; two ages then, until 24 months of life.

    `stands_from`: before that day a child is usually measured lying.
    """

    id: int
    name: str
    sex: Sex
    birth_date: date
    age_text: str
    preterm: bool
    stands_from: date


class GrowthOut(Out):
    child: GrowthChildOut
    today: date
    standard: StandardName
    standards: list[StandardOut]
    items: list[MeasurementOut]
    disclaimer: str


class MeasuresIn(Body):
    """Whole grams and millimetres. `lying`: how the length was measured; null: the usual way.

    `standard`: the one that is asked whether a value is hard to believe. With `confirmed` nothing
    is asked. `was_on`: the measurement that is put right, which may move to another day.
    """

    weight_g: Annotated[int, Field(ge=WEIGHT_G[0], le=WEIGHT_G[1])] | None = None
    length_mm: Annotated[int, Field(ge=LENGTH_MM[0], le=LENGTH_MM[1])] | None = None
    lying: bool | None = None
    head_mm: Annotated[int, Field(ge=HEAD_MM[0], le=HEAD_MM[1])] | None = None
    was_on: date | None = None
    standard: StandardName = DEFAULT
    confirmed: bool = False


class RecordedOut(Out):
    """Not `saved`: the questions come first; send the same again with `confirmed`."""

    saved: bool
    questions: list[str]


@bp.get("/growth-curves")
@bp.input(CurveQuery, location="query")
@bp.output(CurvesOut)
@bp.doc(responses={304: "Unchanged"})
def read_curves(query_data: CurveQuery) -> Response:
    """The seven lines of a standard, over all its ages or lengths."""
    body, etag = deps().growth.curves(query_data.standard, query_data.indicator, query_data.sex)
    return unless_known(body, etag)


@bp.get("/children/<int:child_id>/growth")
@signed_in
@bp.input(StandardQuery, location="query")
@bp.output(GrowthOut)
@bp.doc(responses={404: "Not a child of this parent"})
def read_growth(child_id: int, query_data: StandardQuery) -> GrowthOut:
    """Everything that was measured, with z, centile and the standard's names."""
    parts = deps()
    standard = parts.growth.get(query_data.standard)
    with parts.reads() as session:
        child, found = growth_queries.growth_of(
            session, parts.vault, standard, parent_id=viewer(), child_id=child_id
        )
        return GrowthOut(
            child=_child_out(child),
            today=city_date(parts.clock.now()),
            standard=standard.name,
            standards=[
                StandardOut(name=name, title=TITLES[name]) for name in (DEFAULT, *_others())
            ],
            items=[_measurement_out(standard, child, one) for one in found],
            disclaimer=parts.handbook.disclaimer,
        )


@bp.put("/children/<int:child_id>/growth/<measured_on>")
@signed_in
@bp.input(MeasuresIn)
@bp.output(RecordedOut)
@bp.doc(
    responses={
        403: "Consent is needed first",
        404: "No such child or day",
        409: "Too many measurements",
        422: "Nothing measured, or a day before the birth or in the future",
    }
)
def record_measurement(child_id: int, measured_on: str, json_data: MeasuresIn) -> RecordedOut:
    """Keep what was measured on a day, or say what has to be looked at first."""
    parts, told, day = deps(), json_data, day_in_address(measured_on)
    measures = Measures(told.weight_g, told.length_mm, told.lying, told.head_mm)
    with parts.sessions.begin() as session:
        asked = growth_service.record(
            session,
            parts.clock,
            parts.vault,
            parts.growth.get(told.standard),
            parent_id=viewer(),
            child_id=child_id,
            told=Told(day, measures, told.was_on, told.confirmed),
        )
        consents.check_given(session, parts.documents, viewer())  # after: 404 comes before 403
    return RecordedOut(saved=not asked, questions=asked)


@bp.delete("/children/<int:child_id>/growth/<measured_on>")
@signed_in
@bp.doc(responses={204: "It is not kept any more", 404: "No such child or day"})
def remove_measurement(child_id: int, measured_on: str) -> Response:
    """Take a measurement back; twice is once."""
    day = day_in_address(measured_on)
    with deps().sessions.begin() as session:
        growth_service.remove(session, parent_id=viewer(), child_id=child_id, measured_on=day)
    return Response(status=204)


def _others() -> list[StandardName]:
    return [name for name in StandardName if name is not DEFAULT]


def _child_out(child: Child) -> GrowthChildOut:
    days = growth_queries.gestational_days(child)
    return GrowthChildOut(
        id=child.id,
        name=name_of(deps().vault, child),
        sex=child.sex,
        birth_date=child.birth_date,
        age_text=age_text(child.birth_date, city_date(deps().clock.now())),
        preterm=days is not None and days < TERM_DAYS,
        stands_from=add_months(child.birth_date, 24),
    )


def _measurement_out(standard: Standard, child: Child, shown: Shown) -> MeasurementOut:
    measures, found = shown.recorded.measures, shown.assessment
    corrected = found.corrected
    return MeasurementOut(
        measured_on=found.measured_on,
        weight_g=measures.weight_g,
        length_mm=measures.length_mm,
        lying=measures.lying,
        head_mm=measures.head_mm,
        actual=_reading_out(
            standard, found, found.actual, age_text(child.birth_date, found.measured_on)
        ),
        corrected=corrected
        and _reading_out(standard, found, corrected, _corrected_text(child, found.measured_on)),
        changes=[
            ChangeOut(
                indicator=one.indicator,
                text=one.text,
                crossed=list(one.crossing.lines) if one.crossing else [],
            )
            for one in shown.changes
        ],
        questions=[question.text for question in found.questions],
    )


def _corrected_text(child: Child, on: date) -> str:
    due = corrected_birth(child.birth_date, on, growth_queries.gestational_days(child))
    return "预产期前" if due is None or on < due else age_text(due, on)


def _reading_out(
    standard: Standard, found: Assessment, reading: Reading, age_said: str
) -> ReadingOut:
    return ReadingOut(
        age_text=age_said,
        scores=[
            ScoreOut(
                indicator=one.indicator,
                x=round(_along(standard, found, reading, one.indicator), DECIMALS),
                value=round(one.value, DECIMALS),
                z=round(one.z, 2),
                centile=round(one.centile, 1),
                level=one.level,
                label=one.label,
                place=place(one.band),
            )
            for one in reading.scores
        ],
    )


def _along(standard: Standard, found: Assessment, reading: Reading, indicator: Indicator) -> float:
    """Where a score stands on the curve that is drawn for it."""
    if indicator in BY_LENGTH:
        lenhei_cm = corrected_cm(found.measurement, BY_LENGTH[indicator])
        assert lenhei_cm is not None  # it has a score
        return lenhei_cm
    return reading.age.whole_days / DAYS_PER_MONTH if standard.counts_days else reading.age.months
