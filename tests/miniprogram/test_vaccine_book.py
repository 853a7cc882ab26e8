"""The vaccination book of a child, as the phone puts it together: pure."""

from typing import Any

from tests.miniprogram.tools import call_each

MODULE = "utils/vaccines"
TODAY = "2026-11-23"


def dose(series: str, number: int, status: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"vaccine:{series}-{number}",
        "kind": "vaccine",
        "title": f"{series}第{number}剂",
        "summary": "",
        "from_date": "2026-10-01",
        "due_date": "2026-10-01",
        "until_date": None,
        "status": status,
        "done_on": None,
        "series": series,
        "earliest_date": None,
        "reason": "",
        "waits_for": None,
        "ask_clinic": False,
    } | changes


def test_what_is_late_comes_first_and_what_has_no_day_says_so() -> None:
    silent = {"from_date": None, "due_date": None, "ask_clinic": True}
    items = [
        dose("甲", 1, "done", done_on="2026-10-01"),
        dose("乙", 2, "upcoming", **silent),
        dose("乙", 1, "done", done_on="2026-01-01", ask_clinic=True),
        dose("丙", 1, "overdue", until_date="2026-11-01"),
        dose("丁", 1, "past"),
    ]

    [views] = call_each(MODULE, [("vaccineViews", [items, TODAY])])

    assert [(one["name"], one["next"]) for one in views] == [
        ("丙", "推荐 11月1日前，过了 22 天"),
        ("乙", "请接种门诊核对"),
        ("丁", "不再接种"),
        ("甲", "已打完"),
    ]
    assert [one["title"] for one in views[1]["doses"]] == ["第1剂", "第2剂"]
    assert views[1]["doses"][0]["when"] == "1月1日 已完成，请接种门诊核对"


def test_the_span_of_a_dose_is_never_a_day_that_nobody_computed() -> None:
    cases = [
        dose("甲", 1, "due", from_date=None, due_date=None),
        dose("甲", 1, "due", until_date="2026-12-01"),
        dose("甲", 1, "overdue", until_date="2026-09-01"),
        dose("甲", 1, "done", done_on="2026-09-01", earliest_date="2026-10-01"),
        dose("甲", 1, "done", done_on="2026-10-01", earliest_date="2026-10-01"),
        dose("甲", 1, "past"),
    ]

    spans = call_each(MODULE, [("spanText", [case]) for case in cases])

    assert spans == [
        "程序没有写这时怎么算，这里不推算日期。",
        "2026年10月1日 到 2026年12月1日",
        "2026年10月1日 起，推荐时间是 2026年9月1日前",
        "程序里最早 2026年10月1日",
        "",
        "",
    ]
