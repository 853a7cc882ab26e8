"""A guide becomes an article that WeChat keeps as it is."""

import io
import re

import pytest
from PIL import Image

from backend.guides.library import Library
from backend.outreach.article_html import article_html, ready_article
from backend.outreach.covers import COVER, cover_of, png_of
from backend.outreach.rules import own_card
from backend.sandbox.article_rules import checked_article
from tests.conftest import texts

SITE = "https://yuer.example.cn"


@pytest.fixture(scope="module")
def library() -> Library:
    return texts().shelf.library(show_pending=True)


def test_every_guide_is_an_article_that_wechat_takes_unchanged(library: Library) -> None:
    for guide in library.list():
        ready = ready_article(guide, (), own_card(guide, "江阴市卫健委"), SITE)
        body = {
            "title": ready.title,
            "author": ready.author,
            "digest": ready.digest,
            "content": ready.html,
            "content_source_url": ready.source_url,
            "thumb_media_id": "m",
        }
        kept = checked_article(body, lambda media_id, cover: True)
        assert kept["content"] == ready.html, guide.slug
        assert "<a" not in ready.html
        assert "class=" not in ready.html
        assert "待审" in ready.html


def test_links_become_words_and_nothing_else_passes() -> None:
    html = '<p>看<a href="/g/x">这篇</a></p><script>x()</script><p onclick="y()">好&lt;</p>'
    text = article_html(html)

    assert "href" not in text
    assert "看这篇" in text
    assert "script" not in text
    assert "onclick" not in text
    assert "好&lt;" in text


def test_pictures_are_uploaded_and_addressed(library: Library) -> None:
    guide = next(one for one in library.list() if one.pictures)
    drawn = [library.pictures[name] for name in guide.pictures]
    ready = ready_article(guide, drawn, own_card(guide, "x"), SITE)
    if png_of(drawn[0]) is None:  # without the extra `book` its words stand in its place
        assert drawn[0].alt[:10] in ready.html
        return

    html = ready.with_addresses(lambda name, png: f"http://mmbiz.qpic.cn/{name}?a=1&b=2")
    sources = re.findall(r'<img src="([^"]+)"', html)
    assert sources == [f"http://mmbiz.qpic.cn/{name}?a=1&amp;b=2" for name in guide.pictures]
    assert Image.open(io.BytesIO(ready.cover)).size == COVER


def test_a_guide_without_a_picture_has_our_cover() -> None:
    assert Image.open(io.BytesIO(cover_of(None))).size == COVER
