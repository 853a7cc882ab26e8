"""Small quizzes for tests: files in a folder of their own, and what is read from them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.facts.figures import load_facts
from backend.kernel.clock import Clock
from backend.knowledge import queries, service
from backend.knowledge.models import QuizAnswer, QuizSet
from backend.knowledge.questions import Questions, load_questions
from backend.knowledge.rules import Band

CONTENT = Path(__file__).parents[2] / "content"
BAND = Band.TO_1_YEAR
GUIDE = "man-liuyue-tian-fushi"
RIGHT = "强化铁的米粉"
SOURCES = "CNS2022: {title: 中国居民膳食指南（2022）, year: 2022}\n"
FIGURES = "solids-from: {text: 6月龄, sources: [CNS2022]}\nmilk: {text: 500毫升, sources: []}\n"

Sessions = sessionmaker[Session]


def facts_root(folder: Path) -> Path:
    """A content folder with a source, two figures, and no question."""
    (folder / "facts" / "figures").mkdir(parents=True)
    (folder / "facts" / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    (folder / "facts" / "figures" / "feeding.yaml").write_text(FIGURES, encoding="utf-8")
    return folder


def city_root(folder: Path) -> Path:
    """The real content, with ten questions of ours in the place of its own."""
    for part in CONTENT.iterdir():
        if part.name != "quiz":
            (folder / part.name).symlink_to(part)
    write_quiz(folder, *(entry(number) for number in range(1, 11)))
    return folder


def entry(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A question; its right option is RIGHT. A value None leaves the key out."""
    values: dict[str, Any] = {
        "id": f"q6-{number:02}",
        "question": "宝宝第一口辅食，选哪样好？",
        "options": [RIGHT, "果汁", "白粥汤"],
        "answer": 1,
        "explanation": "满{solids-from}后光靠奶铁不够了，先加含铁的泥糊。",
        "guide": GUIDE,
        "sources": ["CNS2022"],
    } | changes
    return {key: value for key, value in values.items() if value is not None}


def write_quiz(root: Path, *entries: dict[str, Any], band: str = BAND, name: str = "") -> Path:
    """One file of content/quiz; without entries, twelve questions."""
    asked = list(entries) or [entry(number) for number in range(1, 13)]
    file = root / "quiz" / f"{name or band}.yaml"
    file.parent.mkdir(exist_ok=True)
    text = yaml.safe_dump(
        {"band": str(band), "questions": asked}, allow_unicode=True, sort_keys=False
    )
    file.write_text(text, encoding="utf-8")
    return file


def read_quiz(root: Path, guides: Collection[str] = (GUIDE,)) -> Questions:
    return load_questions(root, load_facts(root), guides=guides)


def begin(
    sessions: Sessions,
    clock: Clock,
    questions: Questions,
    parent: int,
    *,
    town: str | None = None,
    band: Band = BAND,
) -> int:
    with sessions.begin() as session:
        return service.begin_set(
            session, clock, questions, parent_id=parent, town_code=town, band=band
        ).id


def view(
    sessions: Sessions, clock: Clock, questions: Questions, parent: int, quiz: int
) -> queries.SetView:
    with sessions() as session:
        return queries.set_of_parent(session, clock, questions, parent_id=parent, set_id=quiz)


def answer(
    sessions: Sessions,
    clock: Clock,
    questions: Questions,
    parent: int,
    quiz: int,
    position: int,
    *,
    right: bool = True,
) -> int:
    """Answer a question rightly or wrongly; the option that was chosen, as it is shown."""
    asked = view(sessions, clock, questions, parent, quiz).questions
    options = next(one.options for one in asked if one.position == position)
    option = next(n for n, text in enumerate(options, 1) if (text == RIGHT) is right)
    with sessions.begin() as session:
        service.answer(
            session,
            clock,
            questions,
            parent_id=parent,
            set_id=quiz,
            position=position,
            option=option,
        )
    return option


def answer_all(
    sessions: Sessions, clock: Clock, questions: Questions, parent: int, *, wrong: int = 0
) -> int:
    """A whole set of which the first `wrong` questions are answered wrong."""
    quiz = begin(sessions, clock, questions, parent)
    for position in range(1, 11):
        answer(sessions, clock, questions, parent, quiz, position, right=position > wrong)
    return quiz


def set_town(sessions: Sessions, quiz: int, town: str | None) -> None:
    with sessions.begin() as session:
        session.get_one(QuizSet, quiz).town_code = town


def answers(sessions: Sessions, quiz: int) -> list[QuizAnswer]:
    """The rows of a set, by position."""
    with sessions() as session:
        query = select(QuizAnswer).where(QuizAnswer.set_id == quiz).order_by(QuizAnswer.position)
        return list(session.scalars(query))


def row(sessions: Sessions, quiz: int) -> QuizSet:
    with sessions() as session:
        return session.get_one(QuizSet, quiz)
