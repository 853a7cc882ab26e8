"""The questions of content/quiz: read once at start, figures filled in, one file an age band."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from backend.facts.errors import ContentError
from backend.facts.figures import PLACE, Facts, Source, names_in
from backend.facts.reading import read_model
from backend.kernel.yaml_lines import line_of
from backend.knowledge.rules import Band

NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[～~-]\d+(?:\.\d+)?)?")
NO_FIGURE = re.compile(r"(?<=打)120(?!\d)")  # the emergency call
BY_PLACE = re.compile(r"(?:以上|前面|上面)(?:说法|选项|[两三]项|几项)?(?:都|全|均)|第[一二三四]项")
ID = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"


@dataclass(frozen=True)
class Question:
    """A question as a parent reads it. `answer` is the right option, counted from 1."""

    id: str
    band: Band
    text: str
    options: tuple[str, ...]
    answer: int
    explanation: str
    guide: str
    sources: tuple[Source, ...]


class QuestionEntry(BaseModel):
    """One question as it is written. `figures`: numbers with unit that no table holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=ID)
    question: str = Field(min_length=4, max_length=80)
    options: tuple[str, ...] = Field(min_length=2, max_length=4)
    answer: int
    explanation: str = Field(min_length=8, max_length=200)
    guide: str = Field(pattern=ID)
    sources: tuple[str, ...] = Field(min_length=1)
    figures: dict[str, str] = Field(default_factory=dict)

    @property
    def texts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Everything that a parent reads, each with its place in the entry."""
        yield ("question",), self.question
        for number, option in enumerate(self.options):
            yield ("options", number), option
        yield ("explanation",), self.explanation


class QuizFile(BaseModel):
    """One file of content/quiz"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    band: Band
    questions: list[QuestionEntry] = Field(min_length=1)


class Questions:
    """The questions that may be asked."""

    def __init__(self, questions: Iterable[Question]) -> None:
        self._by_id = {question.id: question for question in questions}

    def get(self, question_id: str) -> Question | None:
        """None for a question that is gone, or hidden with its guide until its review."""
        return self._by_id.get(question_id)

    def about(self, guides: Container[str]) -> Questions:
        """Those whose guide may be read."""
        return Questions(one for one in self._by_id.values() if one.guide in guides)

    def of_band(self, band: Band) -> list[Question]:
        return [question for question in self._by_id.values() if question.band is band]


def load_questions(
    content_root: Path, facts: Facts, *, guides: Container[str] | None = None
) -> Questions:
    """Read content/quiz. `guides`: those that may be read (None: all); others are not asked about.

    Raises ContentError with file and line for the first thing wrong, shown or not.
    """
    files = [(file, read_model(file, QuizFile)) for file in quiz_files(content_root)]
    for problem in problems_of(files, facts):
        raise problem
    filled = [_filled(entry, quiz.band, facts) for _, quiz in files for entry in quiz.questions]
    whole = Questions(filled)
    return whole if guides is None else whole.about(guides)


def quiz_files(content_root: Path) -> list[Path]:
    return sorted((content_root / "quiz").glob("*.yaml"))


def problems_of(files: Sequence[tuple[Path, QuizFile]], facts: Facts) -> Iterator[ContentError]:
    """Everything that is wrong with files whose fields are right."""
    seen: dict[str, Path] = {}
    for file, quiz in files:
        if quiz.band != file.stem:
            yield Place(file, ("band",)).error("quiz_band", f"文件名应是 {quiz.band}.yaml")
        for number, entry in enumerate(quiz.questions):
            place = Place(file, ("questions", number))
            if entry.id in seen:
                yield place.inside("id").error(
                    "duplicate_id", f"{entry.id} 已用于 {seen[entry.id].name}"
                )
            seen.setdefault(entry.id, file)
            yield from _sources(entry, facts, place)
            yield from _names(entry, facts, place)
            yield from _numbers(entry, place)
            yield from _options(entry, facts, place)


@dataclass(frozen=True)
class Place:
    """Where in a file; the line is looked up only for an error."""

    file: Path
    path: tuple[str | int, ...]

    def inside(self, *path: str | int) -> Place:
        return Place(self.file, (*self.path, *path))

    def error(self, code: str, message: str) -> ContentError:
        line = line_of(self.file.read_text(encoding="utf-8"), self.path)
        return ContentError(self.file, line, code, message)


def _sources(entry: QuestionEntry, facts: Facts, place: Place) -> Iterator[ContentError]:
    for key in entry.sources:
        if key not in facts.sources:
            yield place.inside("sources").error("source_unknown", f"没有这个来源：{key}")
    for figure, origin in entry.figures.items():
        if origin != "expert" and origin not in entry.sources:
            message = f"{figure} 的来源不在这道题的 sources 里：{origin}"
            yield place.inside("figures", figure).error("figure_source", message)


def _names(entry: QuestionEntry, facts: Facts, place: Place) -> Iterator[ContentError]:
    for path, text in entry.texts:
        for name in names_in(text):
            if name not in facts.figures:
                message = f"没有这个数字：{{{name}}}"
                yield place.inside(*path).error("figure_unknown", message)
        if "{" in PLACE.sub("", text) or "}" in PLACE.sub("", text):
            yield place.inside(*path).error("figure_unknown", "花括号里应是数字的名字")


def _numbers(entry: QuestionEntry, place: Place) -> Iterator[ContentError]:
    """Numbers that are neither a named figure nor declared, and those declared for nothing."""
    whole = "\n".join(text for _, text in entry.texts)
    for figure in entry.figures:
        if not NUMBER.search(figure) or figure not in whole:
            yield place.inside("figures", figure).error("figure_unused", f"题里没有“{figure}”")
    for path, text in entry.texts:
        for number in _undeclared(text, entry.figures):
            message = f"写成 {{名字}}，或列在 figures 里：{number}"
            yield place.inside(*path).error("figure_undeclared", message)


def _undeclared(text: str, figures: Mapping[str, str]) -> Iterator[str]:
    rest = NO_FIGURE.sub("", PLACE.sub("□", text))
    covered = [
        match.span()
        for figure in figures
        for match in re.finditer(rf"(?<![\d.～~-]){re.escape(figure)}(?!\d)", rest)
    ]
    for match in NUMBER.finditer(rest):
        begin, end = match.span()
        if not any(first <= begin and end <= last for first, last in covered):
            yield rest[begin : end + 4]


def _options(entry: QuestionEntry, facts: Facts, place: Place) -> Iterator[ContentError]:
    if not 1 <= entry.answer <= len(entry.options):
        message = f"answer 应在 1～{len(entry.options)} 之间"
        yield place.inside("answer").error("answer_out_of_range", message)
    seen: set[str] = set()
    for number, option in enumerate(entry.options):
        shown = PLACE.sub(lambda match: _shown(facts, match), option).strip()
        if not shown or shown in seen:
            yield place.inside("options", number).error("options_alike", f"选项重复：{shown}")
        if BY_PLACE.search(shown):
            message = f"选项会打乱次序，不能说先后：{shown}"
            yield place.inside("options", number).error("option_by_place", message)
        seen.add(shown)


def _shown(facts: Facts, match: re.Match[str]) -> str:
    figure = facts.figures.get(match[1])
    return match[0] if figure is None else figure.text


def _filled(entry: QuestionEntry, band: Band, facts: Facts) -> Question:
    return Question(
        id=entry.id,
        band=band,
        text=facts.fill(entry.question),
        options=tuple(facts.fill(option) for option in entry.options),
        answer=entry.answer,
        explanation=facts.fill(entry.explanation),
        guide=entry.guide,
        sources=tuple(facts.sources[key] for key in entry.sources),
    )
