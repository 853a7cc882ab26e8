"""One family, one day on which a worker wakes, and all that leaves the house: P4.

The rules are those that ship. What must hold of their answers is judged by arithmetic on the
seconds of Greenwich, which knows neither our clock nor a library's time zones.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from backend.handbook.planner import SEND_AT, Near, told_to
from backend.handbook.reminders import Due, Say, Told, dues_of
from backend.handbook.schedule import Kind, load_schedule
from backend.jobs.tasks import CATCH_UP_DAYS
from backend.kernel.clock import CITY, city_date, city_midnight
from backend.outbox.hours import is_quiet, next_send_time
from tests.conftest import ROOT

FIRST_BIRTH, LAST_BIRTH = date(2019, 1, 1), date(2028, 12, 31)
SCHEDULE = load_schedule(ROOT / "content")
EPOCH = date(1970, 1, 1)
DAY, HOUR = 86_400, 3_600
CITY_AHEAD = 8 * HOUR  # of Greenwich; no summer time since 1991
ZONES = (  # in which a machine may stand, or an instant be written
    UTC,
    CITY,
    ZoneInfo("America/New_York"),
    ZoneInfo("Europe/Berlin"),
    ZoneInfo("Pacific/Apia"),
    ZoneInfo("Asia/Kathmandu"),
    timezone(timedelta(hours=-11, minutes=-30)),
)
TELLING = (-7, -1, 0, 14)  # the days about a due day on which most is told
BORDERS = (0, 8 * HOUR, 9 * HOUR, 21 * HOUR)  # of a city day: everything turns on them


@dataclass(frozen=True)
class Plan:
    """`joined`: when the family registered. `woken`: when the worker looks, `missed` days late.

    `waits`: after each try that failed; `look`: how long the worker sleeps between two looks.
    """

    birth: date
    own: Mapping[str, date | None]
    joined: datetime
    woken: datetime
    missed: int
    waits: tuple[timedelta, ...]
    look: timedelta


@dataclass(frozen=True)
class Send:
    """What one city day tells, and each instant at which bytes of it leave."""

    day: date
    told: tuple[Told, ...]
    tries: tuple[datetime, ...]


def _heard(joined: datetime, day: date) -> bool:
    """As the planner's statement asks it: `created_at < day_ends`."""
    return joined < city_midnight(day + timedelta(days=1))


@dataclass(frozen=True)
class Rules:
    """Those that ship; a test puts a wrong one in their place."""

    is_quiet: Callable[[datetime], bool] = is_quiet
    told_to: Callable[[list[Near], date, date], Iterator[tuple[date, Told]]] = told_to
    heard: Callable[[datetime, date], bool] = _heard
    city_date: Callable[[datetime], date] = city_date


SHIPPED = Rules()


@dataclass
class Found:
    """`sends` counts instants, `items` what was told; `broken`: promise to times."""

    plans: int = 0
    sends: int = 0
    items: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Found") -> None:
        self.plans += other.plans
        self.sends += other.sends
        self.items += other.items
        self.broken += other.broken
        self.examples += other.examples


def check_plans(seed: int, count: int, rules: Rules = SHIPPED) -> Found:
    """So many plans of a seed: always the same."""
    chance, found = random.Random(seed), Found()
    for _ in range(count):
        plan = random_plan(chance)
        every = list(sends_of(plan, rules))
        found.plans += 1
        found.sends += sum(len(one.tries) for one in every)
        found.items += sum(len(one.told) for one in every)
        wrong = set(broken_promises(plan, every))
        found.broken.update(wrong)
        if wrong and len(found.examples) < 3:
            found.examples.append(f"{sorted(wrong)}: {plan}")
    return found


def random_plan(chance: random.Random) -> Plan:
    """About a day on which something may be told, at any second of it, those of the borders often.

    Half of the families registered within the days that the worker makes good.
    """
    birth = FIRST_BIRTH + timedelta(days=chance.randrange((LAST_BIRTH - FIRST_BIRTH).days + 1))
    own = _own_days(chance, birth) if chance.random() < 0.25 else {}
    due = chance.choice(_dues(birth, own)).on
    off = chance.choice(TELLING) if chance.random() < 0.7 else chance.randrange(-8, 22)
    day = max(birth, due + timedelta(days=off))
    woken = _instant(chance, day)
    ago = timedelta(days=chance.choice((9, 400)) * chance.random())
    return Plan(
        birth=birth,
        own=own,
        joined=(woken - ago).astimezone(chance.choice(ZONES)),
        woken=woken.astimezone(chance.choice(ZONES)),
        missed=chance.choice((0, 0, 0, chance.randrange(CATCH_UP_DAYS + 1))),
        waits=tuple(
            timedelta(seconds=chance.randrange(1, 8 * HOUR)) for _ in range(chance.choice((0, 1)))
        ),
        look=timedelta(seconds=chance.randrange(600, HOUR)),
    )


def sends_of(plan: Plan, rules: Rules) -> Iterator[Send]:
    """The days that the worker plans when it wakes, and when what they tell is on the wire."""
    today = rules.city_date(plan.woken)
    near = [Near(plan.birth, _dues(plan.birth, plan.own))]
    for back in range(plan.missed, -1, -1):
        day = today - timedelta(days=back)
        if not rules.heard(plan.joined, day):
            continue
        told = tuple(one for _, one in rules.told_to(near, day, today))
        if told:
            due_at = datetime.combine(day, SEND_AT, CITY)
            yield Send(day, told, tuple(_tries(plan, rules, max(due_at, plan.woken))))


def _tries(plan: Plan, rules: Rules, at: datetime) -> Iterator[datetime]:
    """The worker looks again and again, and sends at the first look that is not at night."""
    for wait in (timedelta(0), *plan.waits):
        at += wait
        while rules.is_quiet(at):
            at += plan.look
        yield at


def broken_promises(plan: Plan, sends: list[Send]) -> Iterator[str]:
    """By name; nothing where all is well."""
    weeks = Counter((send.day - plan.birth).days // 7 for send in sends)
    if any(days > 2 for days in weeks.values()):
        yield "three days of a child's week"
    today = _city_day(plan.woken)
    for send in sends:
        yield from _wrong_hour(plan, send)
        yield from _wrong_day(plan, send, today)
        for one in send.told:
            yield from _wrongly_told(plan, send, one, today)


def _wrong_hour(plan: Plan, send: Send) -> Iterator[str]:
    if any(not 8 * HOUR <= _second_of_day(at) < 21 * HOUR for at in send.tries):
        yield "at night"
    first = max(datetime.combine(send.day, SEND_AT, CITY), plan.woken)
    if not first <= next_send_time(first) <= send.tries[0] < next_send_time(first) + plan.look:
        yield "not at the first look of the morning"


def _wrong_day(plan: Plan, send: Send, today: date) -> Iterator[str]:
    if not 0 <= (today - send.day).days <= plan.missed:
        yield "of another day than today and those that were missed"
    if send.day < _city_day(plan.joined):
        yield "of a day before the family came"
    if send.day < plan.birth:
        yield "before the birth"


def _wrongly_told(plan: Plan, send: Send, told: Told, today: date) -> Iterator[str]:
    rule, due = told.due.rule, told.due.on
    if today >= rule.closes.on(plan.birth):
        yield "over"
    late = None if rule.late is None or rule.id in plan.own else rule.late.on(plan.birth)
    if told.say is not Say.OPEN and late is not None and today >= late:
        yield "overdue, and told as coming"
    days = (due - send.day).days
    if told.say in (Say.AHEAD, Say.EVE) and not 1 <= days <= 13:
        yield "told as coming, and is not"
    if told.say is Say.OPEN and not -20 <= days <= -8:
        yield "asked after too soon or too late"
    if (told.say is Say.CARD) != (rule.kind is Kind.GUIDE):
        yield "a card as a task, or a task as a card"
    if told.say is Say.CARD and not -6 <= days <= 6:
        yield "a card of another week"


def _own_days(chance: random.Random, birth: date) -> dict[str, date | None]:
    """Some items on days of the child's own, some not wanted."""
    chosen = chance.sample(SCHEDULE.rules, chance.randrange(1, 9))
    return {
        rule.id: None if chance.random() < 0.2 else birth + timedelta(days=chance.randrange(2300))
        for rule in chosen
    }


def _instant(chance: random.Random, day: date) -> datetime:
    second = float(chance.randrange(DAY))
    if chance.random() < 0.3:
        second = (chance.choice(BORDERS) + chance.choice((-1, -1e-6, 0, 1))) % DAY
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(seconds=CITY_AHEAD)
    return start + timedelta(seconds=second)


def _dues(birth: date, own: Mapping[str, date | None]) -> tuple[Due, ...]:
    return _usual_dues(birth) if not own else tuple(dues_of(SCHEDULE, birth, own))


@lru_cache(maxsize=4000)
def _usual_dues(birth: date) -> tuple[Due, ...]:
    return tuple(dues_of(SCHEDULE, birth))


def _seconds(at: datetime) -> float:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1) + CITY_AHEAD


def _second_of_day(at: datetime) -> float:
    return _seconds(at) % DAY


def _city_day(at: datetime) -> date:
    return EPOCH + timedelta(days=_seconds(at) // DAY)
