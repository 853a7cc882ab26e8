"""The printed books: what stands in the PDF, on which page, and that texts are only ever shown."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import Destination

from backend.guides.book.chapters import chapters_of
from backend.guides.book.manuscript import Edition, Manuscript, write_book
from backend.guides.book.typeset import CannotTypeset, check_tools, code_for, to_pdf
from backend.guides.book.word_index import index_of
from backend.guides.library import Choice
from backend.guides.loading import Shelf, load_shelf
from backend.guides.pieces import Guide
from backend.guides.review import Decision, Reviews
from backend.guides.review_models import Verdict
from backend.guides.source import Series
from tests.guides.writing import BODY, CONTENT, content_root, write_guide

DAY = date(2026, 11, 23)
BOTH = pytest.mark.parametrize("series", [Series.MANUAL, Series.NUTRITION])
NUMBER = re.compile(r"\d[\d.～:]*[\u4e00-\u9fff℃%]?")
SYNTAX = (
    r'#set page(fill: red) #panic("x") $x^2$ @ref <tag> [方括号] \n // 注 /* 注 */ ~ --- "引" '
    r"#{1+1} `a`"
)


@dataclass(frozen=True)
class Printed:
    """A PDF read back. `texts` without spaces, a page each; `starts`: title → index of page."""

    manuscript: Manuscript
    reader: PdfReader
    texts: list[str]
    starts: dict[str, int]


def without_spaces(text: str) -> str:
    return re.sub(r"\s+", "", text)


def written(shelf: Shelf, series: Series, *, reviews: Reviews | None = None) -> Manuscript:
    library = shelf.library(show_pending=reviews is None, reviews=reviews)
    folders = {source.slug: source.folder for source in shelf.guides}
    return write_book(library, series, folders, Edition("江阴市", DAY))


def read_back(manuscript: Manuscript) -> Printed:
    reader = PdfReader(io.BytesIO(to_pdf(manuscript, DAY)))
    texts = [without_spaces(page.extract_text()) for page in reader.pages]
    return Printed(manuscript, reader, texts, dict(_marks(reader, reader.outline)))


def _marks(reader: PdfReader, outline: Any) -> Iterator[tuple[str, int]]:
    for one in outline:
        if isinstance(one, Destination):
            page = reader.get_destination_page_number(one)
            assert page is not None
            yield str(one.title), page
        else:
            yield from _marks(reader, one)


@cache
def shelf() -> Shelf:
    return load_shelf(CONTENT)


@cache
def printed(series: Series) -> Printed:
    return read_back(written(shelf(), series))


@BOTH
def test_the_cover_names_the_book_the_city_and_the_edition(series: Series) -> None:
    cover = printed(series).texts[0]

    assert series.book_title in cover
    assert "江阴市2026年11月" in cover
    assert "送审稿" in cover  # nobody has signed anything yet


@BOTH
def test_the_contents_say_on_which_page_each_piece_begins(series: Series) -> None:
    book = printed(series)
    labels = book.reader.page_labels
    first = min(book.starts[piece.title] for piece in book.manuscript.pieces)
    contents = re.sub("[·.]", "", "".join(book.texts[: first - 1]))

    for piece in book.manuscript.pieces:
        page = book.starts[piece.title]
        title = without_spaces(piece.title)
        assert title in book.texts[page]
        assert re.sub("[·.]", "", f"{title}{labels[page]}") in contents
        assert labels[page] in book.texts[page]  # the number printed at its foot


@BOTH
def test_every_figure_of_a_text_stands_on_its_pages(series: Series) -> None:
    book = printed(series)
    places = [(one, book.starts[one.title]) for one in book.manuscript.pieces]
    ends = [*(page for _, page in places[1:]), len(book.texts)]

    for (piece, page), end in zip(places, ends, strict=True):
        if isinstance(piece, Guide):
            shown = "".join(book.texts[page : max(end, page + 1)])
            words = without_spaces(re.sub("<[^>]+>", "", piece.html))
            missing = [number for number in NUMBER.findall(words) if number not in shown]
            assert missing == [], piece.slug


@BOTH
def test_every_source_is_listed_with_its_number_and_year(series: Series) -> None:
    book = printed(series)
    listed = "".join(book.texts[book.starts["来源"] :])

    for source in {source for piece in book.manuscript.pieces for source in piece.sources}:
        assert without_spaces(source.title) in listed
        assert without_spaces(source.number) in listed
        assert f"{source.year}年" in listed


@BOTH
def test_a_book_is_of_a_sane_size_and_brings_its_letters(series: Series) -> None:
    book = printed(series)

    assert 50 <= len(book.reader.pages) <= 200
    pages: Any = book.reader.pages
    fonts = [
        font.get_object() for page in pages for font in page["/Resources"].get("/Font", {}).values()
    ]
    assert {font["/BaseFont"].partition("+")[2] for font in fonts} == {"NotoSansCJKsc-Thin"}
    for font in fonts:
        described = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & described.keys()


@BOTH
def test_pieces_stand_in_the_order_of_the_contents(series: Series) -> None:
    book = printed(series)
    pages = [book.starts[piece.title] for piece in book.manuscript.pieces]

    assert all(before <= after for before, after in pairwise(pages))


def test_the_nutrition_guide_ends_with_the_recipes() -> None:
    library = shelf().library(show_pending=True)
    guides = library.list(Choice(series=Series.NUTRITION))

    chapters = chapters_of(library, Series.NUTRITION, {})

    recipes = list(library.recipes())
    assert list(chapters[-1].pieces[-len(recipes) :]) == recipes
    assert sum(len(one.pieces) for one in chapters) == len(guides) + len(recipes)


def test_every_piece_of_the_manual_has_its_chapter() -> None:
    pieces = printed(Series.MANUAL).manuscript.pieces

    assert len(pieces) == sum(one.matter.series == Series.MANUAL for one in shelf().guides)


def test_a_signed_book_is_no_draft_and_names_the_office() -> None:
    decisions = {
        (one.slug, one.content_hash): Decision(
            slug=one.slug,
            content_hash=one.content_hash,
            verdict=Verdict.APPROVED,
            valid_until=date(2027, 11, 22),
            office="江阴市妇幼保健院",
            reviewer="某",
            decided_on=DAY,
            note="",
        )
        for one in shelf().guides
        if one.matter.series == Series.MANUAL
    }

    book = read_back(written(shelf(), Series.MANUAL, reviews=Reviews(DAY, decisions=decisions)))

    text = "".join(book.texts)
    assert book.manuscript.unsigned == 0
    assert "送审稿" not in text
    assert "待审" not in text
    assert "审定：江阴市妇幼保健院，2026-11-23，有效到2027-11-22" in text


def test_words_of_the_typesetters_language_are_only_shown(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    escaped = re.sub(r"([\\`*_\[\]<>~])", r"\\\1", SYNTAX)
    write_guide(root, body=f"{escaped}\n\n{BODY}", title="#set text(9pt) $a$ [b]", tags=["#x"])

    book = read_back(written(load_shelf(root), Series.MANUAL))

    text = "".join(book.texts)
    assert without_spaces(SYNTAX) in text
    assert without_spaces("#set text(9pt) $a$ [b]") in text


def test_lists_tables_and_links_are_set_as_such(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    body = (
        "1. 先\n2. 后\n\n- 甲\n\n  一段\n\n- 乙\n\n|年龄|奶|\n|---|---|\n|6月|500毫升|\n\n"
        "> 引一句\n\n看[另一篇](guide:yi-pian)和[名录](page:nursing-rooms)，*轻一点*。\n"
    )
    write_guide(root, "er-pian", id="M02", title="第二篇", body=body)
    write_guide(root)

    book = read_back(written(load_shelf(root), Series.MANUAL))

    page = book.texts[book.starts["第二篇"]]
    for words in ("1.先2.后", "甲一段", "年龄奶6月500毫升", "引一句"):
        assert words in page
    assert "看另一篇（第2页）和名录，轻一点。" in page


def test_a_piece_has_a_code_that_leads_to_its_page() -> None:
    made = code_for("https://chengyu.example/")("yi-pian")

    assert made.startswith("<svg")
    assert made != code_for("https://chengyu.example")("er-pian")
    assert made == code_for("https://chengyu.example")("yi-pian")


def test_the_same_edition_has_the_same_bytes(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root)
    manuscript = written(load_shelf(root), Series.MANUAL)

    assert to_pdf(manuscript, DAY) == to_pdf(manuscript, DAY)


def test_the_index_files_words_by_their_sound() -> None:
    pieces = shelf().library(show_pending=True).pieces()
    letters = dict(index_of(pieces))

    assert list(letters) == sorted(letters, key=lambda one: (one == "#", one))
    words = {entry.word: letter for letter, entries in letters.items() for entry in entries}
    assert words["辅食"] == "F"
    assert words["黄疸"] == "H"


def test_what_is_not_installed_is_named_with_what_to_do() -> None:
    with pytest.raises(CannotTypeset) as refusal:
        check_tools(("typst", "no_such_fonts"))

    assert "no_such_fonts" in str(refusal.value)
    assert "pip install '.[book]'" in str(refusal.value)
