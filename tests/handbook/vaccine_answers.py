"""The vaccine engine, asked with few words: one child, born on BIRTH where nothing else is said."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from backend.handbook.vaccines import ChildFacts, DoseAnswer, Status, forecast, load_programme
from backend.kernel.ages import add_months

PROGRAMME = load_programme(Path(__file__).parents[2] / "content")
BIRTH = date(2025, 1, 10)
ASK = "请接种门诊核对"


def day(months: int, days: int = 0, birth: date = BIRTH) -> date:
    """So many calendar months and days after birth."""
    return add_months(birth, months) + timedelta(days=days)


def ask(on: date, birth: date = BIRTH, **facts: Any) -> dict[str, DoseAnswer]:
    """Answers by dose."""
    return {dose.id: dose for dose in forecast(PROGRAMME, ChildFacts(birth, **facts), on)}


def state(answer: DoseAnswer) -> tuple[Status, date | None, date | None]:
    return answer.status, answer.earliest, answer.recommended_by
