"""Rows of the WeChat accounts, of who follows them and of what they may be sent; for `rows`."""

from typing import Any

T1, T2 = "2026-11-26 10:00+08", "2026-11-26 11:00+08"

LAWFUL: dict[str, dict[str, Any]] = {
    "subscription_balances": {"appid": "wx1", "openid": "o1", "template_id": "t", "balance": 0},
    "subscription_ledger": {
        "appid": "wx1",
        "openid": "o1",
        "template_id": "t",
        "change": 1,
        "reason": "reported",
        "confirmed": False,
        "at": T1,
    },
    "inbound_events": {
        "appid": "wx1",
        "dedupe_key": "d",
        "kind": "x",
        "openid": "o1",
        "payload": "{}",
        "received_at": T1,
    },
    "wechat_accounts": {
        "appid": "wx1",
        "kind": "mini",
        "town_code": None,
        "name": "x",
        "certified": True,
        "secret_sealed": "k1:x",
        "push_token_sealed": "k1:x",
        "aes_key_sealed": "k1:x",
        "created_at": T1,
        "changed_at": T1,
        "retired_at": None,
    },
    "capability_answers": {
        "appid": "wx1",
        "capability": "template",
        "asked_at": T1,
        "errcode": 0,
    },
    "wechat_templates": {
        "id": 1,
        "appid": "wx1",
        "name": "campaign",
        "template_id": "t1",
        "kind": "once",
        "title": "x",
        "fields": '[{"name": "thing1"}]',
        "saved_at": T1,
        "saved_by": "staff:1",
        "retired_at": None,
    },
    "followers": {"appid": "wx1", "openid": "o1", "parent_id": 1, "followed_at": T1},
    "follower_comparisons": {"appid": "wx1", "started_at": T1},
    "link_codes": {
        "id": 1,
        "scene_hash": b"1",
        "parent_id": 1,
        "appid": "wx1",
        "created_at": "2026-11-26 10:00+08",
        "expires_at": "2026-11-26 10:10+08",
    },
}
OTHER: dict[str, Any] = {"appid": "wx2", "kind": "service"}

OTHER_TEMPLATE: dict[str, Any] = {"id": 2, "name": "booking_moved"}

BREACHES: list[tuple[str, str, dict[str, Any]]] = [
    ("pk_wechat_accounts", "wechat_accounts", {"kind": "service"}),
    ("uq_wechat_accounts_live_mini", "wechat_accounts", {"appid": "wx2"}),
    ("ck_wechat_accounts_accountkind_known", "wechat_accounts", OTHER | {"kind": "fax"}),
    ("ck_wechat_accounts_mini_of_the_city", "wechat_accounts", {"appid": "wx2", "town_code": "1"}),
    *(
        ("ck_wechat_accounts_live_has_keys", "wechat_accounts", OTHER | {key: None})
        for key in ("secret_sealed", "push_token_sealed", "aes_key_sealed")
    ),
    *(
        ("ck_wechat_accounts_tells_persons", "wechat_accounts", OTHER | {flag: True} | unfit)
        for flag in ("can_template", "can_notify")
        for unfit in ({"certified": False}, {"kind": "subscription"})
    ),
    *(
        (
            "ck_wechat_accounts_mini_has_no_followers",
            "wechat_accounts",
            {"appid": "wx2", flag: True},
        )
        for flag in ("can_mass", "can_publish", "can_menu", "can_scan", "can_users")
    ),
    (
        "ck_wechat_accounts_secret_version_from_one",
        "wechat_accounts",
        OTHER | {"secret_version": 0},
    ),
    ("ck_wechat_accounts_named", "wechat_accounts", OTHER | {"name": ""}),
    ("pk_capability_answers", "capability_answers", {}),
    ("ck_capability_answers_capability_known", "capability_answers", {"capability": "fly"}),
    ("uq_wechat_templates_live", "wechat_templates", {"id": 2, "template_id": "t2"}),
    *(
        (f"ck_wechat_templates_{rule}", "wechat_templates", OTHER_TEMPLATE | wrong)
        for rule, wrong in (
            ("templatekind_known", {"kind": "fax"}),
            ("templatetrouble_known", {"trouble": "odd", "checked_at": T1}),
            ("template_named", {"template_id": ""}),
            ("named", {"title": ""}),
            ("fields_listed", {"fields": "[]"}),
            ("retired_after_saving", {"retired_at": "2026-11-26 09:00+08"}),
            ("trouble_was_found", {"trouble": "gone"}),
        )
    ),
    ("pk_followers", "followers", {"parent_id": None}),
    ("uq_followers_parent", "followers", {"openid": "o2"}),
    (
        "ck_followers_left_after_following",
        "followers",
        {"openid": "o2", "parent_id": None, "left_at": "2026-11-26 09:00+08"},
    ),
    ("pk_follower_comparisons", "follower_comparisons", {}),
    *(
        (f"ck_follower_comparisons_{rule}", "follower_comparisons", {"appid": "wx2"} | wrong)
        for rule, wrong in (
            ("finished_after_start", {"finished_at": "2026-11-26 09:00+08"}),
            ("finished_without_cursor", {"finished_at": T2, "cursor": "o1"}),
            ("counts_not_negative", {"missing": -1}),
        )
    ),
    ("uq_link_codes_scene_hash", "link_codes", {"id": 2}),
    (
        "ck_link_codes_ten_minutes_at_most",
        "link_codes",
        {"id": 2, "scene_hash": b"2", "expires_at": T2},
    ),
    (
        "ck_link_codes_used_with_an_outcome",
        "link_codes",
        {"id": 2, "scene_hash": b"2", "used_at": T2},
    ),
    (
        "ck_link_codes_linkoutcome_known",
        "link_codes",
        {"id": 2, "scene_hash": b"2", "used_at": T2, "outcome": "lost"},
    ),
    ("pk_subscription_balances", "subscription_balances", {}),
    ("ck_subscription_balances_balance_not_negative", "subscription_balances", {"balance": -1}),
    ("ck_subscription_ledger_ledgerreason_known", "subscription_ledger", {"reason": "gift"}),
    ("uq_subscription_ledger_open_report", "subscription_ledger", {}),
    (
        "ck_subscription_ledger_happened_to_a_permission",
        "subscription_ledger",
        {"reason": "sent", "happened_at": T1},
    ),
]
