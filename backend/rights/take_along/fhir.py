"""A child's book as a FHIR R4 bundle, for other systems (hl7.org/fhir/R4).

Written as plain JSON and read back by fhirclient, whose models are made from the definitions of
4.0.1: an unknown element, a wrong type or a missing one stops the writing, not the reader. What
it does not check (fixed codes, rules across elements) are constants in `fhir_codes` and tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from backend.bookings.models import Booking
from backend.centres.models import KIND_TITLES
from backend.handbook.checkup_results import Checkup
from backend.handbook.doses import DoseState
from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth_queries import Shown
from backend.handbook.timeline import Status as ItemStatus
from backend.kernel.clock import city_time
from backend.rights.take_along import fhir_codes as codes
from backend.rights.take_along.book import ChildBook, GivenDose, doses_by_id
from backend.rights.take_along.fhir_codes import BY_FAMILY, Json, loinc, quantity
from backend.rights.take_along.fhir_facts import FactsWriter

CONTENT_TYPE = "application/fhir+json"
PLANNED = {ItemStatus.DUE, ItemStatus.OVERDUE, ItemStatus.UPCOMING}


class NotFhir(Exception):
    """A fault of ours: what we wrote is not FHIR R4. Names elements, never values."""


def bundle_of(book: ChildBook, site: str) -> Json:
    """The whole book. The same book gives the same bundle, ids included. Raises NotFhir."""
    writer = _Writer(book, site)
    return validated(
        {
            "resourceType": "Bundle",
            "meta": {"tag": [codes.BOOK]},
            "type": "collection",
            "timestamp": _instant(book.made_at),
            "entry": list(writer.entries()),
        }
    )


def validated(bundle: Json) -> Json:
    """The bundle as fhirclient reads it, strictly. Raises NotFhir."""
    from fhirclient.models.bundle import Bundle
    from fhirclient.models.fhirabstractbase import FHIRValidationError

    try:
        read: Json = Bundle(bundle, strict=True).as_json()
    except FHIRValidationError as error:
        raise NotFhir(" ".join(_places(error))) from None  # its own words repeat the values
    return read


def _places(error: Any) -> Iterator[str]:
    """Where it went wrong, down to the innermost element."""
    inner = [one for one in error.errors if hasattr(one, "errors")]
    for one in inner:
        yield from (f"{error.path or 'bundle'}.{place}" for place in _places(one))
    if len(inner) < len(error.errors):
        kinds = {type(one).__name__ for one in error.errors if not hasattr(one, "errors")}
        yield f"{error.path or 'bundle'} ({', '.join(sorted(kinds))})"


class _Writer:
    def __init__(self, book: ChildBook, site: str) -> None:
        self.book = book
        self.site = site.rstrip("/")
        self.doses = doses_by_id(book.programmes.schedule.programme)
        self.patient = {"reference": self.url("Patient", "")}

    def url(self, kind: str, key: str) -> str:
        """The same for the same thing, and a secret to nobody: made of our address and ids."""
        name = f"{self.site}/fhir/child/{self.book.child.id}/{kind}/{key}"
        return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"

    def entries(self) -> Iterator[Json]:
        yield self.entry("Patient", "", self.of_child())
        for dose in self.book.given:
            yield self.entry("Immunization", dose.id, self.immunization(dose))
        if self.book.next_doses:
            yield self.entry("ImmunizationRecommendation", "", self.recommendation())
        for shown in self.book.growth:
            yield from self.measured(shown)
        facts = FactsWriter(self.book.child.birth_date, self.patient, self.url)
        for entry in facts.facts(self.book.known, self.book.child.gestational_weeks):
            yield self.entry(*entry)
        yield from self.visits()

    def measured(self, shown: Shown) -> Iterator[Json]:
        for key, observation in self.observations(shown):
            yield self.entry("Observation", key, observation)

    def visits(self) -> Iterator[Json]:
        for checkup in self.book.checkups:
            if checkup.item.status in PLANNED:
                yield self.entry("Appointment", checkup.item.id, self.planned(checkup))
            elif checkup.item.done_on is not None:
                yield self.entry("Encounter", checkup.item.id, self.done(checkup))
        for booking in self.book.bookings:
            yield self.entry("Appointment", f"booking:{booking.id}", self.booked(booking))

    def entry(self, kind: str, key: str, resource: Json) -> Json:
        return {"fullUrl": self.url(kind, key), "resource": {"resourceType": kind} | resource}

    def of_child(self) -> Json:
        child = self.book.child
        return {
            "identifier": [{"system": f"{self.site}/fhir/child", "value": str(child.id)}],
            "name": [{"text": self.book.name}],
            "gender": codes.GENDER[child.sex],
            "birthDate": child.birth_date.isoformat(),
            **({"deceasedBoolean": True} if self.book.ended else {}),
        }

    def immunization(self, dose: GivenDose) -> Json:
        written: Json = {
            "status": "completed",
            "vaccineCode": _vaccine(dose.id, dose.title),
            "patient": self.patient,
            "occurrenceDateTime": dose.given_on.isoformat(),
            "primarySource": False,
            "reportOrigin": {"text": BY_FAMILY},
        }
        if dose.batch:
            written["lotNumber"] = dose.batch
        if dose.place:
            written["location"] = {"display": dose.place}
        if dose.number is not None:
            written["protocolApplied"] = [
                {"series": dose.series, "doseNumberPositiveInt": dose.number}
            ]
        return written

    def recommendation(self) -> Json:
        return {
            "patient": self.patient,
            "date": self.book.today.isoformat(),
            "recommendation": [self.recommended(one) for one in self.book.next_doses],
        }

    def recommended(self, state: DoseState) -> Json:
        answer = state.answer
        vaccine, dose = self.doses[answer.id]
        written: Json = {
            "vaccineCode": [_vaccine(answer.id, answer.title)],
            "forecastStatus": {
                "coding": [codes.FORECAST_STATUS[answer.status]],
                "text": codes.FORECAST_WORDS[answer.status],
            },
            "forecastReason": [{"text": answer.reason}],
            "series": vaccine.name,
            "doseNumberPositiveInt": dose.number,
        }
        if answer.source:
            written["description"] = f"依据：{answer.source}"
        dates = self.criteria(state)
        return written | ({"dateCriterion": dates} if dates else {})

    def criteria(self, state: DoseState) -> list[Json]:
        """Earliest by the rules, due at the age of the programme, overdue the day after the last
        recommended one. What the programme does not say is not there."""
        answer, birth = state.answer, self.book.child.birth_date
        found: list[tuple[tuple[str, str], date]] = []
        if answer.earliest is not None:
            due = max(answer.earliest, state.rule.due.on(birth))
            found += [(codes.EARLIEST, answer.earliest), (codes.DUE, due)]
        if answer.recommended_by is not None:
            found.append((codes.OVERDUE, answer.recommended_by + timedelta(days=1)))
        return [{"code": loinc(code), "value": day.isoformat()} for code, day in found]

    def observations(self, shown: Shown) -> Iterator[tuple[str, Json]]:
        measures, day = shown.recorded.measures, shown.recorded.measured_on
        for indicator, value, code, unit in (
            (Indicator.WEIGHT, measures.weight_g, loinc(codes.BODY_WEIGHT, text="体重"), "kg"),
            (Indicator.LENGTH, measures.length_mm, _of_length(shown), "cm"),
            (Indicator.HEAD, measures.head_mm, loinc(codes.HEAD, text="头围"), "cm"),
        ):
            if value is None:
                continue
            measured = value / 1000 if unit == "kg" else value / 10
            yield (
                f"{indicator}:{day}",
                {
                    "status": "final",
                    "category": [{"coding": [codes.VITAL_SIGNS]}],
                    "code": code,
                    "subject": self.patient,
                    "effectiveDateTime": day.isoformat(),
                    "issued": _instant(shown.recorded.recorded_at),
                    "valueQuantity": quantity(measured, unit, unit),
                    "note": [{"text": BY_FAMILY}],
                }
                | self.score(shown, indicator),
            )

    def score(self, shown: Shown, indicator: Indicator) -> Json:
        """The z-score by the standard; at the corrected age where the child has one."""
        found = shown.assessment.main.score(indicator)
        if found is None:
            return {}
        age = "矫正月龄" if shown.assessment.corrected else "实足月龄"
        title = self.book.programmes.standard.title
        coding = {"system": codes.SCORES, "code": codes.Z_SCORES[indicator]}
        return {
            "component": [
                {
                    "code": {"coding": [coding], "text": f"Z评分（{title}，{age}）：{found.label}"},
                    "valueQuantity": quantity(round(found.z, 2), "SD", "{Zscore}"),
                }
            ]
        }

    def planned(self, checkup: Checkup) -> Json:
        """A check-up that nobody has booked yet: proposed, and so without a time."""
        item = checkup.item
        period = {} if item.due_date is None else {"start": item.due_date.isoformat()}
        if item.until_date is not None:
            period["end"] = item.until_date.isoformat()
        coding = {"system": codes.CHECKUPS, "code": checkup.visit.id, "display": item.title}
        return {
            "status": "proposed",
            "serviceType": [{"coding": [coding], "text": "儿童健康检查"}],
            "description": item.title,
            "requestedPeriod": [period],
            "participant": [{"actor": self.patient, "status": "needs-action"}],
        }

    def done(self, checkup: Checkup) -> Json:
        """That the child was there; what was found is in the copy and on paper."""
        item = checkup.item
        coding = {"system": codes.CHECKUPS, "code": checkup.visit.id, "display": item.title}
        written: Json = {
            "status": "finished",
            "class": codes.AMBULATORY,
            "type": [{"coding": [coding], "text": "儿童健康检查"}],
            "subject": self.patient,
            "period": {"start": f"{item.done_on}", "end": f"{item.done_on}"},
        }
        if item.place:
            written["location"] = [{"location": {"display": item.place}}]
        return written

    def booked(self, booking: Booking) -> Json:
        slot = booking.slot
        return {
            "status": codes.APPOINTMENT_STATUS[booking.state],
            "serviceType": [{"text": KIND_TITLES[slot.kind]}],
            "description": slot.title,
            "start": _instant(slot.starts_at),
            "end": _instant(slot.ends_at),
            "created": _instant(booking.requested_at),
            "participant": [
                {"actor": self.patient, "status": "accepted"},
                {"actor": {"display": slot.centre.name}, "status": "accepted"},
            ],
        }


def _vaccine(dose_id: str, title: str) -> Json:
    return {
        "coding": [{"system": codes.DOSES, "code": dose_id, "display": title}],
        "text": title,
    }


def _of_length(shown: Shown) -> Json:
    """By how it was measured; where nobody said, by the code for both."""
    lying = shown.recorded.measures.lying
    if lying is None:
        return loinc(codes.BODY_HEIGHT, text="身长（身高）")
    if lying:
        return loinc(codes.BODY_LENGTH, codes.BODY_HEIGHT, text="身长（卧位）")
    return loinc(codes.STANDING, codes.BODY_HEIGHT, text="身高（立位）")


def _instant(at: datetime) -> str:
    return city_time(at).isoformat(timespec="seconds")
