"""The city's towns and villages, read from content/places once at start.

Codes are those of the National Bureau of Statistics (nine digits a town, twelve a village).
Only places that a family can choose are in the files.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from backend.kernel.errors import Invalid

COMMITTEES = ("居民委员会", "村民委员会", "居委会", "村委会")


class UnknownTown(Invalid):
    code = "unknown_town"
    message = "没有这个街镇，请重新选择"


class UnknownVillage(Invalid):
    code = "unknown_village"
    message = "这个社区（村）不在所选街镇，请重新选择"


class TownKind(StrEnum):
    SUBDISTRICT = "subdistrict"  # 街道
    TOWN = "town"  # 镇
    ZONE = "zone"  # 开发区、园区


@dataclass(frozen=True)
class Village:
    """A village (村) or a community (社区)."""

    code: str
    name: str


@dataclass(frozen=True)
class Town:
    """A town, a subdistrict or a zone, as a family chooses it."""

    code: str
    name: str
    kind: TownKind


class _TownRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: str = Field(pattern=r"^\d{9}$")
    name: str = Field(min_length=2)
    kind: TownKind


class _TownsFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    city: str
    code: str = Field(pattern=r"^\d{6}$")
    towns: list[_TownRow] = Field(min_length=1)


class Places:
    """Towns in the order of the official list, each with its villages."""

    def __init__(
        self, city: str, towns: tuple[Town, ...], villages: Mapping[str, tuple[Village, ...]]
    ) -> None:
        self.city = city
        self._towns = {town.code: town for town in towns}
        self._villages = villages

    def __iter__(self) -> Iterator[Town]:
        return iter(self._towns.values())

    @property
    def towns(self) -> tuple[Town, ...]:
        return tuple(self._towns.values())

    def town(self, code: str) -> Town:
        """Raises UnknownTown."""
        town = self._towns.get(code)
        if town is None:
            raise UnknownTown
        return town

    def name_of(self, code: str) -> str:
        """A town's name; one that left the list keeps its rows, and they show its code."""
        town = self._towns.get(code)
        return code if town is None else town.name

    def villages(self, town_code: str) -> tuple[Village, ...]:
        """The villages and communities of a town. Raises UnknownTown."""
        return self._villages.get(self.town(town_code).code, ())

    def village(self, town_code: str, village_code: str) -> Village:
        """Raises UnknownTown, and UnknownVillage also for a village of another town."""
        for village in self.villages(town_code):
            if village.code == village_code:
                return village
        raise UnknownVillage


def load_places(content_root: Path) -> Places:
    """Read content/places/towns.yaml and villages.csv.

    Raises ValueError (pydantic's for a row that is no town) when the files do not fit
    together, so that a wrong file stops the start.
    """
    folder = content_root / "places"
    text = (folder / "towns.yaml").read_text(encoding="utf-8")
    file = _TownsFile.model_validate(yaml.safe_load(text))
    towns = tuple(Town(row.code, row.name, row.kind) for row in file.towns)
    if len({town.code for town in towns}) != len(towns):
        raise ValueError("towns.yaml: a code is there twice")
    villages = _read_villages(folder / "villages.csv", {town.code for town in towns})
    return Places(file.city, towns, villages)


def _read_villages(file: Path, town_codes: set[str]) -> dict[str, tuple[Village, ...]]:
    found: defaultdict[str, list[Village]] = defaultdict(list)
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            town, code, name = row["town_code"], row["village_code"], row["name"]
            if town not in town_codes or not code.startswith(town):
                raise ValueError(f"villages.csv: {code} lies in no town of towns.yaml")
            found[town].append(Village(code, _short(name)))
    return {town: tuple(villages) for town, villages in found.items()}


def _short(name: str) -> str:
    """文定社区居委会 → 文定社区: families do not name the committee."""
    for committee in COMMITTEES:
        name = name.removesuffix(committee)
    return name
