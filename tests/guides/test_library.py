import json
from pathlib import Path
from typing import Any

import pytest

from backend.guides.library import Choice, load_library
from backend.guides.source import ContentError, Series
from backend.kernel.errors import NotFound
from tests.guides.writing import BODY, content_root, line_with, write_guide


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


def test_a_production_start_hides_what_is_not_reviewed(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "read-by-an-expert", id="M01")
    write_guide(root, "still-pending", id="M02")

    library = load_library(
        root, show_pending=False, reviewed=lambda slug, _: slug == "read-by-an-expert"
    )

    assert [guide.slug for guide in library.list()] == ["read-by-an-expert"]
    assert library.get("read-by-an-expert").review == "reviewed"
    with pytest.raises(NotFound):
        library.get("still-pending")


def test_a_review_counts_for_the_text_that_was_read_and_no_other(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, "guide")
    read = load_library(root, show_pending=True).get("guide").content_hash
    file.write_text(file.read_text().replace("抱一抱", "摇一摇"))

    library = load_library(root, show_pending=False, reviewed=lambda _, text: text == read)

    assert len(library) == 0


def test_a_demo_says_that_a_text_waits_for_its_review(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide")

    assert load_library(root, show_pending=True).get("guide").item["review"] == "pending"


def test_a_link_to_a_hidden_guide_becomes_plain_words(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "shown", id="M01", body=BODY + "\n看[另一篇](guide:hidden)。\n")
    write_guide(root, "hidden", id="M02")

    shown = load_library(root, show_pending=False, reviewed=lambda slug, _: slug == "shown")

    html = shown.get("shown").html
    assert "看另一篇。" in html
    assert "<a" not in html


def test_the_answer_holds_what_the_contract_promises(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide")

    answer = json.loads(load_library(root, show_pending=True).get("guide").body_json)

    assert set(answer) == {
        *("slug", "title", "series", "series_title", "topic", "summary", "age_from_days"),
        *("age_to_days", "age_text", "review", "html", "nodes", "sources", "headings"),
    }
    assert answer["series_title"] == "家庭科学育儿指导手册"
    assert answer["age_text"] == "6～8月龄"
    assert answer["sources"] == [
        {"title": "某指南（试行）", "number": "某字1号", "year": 2022, "url": None}
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
        ({"sources": [{"title": "某指南", "number": ""}]}, "某指南"),
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
    assert caught.value.code == "front_matter_invalid"
    expected = line_with(file, words)
    assert caught.value.line in {expected, expected + 1}


def test_broken_yaml_stops_the_start_and_names_its_line(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, "guide")
    file.write_text("---\nid: M01\ntitle: [\n---\n")

    with pytest.raises(ContentError, match="front_matter_invalid") as caught:
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


def test_every_word_of_a_query_has_to_be_found(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide", title="发热怎么办")
    library = load_library(root, show_pending=True)

    assert len(library.list(Choice(q="发热 怎么办"))) == 1
    assert library.list(Choice(q="发热 骑马")) == []
    assert library.list(Choice(q="<script>alert(1)</script>")) == []


def test_a_query_of_blanks_asks_for_everything(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "guide")

    assert len(load_library(root, show_pending=True).list(Choice(q="   "))) == 1
