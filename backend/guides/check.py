"""What `python -m backend content check` looks at. Every problem has a file and a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from backend.facts.errors import ContentError
from backend.facts.figures import Facts, load_facts
from backend.guides.check_figures import check_figures
from backend.guides.check_recipes import check_recipes
from backend.guides.check_text import check_lines, check_sections
from backend.guides.figures import ages_outside
from backend.guides.pictures import draw_all
from backend.guides.problems import Known, Problem, Words, line_of_key, load_words
from backend.guides.recipes import RecipeSource, read_recipe, recipe_files
from backend.guides.render import PAGES
from backend.guides.source import (
    AGE_BANDS,
    BEFORE,
    CARDS,
    SERVICES,
    SLUG,
    GuideSource,
    Series,
    guide_files,
    read_source,
)

FOLDER_OF_SERIES = {
    Series.HANDBOOK: CARDS,
    Series.SERVICE: SERVICES,
    Series.BEFORE: BEFORE,
}
RESERVED = {*PAGES, "picture", "recipes", "search"}  # other addresses under /g/


def check_content(root: Path) -> list[Problem]:
    """Check every guide and recipe under `root` (the folder content/). Empty when all is well."""
    try:
        facts, words = load_facts(root), load_words(root)
        pictures = draw_all(root)
    except ContentError as error:
        return [Problem(error.file, error.line, error.code, error.message)]
    problems: list[Problem] = []
    guides, recipes = _read(root, facts, problems)
    known = Known(
        guides=frozenset(file.stem for file in guide_files(root)),
        recipes=frozenset(file.stem for file in recipe_files(root)),
        pictures=frozenset(pictures),
    )
    problems += _duplicates([*guides, *recipes])
    for guide in guides:
        problems += _check_guide(guide, facts, words, known)
    problems += check_recipes(root, recipes, words)
    return sorted(problems)


def _read(
    root: Path, facts: Facts, problems: list[Problem]
) -> tuple[list[GuideSource], list[RecipeSource]]:
    guides: list[GuideSource] = []
    recipes: list[RecipeSource] = []
    for file in (*guide_files(root), *recipe_files(root)):
        try:
            if file.suffix == ".md":
                guides.append(read_source(file, facts))
            else:
                recipes.append(read_recipe(file, facts))
        except ContentError as error:
            problems.append(Problem(error.file, error.line, error.code, error.message))
    return guides, recipes


def _check_guide(guide: GuideSource, facts: Facts, words: Words, known: Known) -> Iterator[Problem]:
    yield from _check_place(guide)
    yield from check_sections(guide)
    yield from check_figures(guide, facts)
    yield from check_lines(guide, words, known)


def _duplicates(sources: Iterable[GuideSource | RecipeSource]) -> Iterator[Problem]:
    seen: dict[str, Path] = {}
    for source in sources:
        if not SLUG.fullmatch(source.slug):
            yield Problem(source.file, 1, "bad_slug", "文件名只用小写拼音、数字和连字符")
        if source.slug in RESERVED:
            yield Problem(source.file, 1, "bad_slug", f"{source.slug} 是别的页面的网址")
        for code, name in (("duplicate_id", source.matter.id), ("duplicate_slug", source.slug)):
            if name in seen:
                line = line_of_key(source.written, "id:") if code == "duplicate_id" else 1
                yield Problem(source.file, line, code, f"{name} 已用于 {seen[name]}")
            seen.setdefault(name, source.file)


def _check_place(guide: GuideSource) -> Iterator[Problem]:
    folder = FOLDER_OF_SERIES.get(guide.matter.series)
    if folder is not None or guide.folder in FOLDER_OF_SERIES.values():
        if guide.folder != folder:
            message = f"{guide.matter.series.book_title}不放在 {guide.folder} 里"
            yield Problem(guide.file, 1, "wrong_folder", message)
    elif guide.folder not in AGE_BANDS:
        yield Problem(guide.file, 1, "wrong_folder", f"没有这个年龄段：{guide.folder}")
    if guide.matter.age_days is not None:
        yield from _check_ages(guide, guide.matter.age_days)


def _check_ages(guide: GuideSource, age_days: tuple[int, int]) -> Iterator[Problem]:
    first, last = age_days
    line = line_of_key(guide.written, "age_days:")
    band = AGE_BANDS.get(guide.folder)
    if band is not None and (last < band[0] or first > band[1]):
        yield Problem(guide.file, line, "wrong_folder", f"{first}～{last}天不在 {guide.folder} 里")
    for age in ages_outside(guide.matter.title, age_days):
        message = f"标题写{age}，但 age_days 是 {first}～{last}"
        yield Problem(guide.file, line, "title_age", message)
