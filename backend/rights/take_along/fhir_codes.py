"""The codes that our FHIR uses, each with the place where it is defined."""

from __future__ import annotations

from typing import Any

from backend.bookings.models import BookingState
from backend.handbook.growth.measurements import Indicator
from backend.handbook.vaccines import Status

Json = dict[str, Any]

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
# Our dose ids ("hepb-1") mean the same in every city; China's programme has no code system of
# its own that is published, and CVX names products that are not given here.
DOSES = "urn:chengyu:dose"
CHECKUPS = "urn:chengyu:checkup"
OUR_STATUS = "urn:chengyu:dose-status"
SCORES = "urn:chengyu:z-score"

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
