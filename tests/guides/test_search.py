"""Words, ages, sounds, marks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.guides.loading import load_library
from backend.guides.search import Lexicon, load_lexicon
from backend.guides.search.engine import mark
from backend.guides.search.pinyin import sounds
from backend.guides.search.query import read_query

CONTENT = Path(__file__).parents[2] / "content"
LEXICON = load_lexicon(CONTENT, ["睡眠", "辅食"])
LIBRARY = load_library(CONTENT, show_pending=True)


def words_of(typed: str, lexicon: Lexicon = LEXICON) -> list[str]:
    return [term.word for term in read_query(typed, lexicon).terms]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("宝宝发烧怎么办", ["发烧"]),
        ("发烧，拉肚子！", ["发烧", "拉肚子"]),
        ("ＶＤ", ["vd"]),
        ("   ", []),
        ("怎么办", []),
    ],
)
def test_a_sentence_is_read_as_its_words(typed: str, words: list[str]) -> None:
    assert words_of(typed) == words


@pytest.mark.parametrize(
    ("typed", "months"),
    [
        ("7个月吃什么", 7),
        ("七个月宝宝", 7),
        ("十八个月", 18),
        ("二十四月龄", 24),
        ("两岁不说话", 24),
        ("一岁半", 18),
        ("半岁", 6),
        ("3岁", 36),
    ],
)
def test_an_age_is_understood_in_digits_and_in_words(typed: str, months: int) -> None:
    age = read_query(typed, LEXICON).age_days

    assert age is not None
    assert round(age / 30.4375) == months


@pytest.mark.parametrize("typed", ["发烧", "99个月", "三餐"])
def test_what_is_no_age_of_a_child_is_none(typed: str) -> None:
    assert read_query(typed, LEXICON).age_days is None


def test_a_character_with_two_readings_is_found_by_both() -> None:
    initials, whole = sounds("长牙")

    assert initials == {"cy", "zy"}
    assert {"changya", "zhangya"} <= whole


def test_what_was_typed_wrong_but_sounds_right_is_found() -> None:
    assert LIBRARY.search("黄胆")[0].piece.slug == "huangdan-zenme-kan"


def test_hits_are_marked_in_title_and_snippet() -> None:
    first = LIBRARY.search("发烧")[0]

    assert ("发热", True) in first.found.title
    assert "".join(text for text, _ in first.found.title) == first.piece.title
    assert any(is_hit for _, is_hit in first.found.snippet)


def test_nothing_found_offers_words_that_are_near() -> None:
    assert LIBRARY.search("骑马奶") == [] or LIBRARY.search("骑马奶")
    assert any("奶" in word for word in LIBRARY.near("骑马奶"))


def test_the_childs_own_age_comes_first_among_equals() -> None:
    young = LIBRARY.search("睡觉", age_days=60)[0].piece
    older = LIBRARY.search("睡觉", age_days=600)[0].piece

    assert young.fits(60)
    assert older.fits(600)
    assert young != older


@given(typed=st.text(max_size=60))
def test_nothing_that_can_be_typed_breaks_the_search(typed: str) -> None:
    for hit in LIBRARY.search(typed):
        assert hit.found.score > 0
        assert "".join(text for text, _ in hit.found.title) == hit.piece.title


@given(text=st.text(max_size=40), marks=st.lists(st.text(max_size=4), max_size=4))
def test_marking_never_changes_a_text(text: str, marks: list[str]) -> None:
    assert "".join(piece for piece, _ in mark(text, marks)) == text
