"""Puts a case to the engine. The only place that knows how the engine is called."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from backend.handbook import vaccines
from backend.handbook.source import Mother
from tests.handbook.vaccine_table import STATUSES, Case, Said, differences


@dataclass(frozen=True)
class Engine:
    """The engine, or a changed one, with a programme."""

    module: ModuleType
    programme: Any


PRODUCT = Engine(vaccines, vaccines.load_programme(Path(__file__).parents[2] / "content"))


def failure(engine: Engine, case: Case) -> list[str]:
    """What is wrong with the engine's answer, in words. Empty when all is well."""
    try:
        said = answers(engine, case)
    except engine.module.WrongFacts as refusal:
        return [] if case.refused else [f"refused: {refusal}"]
    if case.refused:
        return ["not refused"]
    dumb = [dose.id for dose in said.values() if not dose.reason or not dose.source]
    strange = [dose.id for dose in said.values() if dose.status not in STATUSES]
    return [
        *(f"{dose} has no reason or no source" for dose in dumb),
        *(f"{dose} has no status" for dose in strange),
        *differences(case, said),
    ]


def answers(engine: Engine, case: Case) -> dict[str, Said]:
    options = case.options
    facts = engine.module.ChildFacts(
        birth=case.birth,
        given=dict(case.given),
        girl=options.sex == "f",
        immunoglobulin=options.immunoglobulin,
        mother=Mother(options.mother) if options.mother else None,
        birth_grams=options.weight,
        had_varicella=options.had_varicella,
    )
    return {
        dose.id: Said(
            dose.id,
            str(dose.status),
            dose.earliest,
            dose.recommended_by,
            dose.reason,
            dose.source,
        )
        for dose in engine.module.forecast(engine.programme, facts, case.on)
    }
