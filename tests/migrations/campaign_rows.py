"""A row of a campaign; `rows` takes it over."""

from typing import Any

AT = "2026-11-26 10:00+08"

LAWFUL: dict[str, dict[str, Any]] = {
    "campaigns": {
        "id": 1,
        "state": "submitted",
        "headline": "x",
        "sentence": "x",
        "guide_slug": "x",
        "audience": '{"version": 1}',
        "urgent": False,
        "planned_at": AT,
        "author_id": 1,
        "submitted_by": 1,
        "approved_by": None,
        "approved_at": None,
        "expected": 1,
        "cursor_id": 0,
        "last_id": None,
        "put_count": 0,
        "created_at": AT,
        "changed_at": AT,
        "started_at": None,
    }
}
APPROVED = {"state": "approved", "approved_by": 2, "approved_at": AT}

BREACHES: list[tuple[str, str, dict[str, Any]]] = [
    ("ck_campaigns_campaignstate_known", "campaigns", {"state": "sent"}),
    ("ck_campaigns_headline_fits_wechat", "campaigns", {"headline": "字" * 21}),
    ("ck_campaigns_sentence_is_short", "campaigns", {"sentence": ""}),
    ("ck_campaigns_audience", "campaigns", {"audience": "{}"}),
    ("ck_campaigns_planned_by_day", "campaigns", {"planned_at": "2026-11-26 21:00+08"}),
    ("ck_campaigns_planned_by_day", "campaigns", {"planned_at": "2026-11-26 07:59+08"}),
    ("ck_campaigns_approved_by_another", "campaigns", {**APPROVED, "approved_by": 1}),
    (
        "ck_campaigns_approved_by_another",
        "campaigns",
        {**APPROVED, "author_id": 2, "submitted_by": 1},
    ),
    ("ck_campaigns_nothing_runs_unapproved", "campaigns", {"state": "approved"}),
    ("ck_campaigns_nothing_runs_unapproved", "campaigns", {**APPROVED, "submitted_by": None}),
    ("ck_campaigns_approved_with_a_time", "campaigns", {"approved_at": AT}),
    ("ck_campaigns_begun", "campaigns", {**APPROVED, "state": "running"}),
    ("ck_campaigns_cursor_within", "campaigns", {"last_id": 5, "cursor_id": 6}),
    ("ck_campaigns_counts_not_negative", "campaigns", {"put_count": -1}),
]
