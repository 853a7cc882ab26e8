"""Our own copy of a child as a file that comes back: its shape, and what of it is the record.

Bookings, consents, messages and the log belong to the city where they happened; a copy tells of
them, an import leaves them where they are.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from backend.handbook.clinic_papers import PaperResult
from backend.handbook.diary.rules import LONGEST_NOTE
from backend.handbook.growth_rules import HEAD_MM, LENGTH_MM, MOST, WEIGHT_G
from backend.handbook.screening import Answer
from backend.handbook.screening_file import NewbornTest
from backend.handbook.source import Mother
from backend.kernel.errors import Invalid, TooLarge
from backend.kernel.sex import Sex
from backend.kernel.typed_text import clean, clean_lines
from backend.rights.copies import FORMAT, FORMAT_VERSION

# A diary of seven years, each day a note of 500 signs of three or four bytes, is 5 MB; the rest of
# a book is far below 1. The phone asks the same before it sends (services/take-along.ts).
LARGEST_FILE = 6_000_000  # bytes
MOST_ROWS = 300  # of a part: a book has about ninety items
MOST_ANSWERS = 20
MOST_DAYS = 2600  # of a diary: seven years


class CopyVersionUnknown(Invalid):
    code = "copy_version_unknown"
    message = "这不是澄育导出的文件，或者版本不对，请重新导出"


class CopyUnreadable(Invalid):
    code = "copy_unreadable"
    message = "文件不完整或被改过，没有导入，请重新导出"


class CopyTooLarge(TooLarge):
    code = "copy_too_large"
    message = "文件超过 6 MB，比一本写满的手册还大，没有导入，请重新导出"


class Part(StrEnum):
    """The parts of a copy that are the child's record, by their names in it."""

    HANDBOOK = "handbook"
    GROWTH = "growth"
    CHECKUPS = "checkups"
    SCREENINGS = "screenings"
    NEWBORN = "newborn_screening"
    DOCTOR = "family_doctor"
    DIARY = "diary"


PART_TITLES = {
    Part.HANDBOOK: "接种和体检",
    Part.GROWTH: "生长测量",
    Part.CHECKUPS: "体检结果",
    Part.SCREENINGS: "发育筛查",
    Part.NEWBORN: "新生儿筛查",
    Part.DOCTOR: "家庭医生",
    Part.DIARY: "成长日记",
}

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9:-]{0,60}$")]
Words = Annotated[str, StringConstraints(max_length=500), AfterValidator(clean)]
Short = Annotated[str, StringConstraints(max_length=100), AfterValidator(clean)]


class Row(BaseModel):
    """A column that a later version adds is left alone."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    recorded_at: AwareDatetime


class EntryRow(Row):
    item: Id
    done_on: date
    place: Short | None = None
    batch: Short | None = None


class GrowthRow(Row):
    measured_on: date
    weight_g: Annotated[int, Field(ge=WEIGHT_G[0], le=WEIGHT_G[1])] | None = None
    length_mm: Annotated[int, Field(ge=LENGTH_MM[0], le=LENGTH_MM[1])] | None = None
    lying: bool | None = None
    head_mm: Annotated[int, Field(ge=HEAD_MM[0], le=HEAD_MM[1])] | None = None


class CheckupRow(Row):
    visit: Id
    place: Short = ""
    haemoglobin: Annotated[int, Field(ge=0, le=1000)] | None = None
    teeth: Annotated[int, Field(ge=0, le=100)] | None = None
    hearing: Short = ""
    vision: Short = ""
    advice: Words = ""


class ScreeningRow(Row):
    visit: Id
    answers: Annotated[dict[Id, Answer], Field(min_length=1, max_length=MOST_ANSWERS)]
    answered_on: date
    talked_on: date | None = None


class NewbornRow(Row):
    test: NewbornTest
    done_on: date
    result: PaperResult
    note: Words = ""


class DoctorRow(Row):
    team: Short
    doctor: Short = ""
    phone: Short = ""
    signed_on: date | None = None


class DiaryRow(Row):
    """A day's note. A photo is in the family's diary.zip and is not in the file."""

    day: date
    note: (
        Annotated[str, StringConstraints(max_length=LONGEST_NOTE), AfterValidator(clean_lines)]
        | None
    ) = None
    photo: bool = False
    removed: bool = False


class FactsRow(BaseModel):
    """What the family said once of its child's vaccinations; None: nobody said."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    mother_hbsag: Mother | None = None
    birth_grams: Annotated[int, Field(ge=300, le=8000)] | None = None
    had_varicella: bool | None = None
    immunoglobulin: Annotated[tuple[date, ...], Field(max_length=20)] = ()


class ChildRow(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    birth_date: date
    sex: Sex
    gestational_weeks: Annotated[int, Field(ge=20, le=44)] | None = None


class CopyFile(BaseModel):
    """A part that an older version did not have is empty. `from_fhir`: some never are in it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    child: ChildRow
    handbook: Annotated[tuple[EntryRow, ...], Field(max_length=MOST_ROWS)] = ()
    growth: Annotated[tuple[GrowthRow, ...], Field(max_length=MOST)] = ()
    checkups: Annotated[tuple[CheckupRow, ...], Field(max_length=MOST_ROWS)] = ()
    screenings: Annotated[tuple[ScreeningRow, ...], Field(max_length=MOST_ROWS)] = ()
    newborn_screening: Annotated[tuple[NewbornRow, ...], Field(max_length=MOST_ROWS)] = ()
    family_doctor: Annotated[tuple[DoctorRow, ...], Field(max_length=MOST_ROWS)] = ()
    diary: Annotated[tuple[DiaryRow, ...], Field(max_length=MOST_DAYS)] = ()
    vaccine_facts: FactsRow = FactsRow()
    home_checks: Annotated[tuple[Any, ...], Field(max_length=MOST_DAYS)] = ()
    from_fhir: bool = False

    def rows(self, part: Part) -> tuple[Row, ...]:
        found: tuple[Row, ...] = getattr(self, part.value)
        return found


def read_file(given: dict[str, Any]) -> CopyFile:
    """Raises CopyVersionUnknown, or CopyUnreadable, which names the places and no values."""
    version = given.get("format_version")
    if given.get("format") != FORMAT or version != FORMAT_VERSION or isinstance(version, bool):
        raise CopyVersionUnknown
    try:
        return CopyFile.model_validate(given)
    except ValidationError as error:
        places = (".".join(str(step) for step in one["loc"]) for one in error.errors())
        raise CopyUnreadable("；".join(list(dict.fromkeys(places))[:3])) from None
