"""What `python -m backend content check` looks at. Every problem has a file and a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from backend.guides import figures
from backend.guides.render import links_in, render
from backend.guides.source import (
    AGE_BANDS,
    SLUG,
    ContentError,
    GuideSource,
    guide_files,
    read_source,
)

MIN_LENGTH, MAX_LENGTH = 400, 900  # Han characters of the body: about two to four minutes
HAN = re.compile(r"[\u3400-\u9fff]")
RAW_HTML = re.compile(r"<\s*[A-Za-z/!]|javascript:|&#?\w+;", re.IGNORECASE)
MARKUP_LEFT = re.compile(r"\*\*|\]\(|`")
PICTURE = "!["
BRAND_LIKE = re.compile(r"[®™]|[\u4e00-\u9fff]{2}牌(?:奶粉|米粉|纸尿裤|药|钙|滴剂)")
DO_FIRST = "先怎么做"
SEEK_HELP = re.compile(r"看医生|求助|就医")


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend. `line` counts from 1."""

    file: Path
    line: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code}: {self.message}"


class ForbiddenWords(BaseModel):
    """content/forbidden-words.yaml: claims that no text makes, brands that no text names."""

    model_config = ConfigDict(extra="forbid")

    claims: list[str]
    brands: list[str]


def check_content(root: Path) -> list[Problem]:
    """Check every guide under `root` (the folder content/). Empty when all is well."""
    words = ForbiddenWords.model_validate(
        yaml.safe_load((root / "forbidden-words.yaml").read_text(encoding="utf-8"))
    )
    problems: list[Problem] = []
    sources: list[GuideSource] = []
    for file in guide_files(root):
        try:
            sources.append(read_source(file))
        except ContentError as error:
            problems.append(Problem(error.file, error.line, error.code, error.message))
    slugs = {file.stem for file in guide_files(root)}
    problems += _duplicates(sources)
    for source in sources:
        problems += _check_place(source)
        problems += _check_sections(source)
        problems += _check_figures(source)
        problems += _check_lines(source, slugs, words)
    return sorted(problems)


def _duplicates(sources: Iterable[GuideSource]) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    for source in sources:
        for code, name in (("duplicate_id", source.matter.id), ("duplicate_slug", source.slug)):
            if name in seen:
                line = _line_of(source, "id:") if code == "duplicate_id" else 1
                yield Problem(source.file, line, code, f"{name} 已用于 {seen[name]}")
            seen.setdefault(name, source.file)


def _check_place(source: GuideSource) -> Iterator[Problem]:
    if not SLUG.fullmatch(source.slug):
        yield Problem(source.file, 1, "bad_slug", "文件名只用小写拼音、数字和连字符")
    first, last = source.matter.age_days
    line = _line_of(source, "age_days:")
    band = AGE_BANDS.get(source.band)
    if band is None:
        yield Problem(source.file, 1, "wrong_folder", f"没有这个年龄段：{source.band}")
    elif last < band[0] or first > band[1]:
        yield Problem(source.file, line, "wrong_folder", f"{first}～{last}天不在 {source.band} 里")
    for age in figures.ages_outside(source.matter.title, source.matter.age_days):
        message = f"标题写{age}，但 age_days 是 {first}～{last}"
        yield Problem(source.file, line, "title_age", message)


def _check_sections(source: GuideSource) -> Iterator[Problem]:
    length = len(HAN.findall(source.body))
    if not MIN_LENGTH <= length <= MAX_LENGTH:
        message = f"正文{length}字，应为{MIN_LENGTH}～{MAX_LENGTH}字"
        yield Problem(source.file, source.body_line, "length", message)
    headings = [heading.text for heading in render(source.body, ()).headings]
    do_first = next((i for i, text in enumerate(headings) if text == DO_FIRST), None)
    seek_help = next((i for i, text in enumerate(headings) if SEEK_HELP.search(text)), None)
    if do_first is None or seek_help is None or do_first > seek_help:
        message = "先写“先怎么做”，再写“什么时候去看医生”或“什么时候求助”"
        yield Problem(source.file, source.body_line, "sections", message)


def _check_figures(source: GuideSource) -> Iterator[Problem]:
    declared, whole = source.matter.figures, _whole_text(source)
    line = _line_of(source, "figures:")
    for figure, origin in declared.items():
        if not re.search(r"\d", figure):
            yield Problem(source.file, line, "figure_invalid", f"“{figure}”里没有数字")
        if origin != "expert" and not 1 <= origin <= len(source.matter.sources):
            yield Problem(source.file, line, "figure_source", f"{figure} 指向不存在的来源 {origin}")
    for figure in figures.unused(whole, declared):
        yield Problem(source.file, line, "figure_unused", f"文中没有“{figure}”")


def _check_lines(source: GuideSource, slugs: set[str], words: ForbiddenWords) -> Iterator[Problem]:
    for number, text in _numbered(source):
        yield from (
            Problem(source.file, number, code, message)
            for code, message in [
                *_markup(text),
                *_links(text, slugs),
                *_wording(text, words),
                *_numbers(text, source),
            ]
        )


def _markup(text: str) -> Iterator[tuple[str, str]]:
    if found := RAW_HTML.search(text):
        yield "raw_html", f"不能写 HTML：{found.group()}"
    if found := MARKUP_LEFT.search(render(text, ()).text):
        yield "markup", f"这里的标记没有配对，或是不能用的：{found.group()}"
    if PICTURE in text:
        yield "markup", "文章里还不能放图"


def _links(text: str, slugs: set[str]) -> Iterator[tuple[str, str]]:
    for slug in links_in(text):
        if slug not in slugs:
            yield "dead_link", f"没有这一篇：{slug}"


def _wording(text: str, words: ForbiddenWords) -> Iterator[tuple[str, str]]:
    for claim in words.claims:
        if claim in text:
            yield "forbidden_claim", f"不能这样说：{claim}"
    brands = [brand for brand in words.brands if brand in text]
    brands += [found.group() for found in BRAND_LIKE.finditer(text)]
    for brand in brands:
        yield "brand", f"不能写牌子：{brand}"


def _numbers(text: str, source: GuideSource) -> Iterator[tuple[str, str]]:
    for age in figures.impossible_ages(text):
        yield "wrong_month", f"没有这样的年龄、日期或范围：{age}"
    for words in figures.in_words(text):
        yield "figure_in_words", f"量和年龄用阿拉伯数字写：{words}"
    for figure in figures.undeclared(text, source.matter.figures):
        yield "figure_undeclared", f"figures 里没有：{figure}"


def _numbered(source: GuideSource) -> list[tuple[int, str]]:
    """The lines a reader sees, each with its number in the file."""
    body = enumerate(source.body.split("\n"), start=source.body_line)
    shown = [
        (_line_of(source, "title:"), source.matter.title),
        (_line_of(source, "summary:"), source.matter.summary),
    ]
    return shown + list(body)


def _whole_text(source: GuideSource) -> str:
    return "\n".join(text for _, text in _numbered(source))


def _line_of(source: GuideSource, key: str) -> int:
    lines: Sequence[str] = source.file.read_text(encoding="utf-8").split("\n")
    return next((n for n, line in enumerate(lines, start=1) if line.startswith(key)), 1)
