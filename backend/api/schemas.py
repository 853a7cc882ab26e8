"""What every body of the API shares: clean text, city times, pages."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

from backend.kernel.clock import city_time
from backend.kernel.errors import NotFound
from backend.kernel.typed_text import clean as clean
from backend.kernel.typed_text import clean_lines as clean_lines

MOST_ID = 2**63 - 1  # bigint
ID_PATTERN = "[1-9][0-9]{0,17}"  # in an address: at most 18 digits, which a bigint holds

Id = Annotated[int, Field(ge=1, le=MOST_ID)]
Word = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=64), AfterValidator(clean)
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=50),
    AfterValidator(clean),
]
CityTime = Annotated[
    datetime, PlainSerializer(lambda instant: city_time(instant).isoformat(), return_type=str)
]


def day_in_address(text: str) -> date:
    """Raises NotFound: what is no day has nothing; and a day has one address."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise NotFound from error
    if day.isoformat() != text:
        raise NotFound
    return day


class Body(BaseModel):
    """What a client sends. Unknown fields are errors, so that misspelt ones are noticed."""

    model_config = ConfigDict(extra="forbid")


class Query(BaseModel):
    """What stands behind the question mark."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_no_answer(cls, given: Any) -> Any:
        """`?town=` asks the same as no `town` at all."""
        return {k: v for k, v in given.items() if v != ""} if isinstance(given, dict) else given


class Out(BaseModel):
    """What the server answers."""

    model_config = ConfigDict(from_attributes=True)


class PageQuery(Query):
    after: Annotated[str, StringConstraints(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class FieldProblem(Out):
    field: str
    message: str


class Problem(Out):
    """RFC 9457 problem details. `code` is stable; `title` is the sentence for people."""

    type: str
    status: int
    code: str
    title: str
    detail: str | None
    errors: list[FieldProblem]
