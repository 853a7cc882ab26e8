"""Families with any record that a book can hold, drawn by a seed; and their way out and in: H4."""

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.models import BookingState
from backend.handbook.doses import KnownFacts, Records, believable
from backend.handbook.growth.standards import StandardName, load_standard
from backend.handbook.growth_rules import Measures
from backend.handbook.growth_service import Told, record
from backend.handbook.records import Done, write_done, write_known
from backend.handbook.replanning import replan
from backend.handbook.schedule import load_schedule
from backend.handbook.screening_file import load_screenings
from backend.handbook.source import Mother
from backend.handbook.vaccines import plan
from backend.kernel.clock import CITY, FixedClock, city_date
from backend.kernel.sex import Sex
from backend.people.documents import load_documents
from backend.people.models import Child
from backend.rights.copies import copy_of_child, record_of
from backend.rights.take_along.book import Programmes, read_book
from backend.rights.take_along.fhir import bundle_of, validated
from backend.rights.take_along.fhir_reading import read_any
from backend.rights.take_along.importing import Imported, import_copy
from tests.conftest import ROOT
from tests.factories import default_vault, make_booking, make_child, make_parent, make_slot
from tests.rights.take_along.bundles import facts_of_bundle

CONTENT = ROOT / "content"
SCHEDULE = load_schedule(CONTENT)
DOCUMENTS = load_documents(CONTENT)
PROGRAMMES = Programmes(
    SCHEDULE, load_screenings(CONTENT), load_standard(CONTENT, StandardName.WST423)
)
CLOCK = FixedClock(datetime(2026, 11, 23, 10, tzinfo=CITY))
TODAY = city_date(CLOCK.now())
VAULT = default_vault()
SITE, OTHER_CITY = "https://one.example", "https://other.example"
PLACES = (None, "测试街道接种门诊", "测试卫生院 & <预防接种>", "“引号”和\\反斜线")
SLOT = 100  # places
Json = dict[str, Any]
Sessions = sessionmaker[Session]


@dataclass
class Travelled:
    """`kinds`: the resources of all bundles. `lost`: families whose way in lost something."""

    families: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Home:
    parent_id: int
    child_id: int

    @property
    def who(self) -> dict[str, int]:
        return {"parent_id": self.parent_id, "child_id": self.child_id}


def travel(sessions: Sessions, seed: int, count: int) -> Travelled:
    """So many families leave with a bundle and a copy, and come in elsewhere with each.

    Raises NotFhir for a bundle that is not valid. Nobody's record may be another one afterwards.
    """
    found = Travelled()
    slots: list[int] = []
    for number in range(count):
        chance = random.Random(seed * 1_000_003 + number)
        if not number % SLOT:
            slots = [make_slot(sessions, capacity=SLOT) for _ in range(3)]
        home = settle(sessions, chance, slots)
        bundle, copy = bundle_of_home(sessions, home, SITE), copy_of_home(sessions, home)
        found.families += 1
        found.kinds.update(entry["resource"]["resourceType"] for entry in bundle["entry"])
        found.lost += [f"seed {seed}, {number}: {what}" for what in lost(sessions, bundle, copy)]
    return found


def lost(sessions: Sessions, bundle: Json, copy: Json, carried: Json | None = None) -> list[str]:
    """What a bundle says of the child must be said by its new book; so must a copy's record.

    `carried`: the bundle that arrives, where that is another one.
    """
    with_bundle, told = _arrive(sessions, carried or bundle, copy["child"])
    again = bundle_of_home(sessions, with_bundle, OTHER_CITY)
    found = [] if facts_of_bundle(again) == facts_of_bundle(bundle) else ["the bundle"]
    found += ["a clash of the bundle"] if told.clashes else []
    with_copy, told = _arrive(sessions, copy, copy["child"])
    found += ["a clash of the copy"] if told.clashes else []
    with sessions() as session:
        ids = [with_copy.child_id]
        after = json.loads(json.dumps(record_of(session, VAULT, ids, diaries=ids)))
    found += [f"{part} of the copy" for part, rows in after.items() if rows != copy[part]]
    return found


def settle(sessions: Sessions, chance: random.Random, slots: list[int]) -> Home:
    """A family with a child up to six years old, and all that it may have written."""
    age = chance.choice((chance.randrange(60), chance.randrange(400), chance.randrange(6 * 365)))
    birth = TODAY - timedelta(days=age)
    home = _register(sessions, birth, chance.choice(list(Sex)))
    with sessions.begin() as session:
        child = session.get_one(Child, home.child_id)
        child.gestational_weeks = chance.choice((None, chance.randrange(24, 37), 39))
        known = _said_once(chance, birth)
        if chance.random() < 0.7:
            write_known(session, CLOCK, VAULT, **home.who, known=known)
        else:
            known = KnownFacts()
        done = _doses(chance, Records(birth, {}, known)) | _checkups(chance, birth)
        for item, one in done.items():
            write_done(session, CLOCK, VAULT, **home.who, item_id=item, done=one)
        days = {item: one.on for item, one in done.items()}
        records = Records(birth, days, known)
        replan(session, SCHEDULE, child_id=home.child_id, records=records, on=TODAY)
        for told in _measurements(chance, birth):
            record(session, CLOCK, VAULT, PROGRAMMES.standard, **home.who, told=told)
    states = (BookingState.REQUESTED, BookingState.CONFIRMED, BookingState.ATTENDED)
    for number, slot in enumerate(chance.sample(slots, chance.randrange(len(slots) + 1)), 1):
        make_booking(
            sessions,
            child_id=home.child_id,
            slot_id=slot,
            state=chance.choice(states),
            quota_number=number,
        )
    return home


def bundle_of_home(sessions: Sessions, home: Home, site: str) -> Json:
    """Written, read strictly by fhirclient, and once more as it comes out of a file."""
    with sessions() as session:
        book = read_book(session, CLOCK, VAULT, PROGRAMMES, **home.who)
        written = json.dumps(bundle_of(book, site), ensure_ascii=False)
    return validated(json.loads(written))


def copy_of_home(sessions: Sessions, home: Home) -> Json:
    with sessions.begin() as session:
        child = session.get_one(Child, home.child_id)
        made = copy_of_child(session, CLOCK, VAULT, child=child, parent_id=home.parent_id)
    copy: Json = json.loads(json.dumps(made, ensure_ascii=False))
    return copy


def _arrive(sessions: Sessions, file: Json, child: Json) -> tuple[Home, Imported]:
    """Another account in another city: born on the same day, and nothing written yet."""
    home = _register(sessions, date.fromisoformat(child["birth_date"]), Sex(child["sex"]))
    with sessions.begin() as session:
        told = import_copy(
            session, CLOCK, VAULT, DOCUMENTS, PROGRAMMES, **home.who, copy=read_any(file)
        )
    return home, told


def _register(sessions: Sessions, birth: date, sex: Sex) -> Home:
    parent = make_parent(sessions, documents=DOCUMENTS)
    return Home(parent, make_child(sessions, parent_id=parent, birth_date=birth, sex=sex))


def _said_once(chance: random.Random, birth: date) -> KnownFacts:
    used = {_day(chance, birth) for _ in range(chance.choice((0, 0, 1, 2)))}
    return KnownFacts(
        mother=chance.choice((None, *Mother)),
        birth_grams=chance.choice((None, chance.randrange(800, 2000), 3210)),
        had_varicella=chance.choice((None, True, False)),
        immunoglobulin=tuple(sorted(used)),
    )


def _doses(chance: random.Random, records: Records) -> dict[str, Done]:
    """As the programme goes on, each on its first day or late."""
    found: dict[str, Done] = {}
    for _ in range(chance.randrange(25)):
        days = {item: one.on for item, one in found.items()}
        facts = believable(SCHEDULE.programme, replace(records, done=days), TODAY)
        open_ones = [
            (f"vaccine:{one.id}", one.earliest)
            for one in plan(SCHEDULE.programme, facts)
            if one.earliest is not None and one.id not in facts.given and one.earliest <= TODAY
        ]
        if not open_ones:
            break
        item, first = open_ones[0] if chance.random() < 0.7 else chance.choice(open_ones)
        series = item.rpartition("-")[0]
        before = [day for other, day in days.items() if other.rpartition("-")[0] == series]
        day = max([first, *before]) + timedelta(days=chance.choice((0, chance.randrange(90))))
        batch = chance.choice((None, f"B{chance.randrange(10**6)}"))
        found[item] = Done(min(day, TODAY), chance.choice(PLACES), batch)
    return found


def _checkups(chance: random.Random, birth: date) -> dict[str, Done]:
    passed = [
        rule.id
        for rule in SCHEDULE.rules
        if rule.id.startswith("checkup:") and rule.due.on(birth) <= TODAY
    ]
    return {
        item: Done(_day(chance, birth), chance.choice(PLACES))
        for item in chance.sample(passed, chance.randrange(len(passed) + 1))
    }


def _measurements(chance: random.Random, birth: date) -> list[Told]:
    days = {_day(chance, birth) for _ in range(chance.randrange(8))}
    return [Told(day, _measures(chance, (day - birth).days), confirmed=True) for day in days]


def _measures(chance: random.Random, days: int) -> Measures:
    weight = round((3300 + 7.5 * days) * chance.gauss(1, 0.08))
    length = round((500 + 0.33 * days) * chance.gauss(1, 0.03))
    head = round((345 + 0.085 * days) * chance.gauss(1, 0.02))
    with_length = chance.random() < 0.7
    return Measures(
        weight_g=weight if chance.random() < 0.8 or not with_length else None,
        length_mm=length if with_length else None,
        lying=chance.choice((None, True, False)) if with_length else None,
        head_mm=head if chance.random() < 0.4 else None,
    )


def _day(chance: random.Random, birth: date) -> date:
    return birth + timedelta(days=chance.randrange((TODAY - birth).days + 1))
