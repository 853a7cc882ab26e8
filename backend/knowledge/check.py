"""What `content check` looks at in content/quiz, beyond what a start refuses."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from pathlib import Path

from backend.facts.errors import ContentError
from backend.facts.figures import Facts
from backend.facts.reading import read_model
from backend.knowledge.questions import Place, QuestionEntry, QuizFile, problems_of, quiz_files
from backend.knowledge.rules import QUESTIONS_A_SET, Band

Wording = Callable[[str], Iterable[tuple[str, str]]]
"""What is wrong with a text in itself, as with those of guides: code and message."""


def check_questions(
    content_root: Path, facts: Facts, known_slugs: Container[str], wording: Wording
) -> Iterator[ContentError]:
    """Everything to mend in content/quiz, each with file and line."""
    files: list[tuple[Path, QuizFile]] = []
    for file in quiz_files(content_root):
        try:
            files.append((file, read_model(file, QuizFile)))
        except ContentError as error:
            yield error
    yield from problems_of(files, facts)
    for file, quiz in files:
        for number, entry in enumerate(quiz.questions):
            yield from _check(entry, Place(file, ("questions", number)), known_slugs, wording)
    yield from _too_few(content_root, [quiz for _, quiz in files])


def _check(
    entry: QuestionEntry, place: Place, known_slugs: Container[str], wording: Wording
) -> Iterator[ContentError]:
    if entry.guide not in known_slugs:
        yield place.inside("guide").error("dead_link", f"没有这一篇：{entry.guide}")
    for path, text in entry.texts:
        for code, message in wording(text):
            yield place.inside(*path).error(code, message)


def _too_few(content_root: Path, quizzes: Sequence[QuizFile]) -> Iterator[ContentError]:
    """A set has ten questions, so a band needs as many."""
    counts = {quiz.band: len(quiz.questions) for quiz in quizzes}
    for band in Band:
        if counts.get(band, 0) < QUESTIONS_A_SET:
            file = content_root / "quiz" / f"{band}.yaml"
            message = f"至少 {QUESTIONS_A_SET} 题，现有 {counts.get(band, 0)} 题"
            yield ContentError(file, 1, "too_few_questions", message)
