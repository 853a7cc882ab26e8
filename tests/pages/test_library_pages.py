"""The library on the web: light, closed, printable, found by search engines only when signed."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.app import create_app, parts_of
from backend.guides.library import Library
from backend.guides.recipes import RecipeSource
from backend.guides.review_models import ReviewDecision, ReviewedText, Verdict
from backend.guides.source import AGE_BANDS, GuideSource, Series
from backend.kernel.clock import FixedClock
from backend.pages.library_answers import STYLE, STYLE_VERSION
from backend.people.models import Role
from tests.conftest import MORNING, make_settings
from tests.factories import make_nursing_room, make_staff
from tests.fakes import FakeLogin

GUIDE, RECIPE = "man-liuyue-tian-fushi", "zhurou-ni-mihu"
HEAVIEST = 30_000  # bytes with the style sheet, pictures apart
DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
OFFICE = "江阴市妇幼保健院"


@pytest.fixture
def library(app: Flask) -> Library:
    return parts_of(app).library


@pytest.fixture
def production(database: str, clock: FixedClock, sessions: sessionmaker[Session]) -> Flask:
    settings = make_settings(
        database,
        mode="production",
        wechat_api_base="https://api.weixin.qq.com",
        public_url="https://chengyu.example",
    )
    return create_app(settings, clock=clock, sessions=sessions, login=FakeLogin())


def text_of(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    return answer.get_data(as_text=True)


def sign(
    sessions: sessionmaker[Session], app: Flask, slug: str, until: date = date(2027, 11, 22)
) -> None:
    """As if the console's reviewer had signed the file as it is."""
    shelf = parts_of(app).current_library.shelf
    sources: list[GuideSource | RecipeSource] = [*shelf.guides, *shelf.recipes]
    source = next(one for one in sources if one.slug == slug)
    staff_id = make_staff(sessions, role=Role.REVIEWER, office=OFFICE)
    key = {"slug": slug, "content_hash": source.content_hash}
    with sessions.begin() as session:
        session.add(ReviewedText(text=source.text, kept_at=MORNING, **key))
        session.flush()
        session.add(
            ReviewDecision(
                verdict=Verdict.APPROVED,
                valid_until=until,
                office=OFFICE,
                reviewer="某",
                staff_id=staff_id,
                note="",
                decided_at=MORNING,
                **key,
            )
        )
    parts_of(app).current_library.look_again()


def test_every_page_is_light(client: FlaskClient, library: Library) -> None:
    paths = [
        *(f"/g/{piece.slug}" for piece in library.pieces()),
        *(f"/g/?band={band}" for band in AGE_BANDS),
        *(f"/g/?series={series}" for series in Series),
        *("/g/", "/g/recipes", "/g/search?q=发烧", "/g/search?q=宝宝", "/g/nursing-rooms"),
    ]

    sizes = {path: len(client.get(path).data) + len(STYLE) for path in paths}

    assert {path: size for path, size in sizes.items() if size > HEAVIEST} == {}


def test_every_piece_has_its_page(client: FlaskClient, library: Library) -> None:
    for piece in library.pieces():
        page = text_of(client, f"/g/{piece.slug}")
        assert f"<h1>{piece.title}</h1>" in page
        assert piece.item["age_text"] in page
        assert "以医生的意见为准" in page
        assert "在微信小程序里打开澄育" in page
        for source in piece.sources:
            assert f"{source.title}" in page
            assert f"{source.year}年" in page


def test_the_head_of_a_page_says_what_it_is(client: FlaskClient) -> None:
    page = text_of(client, f"/g/{GUIDE}")

    address = f"http://127.0.0.1:8000/g/{GUIDE}"
    assert '<html lang="zh-CN">' in page
    assert "<title>6月龄开始加辅食 · 婴幼儿膳食营养指南</title>" in page
    assert f'<link rel="canonical" href="{address}">' in page
    assert f'<meta property="og:url" content="{address}">' in page
    assert '<meta property="og:title" content="6月龄开始加辅食">' in page
    assert '<meta property="og:type" content="article">' in page
    assert 'content="http://127.0.0.1:8000/static/pages/brand.png"' in page
    assert '<meta name="description" content="满6个月' in page
    assert 'href="#main"' in page


def test_the_brand_is_a_small_bitmap(client: FlaskClient) -> None:
    with client.get("/static/pages/brand.png") as answer:
        assert answer.content_type == "image/png"
        assert len(answer.data) < 10_000


def test_a_pending_piece_says_so_and_is_kept_from_search_engines(client: FlaskClient) -> None:
    page = text_of(client, f"/g/{GUIDE}")

    assert "<strong>待审</strong>" in page
    assert '<meta name="robots" content="noindex">' in page


def test_a_signed_piece_names_office_and_days_and_may_be_found(
    app: Flask, client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    sign(sessions, app, GUIDE)

    page = text_of(client, f"/g/{GUIDE}")

    assert f"审定：{OFFICE}，2026-11-23，有效到2027-11-22" in page
    assert "noindex" not in page
    assert "待审</strong>" not in page
    found = DATA.search(page)
    assert found is not None
    assert json.loads(found[1])["author"]["name"] == OFFICE


def test_a_signature_that_ran_out_is_due_for_review(
    app: Flask, client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    sign(sessions, app, GUIDE, until=date(2026, 11, 1))

    assert "待复审。审定：" in text_of(client, f"/g/{GUIDE}")


def test_a_long_piece_has_a_table_of_contents_and_a_short_one_has_none(
    client: FlaskClient, library: Library
) -> None:
    long = next(one for one in library.list() if len(one.headings) >= 4)
    short = library.get(GUIDE)

    assert "这一篇里有" in text_of(client, f"/g/{long.slug}")
    assert f'<a href="#{long.headings[-1].id}">' in text_of(client, f"/g/{long.slug}")
    assert len(short.headings) < 4
    assert "这一篇里有" not in text_of(client, f"/g/{GUIDE}")


def test_a_recipe_is_described_for_search_engines(client: FlaskClient) -> None:
    found = DATA.search(text_of(client, f"/g/{RECIPE}"))

    assert found is not None
    data = json.loads(found[1])
    assert data["@type"] == "Recipe"
    assert data["recipeIngredient"][0] == "猪里脊 20克"
    assert len(data["recipeInstructions"]) == 3


def test_no_page_has_a_script_or_anything_from_elsewhere(
    client: FlaskClient, library: Library
) -> None:
    for path in (*(f"/g/{one.slug}" for one in library.pieces()), "/g/", "/g/nursing-rooms"):
        answer = client.get(path)
        page = DATA.sub("", answer.get_data(as_text=True))
        assert "<script" not in page
        assert "style=" not in page
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_page_is_revalidated(client: FlaskClient) -> None:
    first = client.get(f"/g/{GUIDE}")
    again = client.get(f"/g/{GUIDE}", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert first.headers["Cache-Control"] == again.headers["Cache-Control"] == "public, max-age=300"


def test_the_style_sheet_is_kept_under_a_name_that_changes_with_it(client: FlaskClient) -> None:
    assert f'href="/g/style/{STYLE_VERSION}.css"' in text_of(client, "/g/")
    answer = client.get(f"/g/style/{STYLE_VERSION}.css")

    assert answer.data == STYLE
    assert "immutable" in answer.headers["Cache-Control"]
    assert "immutable" not in client.get("/g/style/old.css").headers["Cache-Control"]
    assert "@media print" in STYLE.decode()
    assert "prefers-color-scheme: dark" in STYLE.decode()


def test_a_picture_is_there_for_day_and_night(client: FlaskClient) -> None:
    day, night = client.get("/g/picture/portions.svg"), client.get("/g/picture/portions-dark.svg")

    assert day.content_type == "image/svg+xml"
    assert day.data != night.data
    for name in ("portions.png", "nothing.svg", "portions", "..%2fbrand.svg"):
        assert client.get(f"/g/picture/{name}").status_code == 404


def test_the_list_is_by_series_and_by_age(client: FlaskClient) -> None:
    everything = text_of(client, "/g/")
    band = text_of(client, "/g/?band=6-12m")
    series = text_of(client, "/g/?series=nutrition")

    assert everything.index("家庭科学育儿指导手册</h2>") < everything.index("母子健康手册卡片</h2>")
    assert f'href="/g/{GUIDE}"' in everything
    assert "<h1>6～12月龄</h1>" in band
    assert 'href="/g/san-liu-sui-shuimian"' not in band
    assert "<h2>婴幼儿膳食营养指南</h2>" in series
    assert "<h2>家庭科学育儿指导手册</h2>" not in series
    assert "孕" in text_of(client, "/g/?band=pregnancy")
    text_of(client, "/g/?band=nothing", 404)
    text_of(client, "/g/?series=nothing", 404)


def test_a_search_marks_what_it_found(client: FlaskClient) -> None:
    page = text_of(client, "/g/search?q=发烧")

    assert "<mark>发热</mark>" in page
    assert 'value="发烧"' in page
    assert "noindex" in page
    assert client.get("/g/search?q=").headers["Location"].endswith("/g/")


def test_a_search_that_finds_nothing_helps(client: FlaskClient) -> None:
    page = text_of(client, "/g/search?q=奥特曼热热热")

    assert "没有找到" in page or "<mark>" in page
    assert "没有找到" in text_of(client, "/g/search?q=zzzzzz")


def test_what_was_typed_is_only_text(client: FlaskClient) -> None:
    page = text_of(client, '/g/search?q="><script>alert(1)</script>')

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_recipes_are_chosen_by_links(client: FlaskClient) -> None:
    everything = text_of(client, "/g/recipes")
    iron = text_of(client, "/g/recipes?tag=富铁")
    without = text_of(client, "/g/recipes?tag=富铁&without=小麦")

    assert everything.count("<li>") > iron.count("<li>") > without.count("<li>") > 0
    assert 'aria-current="true">富铁' in iron
    assert "牛肉番茄烂面" in iron
    assert "牛肉番茄烂面" not in without
    assert "没有这样的菜谱" in text_of(client, "/g/recipes?tag=没有")
    assert text_of(client, "/g/recipes?age=nonsense") == everything


def test_nursing_rooms_are_chosen_by_town(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    assert "名录正在由各街镇登记" in text_of(client, "/g/nursing-rooms")
    make_nursing_room(sessions, name="澄江商场", town_code="320281001")
    make_nursing_room(sessions, name="华士商场", town_code="320281109", checked_on=date(2025, 1, 1))
    make_nursing_room(sessions, name="关了的", closed=True)

    city = text_of(client, "/g/nursing-rooms")
    town = text_of(client, "/g/nursing-rooms?town=320281109")

    assert "共2处" in city
    assert "澄江商场" in city
    assert "关了的" not in city
    assert "澄江商场" not in town
    assert "2025-01-01核对，已过半年" in town
    assert "没有这样的母婴室" in text_of(client, "/g/nursing-rooms?q=没有")


def test_a_city_full_of_rooms_stays_light(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    for number in range(40):
        make_nursing_room(sessions, name=f"商场{number}")

    answer = client.get("/g/nursing-rooms")

    assert len(answer.data) + len(STYLE) <= HEAVIEST
    assert "先列出30处" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/g/there-is-none", "/g/a/b/c", "/g/picture/none.svg"])
def test_a_page_that_is_not_there_says_so_and_offers_the_search(
    client: FlaskClient, path: str
) -> None:
    page = text_of(client, path, 404)

    assert "没有这一页" in page
    assert 'action="/g/search"' in page
    assert "noindex" in page


def test_production_shows_what_is_signed(
    production: Flask, sessions: sessionmaker[Session]
) -> None:
    client = production.test_client()
    text_of(client, f"/g/{GUIDE}", 404)
    assert "正在请专家审" in text_of(client, "/g/")
    assert "正在请营养师审" in text_of(client, "/g/recipes")

    sign(sessions, production, GUIDE)

    assert 'href="https://chengyu.example/g/' in text_of(client, f"/g/{GUIDE}")
    assert f'href="/g/{GUIDE}"' in text_of(client, "/g/")


def test_search_engines_are_told_of_signed_pieces_alone(
    production: Flask, sessions: sessionmaker[Session]
) -> None:
    client = production.test_client()
    sign(sessions, production, RECIPE)

    robots = client.get("/robots.txt").get_data(as_text=True)
    tree = ElementTree.fromstring(client.get("/sitemap.xml").data)

    assert "Disallow: /\n" in robots
    assert "Sitemap: https://chengyu.example/sitemap.xml" in robots
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    addresses = [one.text for one in tree.iter(f"{space}loc")]
    assert addresses == [
        "https://chengyu.example/g/",
        "https://chengyu.example/g/recipes",
        "https://chengyu.example/g/nursing-rooms",
        f"https://chengyu.example/g/{RECIPE}",
    ]


def test_the_sitemap_of_a_demo_names_no_pending_piece(client: FlaskClient) -> None:
    assert GUIDE not in client.get("/sitemap.xml").get_data(as_text=True)


def test_pages_follow_the_library(
    app: Flask, client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    before = client.get(f"/g/{GUIDE}").headers["ETag"]
    sign(sessions, app, GUIDE)

    assert client.get(f"/g/{GUIDE}").headers["ETag"] != before
