"""A record that moves a due day in mid-week: two days of the week tell, and nothing is lost."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.models import ItemDate
from backend.handbook.moved_weeks import Said, fit, key_of
from backend.handbook.planner import plan_due
from backend.handbook.records import Done
from backend.handbook.reminders import Due, Say, Told
from backend.handbook.schedule import load_schedule
from backend.handbook.service import record_done
from backend.kernel.clock import FixedClock
from backend.outbox.models import Message
from backend.people.documents import load_documents
from backend.people.models import Child
from tests.factories import MORNING, default_vault, make_child, make_parent

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
MONDAY = date(2026, 11, 23)
BIRTH = MONDAY - timedelta(days=7 * 30)  # so weeks of its life are weeks of the calendar
RULES = SCHEDULE.rules[:6]

Sessions = sessionmaker[Session]
Week = dict[int, list[Told]]

tellings = st.builds(
    lambda place, say: Told(Due(RULES[place], MONDAY + timedelta(days=8)), say),
    st.integers(0, len(RULES) - 1),
    st.sampled_from(list(Say)),
)


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    """A plan of a week: two days at most, as the pure plan gives it."""
    days = draw(st.lists(st.integers(0, 6), min_size=0, max_size=2, unique=True))
    return {day: draw(st.lists(tellings, min_size=1, max_size=3, unique_by=key_of)) for day in days}


def live(plans: list[Week]) -> dict[int, list[Told]]:
    """What the days of a week tell when each day has a plan of its own."""
    told: dict[int, list[Told]] = {}
    for place, plan in enumerate(plans):
        keys = frozenset(key_of(one) for items in told.values() for one in items)
        today = fit(place, plan, Said(frozenset(told), keys, keys))
        if today:
            told[place] = today
    return told


@given(plans=st.lists(weeks(), min_size=7, max_size=7))
def test_a_third_day_tells_only_what_nobody_was_told_of(plans: list[Week]) -> None:
    told = live(plans)

    for number, (_, items) in enumerate(sorted(told.items())):
        if number >= 2:
            assert {one.say for one in items} <= {Say.EVE, Say.OPEN}
    said = [key_of(one) for items in told.values() for one in items]
    assert len(said) == len(set(said))


@given(plans=st.lists(weeks(), min_size=7, max_size=7))
def test_no_day_before_goes_by_of_which_nothing_was_said(plans: list[Week]) -> None:
    told = live(plans)

    for place, plan in enumerate(plans):
        for one in plan.get(place, ()):
            if one.say is Say.EVE:
                before = [key_of(o) for day in told if day <= place for o in told[day]]
                assert key_of(one) in before


@given(plan=weeks())
def test_a_plan_that_does_not_move_is_told_as_it_is(plan: Week) -> None:
    told = live([plan] * 7)

    assert list(told) == sorted(told)
    assert {key_of(one) for items in told.values() for one in items} == {
        key_of(one) for items in plan.values() for one in items
    }


def put_days(sessions: Sessions, child: int, days: Mapping[str, date | None], on: date) -> None:
    """As a record would leave them."""
    with sessions.begin() as session:
        session.execute(delete(ItemDate).where(ItemDate.child_id == child))
        for item, due in days.items():
            session.add(ItemDate(child_id=child, item_id=item, due_on=due))
        session.get_one(Child, child).replanned_on = on


def plan_week(
    sessions: Sessions, clock: FixedClock, child: int, days: Mapping[int, Mapping[str, date | None]]
) -> dict[date, set[tuple[str, str]]]:
    """Plan Monday to Sunday; `days`: own days of the child from that day of the week on."""
    for place in range(7):
        day = MONDAY + timedelta(days=place)
        clock.set(datetime.combine(day, MORNING.timetz()))
        if place in days:
            put_days(sessions, child, days[place], day)
        with sessions.begin() as session:
            plan_due(session, clock, SCHEDULE, day)
    with sessions() as session:
        return {
            message.due_at.date(): {
                (item["item_id"], item["say"])
                for told in message.data["children"]
                for item in told["items"]
            }
            for message in session.scalars(select(Message))
        }


NOTHING = {rule.id: None for rule in SCHEDULE.told}


def at(**days: int) -> dict[str, date | None]:
    """Nothing but these doses, on days counted from Monday."""
    own = {f"vaccine:{dose.replace('_', '-')}": day for dose, day in days.items()}
    return NOTHING | {item: MONDAY + timedelta(days=day) for item, day in own.items()}


def test_a_notice_that_finds_no_room_waits_for_its_day_before(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent = make_parent(sessions, documents=load_documents(CONTENT))
    child = make_child(sessions, parent_id=parent, birth_date=BIRTH)

    told = plan_week(
        sessions,
        clock,
        child,
        {
            0: at(dtap_1=7, polio_1=-14),  # told on Monday, and on Sunday as the day before
            2: at(dtap_2=9, polio_1=-14),  # a record: now on Wednesday a week ahead
            3: at(mmr_1=4, dtap_2=10),  # and another: tomorrow, which nobody was told of
            5: at(hepb_2=13, dtap_2=10),
        },
    )

    assert {day: {item for item, _ in items} for day, items in told.items()} == {
        MONDAY: {"vaccine:dtap-1", "vaccine:polio-1"},
        MONDAY + timedelta(days=2): {"vaccine:dtap-2"},
        MONDAY + timedelta(days=3): {"vaccine:mmr-1"},
    }


def test_a_record_remembers_that_it_moved_the_plan(sessions: Sessions, clock: FixedClock) -> None:
    parent = make_parent(sessions, documents=load_documents(CONTENT))
    child = make_child(sessions, parent_id=parent, birth_date=BIRTH)

    def record(item: str, on: date) -> date | None:
        with sessions.begin() as session:
            record_done(
                session,
                clock,
                default_vault(),
                SCHEDULE,
                parent_id=parent,
                child_id=child,
                item_id=item,
                done=Done(on),
            )
            return session.get_one(Child, child).replanned_on

    assert record("checkup:m1", MONDAY) is None
    assert record("vaccine:hepb-1", MONDAY) == MONDAY
