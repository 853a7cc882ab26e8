"""Weekly patterns: looked at, written whole or not at all, also into a year nobody knows yet."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.centres import calendar, series
from backend.centres.calendar import NOT_ANNOUNCED, Calendar, CityDay, Kind
from backend.centres.closures import NewClosure, add_closure
from backend.centres.models import Slot, SlotKind
from backend.centres.obstacles import Facts, RoomTaken, Span
from backend.centres.place_models import DayKind, SlotSeries
from backend.centres.series import Given, Pattern, PlannedDay
from backend.centres.service import NewSlot
from backend.kernel.clock import FixedClock, city_date, city_midnight, city_time
from backend.kernel.errors import DomainError, Invalid
from tests.centres.scene import ACTOR, HOUR, Scene, at, make_scene, make_teacher, offer, weekly

Sessions = sessionmaker[Session]
EARLY = datetime(2026, 1, 1, tzinfo=UTC)
TEMPLATE = NewSlot(1, SlotKind.ACTIVITY, "一起爬一爬", EARLY, EARLY + HOUR, 8)


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock) -> Scene:
    return make_scene(sessions, clock)


def look(
    sessions: Sessions, clock: FixedClock, pattern: Pattern, template: NewSlot
) -> list[PlannedDay]:
    with sessions() as session:
        return series.preview_series(session, clock, pattern, template)


def written(planned: list[PlannedDay]) -> list[date]:
    return [one.day.day for one in planned if one.is_written]


def skipped(planned: list[PlannedDay]) -> dict[date, str]:
    return {one.day.day: one.code for one in planned if one.code is not None}


def write(
    sessions: Sessions,
    clock: FixedClock,
    pattern: Pattern,
    template: NewSlot,
    seen: list[date] | None = None,
) -> list[datetime]:
    """Write what a preview promises; the starts of the sessions, in order."""
    days = written(look(sessions, clock, pattern, template)) if seen is None else seen
    with sessions.begin() as session:
        made = series.write_series(session, clock, pattern, template, seen=days, actor=ACTOR)
        query = select(Slot.starts_at).where(Slot.series_id == made.id).order_by(Slot.starts_at)
        return list(session.scalars(query))


DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
SPANS = st.builds(
    lambda day, hour, length: Span(
        city_midnight(day) + hour * HOUR, city_midnight(day) + (hour + length) * HOUR, "停电"
    ),
    DAYS,
    st.integers(0, 23),
    st.integers(1, 200),
)


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    first, hour = draw(DAYS), draw(st.integers(0, 22))
    return Pattern(
        weekdays=frozenset(draw(st.sets(st.integers(0, 6), min_size=1))),
        starts=time(hour),
        ends=time(hour + 1),
        first_day=first,
        last_day=first + timedelta(days=draw(st.integers(0, 120))),
        skip_holidays=draw(st.booleans()),
        on_makeup_days=draw(st.booleans()),
        exceptions=frozenset(draw(st.sets(DAYS, max_size=3))),
    )


@given(
    pattern=patterns(),
    closures=st.lists(SPANS, max_size=4),
    busy=st.lists(SPANS, max_size=4),
    own=st.lists(DAYS, max_size=4, unique=True),
)
def test_every_written_day_is_in_the_pattern_and_none_on_a_closure(
    pattern: Pattern, closures: list[Span], busy: list[Span], own: list[date]
) -> None:
    city = Calendar(CityDay(day, DayKind.HOLIDAY, "本市") for day in own)
    facts = Facts(closures=closures, teacher_busy=busy)

    planned = series.preview(pattern, TEMPLATE, Given(city, facts, EARLY - timedelta(days=1)))

    listed = [one.day.day for one in planned]
    assert listed == sorted(listed)
    assert set(listed) == {
        day.day
        for day in city.days(pattern.first_day, pattern.last_day)
        if day.day.weekday() in pattern.weekdays
    }
    for one in planned:
        if not one.is_written:
            assert one.why
            continue
        day = one.day.day
        assert pattern.first_day <= day <= pattern.last_day
        assert day not in pattern.exceptions
        assert (city_date(one.starts_at), city_time(one.starts_at).time()) == (day, pattern.starts)
        assert not any(span.meets(one.starts_at, one.ends_at) for span in closures)
        assert not (pattern.skip_holidays and one.day.kind is Kind.HOLIDAY)
        assert pattern.on_makeup_days or not one.day.is_makeup


def test_holidays_are_left_out_and_makeup_workdays_are_a_choice() -> None:
    october = Pattern(frozenset({3, 5}), time(10), time(11), date(2026, 10, 1), date(2026, 10, 14))
    given_ = Given(Calendar(), Facts(), EARLY)

    kept = series.preview(october, TEMPLATE, given_)
    assert [(one.day.day.day, one.code, one.why) for one in kept] == [
        (1, "holiday", "国庆节放假"),
        (3, "holiday", "国庆节放假"),
        (8, None, ""),
        (10, None, ""),
    ]
    left = series.preview(replace(october, on_makeup_days=False), TEMPLATE, given_)
    assert (left[-1].code, left[-1].why) == ("makeup", "国庆节调休上班日")
    everything = series.preview(replace(october, skip_holidays=False), TEMPLATE, given_)
    assert all(one.is_written for one in everything)


def test_a_pattern_into_a_year_that_is_not_announced_says_so_of_each_day(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    pattern = weekly(4, first_day=date(2026, 12, 18), last_day=date(2027, 1, 15))

    planned = look(sessions, clock, pattern, scene.slot())

    assert [(one.day.day, one.note, one.is_written) for one in planned] == [
        (date(2026, 12, 18), "", True),
        (date(2026, 12, 25), "", True),
        (date(2027, 1, 1), NOT_ANNOUNCED, True),
        (date(2027, 1, 8), NOT_ANNOUNCED, True),
        (date(2027, 1, 15), NOT_ANNOUNCED, True),
    ]
    with sessions.begin() as session:
        days = [CityDay(date(2027, 1, 1), DayKind.HOLIDAY, "元旦")]
        calendar.write_days(session, clock, days, actor=ACTOR)

    planned = look(sessions, clock, pattern, scene.slot())
    assert skipped(planned) == {date(2027, 1, 1): "holiday"}
    starts = write(sessions, clock, pattern, scene.slot())
    assert [city_date(start) for start in starts] == written(planned)
    assert {f"{city_time(start):%H:%M}" for start in starts} == {"10:00"}


def test_a_preview_says_of_each_day_what_stands_against_it(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    first = date(2026, 11, 24)  # tomorrow, a Tuesday
    days = [first + timedelta(weeks=n) for n in range(6)]
    teacher = make_teacher(sessions, clock, scene.institution, until=days[4])
    taken = {"starts_at": at(days[1], 10), "ends_at": at(days[1], 11)}
    offer(sessions, clock, scene.slot(teacher_id=None, **taken))
    taken = {"starts_at": at(days[2], 9, 30), "ends_at": at(days[2], 10, 30)}
    offer(sessions, clock, scene.slot(room_id=None, teacher_id=teacher, **taken))
    with sessions.begin() as session:
        closed = NewClosure(scene.centre, None, at(days[3], 0), at(days[3], 23), "消防演练")
        add_closure(session, clock, closed, actor=ACTOR)
    pattern = weekly(1, last_day=days[5], exceptions=frozenset({days[0]}))

    planned = look(sessions, clock, pattern, scene.slot(teacher_id=teacher))

    assert skipped(planned) == {
        days[0]: "exception",
        days[1]: "room_taken",
        days[2]: "teacher_taken",
        days[3]: "place_closed",
        days[5]: "teacher_certificate_expired",
    }
    assert written(planned) == [days[4]]
    assert "消防演练" in planned[3].why


def test_a_day_that_is_over_is_left_out(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    today = weekly(0, first_day=date(2026, 11, 23), starts=time(9), ends=time(10))

    assert skipped(look(sessions, clock, today, scene.slot())) == {date(2026, 11, 23): "past"}


def test_a_series_is_written_in_one_go_and_remembers_its_pattern(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    template = scene.slot(held_places=2, held_before=timedelta(hours=48))

    starts = write(sessions, clock, weekly(1, 3), template)

    assert len(starts) == 8
    with sessions() as session:
        made = session.scalars(select(SlotSeries)).one()
        slots = session.scalars(select(Slot)).all()
    assert made.pattern["weekdays"] == [1, 3]
    assert made.pattern["starts"] == "10:00"
    assert {slot.series_id for slot in slots} == {made.id}
    assert all(slot.held_until == slot.starts_at - timedelta(hours=48) for slot in slots)


def test_what_changed_since_the_preview_is_named_and_nothing_is_written(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    pattern = weekly(1)
    seen = written(look(sessions, clock, pattern, scene.slot()))
    offer(sessions, clock, scene.slot())

    with pytest.raises(series.PreviewOutdated) as refused:
        write(sessions, clock, pattern, scene.slot(), seen)

    assert "2026-11-24" in str(refused.value.detail)
    with sessions() as session:
        assert session.scalars(select(SlotSeries)).all() == []
        assert len(session.scalars(select(Slot)).all()) == 1


def test_a_pattern_without_a_day_that_can_be_written_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    only = weekly(1, last_day=date(2026, 11, 24), exceptions=frozenset({date(2026, 11, 24)}))
    with pytest.raises(Invalid):
        write(sessions, clock, only, scene.slot())


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": frozenset()},
        {"weekdays": frozenset({7})},
        {"ends": time(10)},
        {"last_day": date(2026, 11, 1)},
        {"last_day": date(2027, 12, 1)},
        {"first_day": date(2026, 11, 22)},
        {"first_day": date(2027, 10, 1), "last_day": date(2028, 5, 1)},
    ],
)
def test_a_pattern_that_cannot_be_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid):
        look(sessions, clock, weekly(1, **wrong), scene.slot())


def test_a_template_that_cannot_be_is_refused(
    sessions: Sessions, clock: FixedClock, scene: Scene
) -> None:
    with pytest.raises(DomainError):
        look(sessions, clock, weekly(1), scene.slot(capacity=0))


def test_a_room_taken_twice_is_a_value_before_it_is_a_refusal() -> None:
    span = Span(at(date(2026, 11, 24), 10), at(date(2026, 11, 24), 11), "别的")
    assert span.meets(at(date(2026, 11, 24), 10, 59), at(date(2026, 11, 24), 12))
    assert not span.meets(at(date(2026, 11, 24), 11), at(date(2026, 11, 24), 12))
    assert RoomTaken().code == "room_taken"
