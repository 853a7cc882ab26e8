"""The book as FHIR R4: what is in it, and that a wrong resource is refused."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.rights.take_along.fhir import NotFhir, validated
from tests.api.families import Phone, code_of
from tests.rights.traces import CLINIC, NAME, STREET, WEEKS, WEIGHT_G, child_of, make_family

Json = dict[str, Any]
Sessions = sessionmaker[Session]


@pytest.fixture
def family(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> Phone:
    phone = make_family(client, sessions, clock)
    child = child_of(phone)
    measured = {"length_mm": 680, "lying": True, "head_mm": 430, "confirmed": True}
    assert phone.put(f"/children/{child}/growth/2026-10-10", measured).status_code == 200
    return phone


@pytest.fixture
def bundle(family: Phone) -> Json:
    answer = family.get(f"/children/{child_of(family)}/fhir")
    assert answer.content_type == "application/fhir+json"
    read: Json = json.loads(answer.data)
    return read


def of_kind(bundle: Json, kind: str) -> list[Json]:
    every = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in every if one["resourceType"] == kind]


def test_the_child_is_there_without_address_and_number(bundle: Json) -> None:
    (patient,) = of_kind(bundle, "Patient")

    assert (patient["name"], patient["birthDate"]) == ([{"text": NAME}], "2026-03-10")
    assert patient["gender"] == "female"
    assert set(patient) == {"resourceType", "identifier", "name", "birthDate", "gender"}
    text = json.dumps(bundle, ensure_ascii=False)
    assert STREET not in text
    assert "1380000" not in text


def test_a_dose_that_was_given_is_an_immunization(bundle: Json) -> None:
    (dose,) = of_kind(bundle, "Immunization")

    assert (dose["status"], dose["occurrenceDateTime"]) == ("completed", "2026-03-10")
    (coding,) = dose["vaccineCode"]["coding"]
    assert (coding["system"], coding["code"]) == ("urn:chengyu:dose", "hepb-1")
    assert (dose["lotNumber"], dose["location"]["display"]) == ("B2026", CLINIC)
    assert dose["protocolApplied"] == [{"series": "乙肝疫苗", "doseNumberPositiveInt": 1}]


def test_the_next_doses_have_their_dates_by_loinc_and_a_reason(bundle: Json) -> None:
    (forecast,) = of_kind(bundle, "ImmunizationRecommendation")
    by_dose = {
        one["vaccineCode"][0]["coding"][0]["code"]: one for one in forecast["recommendation"]
    }

    third = by_dose["hepb-3"]
    dates = {one["code"]["coding"][0]["code"]: one["value"] for one in third["dateCriterion"]}
    assert set(dates) == {"30981-5", "30980-7", "59778-1"}
    assert dates["59778-1"] == "2027-03-10"  # the programme: before the age of twelve months
    assert third["forecastReason"][0]["text"]
    assert "hepb-1" not in by_dose
    statuses = {one["forecastStatus"]["coding"][0]["code"] for one in by_dose.values()}
    assert statuses <= {"due", "overdue", "upcoming"}


def test_measurements_have_loinc_codes_ucum_units_and_a_score(bundle: Json) -> None:
    found = {one["code"]["coding"][0]["code"]: one for one in of_kind(bundle, "Observation")}

    assert set(found) > {"29463-7", "8306-3", "9843-4"}
    weight = found["29463-7"]["valueQuantity"]
    assert (weight["value"], weight["code"]) == (WEIGHT_G / 1000, "kg")
    length = found["8306-3"]
    assert [one["code"] for one in length["code"]["coding"]] == ["8306-3", "8302-2"]
    assert (length["valueQuantity"]["value"], length["valueQuantity"]["code"]) == (68, "cm")
    assert length["component"][0]["valueQuantity"]["code"] == "{Zscore}"


def test_what_the_family_said_once_stands_where_another_system_looks_for_it(bundle: Json) -> None:
    found = {one["code"]["coding"][0]["code"]: one for one in of_kind(bundle, "Observation")}

    assert found["8339-4"]["valueQuantity"] == {
        "value": 3100,
        "unit": "g",
        "system": "http://unitsofmeasure.org",
        "code": "g",
    }
    assert (found["76516-4"]["valueQuantity"]["value"]) == WEEKS
    (mother,) = of_kind(bundle, "RelatedPerson")
    assert mother["relationship"][0]["coding"][0]["code"] == "MTH"
    hbsag = found["5195-3"]
    assert hbsag["focus"] != [hbsag["subject"]]
    assert hbsag["valueCodeableConcept"]["coding"][0]["display"] == "Negative"
    (varicella,) = of_kind(bundle, "Condition")
    assert varicella["code"]["coding"][0]["code"] == "38907003"
    assert varicella["clinicalStatus"]["coding"][0]["code"] == "resolved"
    assert varicella["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    (given,) = of_kind(bundle, "MedicationStatement")
    assert given["medicationCodeableConcept"]["coding"][0]["code"] == "J06B"
    assert given["effectiveDateTime"] == "2026-04-01"


def test_what_was_denied_or_is_not_known_is_said_and_what_nobody_said_is_not_there(
    family: Phone,
) -> None:
    child = child_of(family)
    said = {"mother_hbsag": "unknown", "had_varicella": False}
    assert family.put(f"/children/{child}/vaccine-facts", said).status_code == 200

    bundle = json.loads(family.get(f"/children/{child}/fhir").data)

    found = {one["code"]["coding"][0]["code"]: one for one in of_kind(bundle, "Observation")}
    assert "8339-4" not in found
    assert "valueCodeableConcept" not in found["5195-3"]
    assert found["5195-3"]["dataAbsentReason"]["coding"][0]["code"] == "asked-unknown"
    (varicella,) = of_kind(bundle, "Condition")
    assert varicella["verificationStatus"]["coding"][0]["code"] == "refuted"
    assert "clinicalStatus" not in varicella
    assert of_kind(bundle, "MedicationStatement") == []


def test_a_check_up_that_was_done_is_an_encounter(bundle: Json) -> None:
    (visit,) = of_kind(bundle, "Encounter")

    assert visit["type"][0]["coding"][0]["code"] == "m8"
    assert visit["period"] == {"start": "2026-11-20", "end": "2026-11-20"}
    assert (visit["status"], visit["class"]["code"]) == ("finished", "AMB")


def test_check_ups_to_come_are_proposed_and_sessions_have_their_state(bundle: Json) -> None:
    appointments = of_kind(bundle, "Appointment")

    states = [one["status"] for one in appointments]
    assert {"proposed", "booked", "cancelled", "pending"} == set(states)
    for one in appointments:  # rule app-3 of FHIR: only proposed or cancelled ones lack a time
        assert (one["status"] == "proposed") == ("start" not in one)


def test_every_reference_leads_to_an_entry_and_the_same_book_is_the_same(
    family: Phone, bundle: Json
) -> None:
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    references = {
        part["reference"]
        for entry in bundle["entry"]
        for part in _parts(entry["resource"])
        if "reference" in part
    }

    assert len(set(urls)) == len(urls)
    assert references <= set(urls)
    assert family.get(f"/children/{child_of(family)}/fhir").json == bundle


def _parts(value: Any) -> list[Json]:
    if isinstance(value, list):
        return [part for one in value for part in _parts(one)]
    if not isinstance(value, dict):
        return []
    return [value, *(part for one in value.values() for part in _parts(one))]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"birthDate": "2026-13-01"}, "birthDate"),
        ({"birthDate": 20260310}, "birthDate"),
        ({"gender": ["female"]}, "gender"),
        ({"nickname": "小满"}, "AttributeError"),
    ],
)
def test_what_is_not_fhir_is_refused_and_no_value_is_told(change: Json, place: str) -> None:
    patient = {"resourceType": "Patient", "name": [{"text": NAME}]} | change
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}]}

    with pytest.raises(NotFhir, match=place) as refused:
        validated(bundle)

    assert NAME not in str(refused.value)
    assert "小满" not in str(refused.value)


def test_a_missing_element_is_refused() -> None:
    dose = {"resourceType": "Immunization", "status": "completed", "vaccineCode": {"text": "x"}}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": dose}]}

    with pytest.raises(NotFhir):
        validated(bundle)


def test_another_family_gets_nothing(family: Phone, client: FlaskClient) -> None:
    child, other = child_of(family), Phone(client)

    for form in ("fhir", "book.pdf", "doctor-links"):
        answer = other.get(f"/children/{child}/{form}")
        assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_of_a_child_that_died_nothing_is_to_come(family: Phone) -> None:
    child = child_of(family)
    assert family.put(f"/children/{child}/departure", {"kind": "died"}).status_code == 200

    bundle = json.loads(family.get(f"/children/{child}/fhir").data)

    assert of_kind(bundle, "Patient")[0]["deceasedBoolean"] is True
    assert of_kind(bundle, "ImmunizationRecommendation") == []
    assert "proposed" not in {one["status"] for one in of_kind(bundle, "Appointment")}
    assert family.get(f"/children/{child}/book.pdf").status_code == 200
