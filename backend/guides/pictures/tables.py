"""The tables that the pictures are drawn from, as far as they are drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel

from backend.facts.reading import read_model
from backend.guides.pictures.wording import AWAITED

Mark = Literal["verified", "memory"]
OtherSource = Literal["NFE2025"]
Range = tuple[float, float]
Months = tuple[int, int]

AGED_AMOUNT = re.compile(r"(?P<ages>.*?月起?)?(?P<low>\d+)～(?P<high>\d+)")


class Row(BaseModel):
    """A row of a table; what no picture shows is passed over."""

    model_config = ConfigDict(frozen=True)


class AgedAmount(Row):
    """ml a day; `ages` only where they divide a band further."""

    ages: str
    ml: Range


def _aged_amounts(words: str) -> list[dict[str, object]]:
    """6～7月800～1000，8月起700～800 → two amounts."""
    found = [AGED_AMOUNT.fullmatch(part) for part in words.split("，")]
    if not all(found):
        raise ValueError("写成“月龄低～高”，几段用逗号隔开")
    return [
        {"ages": part["ages"] or "", "ml": (part["low"], part["high"])} for part in found if part
    ]


AgedAmounts = Annotated[tuple[AgedAmount, ...], BeforeValidator(_aged_amounts)]


class Milk(Row):
    """`ml`: ml a day, None on demand. `ml_alt`: what another official text says, by its source."""

    what: str
    times: str
    ml: Range | None = None
    ml_alt: dict[OtherSource, AgedAmounts] = Field(default_factory=dict)


class Solids(Row):
    times_per_day: tuple[int, int]
    snacks: tuple[int, int] | None = None
    per_meal_ml: Range | None = None
    note: str = ""


class BandMarks(Row):
    milk_ml: Mark
    texture: Mark
    solids_times: Mark
    per_meal_ml: Mark


class Band(Row):
    """What and how a child of these ages eats."""

    id: str
    label_zh: str
    milk: Milk
    solids: Solids | None = None
    texture: str | None = None
    marks: BandMarks


class Amounts(Row):
    """What a child of these ages eats a day, in g of raw food; milk in ml."""

    id: str
    age_months: Months
    milk: Range
    cereal: Range
    vegetable: Range
    fruit: Range
    egg: Range
    meat_poultry_fish: Range
    soy: Range | None = None
    oil: Range
    salt: Range | str
    mark: Mark
    note: str = ""

    def awaits_expert(self, food: str) -> bool:
        """Whether an expert has yet to decide about a food, by its Chinese name."""
        clauses = self.note.split("；")
        if any(clause.startswith(food) and clause.endswith(AWAITED) for clause in clauses):
            return True
        return self.mark == "memory" and f"{food}为verified" not in clauses


class AmountTable(Row):
    unit: str
    rows: tuple[Amounts, ...]


class FeedingFile(Row):
    """content/facts/feeding.yaml"""

    bands: tuple[Band, ...]
    daily_amounts: AmountTable


class Sign(Row):
    id: str


class SignGroup(Row):
    age_months: int
    label_zh: str
    items: tuple[Sign, ...]


class Signs(Row):
    groups: tuple[SignGroup, ...]


class SleepRow(Row):
    id: str
    age_months: Months
    hours: Range


class Sleep(Row):
    mark: Mark
    hours_per_day: tuple[SleepRow, ...]


class DevelopmentFile(Row):
    """content/facts/development.yaml"""

    warning_signs: Signs
    sleep: Sleep


class Target(Row):
    days: int | None = None
    months: int | None = None


class Visit(Row):
    title: str
    target: Target


class CheckupFile(Row):
    """content/handbook/checkups.yaml"""

    visits: tuple[Visit, ...]


class Bowl(Row):
    text: str = Field(pattern=r"^\d+毫升$")


class FeedingFigures(Row):
    """content/facts/figures/feeding.yaml"""

    bowl: Bowl


class SourceTitle(Row):
    title: str


class SourceFile(RootModel[dict[str, SourceTitle]]):
    """content/facts/sources.yaml"""


@dataclass(frozen=True)
class Tables:
    feeding: FeedingFile
    development: DevelopmentFile
    checkups: CheckupFile
    bowl: str  # its size with its unit
    source_titles: dict[str, str]


def read_tables(content_root: Path) -> Tables:
    """Raises ContentError with file and line."""
    facts = content_root / "facts"
    sources = read_model(facts / "sources.yaml", SourceFile).root
    return Tables(
        feeding=read_model(facts / "feeding.yaml", FeedingFile),
        development=read_model(facts / "development.yaml", DevelopmentFile),
        checkups=read_model(content_root / "handbook" / "checkups.yaml", CheckupFile),
        bowl=read_model(facts / "figures" / "feeding.yaml", FeedingFigures).bowl.text,
        source_titles={key: source.title for key, source in sources.items()},
    )
