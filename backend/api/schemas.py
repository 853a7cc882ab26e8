"""What every body of the API shares: clean text, city times, pages."""

import unicodedata
from datetime import datetime
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

UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
MOST_ID = 2**63 - 1  # bigint
ID_PATTERN = "[1-9][0-9]{0,17}"  # in an address: at most 18 digits, which a bigint holds


def clean(text: str) -> str:
    """Refuse what neither a keyboard types nor PostgreSQL stores: NUL, controls, surrogates.

    And signs that nobody sees (Unicode's Cf, Zl, Zp): one of them in a name would make a second
    child of the first.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("文字里有无法识别的字符") from error
    if any(unicodedata.category(c) in UNSEEN for c in text):
        raise ValueError("文字里有无法识别的字符")
    return text


JOINS = "\u200d"  # of several emoji one


def clean_lines(text: str) -> str:
    """As `clean`, for what is written on several lines and with emoji."""
    lines = text.replace("\r\n", "\n")
    clean(lines.replace("\n", "").replace(JOINS, ""))
    return lines


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
