"""Recipes as they lie in content/recipes: one YAML file each, drafts until a dietitian signs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.facts.figures import Facts, Source
from backend.facts.reading import parse, validated
from backend.guides.source import RECIPES, Day, fill_lines, named_sources

Allergen = Literal["鸡蛋", "牛奶", "小麦", "大豆", "鱼", "虾", "花生", "坚果", "芝麻"]


class Ingredient(BaseModel):
    """`amount` as a cook says it: 20克, 1个, 少许."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    food: str = Field(min_length=1, max_length=20)
    amount: str = Field(min_length=1, max_length=20)


class RecipeMatter(BaseModel):
    """One recipe. `age_days`: both ends included; `minutes` about, None where nobody said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^R\d{2}$")
    name: str = Field(min_length=2, max_length=20)
    summary: str = Field(min_length=4, max_length=60)
    age_days: tuple[Day, Day]
    texture: str = Field(min_length=1, max_length=8)
    minutes: int | None = Field(default=None, ge=1, le=240)
    ingredients: tuple[Ingredient, ...] = Field(min_length=1)
    steps: tuple[str, ...] = Field(min_length=1)
    allergens: tuple[Allergen, ...] = ()
    may_contain: tuple[Allergen, ...] = ()  # depends on the product: read the package
    tags: tuple[str, ...] = ()
    careful: str = Field(default="", max_length=120)
    sources: tuple[str, ...] = ()
    review: Literal["pending"]

    @model_validator(mode="after")
    def _window_runs_forward(self) -> Self:
        if self.age_days[0] > self.age_days[1]:
            raise ValueError("age_days: 起始日大于结束日")
        return self


@dataclass(frozen=True)
class RecipeSource:
    """A recipe before it is served; `text` and `content_hash` as of a guide."""

    file: Path
    slug: str
    matter: RecipeMatter
    sources: tuple[Source, ...]
    text: str
    written: str
    content_hash: str


def recipe_files(content_root: Path) -> list[Path]:
    return sorted((content_root / RECIPES).glob("*.yaml"))


def read_recipe(file: Path, facts: Facts) -> RecipeSource:
    """Raises ContentError with file and line."""
    return recipe_of(file, file.read_text(encoding="utf-8"), facts)


def recipe_of(file: Path, written: str, facts: Facts) -> RecipeSource:
    """A recipe from its text. Raises ContentError."""
    written = written.replace("\r\n", "\n")
    text = fill_lines(file, written, facts)
    matter = validated(file, text, parse(file, text), RecipeMatter)
    return RecipeSource(
        file=file,
        slug=file.stem,
        matter=matter,
        sources=named_sources(file, text, matter.sources, facts),
        text=text,
        written=written,
        content_hash=hashlib.sha256(text.encode()).hexdigest(),
    )
