"""H4 small: any family's bundle is FHIR, and neither it nor the copy loses anything on its way.

A thousand families: `make bench ONLY=H4 SCALE=1`.
"""

import random

from sqlalchemy.orm import Session, sessionmaker

from tests.factories import make_slot
from tests.rights.take_along.random_families import (
    SITE,
    bundle_of_home,
    copy_of_home,
    lost,
    settle,
    travel,
)

SEED = 12


def test_twenty_families_move_and_lose_nothing(sessions: sessionmaker[Session]) -> None:
    found = travel(sessions, seed=1, count=20)

    assert (found.families, found.lost) == (20, [])
    assert set(found.kinds) == {
        "Patient",
        "Immunization",
        "ImmunizationRecommendation",
        "Observation",
        "RelatedPerson",
        "Condition",
        "MedicationStatement",
        "Encounter",
        "Appointment",
    }


def test_what_is_lost_on_the_way_is_found(sessions: sessionmaker[Session]) -> None:
    """Of a family that has one of each, one resource after the other does not arrive."""
    home = settle(sessions, random.Random(SEED), [make_slot(sessions)])
    bundle, copy = bundle_of_home(sessions, home, SITE), copy_of_home(sessions, home)
    for kind in ("Immunization", "Observation", "Encounter"):
        entries = bundle["entry"]
        gone = next(one for one in entries if one["resource"]["resourceType"] == kind)
        carried = {**bundle, "entry": [one for one in entries if one is not gone]}

        assert lost(sessions, bundle, copy, carried) == ["the bundle"], kind
