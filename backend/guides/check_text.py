"""The words of a guide: sections, length, sentences, links, claims, markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backend.facts.figures import PLACE
from backend.guides import figures
from backend.guides.problems import Known, Problem, Words, line_of_key
from backend.guides.render import (
    GUIDE_SCHEME,
    PAGE_SCHEME,
    PAGES,
    PICTURE_SCHEME,
    RECIPE_SCHEME,
    links_in,
    render,
)
from backend.guides.source import GuideSource, Series

# Han characters of the body, figures apart: two to four minutes; a card is read in half a minute.
LENGTHS = {Series.HANDBOOK: (80, 200)}
LENGTH = (400, 900)
LONGEST_SENTENCE = 60  # Han characters; a grandparent reads it in one breath
HAN = re.compile(r"[\u3400-\u9fff]")
SENTENCE_END = re.compile(r"[。！？；\n]")
RAW_HTML = re.compile(r"<\s*[A-Za-z/!]|javascript:|&#?\w+;", re.IGNORECASE)
MARKUP_LEFT = re.compile(r"\*\*|\]\(|`|!\[")
PICTURE_LINE = re.compile(r"\s*!\[\]\(picture:[a-z0-9-]+\)\s*")
BRAND_LIKE = re.compile(r"[®™]|[\u4e00-\u9fff]{2}牌(?:奶粉|米粉|纸尿裤|药|钙|滴剂)")
DO_FIRST = "先怎么做"
SEEK_HELP = re.compile(r"看医生|求助|就医")


def check_sections(guide: GuideSource) -> Iterator[Problem]:
    """First what to do, then when to seek help, and neither too short nor too long."""
    body = PLACE.sub("", guide.written.split("\n", guide.body_line - 1)[-1])
    length = len(HAN.findall(body))
    least, most = LENGTHS.get(guide.matter.series, LENGTH)
    if not least <= length <= most:
        message = f"正文{length}字，应为{least}～{most}字"
        yield Problem(guide.file, guide.body_line, "length", message)
    headings = [heading.text for heading in render(guide.body, ()).headings]
    do_first = next((i for i, text in enumerate(headings) if text == DO_FIRST), None)
    seek_help = next((i for i, text in enumerate(headings) if SEEK_HELP.search(text)), None)
    if do_first is None or seek_help is None or do_first > seek_help:
        message = "先写“先怎么做”，再写“什么时候去看医生”或“什么时候求助”"
        yield Problem(guide.file, guide.body_line, "sections", message)


def check_lines(guide: GuideSource, words: Words, known: Known) -> Iterator[Problem]:
    for number, text in shown_lines(guide):
        yield from (
            Problem(guide.file, number, code, message)
            for code, message in [
                *_markup(text),
                *_links(text, known),
                *wording(text, words),
                *_sentences(text),
                *ages(text),
            ]
        )


def _markup(text: str) -> Iterator[tuple[str, str]]:
    if found := RAW_HTML.search(text):
        yield "raw_html", f"不能写 HTML：{found.group()}"
    if PICTURE_SCHEME in text or "![" in text:
        if not PICTURE_LINE.fullmatch(text):
            yield "picture", "图单独成段，只写 ![](picture:名字)"
    elif found := MARKUP_LEFT.search(render(text, ()).text):
        yield "markup", f"这里的标记没有配对，或是不能用的：{found.group()}"


def _links(text: str, known: Known) -> Iterator[tuple[str, str]]:
    places = {
        GUIDE_SCHEME: known.guides,
        RECIPE_SCHEME: known.recipes,
        PAGE_SCHEME: frozenset(PAGES),
        PICTURE_SCHEME: known.pictures,
    }
    for href in links_in(text):
        scheme, colon, name = href.partition(":")
        if name not in places[scheme + colon]:
            what = "这张图" if scheme + colon == PICTURE_SCHEME else "这一篇"
            yield "dead_link", f"没有{what}：{name}"


def wording(text: str, words: Words) -> Iterator[tuple[str, str]]:
    """Claims, brands, and words of the trade in one line."""
    for claim in words.claims:
        if claim in text:
            yield "forbidden_claim", f"不能这样说：{claim}"
    brands = [brand for brand in words.brands if brand in text]
    brands += [found.group() for found in BRAND_LIKE.finditer(text)]
    for brand in brands:
        yield "brand", f"不能写牌子：{brand}"
    for word, plain in words.jargon.items():
        if word in text:
            yield "jargon", f"家里人不这么说：{word}，可以写“{plain}”"


def _sentences(text: str) -> Iterator[tuple[str, str]]:
    for sentence in SENTENCE_END.split(text):
        length = len(HAN.findall(sentence))
        if length > LONGEST_SENTENCE:
            start = sentence.strip()[:12]
            yield "long_sentence", f"一句{length}字，拆成两句（最多{LONGEST_SENTENCE}字）：{start}…"


def ages(text: str) -> Iterator[tuple[str, str]]:
    """Ages that cannot be, and amounts that could not be compared."""
    for age in figures.impossible_ages(text):
        yield "wrong_month", f"没有这样的年龄、日期或范围：{age}"
    for words in figures.in_words(text):
        yield "figure_in_words", f"量和年龄用阿拉伯数字写：{words}"


def shown_lines(guide: GuideSource) -> list[tuple[int, str]]:
    """The lines a reader sees, each with its number in the file."""
    return [
        (line_of_key(guide.written, "title:"), guide.matter.title),
        (line_of_key(guide.written, "summary:"), guide.matter.summary),
        *enumerate(guide.body.split("\n"), start=guide.body_line),
    ]
