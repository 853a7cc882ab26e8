"""What a 公众号 answers: danger first, then guides by word and age, and never what was written."""

import pytest
import xmltodict

from backend.guides.library import Library
from backend.outreach.replies import (
    LONGEST_REPLY,
    Doors,
    Reply,
    answer,
    reply_to,
    reply_xml,
    text_of,
)
from backend.outreach.reply_words import load_reply_words
from tests.conftest import ROOT, texts

WORDS = load_reply_words(ROOT / "content")
DOORS = Doors("https://yuer.example.cn", "wxmini0000000001")
FROM = {"FromUserName": "oAsker", "ToUserName": "gh_city"}


@pytest.fixture(scope="module")
def library() -> Library:
    return texts().shelf.library(show_pending=True)


def said(typed: str, library: Library) -> str:
    return text_of(answer(typed, library, WORDS), DOORS)


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("发烧", "fare-zenme-ban"),
        ("便秘", "bianmi"),
        ("8个月", "ka-8-yue"),
        ("8个月", "liu-ba-yue-caidan"),
        ("八个月 辅食", "liu-ba-yue-caidan"),
        ("８个月辅食", "liu-ba-yue-caidan"),
    ],
)
def test_a_word_or_an_age_leads_to_guides(typed: str, slug: str, library: Library) -> None:
    reply = answer(typed, library, WORDS)

    assert slug in [piece.slug for piece in reply.pieces]
    assert reply.first == ""
    text = text_of(reply, DOORS)
    assert f'<a href="https://yuer.example.cn/g/{slug}">' in text
    assert 'data-miniprogram-appid="wxmini0000000001"' in text


@pytest.mark.parametrize(
    "typed", ["宝宝抽搐了怎么办", "叫不醒", "孩子噎住了", "破水了", "不想活了", "卡喉咙"]
)
def test_signs_of_danger_come_first(typed: str, library: Library) -> None:
    assert said(typed, library).startswith("【现在就医】情况紧急请马上拨打120")


@pytest.mark.parametrize("typed", ["2个月发烧", "新生儿发热", "20天的宝宝发烧", "两个月高烧"])
def test_a_very_young_child_with_fever_goes_to_hospital(typed: str, library: Library) -> None:
    assert said(typed, library).startswith("【现在就医】很小的宝宝发热")


@pytest.mark.parametrize("typed", ["发烧3天", "1岁发烧", "发烧"])
def test_an_older_one_is_told_what_to_watch_for(typed: str, library: Library) -> None:
    text = said(typed, library)

    assert "现在就医" not in text
    assert WORDS.careful in text


def test_nothing_found_is_a_kind_sentence_and_a_door(library: Library) -> None:
    text = said("□□", library)

    assert text.startswith(WORDS.nothing)
    assert "打开小程序" in text
    assert said("", library) == text


def test_what_was_written_is_not_repeated(library: Library) -> None:
    written = '发烧<a href="http://bad.example">]]></xml>'

    assert "bad.example" not in said(written, library)
    assert len(said("发烧" * 5000, library).encode()) <= LONGEST_REPLY


def test_an_unsigned_text_is_marked_and_in_production_not_shown(library: Library) -> None:
    assert "</a>（待审）" in said("发烧", library)
    nothing_signed = texts().shelf.library(show_pending=False)
    assert "/g/fare" not in said("发烧", nothing_signed)
    assert said("抽搐", nothing_signed).startswith("【现在就医】")


def test_menu_codes_and_following(library: Library) -> None:
    def reply(kind: str, key: str, *, is_link: bool = False) -> Reply | None:
        return reply_to(kind, {"EventKey": key}, library, WORDS, lambda scene: is_link)

    assert reply("CLICK", "answer:便秘") == answer("便秘", library, WORDS)
    assert reply("SCAN", "answer:便秘") == answer("便秘", library, WORDS)
    assert reply("SCAN", "shop-window") is None
    assert reply("unsubscribe", "") is None
    came = reply("subscribe", "")
    assert came is not None
    assert came.lead == WORDS.welcome
    linking = reply("SCAN", "L.x", is_link=True)
    assert linking is not None
    assert linking.lead == WORDS.linking


@pytest.mark.parametrize("text", ["a]]>b", "]]>", "]]]]>>", "<b>&amp;"])
def test_no_text_ends_its_section(text: str) -> None:
    parsed = xmltodict.parse(reply_xml(text, FROM, 1795399200))["xml"]

    assert parsed["Content"] == text
    assert (parsed["ToUserName"], parsed["FromUserName"]) == ("oAsker", "gh_city")
