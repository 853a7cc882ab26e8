"""One number, row or comparison of the vaccine rules changed: a case must notice."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from backend.handbook import vaccines
from backend.handbook.source import VaccineFile
from backend.handbook.vaccines.check import loose_ends
from tests.handbook.vaccine_asking import PRODUCT, Engine, failure
from tests.handbook.vaccine_mutants import (
    CodeMutant,
    RuleMutant,
    code_mutants,
    imported,
    rule_mutants,
    sources,
)
from tests.handbook.vaccine_table import Case, cases
from tests.soak import at_full, record

FILE = Path(__file__).parents[2] / "content" / "handbook" / "vaccines.yaml"
RULES = yaml.safe_load(FILE.read_text(encoding="utf-8"))
# Reads the file and answers no question; its own tests are in test_vaccine_check.py.
NOT_ANSWERING = ("check",)
SAMPLE = 10
# A change that changes no answer, and why.
EQUIVALENT: dict[str, str] = {
    "case.asked: vaccine.doses[0]: 0 → -1": "all doses of a vaccine stand in the same documents",
    "forecast._closed: vaccine.ends_months is None or vaccine.ends_because is None: or → and": (
        "the file has both or neither"
    ),
    "programme.injected_live: dose.product or '': or → and": "no product is injected and live",
}


@dataclass
class Tally:
    killed: int = 0
    refused: int = 0  # the check of the file lets nobody start with it
    survivors: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        return self.killed / (self.killed + len(self.survivors))


class Hunt:
    """Puts the cases to changed engines, those first that noticed a change before."""

    def __init__(self, every: int = 1) -> None:
        self.cases = list(cases()[::every])

    def notices(self, engine: Engine) -> bool:
        for place, case in enumerate(self.cases):
            if self._fails(engine, case):
                self.cases.insert(0, self.cases.pop(place))
                return True
        return False

    def _fails(self, engine: Engine, case: Case) -> bool:
        try:
            return failure(engine, case) != []
        except Exception:
            return True  # a changed engine that falls over has been noticed


def mutants() -> dict[str, list[CodeMutant | RuleMutant]]:
    return {"rules": [*rule_mutants(RULES)], "engine": [*code_mutants(skip=NOT_ANSWERING)]}


def changed(mutant: CodeMutant | RuleMutant) -> Engine | None:
    """The engine with this change; None where it does not even start."""
    if isinstance(mutant, CodeMutant):
        try:
            module = imported(mutant.trees())
        except Exception:
            return None
        return Engine(module, module.Programme(PRODUCT.programme.file))
    try:
        file = VaccineFile.model_validate(mutant.rules())
    except ValidationError:
        return None
    if loose_ends(FILE, file):
        return None
    return Engine(vaccines, vaccines.Programme(file))


def hunt(changes: Iterable[CodeMutant | RuleMutant]) -> Tally:
    tally, hunter = Tally(), Hunt()
    for mutant in changes:
        engine = changed(mutant)
        if engine is None:
            tally.refused += 1
        elif hunter.notices(engine):
            tally.killed += 1
        else:
            tally.survivors += (mutant.name,)
    return tally


@pytest.mark.slow
@pytest.mark.parametrize("what", ["rules", "engine"])
def test_a_changed_rule_fails_a_case(what: str) -> None:
    every = mutants()[what]
    counted = [mutant for mutant in every if mutant.name not in EQUIVALENT]
    chosen = counted[:: at_full(len(counted) // SAMPLE, 1)]

    tally = hunt(chosen)

    record(
        f"vaccine cases against changed {what}",
        cases=len(cases()),
        changes=len(chosen),
        refused_by_the_check_of_the_file=tally.refused,
        fail_a_case=tally.killed,
        survivors=tally.survivors,
        equivalent=EQUIVALENT,
    )
    assert tally.share * 100 >= at_full(80, 95), tally.survivors


@pytest.mark.slow
def test_each_equivalent_change_is_still_one() -> None:
    found = [m for group in mutants().values() for m in group if m.name in EQUIVALENT]

    assert Counter(mutant.name for mutant in found) == dict.fromkeys(EQUIVALENT, 1)
    assert hunt(found).survivors == tuple(mutant.name for mutant in found)


def test_an_unchanged_engine_beside_the_product_fails_no_case() -> None:
    module = imported(sources())

    assert not Hunt(every=10).notices(Engine(module, module.Programme(PRODUCT.programme.file)))
