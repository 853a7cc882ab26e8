"""内容: what a reviewer sees of each text, and what becomes of a decision."""

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.app import parts_of
from backend.console.blueprint import bp
from backend.console.permissions import PERMISSIONS, Action
from backend.guides.review_models import ReviewDecision, Verdict
from backend.people.models import Role
from tests.console.conftest import PASSWORD, Desk, Enter

Sessions = sessionmaker[Session]
SLUG, OTHER, RECIPE = "man-liuyue-tian-fushi", "er-san-yue-taitou", "jigan-ni"
SEEN = re.compile(r'name="(?:seen|text)" value="([^"]+)"')
UNDO = re.compile(r'action="/console(/content/take-back[^"]*)"')
REVIEWERS_PAGES = {
    *("content", "guide", "text_versions", "nowhere", "account", "change_password"),
    *("approve_texts", "take_back_approvals", "approve_text", "send_text_back", "withdraw_text"),
}
DOORS = {"static", "sign_in", "open_console", "sign_out"}


@pytest.fixture
def reviewer(enter: Enter) -> Desk:
    return enter(Role.REVIEWER)


def seen(desk: Desk, slug: str = SLUG) -> str:
    found = SEEN.search(desk.page(f"/content/{slug}"))
    assert found is not None
    return found.group(1)


def approve(desk: Desk, slug: str = SLUG, until: str = "2027-11-23", note: str = "") -> str:
    fields = {"seen": seen(desk, slug), "valid_until": until, "note": note}
    return desk.post_and_read(f"/content/{slug}/approve", **fields)


def test_the_list_counts_what_is_signed(reviewer: Desk) -> None:
    before = reviewer.page("/content")
    approve(reviewer)

    after = reviewer.page("/content")

    assert 'max="96" value="0"' in before
    assert 'max="96" value="1"' in after
    assert "96 篇中已审" in after


def test_the_list_is_narrowed_by_series_state_and_words(reviewer: Desk) -> None:
    approve(reviewer)

    def titles(query: str) -> set[str]:
        return set(
            re.findall(r'href="/console/content/([a-z0-9-]+)"', reviewer.page(f"/content{query}"))
        )

    assert titles("?state=reviewed") == {SLUG}
    assert titles("?state=reviewed&series=manual") == set()
    assert titles("?series=recipes&q=R03") == {RECIPE}
    assert titles("?q=抬头 M12") == {OTHER}
    assert len(titles("?series=manual")) == 44
    assert titles("?state=nonsense&series=nonsense") == titles("")


def test_each_figure_stands_beside_its_source(reviewer: Desk) -> None:
    page = reviewer.page(f"/content/{SLUG}")

    assert '<u class="figure" id="place-11">500～700毫升<sup>11</sup></u>' in page
    assert "feeding/bands/b6/milk/ml" in page
    assert "WS/T 678" in page
    assert "/console/content/liu-ba-yue-caidan" in page  # a link stays at the desk
    assert '<img src="/api/v1/pictures/texture-stages.svg"' in page


def test_a_figure_without_a_source_is_named_as_one(reviewer: Desk) -> None:
    page = reviewer.page("/content/du-dong-kusheng")

    assert "没有见到来源，请定" in page
    assert "figure-open" in page
    assert "通过就由贵单位认定" in page


def test_what_the_authors_ask_stands_on_the_page(reviewer: Desk) -> None:
    assert "要请您定的" in reviewer.page(f"/content/{SLUG}")


def test_a_recipe_is_read_with_its_steps(reviewer: Desk) -> None:
    page = reviewer.page(f"/content/{RECIPE}")

    assert "鸡肝泡水" in page
    assert "数字和来源" not in page
    assert "已审" in approve(reviewer, RECIPE)


def test_an_approval_is_told_with_its_office_and_can_be_taken_back(
    reviewer: Desk, sessions: Sessions
) -> None:
    page = approve(reviewer)
    assert "审定通过" in page
    assert "测试妇幼保健院 2026年11月23日审定，有效至 2027年11月23日" in page
    undo = UNDO.search(page)
    assert undo is not None

    after = reviewer.post_and_read(undo.group(1), back=f"/console/content/{SLUG}")

    assert "误点撤销" in after
    with sessions() as session:
        verdicts = session.scalars(select(ReviewDecision.verdict).order_by(ReviewDecision.id))
        assert list(verdicts) == [Verdict.APPROVED, Verdict.WITHDRAWN]


def test_a_renewal_offers_no_way_back_that_would_take_the_text_away(reviewer: Desk) -> None:
    approve(reviewer)

    assert UNDO.search(approve(reviewer, until="2028-11-23")) is None


def test_many_are_signed_at_once_with_one_day(reviewer: Desk) -> None:
    tokens = [seen(reviewer), seen(reviewer, RECIPE)]

    page = reviewer.post_and_read(
        "/content/approve", text=tokens, valid_until="2027-05-01", back="/console/content?q=6"
    )

    assert "2 篇审定通过" in page
    assert UNDO.search(page) is not None
    for slug in (SLUG, RECIPE):
        assert "有效至 2027年5月1日" in reviewer.page(f"/content/{slug}")


def test_of_many_none_is_signed_when_one_has_changed(reviewer: Desk) -> None:
    slug, _, number = seen(reviewer).split(":")
    tokens = [seen(reviewer, OTHER), f"{slug}:{'0' * 64}:{number}"]

    page = reviewer.post_and_read("/content/approve", text=tokens, valid_until="2027-05-01")

    assert "文章刚刚更新过，请重新看一遍再审。6月龄开始加辅食" in page
    assert "还没有人对这一篇作过决定" in reviewer.page(f"/content/{OTHER}")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "请先勾选"),
        ({"text": "nonsense"}, "填写的内容有误"),
        ({"text": f"{SLUG}:x:²"}, "填写的内容有误"),
        ({"text": f"{SLUG}:x:1", "valid_until": "2027-05-01"}, "文章刚刚更新过"),
    ],
)
def test_a_form_that_says_nothing_useful_is_refused(
    reviewer: Desk, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in reviewer.post_and_read("/content/approve", **fields)


def test_a_refused_note_is_not_lost(reviewer: Desk) -> None:
    stale = seen(reviewer)
    reviewer.post_and_read(f"/content/{SLUG}/return", seen=stale, note="请写明铁的来源")

    answer = reviewer.post(f"/content/{SLUG}/return", seen=stale, note="这一段写得太难")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "刚刚有人对这一篇作了决定" in page
    assert "这一段写得太难</textarea>" in page
    assert "请写明铁的来源" in page


@pytest.mark.parametrize("until", ["", "nonsense", "2026-11-23", "2029-11-24"])
def test_a_day_that_cannot_be_is_refused_on_the_page(reviewer: Desk, until: str) -> None:
    answer = reviewer.post(f"/content/{SLUG}/approve", seen=seen(reviewer), valid_until=until)

    assert answer.status_code == 422
    assert "最长三年" in answer.get_data(as_text=True)


def test_a_withdrawal_says_why(reviewer: Desk) -> None:
    assert "撤下后" not in reviewer.page(f"/content/{SLUG}")
    approve(reviewer)

    fields = {"seen": seen(reviewer), "note": "奶量有新标准"}
    page = reviewer.post_and_read(f"/content/{SLUG}/withdraw", **fields)

    assert "已撤下" in page
    assert "奶量有新标准" in page


def test_what_is_due_soon_or_overdue_is_announced(reviewer: Desk, sessions: Sessions) -> None:
    approve(reviewer, until="2027-01-22")
    approve(reviewer, OTHER, until="2027-01-21")

    page = reviewer.page("/content")

    assert "<strong>1</strong>篇的审定在 60 天内到期" in page
    assert "已经到期" not in page


def test_staff_of_the_city_see_everything_and_sign_nothing(enter: Enter, reviewer: Desk) -> None:
    city = enter(Role.CITY)
    page = city.page(f"/content/{SLUG}")
    assert "数字和来源" in page
    assert SEEN.search(page) is None

    for path in (f"/content/{SLUG}/approve", "/content/approve", "/content/take-back"):
        answer = city.post(path, seen=seen(reviewer), text=seen(reviewer), valid_until="2027-05-01")
        assert answer.status_code == 403, path


def test_a_reviewer_begins_at_the_texts(app: Flask, reviewer: Desk) -> None:
    begun = Desk(app.test_client()).sign_in("reviewer-all", PASSWORD).headers["Location"]
    asked = Desk(app.test_client()).sign_in("reviewer-all", PASSWORD, back="/console/account")

    door = reviewer.client.get(begun)

    assert (door.status_code, door.headers["Location"]) == (303, "/console/content")
    assert asked.headers["Location"] == "/console/account"


def test_a_reviewer_sees_texts_and_the_own_account_and_nothing_else(
    app: Flask, reviewer: Desk
) -> None:
    mine = PERMISSIONS[Role.REVIEWER]
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith(f"{bp.name}."):
            continue
        name = rule.endpoint.removeprefix(f"{bp.name}.")
        if name in DOORS:
            continue
        allowed = getattr(app.view_functions[rule.endpoint], "requires", None) in mine
        assert allowed == (name in REVIEWERS_PAGES), name
        plain = not rule.arguments and "GET" in (rule.methods or ()) and rule.rule != "/console/"
        if plain and not allowed:
            assert reviewer.get(rule.rule.removeprefix("/console")).status_code == 403, name
    page = reviewer.page("/content")
    for address in ("/requests", "/slots", "/families", "/messages", "/nursing-rooms"):
        assert f'href="/console{address}"' not in page


def test_nobody_but_a_reviewer_signs() -> None:
    assert [role for role, may in PERMISSIONS.items() if Action.REVIEW_CONTENT in may] == [
        Role.REVIEWER
    ]


def test_versions_are_compared(app: Flask, reviewer: Desk, sessions: Sessions) -> None:
    page = reviewer.page(f"/content/{SLUG}/versions")
    assert "只有现在的稿子" in page

    approve(reviewer)
    _keep_older_version(app, sessions)

    page = reviewer.page(f"/content/{SLUG}/versions")
    assert "<del>" in page
    assert "以前的开头" in page
    assert "和“" in reviewer.page(f"/content/{SLUG}")


def _keep_older_version(app: Flask, sessions: Sessions) -> None:
    """As if another text had been signed before; the trigger lets rows be added."""
    from backend.guides.review_models import ReviewedText
    from backend.guides.reviewing import source_on

    source = source_on(parts_of(app).current_library.shelf, SLUG)
    text = source.text.replace("满6个月，光靠奶", "以前的开头，光靠奶")
    with sessions.begin() as session:
        signed = session.scalars(select(ReviewDecision)).one()
        session.add(
            ReviewedText(slug=SLUG, content_hash="0" * 64, text=text, kept_at=signed.decided_at)
        )
        session.flush()
        session.add(
            ReviewDecision(
                slug=SLUG,
                content_hash="0" * 64,
                verdict=Verdict.RETURNED,
                office=signed.office,
                reviewer=signed.reviewer,
                staff_id=signed.staff_id,
                note="先改开头",
                decided_at=signed.decided_at,
            )
        )


@pytest.mark.parametrize("slug", ["there-is-none", "approve"])
def test_a_text_that_is_not_there_is_not_found(reviewer: Desk, slug: str) -> None:
    assert reviewer.get(f"/content/{slug}").status_code == 404
    assert reviewer.get(f"/content/{slug}/versions").status_code == 404
