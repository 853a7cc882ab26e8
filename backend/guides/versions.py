"""A version of a text as lines that a reviewer reads, so that two of them can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from backend.facts.errors import ContentError
from backend.facts.figures import Facts, Source
from backend.guides.ages import age_text, weeks_text
from backend.guides.recipes import RecipeSource, recipe_of
from backend.guides.render import PICTURE_SCHEME
from backend.guides.source import GuideSource, source_of

LINK = re.compile(r"(?<!!)\[([^\]]*)\]\([^)]*\)")
PICTURE = re.compile(rf"!\[[^\]]*\]\({PICTURE_SCHEME}([^)]*)\)")
MARKUP = re.compile(r"\*\*|^#+\s+", re.MULTILINE)
NO_SOURCE = "没有见到来源"

Text = GuideSource | RecipeSource


def title_of(source: Text) -> str:
    return source.matter.title if isinstance(source, GuideSource) else source.matter.name


def ages_of(source: Text) -> str:
    if source.matter.age_days is not None:
        return age_text(source.matter.age_days)
    assert isinstance(source, GuideSource)
    assert source.matter.gest_weeks is not None
    return weeks_text(source.matter.gest_weeks)


def source_title(source: Source) -> str:
    """中国居民膳食指南, 2022; with its number where it has one."""
    number = f"（{source.number}）" if source.number else ""
    return f"{source.title}{number}，{source.year}年"


def words_of(source: Text, facts: Facts) -> str:
    """Everything that is signed, in the words of a reader."""
    if isinstance(source, GuideSource):
        return "\n".join(_guide_words(source, facts))
    return "\n".join(_recipe_words(source))


def words_of_kept(file: Path, text: str, facts: Facts) -> str:
    """The same of a text that was kept; as it is, where today's facts cannot read it."""
    try:
        if file.suffix == ".yaml":
            return words_of(recipe_of(file, text, facts), facts)
        return words_of(source_of(file, text, facts), facts)
    except ContentError:
        return text


def _guide_words(source: GuideSource, facts: Facts) -> Iterator[str]:
    matter = source.matter
    yield f"标题：{matter.title}"
    yield f"摘要：{matter.summary}"
    yield f"适合：{ages_of(source)}"
    yield f"主题：{matter.topic}"
    yield f"标签：{'、'.join(matter.tags)}"
    yield from (f"来源：{source_title(one)}" for one in source.sources)
    for figure, key in matter.figures.items():
        origin = facts.sources.get(key)
        yield f"数字 {figure}：{source_title(origin) if origin else NO_SOURCE}"
    body = PICTURE.sub(r"（图：\1）", source.body)
    yield MARKUP.sub("", LINK.sub(r"\1", body))


def _recipe_words(source: RecipeSource) -> Iterator[str]:
    matter = source.matter
    yield f"名称：{matter.name}"
    yield f"摘要：{matter.summary}"
    yield f"适合：{ages_of(source)}"
    yield f"质地：{matter.texture}"
    if matter.minutes is not None:
        yield f"用时：约{matter.minutes}分钟"
    yield from (f"食材：{one.food} {one.amount}" for one in matter.ingredients)
    yield from (f"第 {number} 步：{step}" for number, step in enumerate(matter.steps, start=1))
    yield f"过敏原：{'、'.join(matter.allergens) or '没有'}"
    yield f"标签：{'、'.join(matter.tags) or '没有'}"
    if matter.careful:
        yield f"当心：{matter.careful}"
    yield from (f"来源：{source_title(one)}" for one in source.sources)
