"""What a day is: the library, the city's table above it, and years that nobody knows yet."""

from datetime import date

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres import calendar
from backend.centres.calendar import Calendar, CityDay, Kind
from backend.centres.calendar_sheets import read_days, write_sheet
from backend.centres.place_models import CalendarDay, DayKind
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from tests.centres.scene import ACTOR

Sessions = sessionmaker[Session]
UNKNOWN = calendar.library_years()[-1] + 1


@pytest.mark.parametrize(
    ("day", "kind", "name", "makeup"),
    [
        (date(2026, 10, 1), Kind.HOLIDAY, "国庆节", False),
        (date(2026, 10, 3), Kind.HOLIDAY, "国庆节", False),  # a Saturday within it
        (date(2026, 10, 10), Kind.WORKDAY, "国庆节调休", True),
        (date(2026, 11, 23), Kind.WORKDAY, "", False),
        (date(2026, 11, 28), Kind.WEEKEND, "", False),
    ],
)
def test_an_announced_day(day: date, kind: Kind, name: str, makeup: bool) -> None:
    found = Calendar().of(day)

    assert (found.kind, found.name, found.is_makeup) == (kind, name, makeup)
    assert found.announced


def test_the_library_refuses_a_year_that_is_not_announced() -> None:
    with pytest.raises(NotImplementedError):
        chinese_calendar.is_workday(date(UNKNOWN, 1, 1))


@given(st.dates(date(UNKNOWN, 1, 1), date(UNKNOWN + 20, 12, 31)))
def test_an_unknown_year_is_plain_weekdays_and_weekends(day: date) -> None:
    found = Calendar().of(day)

    assert found.kind is (Kind.WEEKEND if day.weekday() >= 5 else Kind.WORKDAY)
    assert not found.announced
    assert found.name == ""


@given(st.dates(date(2004, 1, 1), date(UNKNOWN - 1, 12, 31)))
def test_a_known_year_agrees_with_the_library(day: date) -> None:
    found = Calendar().of(day)

    assert (found.kind is Kind.WORKDAY) == chinese_calendar.is_workday(day)
    assert found.announced


def test_the_citys_table_stands_above_the_library_and_makes_a_year_known() -> None:
    new_year = CityDay(date(UNKNOWN, 1, 1), DayKind.HOLIDAY, "元旦")
    city = Calendar([new_year, CityDay(date(2026, 11, 23), DayKind.HOLIDAY, "本市停课")])

    assert city.of(date(2026, 11, 23)).kind is Kind.HOLIDAY
    assert city.of(new_year.day).name == "元旦"
    assert city.of(new_year.day).announced
    assert not city.of(date(UNKNOWN, 1, 4)).announced  # one day is not a year

    whole = Calendar([new_year, CityDay(date(UNKNOWN, 10, 1), DayKind.HOLIDAY, "国庆节")])
    assert whole.of(date(UNKNOWN, 1, 4)).announced
    assert not whole.of(date(UNKNOWN + 1, 1, 4)).announced


def test_a_sheet_is_read_as_pasted_from_excel_or_as_csv() -> None:
    csv = "日期,类别,名称\n2027-01-01,放假,元旦\n2027/1/2,上班，元旦调休\n\n"
    tabs = "2027年1月1日\t休\t元旦\n2027-01-02\tworkday\t元旦调休"

    expected = [
        CityDay(date(2027, 1, 1), DayKind.HOLIDAY, "元旦"),
        CityDay(date(2027, 1, 2), DayKind.WORKDAY, "元旦调休"),
    ]
    assert read_days(csv) == read_days(tabs) == read_days(write_sheet(expected)) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "1–200 天"),
        ("2027-02-30,放假,春节", "第 1 行：日期请写成"),
        ("2027-01-01,也许,元旦", "类别请写"),
        ("2027-01-01,放假", "三格"),
        ("2027-01-01,放假,", "请写名称"),
        ("2027-01-01,放假,元旦\n2027-01-01,上班,元旦", "第 2 行：这一天前面已经有了"),
        ("x\n" * 9, "另有 4 行"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_counts(text: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_days(text)
    assert sentence in str(refusal.value.detail)


def test_days_are_written_over_and_forgotten(sessions: Sessions, clock: FixedClock) -> None:
    day = date(2027, 1, 1)
    for name in ("新年", " 元旦 "):
        with sessions.begin() as session:
            days = [CityDay(day, DayKind.HOLIDAY, name)]
            assert calendar.write_days(session, clock, days, actor=ACTOR) == 1

    with sessions.begin() as session:
        assert calendar.city_days(session, 2027)[day].name == "元旦"
        assert calendar.calendar_of(session, day, day).of(day).kind is Kind.HOLIDAY
        calendar.forget_day(session, clock, day=day, actor=ACTOR)
    with sessions.begin() as session:
        assert session.scalars(select(CalendarDay)).all() == []
        actions = session.scalars(select(AuditEntry.action)).all()
        assert actions == ["calendar.written"] * 2 + ["calendar.forgotten"]
        with pytest.raises(NotFound):
            calendar.forget_day(session, clock, day=day, actor=ACTOR)
        with pytest.raises(Invalid):
            calendar.write_days(session, clock, [CityDay(day, DayKind.HOLIDAY, " ")], actor=ACTOR)
