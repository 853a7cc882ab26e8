"""Every figure of a guide in the order in which a reader meets it, with its source.

Pure: a source and the facts in, a list and a marked text out. A figure is either named in the
text, `{milk-6-12m}`, or written in it and declared in the front matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backend.facts.figures import PLACE, Facts, Source
from backend.guides.check_figures import TARGET
from backend.guides.figures import places
from backend.guides.source import GuideSource

# Around a figure in a marked text; private-use letters pass through Markdown as they are.
OPEN, MIDDLE, CLOSE = "\ue000", "\ue001", "\ue002"
MARK = re.compile(f"{OPEN}(\\d+){MIDDLE}([^{CLOSE}]*){CLOSE}")

SENTENCE_ENDS = "。！？；"
LEAD = 8  # characters of a lead-in that says nothing alone
HEAD = (("title:", "标题："), ("summary:", "摘要："))
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
MARKUP = re.compile(r"\*\*|^\s*(?:[-#>]+|\d+\.)\s+|\|")


@dataclass(frozen=True)
class ListedFigure:
    """One figure. `name`: of the registry, empty where the text itself holds the number.

    `origin`: the place in a table it was taken from. `sentences`: where it stands, as read.
    """

    number: int
    text: str
    name: str
    sources: tuple[Source, ...]
    origin: str
    note: str
    sentences: tuple[str, ...]

    @property
    def is_sourced(self) -> bool:
        return bool(self.sources)


@dataclass(frozen=True)
class _Spot:
    """Where a figure stands in a line; `written` is `{name}` or the number itself."""

    begin: int
    end: int
    written: str


def figures_of(source: GuideSource, facts: Facts) -> tuple[ListedFigure, ...]:
    """The figures of the title, the summary and the text, each once, numbered from 1."""
    sentences: dict[str, list[str]] = {}
    for label, line in _lines(source):
        for spot in _spots(line, source.matter.figures):
            sentence = label + _sentence(line, spot, facts)
            known = sentences.setdefault(spot.written, [])
            if sentence not in known:
                known.append(sentence)
    return tuple(
        _listed(number, written, tuple(found), source, facts)
        for number, (written, found) in enumerate(sentences.items(), start=1)
    )


def mark_figures(source: GuideSource, listed: Iterable[ListedFigure], facts: Facts) -> str:
    """The body as it is read, each figure between marks with its number in the list."""
    numbers = {f"{{{one.name}}}" if one.name else one.text: one.number for one in listed}
    lines = source.written.split("\n")[source.body_line - 1 :]
    return "\n".join(_marked(line, source, numbers, facts) for line in lines)


def _marked(line: str, source: GuideSource, numbers: dict[str, int], facts: Facts) -> str:
    parts, begin = [], 0
    for spot in _spots(line, source.matter.figures):
        text = facts.fill(spot.written)
        parts += [line[begin : spot.begin], OPEN, str(numbers[spot.written]), MIDDLE, text, CLOSE]
        begin = spot.end
    return facts.fill("".join([*parts, line[begin:]]))


def _lines(source: GuideSource) -> Iterator[tuple[str, str]]:
    """Each line that a reader sees, as it was written, with what it is called."""
    lines = source.written.split("\n")
    for key, label in HEAD:
        for line in lines[: source.body_line - 1]:
            if line.startswith(key):
                yield label, line.removeprefix(key).strip(" \"'")
    for line in lines[source.body_line - 1 :]:
        yield "", line


def _spots(line: str, declared: Iterable[str]) -> list[_Spot]:
    """Named figures and declared ones, the longer before the shorter; none in an address."""
    spots = [_Spot(*match.span(), match[0]) for match in PLACE.finditer(line)]
    taken = [(spot.begin, spot.end) for spot in spots]
    taken += [match.span() for match in TARGET.finditer(line)]
    for text in sorted(declared, key=len, reverse=True):
        for match in places(text, line):
            begin, end = match.span()
            if all(end <= first or begin >= last for first, last in taken):
                spots.append(_Spot(begin, end, text))
                taken.append((begin, end))
    return sorted(spots, key=lambda spot: spot.begin)


def _sentence(line: str, spot: _Spot, facts: Facts) -> str:
    begin = max(line.rfind(end, 0, spot.begin) for end in SENTENCE_ENDS) + 1
    end = _end_of_sentence(line, spot.end)
    sentence = _as_read(line[begin:end], facts)
    if len(sentence) <= LEAD:  # “3～6岁。” in bold: it is about the sentence that follows
        sentence = _as_read(line[begin : _end_of_sentence(line, end)], facts)
    return sentence


def _end_of_sentence(line: str, begin: int) -> int:
    ends = [line.find(end, begin) for end in SENTENCE_ENDS]
    return min((place + 1 for place in ends if place >= 0), default=len(line))


def _as_read(text: str, facts: Facts) -> str:
    return MARKUP.sub("", LINK.sub(r"\1", facts.fill(text))).strip()


def _listed(
    number: int, written: str, sentences: tuple[str, ...], source: GuideSource, facts: Facts
) -> ListedFigure:
    if written.startswith("{"):
        figure = facts.figures[written.strip("{}")]
        keys, text, name = figure.sources, figure.text, figure.name
        origin, note = figure.origin, figure.note
    else:
        keys, text, name = (source.matter.figures[written],), written, ""
        origin, note = "", ""
    sources = tuple(facts.sources[key] for key in keys if key in facts.sources)
    return ListedFigure(number, text, name, sources, origin, note, sentences)
