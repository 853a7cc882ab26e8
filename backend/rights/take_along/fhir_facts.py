"""What the family said once of its child, as FHIR R4: vaccinations and growth depend on it.

Each in the resource that another system looks for it in: an Observation of the mother in the
child's record has her as its focus; an illness one had is a Condition, and one that the family
says it had not a refuted one; immunoglobulin is a MedicationStatement, since nobody here gave it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from backend.handbook.doses import KnownFacts
from backend.handbook.source import Mother
from backend.rights.take_along import fhir_codes as codes
from backend.rights.take_along.fhir_codes import BY_FAMILY, Json, loinc, quantity

Entry = tuple[str, str, Json]  # kind, key and resource


@dataclass(frozen=True)
class FactsWriter:
    """`url`: the address of a resource, by kind and key."""

    birth: date
    patient: Json
    url: Callable[[str, str], str]

    def facts(self, known: KnownFacts, gestational_weeks: int | None) -> Iterator[Entry]:
        """What nobody said is not there."""
        if known.birth_grams is not None:
            value = quantity(known.birth_grams, "g", "g")
            yield self.at_birth("birth-weight", codes.BIRTH_WEIGHT, "出生体重", value)
        if gestational_weeks is not None:
            value = quantity(gestational_weeks, "周", "wk")
            yield self.at_birth("gestation", codes.GESTATION, "出生孕周", value)
        if known.mother is not None:
            yield from self.mother(known.mother)
        if known.had_varicella is not None:
            yield "Condition", "varicella", self.varicella(known.had_varicella)
        for day in known.immunoglobulin:
            yield "MedicationStatement", f"immunoglobulin:{day}", self.immunoglobulin(day)

    def at_birth(self, key: str, code: tuple[str, str], text: str, value: Json) -> Entry:
        return (
            "Observation",
            key,
            {
                "status": "final",
                "code": loinc(code, text=text),
                "subject": self.patient,
                "effectiveDateTime": self.birth.isoformat(),
                "valueQuantity": value,
                "note": [{"text": BY_FAMILY}],
            },
        )

    def mother(self, said: Mother) -> Iterator[Entry]:
        yield (
            "RelatedPerson",
            "mother",
            {"patient": self.patient, "relationship": [{"coding": [codes.MOTHER]}]},
        )
        written = {
            "status": "final",
            "code": loinc(codes.HBSAG, text="母亲乙肝表面抗原"),
            "subject": self.patient,
            "focus": [{"reference": self.url("RelatedPerson", "mother")}],
            "note": [{"text": BY_FAMILY}],
        }
        if said is Mother.UNKNOWN:
            written["dataAbsentReason"] = {"coding": [codes.ASKED_UNKNOWN]}
        else:
            written["valueCodeableConcept"] = {"coding": [codes.HBSAG_RESULTS[said]]}
        yield "Observation", "mother-hbsag", written

    def varicella(self, had_it: bool) -> Json:
        status = "unconfirmed" if had_it else "refuted"  # a family's word, no doctor's
        written: Json = {
            "verificationStatus": {"coding": [{"system": codes.VERIFICATION, "code": status}]},
            "code": {"coding": [codes.VARICELLA], "text": "水痘"},
            "subject": self.patient,
            "note": [{"text": BY_FAMILY}],
        }
        if had_it:
            over = {"system": codes.CLINICAL, "code": "resolved"}
            written["clinicalStatus"] = {"coding": [over]}
        return written

    def immunoglobulin(self, day: date) -> Json:
        return {
            "status": "completed",
            "medicationCodeableConcept": {
                "coding": [codes.IMMUNOGLOBULIN],
                "text": "免疫球蛋白",
            },
            "subject": self.patient,
            "effectiveDateTime": day.isoformat(),
            "note": [{"text": BY_FAMILY}],
        }
