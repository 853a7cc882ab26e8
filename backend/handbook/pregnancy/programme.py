"""The programme of a pregnancy: check-ups, clinical windows, cards of the week, danger signs."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from backend.facts.figures import Facts, load_facts
from backend.handbook.pregnancy.dating import Method
from backend.handbook.pregnancy.source import (
    FactFile,
    FactRow,
    PrenatalFile,
    VisitRow,
    WindowRow,
)
from backend.handbook.schedule import DISCLAIMER
from backend.handbook.source import HandbookError, Problem, read_file
from backend.kernel.yaml_lines import line_of

MEMORY = "MEM"
NOT_CHECKED = "未核对，以医生为准"


@dataclass(frozen=True)
class Told:
    """A statement with where it is from; `checked` is false for what rests on memory."""

    text: str
    checked: bool
    source: str


@dataclass(frozen=True)
class Checkup:
    """A free check-up. Weeks are completed ones; the window ends with the last day of `last`."""

    id: str
    title: str
    first_week: int
    last_week: int
    aim_week: int
    free_items: tuple[str, ...]
    extra_items: tuple[str, ...]
    advice: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Window:
    """An examination that the clinic arranges; shown, never reminded of."""

    id: str
    title: str
    first_week: int
    last_week: int
    weeks_text: str
    optional: bool
    told: Told


@dataclass(frozen=True)
class Card:
    slug: str
    title: str
    summary: str
    first_week: int
    last_week: int

    def covers(self, week: int) -> bool:
        return self.first_week <= week <= self.last_week


@dataclass(frozen=True)
class Danger:
    action: str
    signs: tuple[str, ...]
    told: Told
    card_slug: str | None


@dataclass(frozen=True)
class Help:
    told: Told
    call: str | None


@dataclass(frozen=True)
class Programme:
    version: str
    disclaimer: str
    dating: dict[Method, Told]
    checkups: tuple[Checkup, ...]
    windows: tuple[Window, ...]
    movements: Window
    overdue: Window
    danger: Danger
    cards: tuple[Card, ...]
    help: tuple[Help, ...]

    def checkup(self, checkup_id: str) -> Checkup | None:
        return next((one for one in self.checkups if one.id == checkup_id), None)

    def card_of(self, week: int) -> Card | None:
        """The card written for that week; of two, the one for the shorter time."""
        fitting = [card for card in self.cards if card.covers(week)]
        return min(fitting, key=lambda card: card.last_week - card.first_week, default=None)

    def with_guides(self, guides: Container[str]) -> Programme:
        """The same without the cards that may not be shown."""
        slug = self.danger.card_slug
        danger = replace(self.danger, card_slug=slug if slug in guides else None)
        cards = tuple(card for card in self.cards if card.slug in guides)
        return replace(self, danger=danger, cards=cards)

    def windows_of(self, week: int) -> tuple[Window, ...]:
        return tuple(one for one in self.windows if one.first_week <= week <= one.last_week)


def load_programme(content_root: Path, *, guides: Container[str] | None = None) -> Programme:
    """Read both files. `guides`: slugs that may be shown (None: all of them).

    Raises HandbookError with file and line.
    """
    plan_path = content_root / "handbook" / "prenatal.yaml"
    plan = read_file(plan_path, PrenatalFile)
    table = read_file(content_root / "facts" / "prenatal.yaml", FactFile)
    facts = load_facts(content_root)
    _check_sources(plan_path, plan, facts)
    windows = {row.id: _window(row, facts) for row in table.clinical_windows}
    for key, value in (("movements", plan.movements), ("overdue", plan.overdue)):
        if value not in windows:
            raise _wrong(plan_path, (key,), f"事实表里没有这一项：{value}")
    cards = _cards(content_root, facts)
    if plan.danger_card not in {card.slug for card in cards}:
        raise _wrong(plan_path, ("danger_card",), f"没有这张卡片：{plan.danger_card}")
    danger = table.danger_signs
    whole = Programme(
        version=plan.version,
        disclaimer=DISCLAIMER,
        dating={
            row.method: Told(row.text, row.mark == "verified", _titles(row.sources, facts))
            for row in plan.dating
        },
        checkups=tuple(_checkups(plan_path, plan, table, facts)),
        windows=tuple(windows.values()),
        movements=windows[plan.movements],
        overdue=windows[plan.overdue],
        danger=Danger(
            danger.action,
            danger.items,
            Told(danger.note or "", danger.mark == "verified", _titles(danger.src, facts)),
            plan.danger_card,
        ),
        cards=tuple(card for card in cards if card.slug != plan.danger_card),
        help=tuple(
            Help(
                Told(facts.fill(row.text), row.mark == "verified", _titles(row.sources, facts)),
                row.call,
            )
            for row in plan.help
        ),
    )
    return whole if guides is None else whole.with_guides(guides)


def check_programme(content_root: Path) -> list[Problem]:
    """Everything wrong with the pregnancy handbook, for `content check`."""
    try:
        load_programme(content_root)
    except HandbookError as error:
        return [error.problem]
    return []


def _checkups(path: Path, plan: PrenatalFile, table: FactFile, facts: Facts) -> Iterable[Checkup]:
    rows = {row.id: row for row in table.public_service_visits}
    if len({row.id for row in plan.checkups}) != len(plan.checkups):
        raise _wrong(path, ("checkups",), "同一次产检写了两遍")
    for place, planned in enumerate(plan.checkups):
        row = rows.get(planned.id)
        if row is None or row.gest_weeks is None:
            raise _wrong(path, ("checkups", place, "id"), f"事实表里没有这次产检：{planned.id}")
        first, last = row.gest_weeks
        if not first <= planned.aim_week <= last:
            raise _wrong(path, ("checkups", place, "aim_week"), "不在这次产检的孕周以内")
        yield _checkup(row, planned.aim_week, first, last, facts)


def _checkup(row: VisitRow, aim: int, first: int, last: int, facts: Facts) -> Checkup:
    title = row.title_zh.partition("：")[0]
    return Checkup(
        id=row.id,
        title=f"{title}免费产检",
        first_week=first,
        last_week=last,
        aim_week=aim,
        free_items=row.free_items,
        extra_items=row.extra_items,
        advice=row.advice,
        source=_titles(row.src, facts),
    )


def _window(row: WindowRow, facts: Facts) -> Window:
    first, last = row.gest_weeks
    weeks = row.window or (f"孕{first}周" if first == last else f"孕{first}～{last}周")
    if not weeks.startswith("孕"):
        weeks = f"孕{weeks}"
    return Window(
        id=row.id,
        title=row.title_zh,
        first_week=first,
        last_week=last,
        weeks_text=f"{weeks}，{row.best}较合适" if row.best else weeks,
        optional=row.optional,
        told=_told(row, facts),
    )


def _told(row: FactRow, facts: Facts) -> Told:
    text = row.fact if isinstance(row, WindowRow) else None
    return Told(text or "", row.mark == "verified", _titles(row.src, facts))


def _cards(content_root: Path, facts: Facts) -> list[Card]:
    """Every card that says for which weeks of a pregnancy it is written."""
    found = []
    for file in sorted((content_root / "cards").glob("*.md")):
        front = yaml.load(
            file.read_text(encoding="utf-8").split("---\n", 2)[1], Loader=yaml.CSafeLoader
        )
        if "gest_weeks" in front:
            first, last = front["gest_weeks"]
            summary = facts.fill(front["summary"])
            found.append(Card(file.stem, facts.fill(front["title"]), summary, first, last))
    return found


def _check_sources(path: Path, plan: PrenatalFile, facts: Facts) -> None:
    """Whatever is called verified names a source that we know; memory says MEM."""
    for key, rows in (("dating", plan.dating), ("help", plan.help)):
        for place, row in enumerate(rows):
            known = {MEMORY} if row.mark == "memory" else facts.sources.keys()
            if not set(row.sources) <= set(known):
                raise _wrong(path, (key, place, "sources"), "来源和 mark 不符，或没有这个来源")
    if {row.method for row in plan.dating} != set(Method):
        raise _wrong(path, ("dating",), "每种算法写一条")


def _titles(keys: Iterable[str], facts: Facts) -> str:
    titles = [facts.sources[key].title if key in facts.sources else key for key in keys]
    return "；".join(title for title in titles if title != MEMORY) or NOT_CHECKED


def _wrong(path: Path, where: tuple[str | int, ...], message: str) -> HandbookError:
    line = line_of(path.read_text(encoding="utf-8"), where)
    return HandbookError(Problem(path, line, "prenatal_invalid", message))
