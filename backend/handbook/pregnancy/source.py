"""The files behind the pregnancy handbook: the arrangement, and the table of facts it points into.

content/handbook/prenatal.yaml names check-ups by id; windows, contents and danger signs stand in
content/facts/prenatal.yaml alone.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.handbook.pregnancy.dating import Method
from backend.handbook.source import Mark, Strict

Weeks = tuple[int, int]


class FactRow(BaseModel):
    """A row of the table of facts. Columns that this handbook does not show are left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    title_zh: str
    mark: Literal["verified", "memory"]
    src: tuple[str, ...] = Field(min_length=1)
    note: str | None = None


class VisitRow(FactRow):
    gest_weeks: Weeks | None = None  # none for the visits after birth
    free_items: tuple[str, ...]
    extra_items: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


class WindowRow(FactRow):
    gest_weeks: Weeks
    window: str | None = None
    best: str | None = None
    optional: bool = False
    fact: str | None = None


class DangerRow(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    action: str
    items: tuple[str, ...] = Field(min_length=1)
    mark: Literal["verified", "memory"]
    src: tuple[str, ...] = Field(min_length=1)
    note: str | None = None


class FactFile(BaseModel):
    """content/facts/prenatal.yaml"""

    model_config = ConfigDict(extra="ignore", frozen=True)

    public_service_visits: tuple[VisitRow, ...]
    clinical_windows: tuple[WindowRow, ...]
    danger_signs: DangerRow


class DatingRow(Mark):
    method: Method
    title: str
    text: str


class CheckupRow(Strict):
    """`aim_week`: the reminder aims at the day on which so many weeks are completed."""

    id: str
    aim_week: int = Field(ge=4, le=41)


class HelpRow(Mark):
    text: str
    call: str | None = Field(default=None, pattern=r"^\d+$")


class PrenatalFile(Strict):
    """content/handbook/prenatal.yaml"""

    version: str
    dating: tuple[DatingRow, ...]
    checkups: tuple[CheckupRow, ...]
    movements: str
    overdue: str
    danger_card: str
    help: tuple[HelpRow, ...] = Field(min_length=1)
