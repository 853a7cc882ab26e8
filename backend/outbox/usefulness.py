"""Until when a message is worth a ring of the phone. After that the list in the app is enough."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from backend.kernel.clock import city_midnight
from backend.outbox.values import FactKind, instant_of


class UsefulFor(BaseModel):
    """`until`: a fact, an instant or a day that ends; `days`: so many after it was due."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    until: str | None = None
    days: int | None = Field(default=None, ge=1, le=90)

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.until is None) is (self.days is None):
            raise ValueError("either until or days")
        return self

    def is_over(
        self, facts: Mapping[str, Any], kinds: Mapping[str, FactKind], due: datetime, now: datetime
    ) -> bool:
        """Raises MissingFact for a message without the fact."""
        if self.days is not None:
            return now >= due + timedelta(days=self.days)
        return now >= self._end(facts, kinds)

    def _end(self, facts: Mapping[str, Any], kinds: Mapping[str, FactKind]) -> datetime:
        name = str(self.until)
        value = instant_of(name, kinds[name], facts)
        if isinstance(value, datetime):
            return value
        return city_midnight(value + timedelta(days=1))
