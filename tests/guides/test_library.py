import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.facts.errors import ContentError
from backend.guides.library import Choice, RecipeChoice
from backend.guides.loading import load_library, load_shelf
from backend.guides.review import Decision, Reviews
from backend.guides.review_models import Verdict
from backend.guides.source import Series
from backend.kernel.errors import NotFound
from tests.guides.writing import BODY, content_root, line_with, write_guide

TODAY = date(2026, 11, 26)


def signed(root: Path, chosen: Callable[[str], bool], **changes: Any) -> Reviews:
    """An approval of the chosen texts as they stand now."""
    values: dict[str, Any] = {
        "verdict": Verdict.APPROVED,
        "valid_until": date(2027, 11, 26),
        "office": "市妇幼保健院",
        "reviewer": "某医生",
        "decided_on": TODAY,
        "note": "",
    }
    guides = [one for one in load_shelf(root).guides if chosen(one.slug)]
    decisions = [Decision(one.slug, one.content_hash, **(values | changes)) for one in guides]
    return Reviews(
        today=TODAY,
        grace=timedelta(days=90),
        decisions={(one.slug, one.content_hash): one for one in decisions},
        texts={(one.slug, one.content_hash): one.text for one in guides},
    )


def test_guides_of_another_age_are_not_listed(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "mine", id="M01", age_days=[183, 273])
    write_guide(root, "later", id="M02", age_days=[274, 364])
    library = load_library(root, show_pending=True)

    for day in (183, 273):
        assert [guide.slug for guide in library.list(Choice(age_days=day))] == ["mine"]
    assert library.list(Choice(age_days=182)) == []


def test_the_guide_made_for_this_age_comes_before_the_general_one(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "general", id="M01", age_days=[0, 2191])
    write_guide(root, "for-this-month", id="M02", age_days=[183, 213])
    write_guide(root, "for-this-half-year", id="M03", age_days=[168, 364])

    listed = load_library(root, show_pending=True).list(Choice(age_days=200))

    assert [guide.slug for guide in listed] == ["for-this-month", "for-this-half-year", "general"]


def test_series_and_topic_narrow_the_list(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "sleep", id="M01", topic="睡眠")
    write_guide(root, "food", id="N01", series="nutrition", topic="辅食")
    library = load_library(root, show_pending=True)

    assert [g.slug for g in library.list(Choice(series=Series.NUTRITION))] == ["food"]
    assert [g.slug for g in library.list(Choice(topic="睡眠"))] == ["sleep"]
    assert library.list(Choice(series=Series.MANUAL, topic="辅食")) == []


def test_what_is_read_before_a_pregnancy_is_not_listed_among_the_weeks_of_one(
    tmp_path: Path,
) -> None:
    root = content_root(tmp_path)
    write_guide(root, "early", id="H01", series="handbook", age_days=None, gest_weeks=[-12, 8])
    write_guide(root, "before", id="P01", series="before", age_days=None, gest_weeks=[-26, -1])
    library = load_library(root, show_pending=True)

    assert [one.slug for one in library.list(Choice(band="pregnancy"))] == ["early"]
    assert [one.slug for one in library.list(Choice(series=Series.BEFORE))] == ["before"]


def test_a_production_start_hides_what_is_not_reviewed(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "read-by-an-expert", id="M01")
    write_guide(root, "still-pending", id="M02")

    reviews = signed(root, lambda slug: slug == "read-by-an-expert")
    library = load_library(root, show_pending=False, reviews=reviews)

    assert [guide.slug for guide in library.list()] == ["read-by-an-expert"]
    assert library.get("read-by-an-expert").review == "reviewed"
    with pytest.raises(NotFound):
        library.get("still-pending")


def test_an_edited_text_is_not_shown_until_it_is_signed_but_the_signed_one_is(
    tmp_path: Path,
) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, "guide")
    reviews = signed(root, lambda _: True)
    file.write_text(file.read_text().replace("抱一抱", "摇一摇"))

    library = load_library(root, show_pending=False, reviews=reviews)

    assert "抱一抱" in library.get("guide").html
    assert "摇一摇" not in library.get("guide").html
    demo = load_library(root, show_pending=True, reviews=reviews).get("guide")
    assert ("摇一摇" in demo.html, demo.review) == (True, "pending")


def test_a_figure_that_changes_in_its_table_makes_a_version_that_nobody_signed(
    tmp_path: Path,
) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide", body=BODY + "\n每天{vitd-a-day}。\n")
    reviews = signed(root, lambda _: True)
    table = root / "facts" / "figures" / "feeding.yaml"
    table.write_text(table.read_text().replace("text: 400国际单位", "text: 500国际单位"))

    library = load_library(root, show_pending=False, reviews=reviews)

    assert "每天400国际单位" in library.get("guide").html
    assert load_library(root, show_pending=True, reviews=reviews).get("guide").review == "pending"


@pytest.mark.parametrize(
    ("changes", "review"),
    [
        ({}, "reviewed"),
        ({"valid_until": TODAY}, "reviewed"),
        ({"valid_until": TODAY - timedelta(days=1)}, "due"),
        ({"valid_until": TODAY - timedelta(days=90)}, "due"),
        ({"valid_until": TODAY - timedelta(days=91)}, None),
        ({"verdict": Verdict.RETURNED, "valid_until": None, "note": "x"}, None),
        ({"verdict": Verdict.WITHDRAWN, "valid_until": None, "note": "x"}, None),
    ],
)
def test_a_signature_runs_out_and_the_text_stays_for_a_while(
    tmp_path: Path, changes: dict[str, Any], review: str | None
) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide")

    library = load_library(
        root, show_pending=False, reviews=signed(root, lambda _: True, **changes)
    )

    shown = library.find("guide")
    assert (shown.review if shown else None) == review


def test_a_demo_says_that_a_text_waits_for_its_review(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide")

    assert load_library(root, show_pending=True).get("guide").item["review"] == "pending"


def test_a_link_to_a_hidden_guide_becomes_plain_words(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "shown", id="M01", body=BODY + "\n看[另一篇](guide:hidden)。\n")
    write_guide(root, "hidden", id="M02")

    reviews = signed(root, lambda slug: slug == "shown")
    shown = load_library(root, show_pending=False, reviews=reviews)

    html = shown.get("shown").html
    assert "看另一篇。" in html
    assert "<a" not in html


def test_the_answer_holds_what_the_contract_promises(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide")

    answer = json.loads(load_library(root, show_pending=True).get("guide").body_json)

    assert set(answer) == {
        *("kind", "slug", "title", "series", "series_title", "topic", "summary", "minutes"),
        *("age_from_days", "age_to_days", "age_text", "review", "blocks", "sources", "headings"),
        *("related", "signed"),
    }
    assert answer["series_title"] == "家庭科学育儿指导手册"
    assert answer["age_text"] == "6～8月龄"
    assert answer["sources"] == [
        {
            "title": "中国居民膳食指南（2022）、中国婴幼儿喂养指南（2022）",
            "number": "",
            "year": 2022,
            "url": None,
        }
    ]
    assert answer["headings"][0] == {"id": "s1", "level": 2, "text": "先怎么做"}


def test_a_list_goes_out_as_the_same_entries(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide")
    library = load_library(root, show_pending=True)

    listing = library.listing(Choice(age_days=200))

    assert json.loads(listing.body_json) == {
        "items": [guide.item for guide in library.list(Choice(age_days=200))],
        "next": None,
    }
    assert library.listing(Choice(age_days=200)) is listing


def test_an_etag_is_quoted_and_changes_with_the_text(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, "guide")
    before = load_library(root, show_pending=True)
    again = load_library(root, show_pending=True)
    file.write_text(file.read_text().replace("抱一抱", "看一看"))
    after = load_library(root, show_pending=True)

    etag = before.get("guide").etag
    assert etag.startswith('"')
    assert etag.endswith('"')
    assert again.get("guide").etag == etag
    assert after.get("guide").etag != etag


@pytest.mark.parametrize(
    ("matter", "words"),
    [
        ({"age_days": [300, 200]}, "---"),
        ({"age_days": [0, 9999]}, "9999"),
        ({"series": "cookbook"}, "cookbook"),
        ({"review": "reviewed"}, "reviewed"),
        ({"sources": []}, "sources"),
        ({"summary": "长" * 61}, "长长"),
        ({"title": None}, "---"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_front_matter_stops_the_start_and_names_its_line(
    tmp_path: Path, matter: dict[str, Any], words: str
) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, "guide", **matter)

    with pytest.raises(ContentError) as caught:
        load_library(root, show_pending=True)

    assert caught.value.file == file
    assert caught.value.code == "fields_invalid"
    expected = line_with(file, words)
    assert caught.value.line in {expected, expected + 1}


def test_broken_yaml_stops_the_start_and_names_its_line(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, "guide")
    file.write_text("---\nid: M01\ntitle: [\n---\n")

    with pytest.raises(ContentError, match="yaml_invalid") as caught:
        load_library(root, show_pending=True)

    assert caught.value.line in {3, 4}


def test_a_file_without_front_matter_stops_the_start(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide").write_text("只有正文\n")

    with pytest.raises(ContentError, match="front_matter_missing"):
        load_library(root, show_pending=True)


def test_an_id_that_is_there_twice_stops_the_start(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "one", id="M01")
    write_guide(root, "two", id="M01")

    with pytest.raises(ContentError, match="duplicate"):
        load_library(root, show_pending=True)


def test_a_slug_that_is_there_twice_stops_the_start(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "same", id="M01")
    write_guide(root, "same", id="M02", band="1-2y")

    with pytest.raises(ContentError, match="duplicate"):
        load_library(root, show_pending=True)


def test_a_dead_link_stops_the_start_and_names_its_line(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, "guide", body=BODY + "\n看[这里](guide:nowhere)。\n")

    with pytest.raises(ContentError, match="dead_link") as caught:
        load_library(root, show_pending=True)

    assert caught.value.line == line_with(file, "nowhere")


def test_a_word_finds_its_synonym_and_the_title_comes_first(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "in-the-text", id="M01", body=BODY + "\n孩子发热时多看一眼。\n")
    write_guide(root, "in-the-title", id="M02", title="发热怎么办")
    write_guide(root, "elsewhere", id="M03")

    found = load_library(root, show_pending=True).list(Choice(q="发烧"))

    assert [guide.slug for guide in found] == ["in-the-title", "in-the-text"]


def test_a_query_with_a_word_that_nobody_knows_finds_what_the_others_say(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "fever", id="M01", title="发热怎么办")
    write_guide(root, "other", id="M02")
    library = load_library(root, show_pending=True)

    assert [guide.slug for guide in library.list(Choice(q="发热 骑马"))] == ["fever"]
    assert library.list(Choice(q="骑马")) == []
    assert library.list(Choice(q="<script>alert(1)</script>")) == []


def test_a_query_of_blanks_asks_for_everything(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide")

    assert len(load_library(root, show_pending=True).list(Choice(q="   "))) == 1


RECIPE = """id: R01
name: 米糊
summary: 稠稠的一小碗。
age_days: [183, 365]
texture: 细泥
ingredients: [{food: 米粉, amount: 10克}]
steps: [调匀]
allergens: []
may_contain: [牛奶]
tags: [富铁]
review: pending
"""


def test_recipes_are_chosen_by_age_tag_and_what_must_not_be_in_them(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    (root / "recipes").mkdir()
    (root / "recipes" / "mihu.yaml").write_text(RECIPE)
    library = load_library(root, show_pending=True)

    assert len(library.recipes(RecipeChoice(age_days=200, tag="富铁", texture="细泥"))) == 1
    assert library.recipes(RecipeChoice(age_days=366)) == []
    assert library.recipes(RecipeChoice(tag="补钙")) == []
    assert len(library.recipes(RecipeChoice(without=frozenset({"鸡蛋"})))) == 1
    assert library.recipes(RecipeChoice(without=frozenset({"牛奶"}))) == []
