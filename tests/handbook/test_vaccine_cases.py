"""The vaccine engine gives the answers that a person took from the rules, case by case."""

from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.handbook.vaccine_asking import PRODUCT, failure
from tests.handbook.vaccine_table import FOLDER, STATUSES, cases

CONTENT = Path(__file__).parents[2] / "content" / "handbook" / "vaccines.yaml"
TOPICS = sorted(file.stem for file in FOLDER.glob("*.yaml") if file.stem != "births")
# What a date or a status follows from, besides the rows of the doses.
RULES = {
    "age_rule",
    "due_by_rule",
    "month_arithmetic",
    "min_interval_from_previous",
    "no-restart",
    "coadmin",
    "live-28d",
    "ig",
    "preterm",
    "choice_group",
    "default_choice",
    "schedule_history",
    "transition",
    "HepB special",
    "interval_4m",
    "HepB catch_up",
    "BCG catch_up",
    "Polio catch_up",
    "DTaP catch_up",
    "MPSV-A catch_up",
    "MPSV-AC catch_up",
    "MMR catch_up",
    "JE-L catch_up",
    "JE-I catch_up",
    "HepA-L catch_up",
    "HepA-I catch_up",
    "VarV catch_up",
}


@pytest.mark.parametrize("topic", TOPICS)
def test_every_case_of(topic: str) -> None:
    wrong = {
        f"{case.id} | {case.row}": found
        for case in cases()
        if case.id.startswith(f"{topic}/") and (found := failure(PRODUCT, case))
    }

    assert wrong == {}, "\n" + "\n".join(f"{row}\n    {found}" for row, found in wrong.items())


def test_there_are_enough_different_cases() -> None:
    questions = Counter(
        (case.birth, case.on, frozenset(case.given), case.options, case.expected)
        for case in cases()
    )
    names = Counter(case.id for case in cases())

    assert len(questions) >= 800
    assert [row for row, times in (questions + names).items() if times > 1] == []


def test_every_dose_status_and_rule_occurs() -> None:
    rules = yaml.safe_load(CONTENT.read_text(encoding="utf-8"))
    vaccines = [*rules["vaccines"], *rules["reference"]]
    doses = {dose["id"] for vaccine in vaccines for dose in vaccine["doses"]} | {"hepb-4"}
    expected = [(item.dose, dict(item.fields)) for case in cases() for item in case.expected]
    statuses = {(dose, fields.get("status")) for dose, fields in expected}

    assert doses == {dose for dose, _ in expected}
    assert {status for _, status in statuses} >= set(STATUSES)
    for dose in doses:
        assert {(dose, "given"), (dose, "due")} <= statuses, dose
    texts = "\n".join(case.rule for case in cases())
    assert {rule for rule in RULES if rule not in texts} == set()
