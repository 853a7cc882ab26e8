"""H4: families drawn by a seed leave with a FHIR bundle and come in elsewhere, losing nothing.

Each bundle is read strictly by fhirclient (models made from the definitions of R4 4.0.1), again
as it comes out of a file; what is not valid or lost fails the command.
"""

import time
from collections.abc import Sequence

from backend.kernel.db import session_factory
from tests.bench.database import Database, OnDatabase
from tests.bench.rows import Measures, Row
from tests.rights.take_along.random_families import travel

FULL = 1000  # bundles
SEED = 20261127
SAMPLED = ("Patient", "Immunization", "ImmunizationRecommendation", "Observation", "Appointment")
PEER = "peer: WHO SMART IMMZ profiles, no published round trip"


def h4(database: Database, scale: float) -> Sequence[Row]:
    """A family: doses, measurements, facts, check-ups and bookings, two ways in."""
    count = max(20, round(FULL * scale))
    with database.engine(pool_size=2) as engine:
        began = time.monotonic()
        found = travel(session_factory(engine), SEED, count)
        seconds = time.monotonic() - began
    assert found.families == count
    assert not found.lost, found.lost[:5]
    assert all(found.kinds[kind] for kind in SAMPLED)
    resources = f"{found.kinds.total()} resources of {len(found.kinds)} kinds"
    return [
        Row("H4", 100, f"% of {count} valid R4", "100", True, beside=f"{resources}; {PEER}",
            counted=True),
        Row("H4", len(found.lost), f"of {count} lost a thing", "0", True,
            beside="re-import of the bundle, and of our copy", counted=True),
        Row("H4", round(1000 * seconds / count), "ms a family",
            beside="settled, written twice, read in twice, written again"),
    ]  # fmt: skip


MEASURES: Measures = {"H4": OnDatabase(h4)}
