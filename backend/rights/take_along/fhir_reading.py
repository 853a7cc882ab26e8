"""A bundle that we wrote comes back: its resources as the parts of our own copy.

What another system writes is not read: its doses have other codes, and to guess a dose is to
invent one. Appointments and the forecast follow from the rest or stay in their city.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from backend.handbook.growth_rules import MOST
from backend.handbook.source import Mother
from backend.rights.copies import FORMAT, FORMAT_VERSION
from backend.rights.take_along import fhir_codes as codes
from backend.rights.take_along.fhir import NotFhir, validated
from backend.rights.take_along.fhir_codes import Json
from backend.rights.take_along.files import CopyFile, CopyUnreadable, CopyVersionUnknown, read_file

BUNDLE = "Bundle"
MOST_ENTRIES = 3 * MOST + 1000  # three values of a measurement, and everything else
MEASURES = {  # code: field, and how many of its units are one of FHIR's
    codes.BODY_WEIGHT[0]: ("weight_g", 1000),
    codes.BODY_HEIGHT[0]: ("length_mm", 10),
    codes.HEAD[0]: ("head_mm", 10),
}
LYING = {codes.BODY_LENGTH[0]: True, codes.STANDING[0]: False}


def read_any(given: Json) -> CopyFile:
    """Our copy or our bundle. Raises CopyVersionUnknown or CopyUnreadable."""
    return read_bundle(given) if given.get("resourceType") == BUNDLE else read_file(given)


def read_bundle(given: Json) -> CopyFile:
    """Raises CopyVersionUnknown for a bundle that is not ours, and CopyUnreadable."""
    entries = given.get("entry")
    if isinstance(entries, list) and len(entries) > MOST_ENTRIES:
        raise CopyUnreadable(f"entry：最多 {MOST_ENTRIES} 条")
    try:
        bundle = validated(given)
    except NotFhir as error:
        raise CopyUnreadable(str(error)[:200]) from None
    tags = bundle.get("meta", {}).get("tag", [])
    if not any(_is(tag, codes.BOOK) for tag in tags):
        raise CopyVersionUnknown
    try:
        return read_file(_Reader(bundle).copy())
    except (KeyError, IndexError) as error:  # what FHIR lets be left out, and we do not
        raise CopyUnreadable(str(error)) from None


class _Reader:
    """Everything in the shape of a copy; its own rules judge the values."""

    def __init__(self, bundle: Json) -> None:
        self.at = bundle["timestamp"]
        self.resources = [entry["resource"] for entry in bundle["entry"]]

    def copy(self) -> Json:
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "from_fhir": True,
            "child": self.child(),
            "handbook": [*self.doses(), *self.checkups()],
            "growth": self.growth(),
            "vaccine_facts": self.facts(),
        }

    def of_kind(self, kind: str) -> Iterator[Json]:
        return (one for one in self.resources if one["resourceType"] == kind)

    def child(self) -> Json:
        patient = next(self.of_kind("Patient"), {})
        sexes = {gender: sex for sex, gender in codes.GENDER.items()}
        weeks = self.value_of(codes.GESTATION[0])
        return {
            "birth_date": patient.get("birthDate"),
            "sex": sexes.get(patient.get("gender", "")),
            "gestational_weeks": None if weeks is None else _whole(weeks),
        }

    def doses(self) -> Iterator[Json]:
        for one in self.of_kind("Immunization"):
            dose = _code_of(one["vaccineCode"], codes.DOSES)
            if dose is not None and one["status"] == "completed":
                yield {
                    "item": f"vaccine:{dose}",
                    "done_on": one["occurrenceDateTime"],
                    "place": one.get("location", {}).get("display"),
                    "batch": one.get("lotNumber"),
                    "recorded_at": self.at,
                }

    def checkups(self) -> Iterator[Json]:
        for one in self.of_kind("Encounter"):
            kind: Json = next(iter(one.get("type", [])), {})
            visit = _code_of(kind, codes.CHECKUPS)
            if visit is not None and one["status"] == "finished":
                places = [place["location"].get("display") for place in one.get("location", [])]
                yield {
                    "item": f"checkup:{visit}",
                    "done_on": one["period"]["start"],
                    "place": next(iter(places), None),
                    "recorded_at": self.at,
                }

    def growth(self) -> list[Json]:
        """One row a day, from up to three observations."""
        days: dict[str, Json] = {}
        for one in self.of_kind("Observation"):
            found = _loinc_codes(one["code"])
            field = next((MEASURES[code] for code in found if code in MEASURES), None)
            if field is None:
                continue
            day = one["effectiveDateTime"]
            row = days.setdefault(day, {"measured_on": day, "recorded_at": self.at})
            name, times = field
            row[name] = _whole(one["valueQuantity"]["value"] * times)
            row.update(("lying", LYING[code]) for code in found if code in LYING)
            row["recorded_at"] = one.get("issued", self.at)
        return list(days.values())

    def facts(self) -> Json:
        grams = self.value_of(codes.BIRTH_WEIGHT[0])
        return {
            "mother_hbsag": self.mother(),
            "birth_grams": None if grams is None else _whole(grams),
            "had_varicella": self.varicella(),
            "immunoglobulin": [
                one["effectiveDateTime"]
                for one in self.of_kind("MedicationStatement")
                if _code_of(one["medicationCodeableConcept"], codes.ATC) is not None
            ],
        }

    def mother(self) -> str | None:
        for one in self.observed(codes.HBSAG[0]):
            result = _code_of(one.get("valueCodeableConcept", {}), codes.SNOMED)
            known = {coding["code"]: said for said, coding in codes.HBSAG_RESULTS.items()}
            return known.get(result or "", Mother.UNKNOWN).value
        return None

    def varicella(self) -> bool | None:
        for one in self.of_kind("Condition"):
            if _code_of(one.get("code", {}), codes.SNOMED) == codes.VARICELLA["code"]:
                return _code_of(one["verificationStatus"], codes.VERIFICATION) != "refuted"
        return None

    def observed(self, code: str) -> Iterator[Json]:
        return (one for one in self.of_kind("Observation") if code in _loinc_codes(one["code"]))

    def value_of(self, code: str) -> float | None:
        for one in self.observed(code):
            value: float = one["valueQuantity"]["value"]
            return value
        return None


def _whole(value: float) -> int:
    """JSON knows numbers that are none, and some without end."""
    if not math.isfinite(value):
        raise CopyUnreadable("valueQuantity.value")
    return round(value)


def _code_of(concept: Json, system: str) -> str | None:
    """The code of this system in a CodeableConcept."""
    for coding in concept.get("coding", []):
        if coding.get("system") == system:
            found: str | None = coding.get("code")
            return found
    return None


def _loinc_codes(concept: Json) -> set[str]:
    codings = concept.get("coding", [])
    return {one["code"] for one in codings if one.get("system") == codes.LOINC and "code" in one}


def _is(tag: Any, wanted: Json) -> bool:
    return all(tag.get(name) == value for name, value in wanted.items())
