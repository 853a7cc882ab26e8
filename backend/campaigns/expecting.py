"""Expecting families as an audience: by week of pregnancy, for the city alone, counted in tens.

Nobody of staff may learn who expects a child, so campaigns know pregnancies through a door alone
(`ExpectingFamilies`, which `handbook.pregnancy` implements and `deps` hands over): it tells how
many tens of families there are, and puts messages. It never says whom.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.orm import Session

from backend.campaigns.audience import AudienceInvalid, checked
from backend.kernel.ages import PregnancyWeeks
from backend.outbox.notices import Notice

FIRST_WEEK, LAST_WEEK = 4, 39  # hardly anybody knows before; from the due date on nobody assumes
TEN = 10
TOO_FEW = f"少于 {TEN}"


class Expecting(BaseModel):
    """Completed weeks on the day of sending, by the due date that the family keeps; both included.

    No place, no age, no parity, no risk can be asked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    kind: Literal["expecting"] = "expecting"
    from_week: int = Field(ge=FIRST_WEEK, le=LAST_WEEK)
    to_week: int = Field(ge=FIRST_WEEK, le=LAST_WEEK)

    def on(self, day: date) -> PregnancyWeeks:
        return PregnancyWeeks(self.from_week, self.to_week, day)

    @model_validator(mode="after")
    def _weeks_in_order(self) -> Self:
        if self.from_week > self.to_week:
            raise ValueError("孕周要从小到大")
        return self


def make_expecting(from_week: int | None, to_week: int | None) -> Expecting:
    """From what was typed. Raises AudienceInvalid with a sentence."""
    if from_week is None or to_week is None:
        raise AudienceInvalid("请填孕周：从满几周到满几周")
    return checked(Expecting, {"from_week": from_week, "to_week": to_week})


class ExpectingFamilies(Protocol):
    def tens(self, session: Session, weeks: PregnancyWeeks) -> int:
        """How many families of these weeks may be told, rounded down to tens."""

    def range_end(self, session: Session, *, after: int, last: int, most: int) -> int | None:
        """The parent up to whom the next so many who expect a child go; None: there are none."""

    def put(self, session: Session, weeks: PregnancyWeeks, notice: Notice) -> int:
        """Put the messages; return how many. Whose pregnancy has ended meanwhile is not told."""


def in_tens(number: int, unit: str = "") -> str:
    """A number of families or messages that may be shown: two of them, subtracted, tell nobody.

    少于 10 个; 40 个以上.
    """
    if number < TEN:
        return f"{TOO_FEW} {unit}".rstrip()
    return f"{rounded(number)} {unit}以上"


def rounded(number: int) -> int:
    return number // TEN * TEN


def in_words(audience: Expecting) -> list[tuple[str, str]]:
    first, last = audience.from_week, audience.to_week
    weeks = f"满 {first} 周" if first == last else f"满 {first}～{last} 周"
    return [
        ("孕期家庭", f"孕{weeks}，按发送那天和家里记的预产期算"),
        ("地区", "全市，不分街镇"),
        ("人数", f"只按十位取整，{TOO_FEW} 个家庭不能发；看不到是谁"),
    ]
