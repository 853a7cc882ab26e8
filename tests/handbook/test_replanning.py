"""A record and the plan that follows from it are one transaction."""

import random
import threading
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.doses import PREFIX, KnownFacts, Records, exceptions
from backend.handbook.models import HandbookEntry, ItemDate, VaccineFacts
from backend.handbook.planner import TEMPLATE
from backend.handbook.records import Done, known_of, write_done
from backend.handbook.schedule import load_schedule
from backend.handbook.service import (
    DoseNotMeant,
    DosesBackwards,
    Recorded,
    keep_facts,
    read_timeline,
    record_done,
    replan_child,
    undo_done,
)
from backend.handbook.source import Mother
from backend.kernel.clock import CITY, FixedClock
from backend.outbox.models import Message, MessageState
from backend.people.documents import load_documents
from backend.people.models import Child, DuplicateState
from tests.factories import default_vault, make_child, make_parent

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
VAULT = default_vault()
TODAY = date(2026, 11, 23)
BIRTH = date(2024, 2, 29)
DOSES = [
    rule.id
    for rule in (*SCHEDULE.rules, *SCHEDULE.others, SCHEDULE.low_weight[-1])
    if rule.id.startswith(PREFIX)
]

Sessions = sessionmaker[Session]


def told(dose: str) -> dict[str, str]:
    """An item of a message, with the day that the child's birth date gives it."""
    rule = SCHEDULE.rule(f"{PREFIX}{dose}")
    assert rule is not None
    due = rule.due.on(BIRTH).isoformat()
    return {"item_id": rule.id, "item_title": rule.title, "due_date": due, "say": "ahead"}


class Family:
    def __init__(self, sessions: Sessions, clock: FixedClock, birth: date = BIRTH) -> None:
        self.sessions, self.clock = sessions, clock
        self.parent = make_parent(sessions, documents=load_documents(CONTENT))
        self.child = make_child(sessions, parent_id=self.parent, birth_date=birth)
        self.who = {"parent_id": self.parent, "child_id": self.child}

    def record(self, dose: str, day: date, place: str | None = None) -> Recorded:
        with self.sessions.begin() as session:
            return record_done(
                session,
                self.clock,
                VAULT,
                SCHEDULE,
                **self.who,
                item_id=f"{PREFIX}{dose}",
                done=Done(day, place),
            )

    def undo(self, dose: str) -> None:
        with self.sessions.begin() as session:
            undo_done(session, self.clock, VAULT, SCHEDULE, **self.who, item_id=f"{PREFIX}{dose}")

    def say(self, known: KnownFacts) -> None:
        with self.sessions.begin() as session:
            keep_facts(session, self.clock, VAULT, SCHEDULE, **self.who, known=known)

    def planned(self) -> dict[str, date | None]:
        query = select(ItemDate.item_id, ItemDate.due_on).where(ItemDate.child_id == self.child)
        with self.sessions() as session:
            return {row.item_id: row.due_on for row in session.execute(query)}

    def expected(self) -> dict[str, date | None]:
        with self.sessions() as session:
            rows = session.execute(
                select(HandbookEntry.item_id, HandbookEntry.done_on).where(
                    HandbookEntry.child_id == self.child
                )
            )
            done = {row.item_id: row.done_on for row in rows}
            known = known_of(session, VAULT, [self.child])
        return exceptions(SCHEDULE, Records(BIRTH, done, known), TODAY)

    def remind(self, dose: str, state: MessageState = MessageState.WAITING) -> None:
        with self.sessions.begin() as session:
            session.add(
                Message(
                    key=f"handbook:{dose}",
                    parent_id=self.parent,
                    child_id=self.child,
                    template=TEMPLATE,
                    data={"children": [{"child_id": self.child, "items": [told(dose)]}]},
                    state=state,
                    due_at=self.clock.now(),
                    created_at=self.clock.now(),
                )
            )

    def reminded(self) -> set[str]:
        with self.sessions() as session:
            return {
                item["item_id"]
                for row in session.scalars(select(Message))
                for child in row.data["children"]
                for item in child["items"]
            }


@pytest.fixture
def family(sessions: Sessions, clock: FixedClock) -> Family:
    return Family(sessions, clock)


@pytest.mark.parametrize("seed", [5, 21])
def test_the_plan_equals_the_forecast_of_what_is_recorded_now(family: Family, seed: int) -> None:
    """Whatever is recorded, in whatever order, corrected, taken back or refused."""
    chance = random.Random(seed)
    refused = 0
    for step in range(45):
        dose = chance.choice(DOSES).removeprefix(PREFIX)
        act = chance.random()
        if act < 0.6:
            day = BIRTH + timedelta(days=chance.randint(0, (TODAY - BIRTH).days))
            try:
                family.record(dose, day)
            except (DosesBackwards, DoseNotMeant):
                refused += 1
        elif act < 0.85:
            family.undo(dose)
        else:
            day = BIRTH + timedelta(days=chance.randint(0, (TODAY - BIRTH).days))
            mother, grams = chance.choice([None, *Mother]), chance.choice([None, 1800, 3200])
            family.say(KnownFacts(mother, grams, chance.random() < 0.3, (day,)))
        if step % 3 == 0:
            assert family.planned() == family.expected()
    assert refused
    for item_id in DOSES:
        family.undo(item_id.removeprefix(PREFIX))
    family.say(KnownFacts())
    assert family.planned() == {}


def test_a_moved_dose_takes_its_waiting_reminder_with_it(family: Family) -> None:
    for dose in ("hepb-1", "hepb-2", "hepb-3", "mmr-2"):
        family.remind(dose)
    family.record("hepb-1", BIRTH)

    recorded = family.record("hepb-2", date(2026, 11, 20))

    assert recorded.next is not None
    assert recorded.next.id == "vaccine:hepb-3"
    assert recorded.next.due_date == date(2027, 1, 19)
    assert family.planned() == {"vaccine:hepb-3": date(2027, 1, 19)}
    assert family.reminded() == {"vaccine:mmr-2"}


def test_a_fact_takes_reminders_of_what_it_closes(family: Family) -> None:
    family.remind("varv-1")
    family.remind("varv-2", MessageState.SENT)

    family.say(KnownFacts(had_varicella=True))

    assert family.reminded() == {"vaccine:varv-2"}


def test_health_words_are_sealed_where_they_lie(family: Family) -> None:
    family.record("hepb-1", BIRTH, place="澄江街道接种门诊")
    family.say(KnownFacts(Mother.POSITIVE, 1900, True, (date(2025, 3, 1),)))

    with family.sessions() as session:
        entry = session.scalars(select(HandbookEntry)).one()
        facts = session.scalars(select(VaccineFacts)).one()
        known = known_of(session, VAULT, [family.child])
    words = f"{vars(entry)} {vars(facts)}"
    for word in ("澄江", "positive", "1900", "yes", "2025-03-01"):
        assert word not in words
    assert known == KnownFacts(Mother.POSITIVE, 1900, True, (date(2025, 3, 1),))


def test_a_joined_registration_counts_and_an_impossible_pair_can_be_read(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = Family(sessions, clock)
    second = make_child(sessions, birth_date=BIRTH)
    family.record("hepb-1", date(2024, 4, 1))
    with sessions.begin() as session:
        row = session.get_one(Child, second)
        row.duplicate_of_id, row.duplicate_state = family.child, DuplicateState.SAME
        for dose, day in (("hepb-2", date(2024, 3, 30)), ("dtap-1", date(2026, 11, 20))):
            write_done(
                session,
                clock,
                VAULT,
                parent_id=family.parent,
                child_id=second,
                item_id=f"{PREFIX}{dose}",
                done=Done(day),
            )
        replan_child(session, clock, VAULT, SCHEDULE, child_id=family.child)

    with sessions() as session:
        book = read_timeline(session, clock, VAULT, SCHEDULE, **family.who)
    status = {item.id: item.status.value for item in book.items}
    assert status["vaccine:hepb-2"] == status["vaccine:dtap-1"] == "done"
    assert family.planned()["vaccine:dtap-2"] == date(2026, 12, 18)


def test_two_guardians_who_record_the_same_dose_at_once_leave_one(
    committed: Sessions, clock: FixedClock
) -> None:
    family = Family(committed, clock)
    start = threading.Barrier(2)
    failed: list[Exception] = []

    def write(day: date) -> None:
        start.wait()
        try:
            family.record("hepb-1", day)
        except Exception as error:  # told to the test by the list
            failed.append(error)

    days = [BIRTH, BIRTH + timedelta(days=40)]
    threads = [threading.Thread(target=write, args=(day,)) for day in days]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    with committed() as session:
        assert session.scalars(select(HandbookEntry.done_on)).one() in days
    assert family.planned() == family.expected()


def test_the_day_on_which_it_is_asked_changes_no_row(family: Family) -> None:
    family.record("dtap-1", date(2026, 11, 20))
    before = family.planned()
    later = FixedClock(datetime(2027, 5, 1, 10, tzinfo=CITY))

    with family.sessions.begin() as session:
        replan_child(session, later, VAULT, SCHEDULE, child_id=family.child)

    assert family.planned() == before
