"""The programme as the engine holds it: the file, with its rules found by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from backend.handbook.source import (
    Form,
    GeneralRule,
    HandbookError,
    Limit,
    Vaccine,
    VaccineFile,
    read_file,
)
from backend.handbook.vaccines.answers import Because
from backend.handbook.vaccines.check import loose_ends

FROM_MEMORY = "MEM"


@dataclass(frozen=True)
class Programme:
    file: VaccineFile

    @property
    def version(self) -> str:
        return self.file.version

    @cached_property
    def vaccines(self) -> tuple[Vaccine, ...]:
        """In the order of the file; those for reference come last."""
        return (*self.file.vaccines, *self.file.reference)

    @cached_property
    def _rules(self) -> Mapping[str, GeneralRule]:
        return {rule.id: rule for rule in self.file.rules}

    def rule(self, rule_id: str) -> Because:
        rule = self._rules[rule_id]
        return Because(rule.text, rule.sources)

    def limit(self, limit: Limit) -> Because:
        return self.rule(limit.rule)

    @cached_property
    def injected_live(self) -> Mapping[str, Vaccine]:
        """Dose id to vaccine, for each dose that the rules for injected live vaccines bind."""
        return {
            dose.id: vaccine
            for vaccine in self.vaccines
            for dose in vaccine.doses
            if vaccine.product_kind.get(dose.product or "", vaccine.kind) is Form.LIVE
        }

    @cached_property
    def documents(self) -> Mapping[str, str]:
        """Titles of what was seen; what is from memory has none to show."""
        return {key: title for key, title in self.file.sources.items() if key != FROM_MEMORY}


def load_programme(content_root: Path) -> Programme:
    """Read content/handbook/vaccines.yaml. Raises HandbookError with file and line."""
    path = content_root / "handbook" / "vaccines.yaml"
    file = read_file(path, VaccineFile)
    for problem in loose_ends(path, file):
        raise HandbookError(problem)
    return Programme(file)
