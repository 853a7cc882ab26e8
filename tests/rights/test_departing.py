"""A child moved away or died, a guardian or a consent is gone: no wrong message afterwards."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.models import Booking, BookingState
from backend.handbook.models import HandbookEntry
from backend.handbook.planner import plan_due
from backend.handbook.records import Done
from backend.handbook.schedule import load_schedule
from backend.handbook.service import record_done
from backend.handbook.settling import settle
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.outbox import claims, service
from backend.outbox.claims import Claimed, Ready, nothing_changed
from backend.outbox.delivery import deliver
from backend.outbox.marking import Marked, mark_sending
from backend.outbox.models import Message, MessageState
from backend.outbox.preparing import prepare
from backend.people import consents
from backend.people.documents import load_documents
from backend.people.models import Child, Departure, Guardian, Purpose, Relation
from backend.rights import departing
from backend.rights.deletion import leave_child
from backend.rights.departing import DepartureFinal, ToldBy
from tests.factories import (
    APPID,
    MORNING,
    TOWN,
    default_vault,
    make_booking,
    make_child,
    make_parent,
    make_slot,
)
from tests.fakes import FakeMessenger
from tests.outbox.scene import delivery, grant, new_key

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
TODAY = date(2026, 11, 23)
BIRTH = date(2026, 5, 30)
DOSE = "vaccine:hepb-3"
TEMPLATE_ID = "tpl-handbook-reminder"

Sessions = sessionmaker[Session]


class House:
    """A mother with one or two children of six months, reminded today, and a permission."""

    def __init__(self, sessions: Sessions, clock: FixedClock, children: int = 1) -> None:
        self.sessions, self.clock = sessions, clock
        self.key = new_key(TEMPLATE_ID)
        self.parent = make_parent(
            sessions, openid=self.key.openid, documents=load_documents(CONTENT)
        )
        self.children = [
            make_child(sessions, parent_id=self.parent, birth_date=BIRTH) for _ in range(children)
        ]
        self.child = self.children[0]
        grant(sessions, clock, self.key, 3)
        self.plan()

    def plan(self) -> int:
        with self.sessions.begin() as session:
            return plan_due(session, self.clock, SCHEDULE, TODAY)

    def depart(self, kind: Departure = Departure.DIED) -> None:
        with self.sessions.begin() as session:
            departing.depart(
                session, self.clock, parent_id=self.parent, child_id=self.child, kind=kind
            )

    def come_back(self) -> None:
        with self.sessions.begin() as session:
            departing.come_back(session, self.clock, parent_id=self.parent, child_id=self.child)

    def withdraw(self) -> None:
        with self.sessions.begin() as session:
            consents.withdraw(session, self.clock, parent_id=self.parent, purpose=Purpose.CHILDREN)

    def leave(self) -> None:
        with self.sessions.begin() as session:
            leave_child(session, self.clock, parent_id=self.parent, child_id=self.child)

    def record_all(self) -> None:
        for item in ("vaccine:hepb-3", "vaccine:dtap-3", "vaccine:mpsva-1", "checkup:m6"):
            self.record(item)

    def record(self, item: str = DOSE) -> None:
        with self.sessions.begin() as session:
            record_done(
                session,
                self.clock,
                default_vault(),
                SCHEDULE,
                parent_id=self.parent,
                child_id=self.child,
                item_id=item,
                done=Done(TODAY),
            )

    def messages(self) -> list[Message]:
        with self.sessions() as session:
            return list(session.scalars(select(Message).order_by(Message.id)))

    def told(self) -> set[tuple[int, str]]:
        return {
            (child["child_id"], item["item_id"])
            for message in self.messages()
            for child in message.data["children"]
            for item in child["items"]
        }

    def claim(self) -> list[Claimed]:
        with self.sessions.begin() as session:
            return claims.claim(
                session, self.clock, appid=APPID, limit=10, terms=claims.Terms(settle=settle)
            )

    def mark(self, claimed: list[Claimed], how: claims.Settle = settle) -> Marked:
        parts = delivery(self.sessions, self.clock, FakeMessenger(), settle=settle)
        ready = [
            one for one in (prepare(parts, each) for each in claimed) if isinstance(one, Ready)
        ]
        assert len(ready) == len(claimed)
        with self.sessions.begin() as session:
            return mark_sending(session, self.clock, ready, terms=claims.Terms(settle=how))


Event = Callable[[House], None]
EVENTS: dict[str, Event] = {
    "died": lambda house: house.depart(Departure.DIED),
    "moved": lambda house: house.depart(Departure.MOVED),
    "withdrawn": House.withdraw,
    "left": House.leave,
    "recorded": House.record_all,
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_what_happens_while_a_worker_holds_the_message_stops_it(
    sessions: Sessions, clock: FixedClock, event: Event
) -> None:
    house = House(sessions, clock)
    claimed = house.claim()
    assert len(claimed) == 1

    event(house)

    assert house.mark(claimed).sending == []
    messenger = FakeMessenger()
    clock.advance(timedelta(minutes=2))
    deliver(delivery(sessions, clock, messenger, settle=settle))
    assert messenger.sent == []


@pytest.mark.parametrize(("how", "goes"), [(settle, 0), (nothing_changed, 1)])
def test_without_asking_again_a_message_about_what_is_done_would_go(
    sessions: Sessions, clock: FixedClock, how: claims.Settle, goes: int
) -> None:
    """The guard is worth having: somebody writes records and tells the outbox nothing."""
    house = House(sessions, clock)
    claimed = house.claim()
    with sessions.begin() as session:
        session.add_all(
            HandbookEntry(child_id=child, item_id=item, done_on=TODAY, recorded_at=MORNING)
            for child, item in house.told()
        )

    assert len(house.mark(claimed, how).sending) == goes


@pytest.mark.parametrize("event", ["died", "moved", "left"])
def test_of_twins_the_other_ones_part_stays_and_goes_out_alone(
    sessions: Sessions, clock: FixedClock, event: str
) -> None:
    house = House(sessions, clock, children=2)
    claimed = house.claim()

    EVENTS[event](house)

    assert house.mark(claimed).sending == []
    assert {child for child, _ in house.told()} == {house.children[1]}
    (message,) = house.messages()
    assert (message.child_id, message.state) == (house.children[1], MessageState.WAITING)
    messenger = FakeMessenger()
    deliver(delivery(sessions, clock, messenger, settle=settle))
    assert len(messenger.sent) == 1


def test_what_is_recorded_while_a_worker_holds_the_message_is_worded_anew(
    sessions: Sessions, clock: FixedClock
) -> None:
    house = House(sessions, clock)
    claimed = house.claim()
    house.record()

    assert house.mark(claimed).sending == []

    messenger = FakeMessenger()
    deliver(delivery(sessions, clock, messenger, settle=settle))
    ((_, _, data, _),) = messenger.sent
    assert data["thing1"].startswith("3项：百白破")


@pytest.mark.parametrize("kind", list(Departure))
def test_everything_that_waits_is_gone_and_nothing_comes_after(
    sessions: Sessions, clock: FixedClock, kind: Departure
) -> None:
    house = House(sessions, clock)
    slot = make_slot(sessions)
    booking = make_booking(sessions, child_id=house.child, slot_id=slot)

    house.depart(kind)

    assert house.messages() == []
    assert house.plan() == 0
    with sessions.begin() as session:
        told = service.put(
            session, clock, key="x", child_id=house.child, template="booking_reminder", data={}
        )
        row = session.get_one(Booking, booking)
        assert (told, row.state) == (0, BookingState.CANCELLED_BY_FAMILY)
        assert session.scalar(
            select(func.count()).where(AuditEntry.action == f"child.departed.{kind.value}")
        )


def test_a_move_can_be_taken_back_and_the_day_is_planned_again(
    sessions: Sessions, clock: FixedClock
) -> None:
    house = House(sessions, clock)
    house.depart(Departure.MOVED)
    clock.advance(timedelta(hours=3))

    house.come_back()

    assert house.plan() == 1


def test_a_mistaken_tap_is_taken_back_within_half_an_hour_and_not_later(
    sessions: Sessions, clock: FixedClock
) -> None:
    house = House(sessions, clock)
    house.depart()
    clock.advance(timedelta(minutes=30))
    house.come_back()
    house.depart()
    clock.advance(timedelta(minutes=31))

    with pytest.raises(DepartureFinal):
        house.come_back()


def test_a_death_is_not_overwritten_by_a_move(sessions: Sessions, clock: FixedClock) -> None:
    house = House(sessions, clock)
    house.depart(Departure.DIED)
    house.depart(Departure.MOVED)

    with sessions() as session:
        assert session.get_one(Child, house.child).departure is Departure.DIED


def test_staff_of_the_town_say_it_and_of_another_town_find_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    house = House(sessions, clock)

    def say(town_code: str) -> None:
        with sessions.begin() as session:
            departing.depart_for_family(
                session,
                clock,
                child_id=house.child,
                kind=Departure.DIED,
                actor="staff:1",
                told_by=ToldBy.VILLAGE,
                town_code=town_code,
            )

    with pytest.raises(NotFound):
        say("320281999")
    say(TOWN)
    assert house.messages() == []

    clock.advance(timedelta(days=3))
    with sessions.begin() as session:
        departing.come_back_for_family(
            session, clock, child_id=house.child, actor="staff:1", town_code=None
        )
        assert session.get_one(Child, house.child).departure is None


def test_another_family_finds_nothing(sessions: Sessions, clock: FixedClock) -> None:
    house = House(sessions, clock)
    house.parent = make_parent(sessions)

    with pytest.raises(NotFound):
        house.depart()
    with pytest.raises(NotFound):
        house.come_back()


def test_the_other_guardian_still_hears_of_the_child_when_one_leaves(
    sessions: Sessions, clock: FixedClock
) -> None:
    house = House(sessions, clock, children=2)
    father = make_parent(sessions, documents=load_documents(CONTENT))
    with sessions.begin() as session:
        session.add(
            Guardian(
                child_id=house.child, parent_id=father, relation=Relation.FATHER, since=MORNING
            )
        )
    house.plan()

    house.leave()

    assert {(m.parent_id, m.child_id) for m in house.messages()} == {
        (house.parent, house.children[1]),
        (father, house.child),
    }


def test_a_message_about_several_that_went_out_forgets_the_child_that_is_deleted(
    sessions: Sessions, clock: FixedClock
) -> None:
    house = House(sessions, clock, children=2)
    with sessions.begin() as session:
        session.scalars(select(Message)).one().state = MessageState.SENT

    house.leave()

    assert {child for child, _ in house.told()} == {house.children[1]}


def test_nothing_changed_says_so(sessions: Sessions) -> None:
    with sessions() as session:
        assert nothing_changed(session, [1]) == {}
