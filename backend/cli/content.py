"""`content check`: everything in content/ that a start would refuse, and more."""

from collections.abc import Callable, Iterator
from pathlib import Path

from backend.centres.places import load_places
from backend.guides.check import check_content
from backend.handbook.schedule import check_handbook
from backend.outbox.templates import WrongTemplates, load_templates
from backend.people.documents import load_documents


def problems(root: Path) -> list[str]:
    """One line for each thing to mend: the file, where, and what is wrong."""
    found = [str(problem) for problem in (*check_content(root), *check_handbook(root))]
    return [*found, *_unreadable(root)]


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
