"""The reminders said once more, day by day and child by child, by somebody who knows no groups."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from backend.handbook.schedule import Kind, Schedule

Telling = set[tuple[str, str]]  # item, and how it is said
Groups = list[dict[str, date]]  # tasks of one week: item and due day


def week_of(birth: date, day: date) -> int:
    return (day - birth).days // 7


class Life:
    """Fills in one child's days, one kind of saying after the other."""

    def __init__(self, birth: date) -> None:
        self.birth = birth
        self.plan: dict[date, Telling] = {}

    def say(self, day: date, items: Iterable[str], how: str) -> None:
        if day >= self.birth:
            self.plan.setdefault(day, set()).update((item, how) for item in items)

    def days_of_week(self, day: date) -> list[date]:
        """On which the week of that day tells something so far."""
        return sorted(one for one in self.plan if self.week(one) == self.week(day))

    def week(self, day: date) -> int:
        return week_of(self.birth, day)

    def eves(self, groups: Groups) -> None:
        for group in groups:
            self.say(min(group.values()) - timedelta(days=1), group, "eve")

    def aheads(self, groups: Groups) -> None:
        found = []
        for group in groups:
            day = min(group.values()) - timedelta(days=7)
            week = self.days_of_week(day)
            if len({*week, day}) > 2:
                day = next(one for one in week if one > day)
            found.append((day, group))
        for day, group in found:
            self.say(day, group, "ahead")

    def opens(self, groups: Groups) -> None:
        found = []
        for group in groups:
            day = min(group.values()) + timedelta(days=14)
            week = self.days_of_week(day)
            alone = week[0] if len(week) == 1 and day < week[0] else day
            announced = any(how == "eve" for _, how in self.plan.get(alone, ()))
            found.append((self.join(day) if len(week) > 1 else alone if announced else day, group))
        for day, group in found:
            self.say(day, group, "open")

    def cards(self, cards: dict[str, date]) -> None:
        last = {self.week(day): day for day in sorted(cards.values())}
        found = [
            (self.join(day) if self.days_of_week(day) else last[self.week(day)], item)
            for item, day in cards.items()
        ]
        for day, item in found:
            self.say(day, [item], "card")

    def join(self, day: date) -> date:
        week = self.days_of_week(day)
        return next((one for one in week if one >= day), week[-1])


def life(schedule: Schedule, birth: date, own: Mapping[str, date | None]) -> dict[date, Telling]:
    """Everything that is ever told of one child, were nothing recorded and nothing ever over."""
    one = Life(birth)
    tasks: dict[int, dict[str, date]] = {}
    cards: dict[str, date] = {}
    for rule in schedule.rules:
        day = own.get(rule.id, rule.due.on(birth))
        if day is not None and rule.kind is Kind.GUIDE:
            cards[rule.id] = day
        elif day is not None:
            tasks.setdefault(one.week(day), {})[rule.id] = day
    groups = list(tasks.values())
    one.eves(groups)
    one.aheads(groups)
    one.opens(groups)
    one.cards(cards)
    return one.plan


def worth(
    schedule: Schedule, birth: date, own: Mapping[str, date | None], told: Telling, on: date
) -> Telling:
    """What of it is not over, nor overdue where a due day is announced."""
    kept = set()
    for item, how in told:
        rule = schedule.rule(item)
        assert rule is not None
        over = on >= rule.closes.on(birth)
        overdue = rule.late is not None and on >= rule.late.on(birth)
        moved = item in own and own[item] != rule.due.on(birth)
        if not over and (how == "open" or moved or not overdue):
            kept.add((item, how))
    return kept
