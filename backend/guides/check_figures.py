"""Every number of a guide is named, declared with its source, or refused."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backend.facts.figures import PLACE, Facts, Figure, names_in
from backend.guides import figures
from backend.guides.problems import Problem, line_of_key
from backend.guides.source import EXPERT, GuideSource

NAMED = "□"  # stands where a named figure stood, so that no digits run together
TARGET = re.compile(r"\]\([^)]*\)")  # of a link or a picture: an address, not a text
PLAIN_AGE = re.compile(r"[\d～]+(?:个?月龄?|周岁|岁半?|周|天龄)")  # may be written in the text


def check_figures(guide: GuideSource, facts: Facts) -> Iterator[Problem]:
    """Numbers without a source, sources without a number, and numbers that a table holds."""
    yield from _undeclared(guide)
    yield from _declared(guide, facts)
    yield from _named(guide, facts)


def _undeclared(guide: GuideSource) -> Iterator[Problem]:
    for number, text in _written_lines(guide)[1:]:  # ages in a title: check._check_ages
        for figure in figures.undeclared(_bare(text), guide.matter.figures):
            message = f"figures 里没有：{figure}"
            yield Problem(guide.file, number, "figure_undeclared", message)


def _declared(guide: GuideSource, facts: Facts) -> Iterator[Problem]:
    declared = guide.matter.figures
    written = _bare("\n".join(text for _, text in _written_lines(guide)))
    without_title = written.partition("\n")[2]
    line = line_of_key(guide.written, "figures:")
    for figure, origin in declared.items():
        if not re.search(r"\d", figure):
            yield Problem(guide.file, line, "figure_invalid", f"“{figure}”里没有数字")
        if origin not in (EXPERT, *guide.matter.sources):
            message = f"{figure} 的来源不在 sources 里：{origin}"
            yield Problem(guide.file, line, "figure_source", message)
        twin = _in_table(facts, figure, origin)
        if twin is not None and not list(figures.unused(without_title, [figure])):
            message = f"表里有这个数，写成 {{{twin.name}}}：{figure}"
            yield Problem(guide.file, line, "figure_in_table", message)
    for figure in figures.unused(written, declared):
        yield Problem(guide.file, line, "figure_unused", f"文中没有“{figure}”")


def _in_table(facts: Facts, text: str, origin: str) -> Figure | None:
    """The named figure that says the same from the same source; ages may stand in a text."""
    if PLAIN_AGE.fullmatch(text):
        return None
    for figure in facts.figures.values():
        same_source = origin in figure.sources or (origin == EXPERT and not figure.sources)
        if figure.text == text and same_source:
            return figure
    return None


def _named(guide: GuideSource, facts: Facts) -> Iterator[Problem]:
    for number, text in enumerate(guide.written.split("\n"), start=1):
        for name in names_in(text):
            sources = facts.figures[name].sources
            if sources and not set(sources) & set(guide.matter.sources):
                message = f"{{{name}}} 取自 {'、'.join(sources)}，sources 里一个也没有"
                yield Problem(guide.file, number, "figure_source", message)


def _bare(text: str) -> str:
    """A text without its named figures and the addresses of its links."""
    return TARGET.sub("]", PLACE.sub(NAMED, text))


def _written_lines(guide: GuideSource) -> list[tuple[int, str]]:
    """The lines a reader sees, as the author wrote them; the title comes first."""
    lines = guide.written.split("\n")
    numbers = [line_of_key(guide.written, key) for key in ("title:", "summary:")]
    numbers += range(guide.body_line, len(lines) + 1)
    return [(number, lines[number - 1]) for number in numbers]
