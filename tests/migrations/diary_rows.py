"""Rows of the diary and of the checks of the home; `rows` takes them over."""

from typing import Any

AT = "2026-11-26 10:00+08"

LAWFUL: dict[str, dict[str, Any]] = {
    "diary_entries": {
        "id": 1,
        "child_id": 1,
        "day": "2026-11-23",
        "note_sealed": "k1:x",
        "photo_key": "a",
        "version": 1,
        "recorded_by": 1,
        "recorded_at": AT,
    },
    "dropped_photos": {"photo_key": "b"},
    "home_checks": {
        "child_id": 1,
        "day": "2026-11-23",
        "answers_sealed": "k1:x",
        "list_version": "x",
        "recorded_by": 1,
        "recorded_at": AT,
    },
}
NEXT_DAY = {"id": 2, "day": "2026-11-24"}

BREACHES: list[tuple[str, str, dict[str, Any]]] = [
    ("uq_diary_entries_child_id_day", "diary_entries", {"id": 2, "photo_key": "c"}),
    ("uq_diary_entries_photo_key", "diary_entries", NEXT_DAY),
    (
        "ck_diary_entries_says_something",
        "diary_entries",
        NEXT_DAY | {"note_sealed": None, "photo_key": None},
    ),
    (
        "ck_diary_entries_version_from_one",
        "diary_entries",
        NEXT_DAY | {"photo_key": "c", "version": 0},
    ),
    ("pk_dropped_photos", "dropped_photos", {}),
    ("pk_home_checks", "home_checks", {}),
]
