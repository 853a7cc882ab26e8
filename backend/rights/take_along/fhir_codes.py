"""The codes that our FHIR uses, each with the place where it is defined."""

from __future__ import annotations

from typing import Any

from backend.bookings.models import BookingState
from backend.handbook.growth.measurements import Indicator
from backend.handbook.source import Mother
from backend.handbook.vaccines import Status

Json = dict[str, Any]

BY_FAMILY = "家长记录，以纸质手册和门诊记录为准"
LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
# Our dose ids ("hepb-1") mean the same in every city; China's programme has no code system of
# its own that is published, and CVX names products that are not given here.
DOSES = "urn:chengyu:dose"
CHECKUPS = "urn:chengyu:checkup"
OUR_STATUS = "urn:chengyu:dose-status"
SCORES = "urn:chengyu:z-score"
# Says that a bundle is a book of ours, and which version of it: only such a one comes back.
BOOK: Json = {"system": "urn:chengyu:format", "code": "child-book-1"}

# hl7.org/fhir/R4/valueset-immunization-recommendation-date-criterion.html
EARLIEST = ("30981-5", "Earliest date to give")
DUE = ("30980-7", "Date vaccine due")
OVERDUE = ("59778-1", "Date when overdue for immunization")

# hl7.org/fhir/R4/valueset-immunization-recommendation-status.html; it has no word for a dose
# whose day is still to come, so that one is ours.
FORECAST_SYSTEM = "http://terminology.hl7.org/CodeSystem/immunization-recommendation-status"
FORECAST_STATUS: dict[Status, Json] = {
    Status.DUE: {"system": FORECAST_SYSTEM, "code": "due", "display": "Due"},
    Status.OVERDUE: {"system": FORECAST_SYSTEM, "code": "overdue", "display": "Overdue"},
    Status.UPCOMING: {"system": OUR_STATUS, "code": "upcoming", "display": "Upcoming"},
}
FORECAST_WORDS = {
    Status.DUE: "可以接种",
    Status.OVERDUE: "已过推荐时间，尽早补种",
    Status.UPCOMING: "还没到时间",
}

# hl7.org/fhir/R4/observation-vitalsigns.html (weight, height, head circumference, and 8302-2
# beside anything more special); 8306-3: hl7.org/fhir/us/vitals/STU1, body-length.
BODY_WEIGHT = ("29463-7", "Body weight")
BODY_HEIGHT = ("8302-2", "Body height")
BODY_LENGTH = ("8306-3", "Body height --lying")
STANDING = ("8308-9", "Body height --standing")
HEAD = ("9843-4", "Head Occipital-frontal circumference")
VITAL_SIGNS: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
    "code": "vital-signs",
    "display": "Vital Signs",
}
Z_SCORES = {
    Indicator.WEIGHT: "weight-for-age",
    Indicator.LENGTH: "length-for-age",
    Indicator.HEAD: "head-circumference-for-age",
}

# What a family said once. loinc.org/<code>; SNOMED CT: hl7.org/fhir/R4/valueset-condition-code.html
# and the results of tests; atcddd.fhi.no: J06B, immunoglobulins.
SNOMED = "http://snomed.info/sct"
BIRTH_WEIGHT = ("8339-4", "Birth weight Measured")
GESTATION = ("76516-4", "Gestational age--at birth")
HBSAG = ("5195-3", "Hepatitis B virus surface Ag [Presence] in Serum")
HBSAG_RESULTS: dict[Mother, Json] = {
    Mother.POSITIVE: {"system": SNOMED, "code": "10828004", "display": "Positive"},
    Mother.NEGATIVE: {"system": SNOMED, "code": "260385009", "display": "Negative"},
}
ASKED_UNKNOWN: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
    "code": "asked-unknown",
}
MOTHER: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
    "code": "MTH",
    "display": "mother",
}
VARICELLA: Json = {"system": SNOMED, "code": "38907003", "display": "Varicella"}
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
ATC = "http://www.whocc.no/atc"
IMMUNOGLOBULIN: Json = {"system": ATC, "code": "J06B", "display": "Immunoglobulins"}
AMBULATORY: Json = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
    "code": "AMB",
    "display": "ambulatory",
}

# hl7.org/fhir/R4/valueset-appointmentstatus.html
APPOINTMENT_STATUS = {
    BookingState.REQUESTED: "pending",
    BookingState.CONFIRMED: "booked",
    BookingState.DECLINED: "cancelled",
    BookingState.ATTENDED: "fulfilled",
    BookingState.MISSED: "noshow",
    BookingState.CANCELLED_BY_FAMILY: "cancelled",
    BookingState.CANCELLED_BY_CENTRE: "cancelled",
}
GENDER = {"f": "female", "m": "male"}  # hl7.org/fhir/R4/valueset-administrative-gender.html


def loinc(*codes: tuple[str, str], text: str | None = None) -> Json:
    coding = [{"system": LOINC, "code": code, "display": display} for code, display in codes]
    return {"coding": coding} | ({} if text is None else {"text": text})


def quantity(value: float, unit: str, code: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": code}
