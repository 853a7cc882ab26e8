"""Rows of the grants of child-health staff; `rows` takes them over."""

from typing import Any

ASKED, DECIDED = "2026-11-26 10:00+08", "2026-11-26 11:00+08"
GRANTED: dict[str, Any] = {
    "state": "granted",
    "decided_at": DECIDED,
    "decided_by": 2,
    "ends_at": "2026-11-26 15:00+08",
}

LAWFUL: dict[str, dict[str, Any]] = {
    "handbook_grants": {
        "id": 1,
        "child_id": 1,
        "staff_id": 1,
        "purpose": "follow_up",
        "hours": 4,
        "state": "asked",
        "asked_at": ASKED,
        "decided_at": None,
        "decided_by": None,
        "reason": "",
        "ends_at": None,
        "closed_at": None,
        "closed_by": None,
    },
}


def _breach(rule: str, **changes: Any) -> tuple[str, str, dict[str, Any]]:
    return rule, "handbook_grants", {"id": 2, "staff_id": 2} | changes


DECIDED_BY_ONE = GRANTED | {"decided_by": 1}  # whoever asks here is 2

BREACHES = [
    _breach("uq_handbook_grants_open", staff_id=1),
    _breach("ck_handbook_grants_readpurpose_known", purpose="curiosity"),
    _breach(
        "ck_handbook_grants_grantstate_known",
        state="lent",
        decided_at=DECIDED,
        decided_by=1,
    ),
    _breach("ck_handbook_grants_hours_range", hours=0),
    _breach("ck_handbook_grants_hours_range", hours=169),
    _breach("ck_handbook_grants_not_by_oneself", **GRANTED),
    _breach("ck_handbook_grants_decided_by_somebody", decided_at=DECIDED, decided_by=1),
    _breach("ck_handbook_grants_decided_by_somebody", decided_by=1),
    _breach("ck_handbook_grants_decided_by_somebody", state="refused", reason="x"),
    _breach("ck_handbook_grants_granted_until", **(DECIDED_BY_ONE | {"ends_at": None})),
    _breach(
        "ck_handbook_grants_seven_days_at_most",
        **(DECIDED_BY_ONE | {"ends_at": "2026-12-03 11:00:01+08"}),
    ),
    _breach("ck_handbook_grants_seven_days_at_most", **(DECIDED_BY_ONE | {"ends_at": DECIDED})),
    _breach(
        "ck_handbook_grants_refusal_says_why", state="refused", decided_at=DECIDED, decided_by=1
    ),
    _breach("ck_handbook_grants_closed_by_somebody", state="withdrawn"),
    _breach("ck_handbook_grants_closed_by_somebody", closed_at=DECIDED, closed_by="x"),
    _breach("ck_handbook_grants_closed_by_somebody", state="withdrawn", closed_at=DECIDED),
]
