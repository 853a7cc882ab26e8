"""What a family is asked for at which moment, and what it is told of what still comes: pure."""

import itertools
from typing import Any

import pytest

from tests.miniprogram.tools import call_each

PERMISSIONS = "utils/permissions"
BOOKED = ["booking_confirmed", "booking_declined", "booking_reminder"]
ACCOUNT = "市妇幼服务号"


def template(name: str, **changes: Any) -> dict[str, Any]:
    """A template as the API gives it; one-time, and nothing left."""
    return {
        "template_id": f"tpl-{name}",
        "name": name,
        "title": f"{name}通知",
        "why": f"为了{name}",
        "kind": "one_time",
        "balance": 0,
        "account_name": None,
        **changes,
    }


def other(name: str, account: str | None = None) -> dict[str, Any]:
    return {"name": name, "title": f"{name}消息", "account_name": account}


def offered(moment: str, *templates: dict[str, Any]) -> list[str]:
    [found] = call_each(PERMISSIONS, [("offeredAt", [moment, list(templates)])])
    return [one["name"] for one in found]


def test_after_a_booking_its_answer_is_asked_for_before_its_reminder() -> None:
    known = [template(name) for name in reversed([*BOOKED, "handbook_reminder", "campaign"])]

    assert offered("booked", *known) == BOOKED


@pytest.mark.parametrize(
    ("moment", "names"),
    [
        ("recorded", ["handbook_reminder"]),
        ("waiting", ["waiting_offered"]),
        ("handbook", ["handbook_reminder", "campaign"]),
        ("pregnancy", ["pregnancy_checkup", "pregnancy_week"]),
    ],
)
def test_each_moment_asks_for_what_follows_from_it(moment: str, names: list[str]) -> None:
    known = [
        template(name)
        for name in ["campaign", "waiting_offered", "handbook_reminder", "booking_confirmed"]
    ] + [template("pregnancy_checkup"), template("pregnancy_week")]

    assert offered(moment, *known) == names


def test_the_kind_of_what_comes_first_is_asked_for_alone() -> None:
    long_first = [template(BOOKED[0], kind="long_term"), *map(template, BOOKED[1:])]
    long_last = [*map(template, BOOKED[:2]), template(BOOKED[2], kind="long_term")]

    assert offered("booked", *long_first) == BOOKED[:1]
    assert offered("booked", *long_last) == BOOKED[:2]


def test_who_said_yes_for_good_is_asked_for_the_rest() -> None:
    given = template(BOOKED[0], kind="long_term", balance=1)

    assert offered("booked", given, *map(template, BOOKED[1:])) == BOOKED[1:]
    assert offered("recorded", template("handbook_reminder", kind="long_term", balance=1)) == []
    assert offered("recorded", template("handbook_reminder", balance=4)) == ["handbook_reminder"]


def test_no_question_is_one_that_wechat_refuses() -> None:
    """All mixtures of kinds, and of messages that share a template, for lists of five."""
    choices = itertools.product(("one_time", "long_term"), ("own", "shared"))
    lists = [
        [
            template(
                f"n{place}", kind=kind, template_id=kind if whose == "shared" else f"own{place}"
            )
            for place, (kind, whose) in enumerate(each)
        ]
        for each in itertools.product(choices, repeat=5)
    ]
    questions = call_each(PERMISSIONS, [("oneQuestion", [each]) for each in lists])

    for wanted, asked in zip(lists, questions, strict=True):
        ids = [one["template_id"] for one in asked]
        assert 1 <= len(ids) <= 3
        assert len(set(ids)) == len(ids)
        assert {one["kind"] for one in asked} == {wanted[0]["kind"]}
        assert asked[0] == wanted[0]
    assert call_each(PERMISSIONS, [("oneQuestion", [[]])]) == [[]]


def test_of_two_templates_with_one_title_one_is_asked_for() -> None:
    """WeChat answers `filter` for the second, and nobody would see it."""
    twins = [template(name, title="预约结果通知") for name in BOOKED[:2]]

    assert offered("booked", *twins, template(BOOKED[2])) == [BOOKED[0], BOOKED[2]]


def told(templates: list[dict[str, Any]], others: list[dict[str, Any]]) -> list[Any]:
    """The sentence, the line, the rows, and what is in the app alone."""
    given = [{"templates": templates, "others": others}]
    names = ("stillComing", "waysInShort", "waysOf", "inAppOnly")
    return call_each(PERMISSIONS, [(name, given) for name in names])


def test_without_any_permission_everything_is_in_the_app() -> None:
    sentence, line, rows, alone = told([template("campaign")], [other("booking_missed")])

    assert sentence.startswith("微信服务通知现在收不到。次数用完后，只放在小程序的“消息”里")
    assert line == "微信现在不会发，2 种只放在这里。"
    assert [(row["state"], row["then"], row["ask"]) for row in rows] == [
        ("只放在“消息”里", "", "多收一次")
    ]
    assert alone == ["booking_missed消息"]


def test_each_kind_says_how_many_come_and_which_account_sends_the_rest() -> None:
    templates = [
        template("booking_confirmed", balance=2, account_name=ACCOUNT),
        template("booking_restored", balance=2, template_id="tpl-booking_confirmed"),
        template("booking_declined", balance=1),
        template("booking_reminder", account_name=ACCOUNT),
        template("handbook_reminder", kind="long_term", balance=1, account_name=ACCOUNT),
        template("campaign", kind="long_term"),
    ]
    others = [other("booking_moved", ACCOUNT), other("booking_missed")]

    sentence, line, rows, alone = told(templates, others)

    assert sentence == (
        "微信服务通知还能收到：booking_confirmed通知 2 次、booking_declined通知 1 次、"
        f"handbook_reminder通知 不限次数。次数用完后，由公众号“{ACCOUNT}”发；"
        "它发不了的，放在小程序的“消息”里。"
    )
    assert line == f"微信还会发 3 种，公众号“{ACCOUNT}”发 2 种，2 种只放在这里。"
    by = f"由公众号“{ACCOUNT}”发。"
    assert [(row["state"], row["then"], row["ask"]) for row in rows] == [
        ("微信还能收 2 次", f"用完后{by}", "多收一次"),
        ("微信还能收 1 次", "", "多收一次"),
        ("公众号发", by, "多收一次"),
        ("微信一直能收到", "", ""),
        ("只放在“消息”里", "", "一直收"),
        ("公众号发", by, ""),
    ]
    assert [row["id"] for row in rows if not row["ask"]] == ["", ""]
    assert alone == ["booking_missed消息"]


def test_a_copy_from_before_the_second_list_is_shown() -> None:
    old = {"templates": [template("campaign", balance=1)]}

    assert call_each(PERMISSIONS, [("waysInShort", [old]), ("inAppOnly", [old])]) == [
        "微信还会发 1 种。",
        [],
    ]
