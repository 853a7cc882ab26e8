"""What the pages of the handbook put where, as the phone computes it: pure."""

from typing import Any

from tests.miniprogram.tools import call_each

HANDBOOK = "utils/handbook"
TODAY = "2026-11-23"


def thing(name: str, status: str, kind: str = "vaccine", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"{kind}:{name}",
        "kind": kind,
        "title": name,
        "summary": "",
        "from_date": "2026-11-01",
        "due_date": "2026-11-01",
        "until_date": None,
        "status": status,
        "done_on": None,
    } | changes


def titles(groups: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {group["title"]: [item["title"] for item in group["items"]] for group in groups}


def test_the_book_opens_with_what_is_to_be_done_and_reading_can_wait() -> None:
    items = [
        thing("菜单", "due", "guide", until_date="2026-11-24"),
        thing("体检", "due", "checkup", until_date="2026-12-14"),
        thing("晚了的", "overdue"),
        thing("以后的", "upcoming", due_date="2027-01-01"),
    ]

    now, later = call_each(
        HANDBOOK, [("nowGroups", [items, TODAY]), ("laterGroups", [items, TODAY, ""])]
    )

    assert titles(now) == {"现在要做": ["体检", "菜单"], "已逾期": ["晚了的"]}
    assert titles(later) == {"接下来": ["以后的"]}


def test_when_nothing_is_to_be_done_the_book_opens_with_the_next_to_come() -> None:
    items = [
        thing("第二", "upcoming", due_date="2027-02-01"),
        thing("第一", "upcoming", "checkup", due_date="2027-01-01"),
        thing("打过", "done", done_on="2026-11-01"),
    ]

    now, checkups, nothing = call_each(
        HANDBOOK,
        [
            ("nowGroups", [items, TODAY]),
            ("laterGroups", [items, TODAY, "checkup"]),
            ("nowGroups", [items[2:], TODAY]),
        ],
    )

    assert titles(now) == {"最近要做": ["第一", "第二"]}
    assert titles(checkups) == {"接下来": ["第一"]}
    assert nothing == []


def test_a_long_group_says_how_many_more_there_are() -> None:
    items = [{"id": str(number)} for number in range(5)]
    group = {"name": "due", "title": "现在要做", "items": items, "count": 5, "folded": False}
    folded = group | {"folded": True}

    few, whole, short, closed, opened = call_each(
        HANDBOOK,
        [
            ("itemsShown", [group, 3, False]),
            ("itemsShown", [group, 3, True]),
            ("itemsShown", [group, 5, False]),
            ("itemsShown", [folded, 3, False]),
            ("itemsShown", [folded, 3, True]),
        ],
    )

    assert (len(few["items"]), few["moreText"]) == (3, "还有 2 项")
    assert (len(whole["items"]), whole["moreText"]) == (5, "收起")
    assert (len(short["items"]), short["moreText"]) == (5, "")
    assert closed == {"items": [], "moreText": ""}
    assert (len(opened["items"]), opened["moreText"]) == (5, "")


def test_a_document_is_named_once_on_a_page() -> None:
    hazard = {
        "items": [
            {"verified": True, "source": "《甲、乙指南》、《丙》"},
            {"verified": True, "source": "《丙》"},
            {"verified": False, "source": "未核对"},
        ]
    }

    assert call_each(HANDBOOK, [("unnamed", ["甲；乙", ["甲"]]), ("unnamed", ["甲", ["甲"]])]) == [
        "乙",
        "",
    ]
    [view] = call_each("utils/diary", [("hazardView", [hazard])])
    assert view["sources"] == "《甲、乙指南》、《丙》"


def test_eye_checks_that_are_over_are_below_those_to_come() -> None:
    def visit(name: str, until: str | None) -> dict[str, Any]:
        dates = {"from_date": "2026-01-01", "until_date": until}
        return {"id": name, "item_id": name, "title": name, "result": None, "vision": []} | dates

    visits = [visit("过了", "2026-11-22"), visit("今天", TODAY), visit("没有止", None)]
    [groups] = call_each("utils/clinic", [("eyeGroups", [{"today": TODAY, "items": visits}])])

    assert [(group["title"], [row["title"] for row in group["rows"]]) for group in groups] == [
        ("", ["今天", "没有止"]),
        ("以前的几次", ["过了"]),
    ]
