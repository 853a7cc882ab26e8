"""Recipes: every allergen named, nothing for the first year that does not belong there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import RootModel

from backend.facts.reading import read_model
from backend.guides.check_text import RAW_HTML, wording
from backend.guides.problems import Problem, Words, line_of_key
from backend.guides.recipes import RecipeSource

NOT_IN_THE_FIRST_YEAR = ("盐", "糖", "蜂蜜", "酱油", "味精", "果汁")  # WS/T 678—2020
ALLOWED_WORDS = ("无糖", "少盐", "不放盐", "不加盐", "不加糖")
FIRST_BIRTHDAY = 365


class AllergenFile(RootModel[dict[str, list[str]]]):
    """content/facts/allergens.yaml: allergen → parts of the names of foods that hold it."""


def check_recipes(root: Path, recipes: Sequence[RecipeSource], words: Words) -> Iterator[Problem]:
    if not recipes:
        return
    allergens = read_model(root / "facts" / "allergens.yaml", AllergenFile).root
    for recipe in recipes:
        yield from _lines(recipe, words)
        yield from _allergens(recipe, allergens)
        yield from _first_year(recipe)


def _lines(recipe: RecipeSource, words: Words) -> Iterator[Problem]:
    for number, text in enumerate(recipe.text.split("\n"), start=1):
        if found := RAW_HTML.search(text):
            yield Problem(recipe.file, number, "raw_html", f"不能写 HTML：{found.group()}")
        for code, message in wording(text, words):
            yield Problem(recipe.file, number, code, message)


def _allergens(recipe: RecipeSource, known: Mapping[str, Sequence[str]]) -> Iterator[Problem]:
    foods = [ingredient.food for ingredient in recipe.matter.ingredients]
    line = line_of_key(recipe.written, "allergens:")
    for allergen, parts in known.items():
        holds = [food for food in foods if any(part in food for part in parts)]
        if holds and allergen not in recipe.matter.allergens:
            message = f"{'、'.join(holds)}：allergens 里没有写{allergen}"
            yield Problem(recipe.file, line, "allergen_missing", message)


def _first_year(recipe: RecipeSource) -> Iterator[Problem]:
    if recipe.matter.age_days[0] >= FIRST_BIRTHDAY:
        return
    for ingredient in recipe.matter.ingredients:
        food = ingredient.food
        for word in ALLOWED_WORDS:
            food = food.replace(word, "")
        if any(word in food for word in NOT_IN_THE_FIRST_YEAR):
            line = line_of_key(recipe.written, "ingredients:")
            message = f"1岁以内不放：{ingredient.food}"
            yield Problem(recipe.file, line, "first_year", message)
