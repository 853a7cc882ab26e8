"""The audience's SQL is equal to a naive reading of small random cities."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import rules
from backend.bookings.models import Booking, BookingState, YearKind
from backend.campaigns.audience import (
    Audience,
    AudienceInvalid,
    OpenItem,
    checkups_due,
    overdue_doses,
)
from backend.campaigns.audience_sql import BITS, Asking, told
from backend.campaigns.counting import Channel, count, families, sample
from backend.handbook.models import HandbookEntry, ItemDate
from backend.handbook.schedule import Kind, Rule, Schedule
from backend.kernel.ages import add_months, age_months
from backend.kernel.clock import FixedClock, city_date
from backend.knowledge.models import QuizSet
from backend.outbox.models import Balance
from backend.people.documents import load_documents
from backend.people.models import Child, Consent, Departure, DuplicateState, Guardian, Relation
from tests.campaigns.town import CONTENT, SCHEDULE
from tests.factories import (
    APPID,
    MORNING,
    make_centre,
    make_child,
    make_parent,
    make_policy,
    make_slot,
)

Sessions = sessionmaker[Session]
DOCUMENTS = load_documents(CONTENT)
TODAY = city_date(MORNING)
TOWNS = ("320281001", "320281101")
CHANNEL = Channel(APPID, "tpl-campaign")
S = BookingState


@dataclass
class Kid:
    """A child as the naive reading knows it."""

    id: int
    birth: date
    town: str
    parents: list[int]
    gone: bool = False
    home_cared: bool = True
    done: set[str] = field(default_factory=set)
    own: dict[str, date | None] = field(default_factory=dict)
    booked: list[tuple[int, BookingState]] = field(default_factory=list)
    used: int = 0  # of this quota year's six


@dataclass
class Citizens:
    kids: list[Kid]
    silent: set[int] = field(default_factory=set)  # parents without standing consents
    quizzed: set[int] = field(default_factory=set)
    allowed: set[int] = field(default_factory=set)


class Naive:
    """Child by child, item by item, with the rules' own functions."""

    def __init__(self, city: Citizens, audience: Audience) -> None:
        self.city, self.audience = city, audience

    def told(self) -> set[tuple[int, int]]:
        return {
            (kid.id, parent)
            for kid in self.city.kids
            if not kid.gone and self._fits(kid)
            for parent in kid.parents
            if parent not in self.city.silent
            and not (self.audience.no_quiz_this_month and parent in self.city.quizzed)
        }

    def _fits(self, kid: Kid) -> bool:
        one, months = self.audience, age_months(kid.birth, TODAY)
        centre = one.centre
        states = {"booked": rules.PLACE_STATES, "attended": {S.ATTENDED}}
        return (
            (not one.towns or kid.town in one.towns)
            and (one.from_months is None or months >= one.from_months)
            and (one.to_months is None or months < one.to_months)
            and (
                centre is None
                or any(
                    where == centre.centre_id and state in states[centre.how.value]
                    for where, state in kid.booked
                )
            )
            and (one.dose is None or self._open(kid, Kind.VACCINE, one.dose))
            and (one.checkup is None or self._open(kid, Kind.CHECKUP, one.checkup))
            and (one.sessions_below is None or (kid.home_cared and kid.used < one.sessions_below))
        )

    def _open(self, kid: Kid, kind: Kind, which: str) -> bool:
        asked = [r for r in SCHEDULE.told if r.kind is kind and which in ("any", r.id)]
        return any(self._item_open(kid, rule) for rule in asked)

    def _item_open(self, kid: Kid, rule: Rule) -> bool:
        if rule.id in kid.done or rule.closes.on(kid.birth) <= TODAY:
            return False
        wait = timedelta(days=14 if rule.kind is Kind.VACCINE else 0)
        if rule.id in kid.own:
            day = kid.own[rule.id]
            return day is not None and day + wait <= TODAY
        usual = rule.id in {one.id for one in SCHEDULE.rules}
        begins = rule.due if rule.kind is Kind.VACCINE else rule.opens
        return usual and begins.on(kid.birth) + wait <= TODAY


def settle(sessions: Sessions, chance: random.Random, centres: Sequence[int]) -> Citizens:
    """A dozen families with a little of everything."""
    parents = [make_parent(sessions, documents=DOCUMENTS) for _ in range(10)]
    slots = {centre: make_slot(sessions, centre_id=centre, capacity=99) for centre in centres}
    city = Citizens([])
    ids = [rule.id for rule in SCHEDULE.told if rule.kind is not Kind.GUIDE]
    with sessions.begin() as session:
        for _ in range(14):
            birth = add_months(TODAY, -chance.choice([0, 1, 3, 6, 8, 12, 18, 24, 36, 60, 83]))
            birth -= timedelta(days=chance.choice([0, 0, 1, 13, 14, 15, 29]))
            theirs = chance.sample(parents, chance.choice([1, 1, 2]))
            kid = Kid(make_child(sessions, birth_date=birth), birth, chance.choice(TOWNS), theirs)
            kid.home_cared = chance.random() < 0.8
            row = session.get_one(Child, kid.id)
            row.town_code, row.home_cared = kid.town, kid.home_cared
            _fill(session, chance, kid, row, ids, slots)
            city.kids.append(kid)
        for parent in parents:
            if chance.random() < 0.15:
                city.silent.add(parent)
                gone = chance.choice(["privacy", "children"])
                session.execute(
                    update(Consent)
                    .where(Consent.parent_id == parent, Consent.purpose == gone)
                    .values(withdrawn_at=MORNING)
                )
            if chance.random() < 0.3:
                city.quizzed.add(parent)
                session.add(_quiz(parent))
    return city


def _fill(
    session: Session,
    chance: random.Random,
    kid: Kid,
    row: Child,
    ids: Sequence[str],
    slots: dict[int, int],
) -> None:
    for parent in kid.parents:
        session.add(
            Guardian(child_id=kid.id, parent_id=parent, relation=Relation.MOTHER, since=MORNING)
        )
    for item in chance.sample(ids, chance.choice([0, 0, 10, 30])):
        kid.done.add(item)
        session.add(
            HandbookEntry(child_id=kid.id, item_id=item, done_on=TODAY, recorded_at=MORNING)
        )
    for item in chance.sample(ids, chance.choice([0, 0, 6])):
        kid.own[item] = chance.choice([None, TODAY - timedelta(days=chance.randint(10, 18))])
        session.add(ItemDate(child_id=kid.id, item_id=item, due_on=kid.own[item]))
    for centre, slot in slots.items():
        if chance.random() < 0.4:
            state = chance.choice([S.CONFIRMED, S.ATTENDED, S.CANCELLED_BY_FAMILY])
            kid.booked.append((centre, state))
            number = None if state is S.CANCELLED_BY_FAMILY else len(kid.booked)
            kid.used += number is not None
            session.add(_booking(kid.id, slot, state, number))
    _take_away(session, chance, kid, row)


def _take_away(session: Session, chance: random.Random, kid: Kid, row: Child) -> None:
    match chance.choice([None] * 8 + ["moved", "deleted", "same"]):
        case "moved":
            row.departure, row.departed_at, kid.gone = Departure.MOVED, MORNING, True
        case "deleted":
            row.deleted_at, kid.gone = MORNING, True
        case "same":
            row.duplicate_of_id = make_child_of(session, row)
            row.duplicate_state, kid.gone = DuplicateState.SAME, True


def make_child_of(session: Session, row: Child) -> int:
    """A first registration that nobody looks after."""
    first = Child(
        name_sealed=row.name_sealed,
        identity=bytes(reversed(row.identity)),
        birth_date=row.birth_date,
        sex=row.sex,
        town_code=row.town_code,
        home_cared=True,
        created_at=MORNING,
    )
    session.add(first)
    session.flush()
    return first.id


def _booking(child: int, slot: int, state: BookingState, number: int | None) -> Booking:
    return Booking(
        child_id=child,
        slot_id=slot,
        state=state,
        quota_year=TODAY.year,
        quota_number=number,
        requested_at=MORNING,
        changed_at=MORNING,
    )


def _quiz(parent: int) -> QuizSet:
    return QuizSet(
        parent_id=parent,
        band="0-3m",
        month=TODAY.replace(day=1),
        sampled=True,
        begun_at=MORNING,
        finished_at=MORNING,
    )


def found(sessions: Sessions, clock: FixedClock, audience: Audience) -> set[tuple[int, int]]:
    with sessions() as session:
        who = families(session, clock, SCHEDULE, audience, TODAY)
        ten = sample(session, who, limit=1000)
        return {(child, one.parent_id) for one in ten for child in one.children}


def asked(chance: random.Random, centres: Sequence[int]) -> Audience:
    """One or two questions at once."""
    questions: list[dict[str, Any]] = [
        {"towns": (TOWNS[0],)},
        {"from_months": 6},
        {"to_months": 12},
        {"from_months": 1, "to_months": 36},
        {"centre": {"centre_id": centres[0], "how": "booked"}},
        {"centre": {"centre_id": centres[1], "how": "attended"}},
        {"dose": "any"},
        {"dose": "vaccine:mmr-1"},
        {"checkup": "any"},
        {"checkup": "checkup:m6"},
        {"sessions_below": 1},
        {"sessions_below": 2},
        {"no_quiz_this_month": True},
    ]
    values: dict[str, Any] = {}
    for question in chance.sample(questions, chance.choice([1, 1, 2])):
        values |= question
    return Audience(**values)


@pytest.mark.parametrize("seed", range(3))
def test_the_statement_finds_whom_a_naive_reading_finds(
    sessions: Sessions, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)
    centres = [make_centre(sessions), make_centre(sessions)]
    city = settle(sessions, chance, centres)
    audiences = [Audience(), *(asked(chance, centres) for _ in range(20))]

    for audience in audiences:
        expected = Naive(city, audience).told()
        assert found(sessions, clock, audience) == expected, audience


@pytest.mark.parametrize("items", [overdue_doses, checkups_due])
def test_the_items_of_a_kind_fit_into_a_word_with_room_to_grow(
    items: Callable[[Schedule, date, str], list[OpenItem]],
) -> None:
    assert len(items(SCHEDULE, TODAY, "any")) < len(BITS) / 2 + 1


def test_an_item_that_nobody_has_recorded_yet_can_be_asked_for_while_a_bit_is_free() -> None:
    others = {f"vaccine:other-{bit}": bit for bit in BITS}
    asking = Asking(SCHEDULE, YearKind.CALENDAR, TODAY, TODAY.replace(day=1), others)

    with pytest.raises(AudienceInvalid):
        told(Audience(dose="vaccine:mmr-1"), asking)

    del others["vaccine:other-5"]
    assert told(Audience(dose="vaccine:mmr-1"), asking).values["dose_mask"] == 1 << 5


def test_however_often_it_is_asked_it_is_planned_with_its_values(
    sessions: Sessions, clock: FixedClock
) -> None:
    """A plan without them, which PostgreSQL may take from the eleventh time on, takes tenfold."""
    with sessions() as session:
        for _ in range(20):
            who = families(session, clock, SCHEDULE, Audience(dose="any"), TODAY)
            count(session, who, CHANNEL)
        prepared = session.execute(
            text(
                "SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements"
                " WHERE statement LIKE '%WITH told AS%'"
            )
        ).one()

    assert prepared[0] > 0
    assert prepared[1] == 0


def test_years_from_birthday_to_birthday_are_counted_as_bookings_count_them(
    sessions: Sessions, clock: FixedClock
) -> None:
    make_policy(sessions, year_kind=YearKind.BIRTHDAY)
    policy = rules.Policy(year_kind=YearKind.BIRTHDAY)
    parent, slot = make_parent(sessions, documents=DOCUMENTS), make_slot(sessions, capacity=99)
    births = [date(2024, 11, 22), date(2024, 11, 23), date(2024, 11, 24), date(2024, 2, 29)]
    kids = {birth: make_child(sessions, parent_id=parent, birth_date=birth) for birth in births}
    for birth, this_year in ((births[0], True), (births[1], False), (births[2], True)):
        year = rules.quota_year(policy, MORNING, birth) - (not this_year)
        with sessions.begin() as session:
            row = _booking(kids[birth], slot, S.ATTENDED, 1)
            row.quota_year = year
            session.add(row)

    left = {child for child, _ in found(sessions, clock, Audience(sessions_below=1))}

    assert left == {kids[births[1]], kids[births[3]]}


def test_families_are_counted_by_town_and_by_the_way_they_can_be_reached(
    sessions: Sessions, clock: FixedClock
) -> None:
    allowed = make_parent(sessions, openid="allowed", documents=DOCUMENTS)
    other = make_parent(sessions, openid="used-up", documents=DOCUMENTS)
    for parent in (allowed, other):
        make_child(sessions, parent_id=parent, town_code=TOWNS[0])
    make_child(sessions, parent_id=allowed, town_code=TOWNS[1])
    with sessions.begin() as session:
        for openid, left in (("allowed", 2), ("used-up", 0)):
            session.add(
                Balance(appid=APPID, openid=openid, template_id="tpl-campaign", balance=left)
            )
    with sessions() as session:
        counted = count(session, families(session, clock, SCHEDULE, Audience(), TODAY), CHANNEL)

    rows = {one.town_code: (one.children, one.parents, one.wechat) for one in counted.towns}
    assert rows == {TOWNS[0]: (2, 2, 1), TOWNS[1]: (1, 0, 0)}
    assert (counted.total.parents, counted.total.in_app) == (2, 1)


def test_a_sample_is_the_first_families_with_all_of_their_children(
    sessions: Sessions, clock: FixedClock
) -> None:
    parents = [make_parent(sessions, documents=DOCUMENTS) for _ in range(3)]
    kids = [make_child(sessions, parent_id=parents[0]) for _ in range(2)]
    make_child(sessions, parent_id=parents[2])
    with sessions() as session:
        who = families(session, clock, SCHEDULE, Audience(), TODAY)
        first, second = sample(session, who)
        (only,) = sample(session, who, limit=1)

    assert list(first.children) == kids
    assert [first.parent_id, second.parent_id] == [parents[0], parents[2]]
    assert only == first


def test_an_item_that_the_schedule_has_no_more_is_said(
    sessions: Sessions, clock: FixedClock
) -> None:
    with sessions() as session, pytest.raises(AudienceInvalid) as refusal:
        families(session, clock, SCHEDULE, Audience(dose="vaccine:gone"), TODAY)

    assert "重新选择" in (refusal.value.detail or "")


def test_the_naive_reading_would_notice_a_forgotten_consent(
    sessions: Sessions, clock: FixedClock
) -> None:
    """The comparison can fail: a city in which it does."""
    city = settle(sessions, random.Random(1), [make_centre(sessions), make_centre(sessions)])
    before = Counter(Naive(city, Audience()).told())
    with sessions.begin() as session:
        session.execute(delete(Consent))

    assert before
    assert found(sessions, clock, Audience()) == set()
