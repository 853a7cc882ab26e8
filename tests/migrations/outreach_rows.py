"""Rows of what 公众号 publish and of their menus; `rows` takes them over."""

from typing import Any

T1 = "2026-11-26 10:00+08"
MASS: dict[str, Any] = {"way": "mass", "state": "queued", "submitted_by": 1, "approved_by": 2}

LAWFUL: dict[str, dict[str, Any]] = {
    "publications": {
        "id": 1,
        "appid": "wx1",
        "way": "publish",
        "state": "draft",
        "articles": "[{}]",
        "author": "x",
        "author_id": 1,
        "submitted_by": None,
        "approved_by": None,
        "client_id": "c1",
        "media_id": "m",
        "remote_id": "r",
        "created_at": T1,
        "changed_at": T1,
        "stepped_at": T1,
    },
    "cover_pictures": {
        "id": 1,
        "appid": "wx1",
        "digest": b"1",
        "jpeg": b"1",
        "added_by": 1,
        "added_at": T1,
    },
    "menus": {
        "id": 1,
        "appid": "wx1",
        "state": "draft",
        "buttons": "[]",
        "written_by": 1,
        "written_at": T1,
        "published_at": T1,
    },
}
NEXT: dict[str, Any] = {"id": 2, "client_id": "c2", "remote_id": "r2"}

BREACHES: list[tuple[str, str, dict[str, Any]]] = [
    ("uq_publications_client_id", "publications", {"id": 2, "remote_id": "r2"}),
    ("uq_publications_appid_way_remote_id", "publications", {"id": 2, "client_id": "c2"}),
    *(
        (f"ck_publications_{rule}", "publications", NEXT | changes)
        for rule, changes in (
            ("way_known", {"way": "fax"}),
            ("publicationstate_known", {"state": "lost"}),
            ("one_to_eight_articles", {"articles": "[]"}),
            ("one_to_eight_articles", {"articles": "[1,2,3,4,5,6,7,8,9]"}),
            ("author_fits_wechat", {"author": "字" * 17}),
            ("approved_by_another", MASS | {"approved_by": 1}),
            ("no_mass_unapproved", {"way": "mass", "state": "queued"}),
            ("no_mass_unapproved", MASS | {"submitted_by": None}),
            ("publishing_asks_nobody", {"state": "submitted"}),
            ("has_a_draft", {"state": "sending", "media_id": None}),
            ("running_is_known", {"state": "running", "remote_id": None}),
            ("counts_not_negative", {"sent_count": -1}),
        )
    ),
    ("uq_cover_pictures_appid_digest", "cover_pictures", {"id": 2}),
    ("ck_cover_pictures_small_enough", "cover_pictures", {"id": 2, "digest": b"2", "jpeg": b""}),
    ("uq_menus_in_work_and_live", "menus", {"id": 2, "state": "sending"}),
    ("ck_menus_menustate_known", "menus", {"id": 2, "state": "lost"}),
    ("ck_menus_three_buttons", "menus", {"id": 2, "state": "live", "buttons": "[1,2,3,4]"}),
    ("ck_menus_published", "menus", {"id": 2, "state": "live", "published_at": None}),
]
