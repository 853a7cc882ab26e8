"""`content check`: everything in content/ that a start would refuse, and more."""

from collections.abc import Callable, Iterator
from pathlib import Path

from backend.centres.places import load_places
from backend.facts.errors import ContentError
from backend.facts.figures import load_facts
from backend.guides.check import check_content
from backend.guides.check_text import ages, wording
from backend.guides.problems import load_words
from backend.guides.source import guide_files
from backend.handbook.growth.check import check_growth
from backend.handbook.pregnancy.programme import check_programme
from backend.handbook.schedule import check_handbook
from backend.handbook.screening_file import check_screenings
from backend.knowledge.check import check_questions
from backend.outbox.templates import WrongTemplates, load_templates
from backend.people.documents import load_documents


def problems(root: Path) -> list[str]:
    """One line for each thing to mend: the file, where, and what is wrong."""
    checks = (
        check_content,
        check_handbook,
        check_programme,
        check_screenings,
        check_growth,
        _quiz,
        _unreadable,
    )
    return [str(problem) for check in checks for problem in check(root)]


def _quiz(root: Path) -> Iterator[str]:
    """Questions are worded as the guides are."""
    try:
        facts, words = load_facts(root), load_words(root)
    except ContentError:
        return  # reported with the guides
    slugs = {file.stem for file in guide_files(root)}
    for problem in check_questions(
        root, facts, slugs, lambda text: (*wording(text, words), *ages(text))
    ):
        yield str(problem)


def _unreadable(root: Path) -> Iterator[str]:
    templates = root / "messages" / "templates.yaml"
    loaders: dict[Path, Callable[[], object]] = {
        root / "places": lambda: load_places(root),
        root / "consents": lambda: load_documents(root),
        templates: lambda: load_templates(templates),
    }
    for place, load in loaders.items():
        try:
            load()
        except (ValueError, OSError, WrongTemplates) as error:
            yield f"{place}: {error}"
