"""What a bundle says, without the addresses and times that are of the city that wrote it."""

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from typing import Any

from backend.handbook.doses import KnownFacts
from backend.handbook.source import Mother
from backend.rights.take_along import fhir_codes as codes
from backend.rights.take_along.fhir_facts import FactsWriter

Json = dict[str, Any]
Path = tuple[str | int, ...]
OF_THE_CITY = {"fullUrl", "identifier", "issued", "reference", "timestamp", "name"}


def facts_of_bundle(bundle: Json) -> set[str]:
    """Each resource as one text. What was booked stays where it was booked."""
    every = [entry["resource"] for entry in bundle["entry"]]
    return {
        json.dumps(_without(one), ensure_ascii=False, sort_keys=True)
        for one in every
        if one["resourceType"] != "Appointment" or one["status"] == "proposed"
    }


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(one) for one in value]
    if isinstance(value, dict):
        return {name: _without(one) for name, one in value.items() if name not in OF_THE_CITY}
    return value


def small_bundle() -> Json:
    """One resource of each kind that is read, of a child of 10 March 2026."""
    patient = {"reference": "urn:uuid:patient"}
    facts = FactsWriter(date(2026, 3, 10), patient, lambda kind, key: f"urn:uuid:{kind}-{key}")
    known = KnownFacts(Mother.NEGATIVE, 3100, True, (date(2026, 4, 1),))
    dose = {"coding": [{"system": codes.DOSES, "code": "hepb-1"}]}
    visit = {"coding": [{"system": codes.CHECKUPS, "code": "m8"}]}
    resources: list[Json] = [
        {"resourceType": "Patient", "gender": "female", "birthDate": "2026-03-10"},
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": dose,
            "patient": patient,
            "occurrenceDateTime": "2026-03-10",
            "lotNumber": "B2026",
            "location": {"display": "测试街道接种门诊"},
        },
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": codes.AMBULATORY,
            "type": [visit],
            "subject": patient,
            "period": {"start": "2026-11-20"},
            "location": [{"location": {"display": "测试卫生院"}}],
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": codes.loinc(codes.BODY_LENGTH, codes.BODY_HEIGHT),
            "subject": patient,
            "effectiveDateTime": "2026-10-10",
            "issued": "2026-10-10T10:00:00+08:00",
            "valueQuantity": codes.quantity(68, "cm", "cm"),
        },
        *({"resourceType": kind} | resource for kind, _, resource in facts.facts(known, 38)),
    ]
    bundle: Json = {
        "resourceType": "Bundle",
        "type": "collection",
        "meta": {"tag": [codes.BOOK]},
        "timestamp": "2026-11-23T10:00:00+08:00",
        "entry": [{"resource": one} for one in resources],
    }
    return deepcopy(bundle)  # a test may spoil it, and the codes are everybody's


def places(value: Any, before: Path = ()) -> Iterator[Path]:
    """The way to everything inside."""
    steps: Any = ()
    if isinstance(value, dict):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    for step, inner in steps:
        yield (*before, step)
        yield from places(inner, (*before, step))


def put(value: Any, place: Path, other: Any) -> None:
    """Something else at that place; Ellipsis: nothing."""
    for step in place[:-1]:
        value = value[step]
    if other is ...:
        del value[place[-1]]
    else:
        value[place[-1]] = other
