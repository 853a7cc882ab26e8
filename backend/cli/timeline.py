"""`timeline`: the whole plan of a child born on a day, for a person or a program."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from backend.handbook.reminders import WEEK, Say, Told, dues_of, plan_of
from backend.handbook.schedule import Kind, Schedule

KINDS = {Kind.VACCINE: "接种", Kind.CHECKUP: "体检", Kind.GUIDE: "指南", Kind.MOTHER: "妈妈"}
SAYS = {
    Say.AHEAD: "提前 7 天",
    Say.EVE: "前一天",
    Say.OPEN: "14 天后仍没有记录时",
    Say.CARD: "阅读",
}
NEVER = "不提醒"

Plan = list[tuple[date, list[Told]]]


def as_data(schedule: Schedule, birth: date) -> dict[str, Any]:
    """Every item with the days on which it is told, and every message with its items.

    `group`: the first due day of the tasks of the same week of life; null for a guide.
    """
    plan = plan_of(schedule, birth)
    return {
        "version": schedule.version,
        "birth": birth.isoformat(),
        "items": list(_items(schedule, birth, plan)),
        "messages": [
            {
                "on": day.isoformat(),
                "items": [{"id": one.due.rule.id, "say": one.say.value} for one in told],
            }
            for day, told in plan
        ],
        "disclaimer": schedule.disclaimer,
    }


def as_lines(schedule: Schedule, birth: date) -> list[str]:
    """First what is due when, then what is told on which day."""
    plan = plan_of(schedule, birth)
    lines = [f"{birth} 出生 · {schedule.version} · {schedule.disclaimer}", "", "日程"]
    for item in _items(schedule, birth, plan):
        days = "、".join(f"{one['on']}（{SAYS[Say(one['say'])]}）" for one in item["reminders"])
        lines.append(f"{item['due']}  {KINDS[Kind(item['kind'])]}  {item['title']}")
        lines.append(f"            {days or NEVER}")
    lines += ["", "消息（同一周的事合成一条，每周最多两天）"]
    for day, told in plan:
        said = "；".join(f"{one.due.rule.title}（{SAYS[one.say]}）" for one in told)
        lines.append(f"{day}  {said}")
    return lines


def differences(now: Schedule, candidate: Schedule, birth: date) -> list[str]:
    """Lines of messages that only one of two schedules would send: `-` the first, `+` the other."""
    before, after = ({*_said(schedule, birth)} for schedule in (now, candidate))
    marked = [(line, "-") for line in before - after] + [(line, "+") for line in after - before]
    return [f"{mark} {line}" for line, mark in sorted(marked)]


def _said(schedule: Schedule, birth: date) -> Iterator[str]:
    for day, told in plan_of(schedule, birth):
        yield from (f"{day}  {one.due.rule.title}（{SAYS[one.say]}）" for one in told)


def _items(schedule: Schedule, birth: date, plan: Plan) -> Iterator[dict[str, Any]]:
    anchors: dict[int, date] = {}
    dues = sorted(dues_of(schedule, birth), key=lambda due: due.on)
    for due in dues:
        if due.rule.kind is not Kind.GUIDE:
            anchors.setdefault((due.on - birth).days // WEEK, due.on)
    for due in dues:
        rule = due.rule
        before = rule.before.on(birth) - timedelta(days=1) if rule.before else None
        group = None if rule.kind is Kind.GUIDE else anchors[(due.on - birth).days // WEEK]
        yield {
            "id": rule.id,
            "kind": rule.kind.value,
            "title": rule.title,
            "from": rule.opens.on(birth).isoformat(),
            "due": due.on.isoformat(),
            "until": before.isoformat() if before else None,
            "group": group.isoformat() if group else None,
            "reminders": [
                {"on": day.isoformat(), "say": one.say.value}
                for day, told in plan
                for one in told
                if one.due.rule.id == rule.id
            ],
        }
