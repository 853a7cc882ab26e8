"""The programme from birth to six as rules with ages: vaccines, check-ups, guides of the month."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

from backend.facts.figures import load_facts
from backend.handbook import pages
from backend.handbook.cards import GuideCard, guide_card, guide_file
from backend.handbook.mothers import MotherVisit, mother_visits
from backend.handbook.source import (
    END_MONTH,
    CheckupFile,
    Dose,
    GuideStage,
    HandbookError,
    Problem,
    ScheduleFile,
    Vaccine,
    VaccineFile,
    Visit,
    read_file,
)
from backend.handbook.vaccines.check import loose_ends
from backend.handbook.vaccines.programme import Programme
from backend.kernel.ages import add_months
from backend.kernel.yaml_lines import line_of

DISCLAIMER = "以纸质手册和门诊记录为准"


class Kind(StrEnum):
    VACCINE = "vaccine"
    CHECKUP = "checkup"
    GUIDE = "guide"
    MOTHER = "mother"  # a visit of the mother's, after the birth


@dataclass(frozen=True)
class Age:
    """A moment of life: calendar months after birth (ends of months aligned), or days."""

    months: int = 0
    days: int = 0

    def on(self, birth: date) -> date:
        """The day a child born on `birth` reaches this age."""
        return add_months(birth, self.months) + timedelta(days=self.days)


@dataclass(frozen=True)
class Alternative:
    """The other product of a choice: its first dose, and what choosing it changes."""

    id: str
    name: str
    changes: str


@dataclass(frozen=True)
class Rule:
    """One item of every child's timeline.

    It may be done from `opens`, is meant for `due` and recommended `before` (exclusive; None
    where the programme names no latest age). From `late` on it is overdue, from `closes` on
    the programme gives it no more.
    """

    id: str
    kind: Kind
    title: str
    summary: str
    opens: Age
    due: Age
    before: Age | None
    late: Age | None
    closes: Age
    source: str
    sections: tuple[pages.Section, ...]
    guide_slug: str | None = None
    series: str | None = None  # the vaccine of a dose
    alternative: Alternative | None = None


@dataclass(frozen=True)
class Schedule:
    """`rules`: of every child, by its birth date alone. `others`: doses that only some get, the
    products that are not the default. `low_weight`: hepatitis B of a child who was exposed at
    birth and weighed little; they stand in place of the usual ones.
    """

    version: str
    disclaimer: str
    rules: tuple[Rule, ...]
    programme: Programme
    others: tuple[Rule, ...]
    low_weight: tuple[Rule, ...]

    @property
    def told(self) -> tuple[Rule, ...]:
        """Everything that a family may be reminded of, each id once."""
        usual = {rule.id for rule in self.rules}
        few = (rule for rule in (*self.others, *self.low_weight) if rule.id not in usual)
        return (*self.rules, *few)

    def with_guides(self, guides: Container[str]) -> Schedule:
        """The same without the guides that may not be shown."""
        shown = (
            rule for rule in self.rules if rule.guide_slug is None or rule.guide_slug in guides
        )
        return replace(self, rules=tuple(shown))

    def rule(self, item_id: str) -> Rule | None:
        """Also of an item that few children have."""
        every = (*self.rules, *self.others, *self.low_weight)
        return next((rule for rule in every if rule.id == item_id), None)


def load_schedule(content_root: Path, *, guides: Container[str] | None = None) -> Schedule:
    """Read content/handbook. `guides`: slugs that may be shown (None: all of them).

    Raises HandbookError with file and line.
    """
    folder = content_root / "handbook"
    vaccines = read_file(folder / "vaccines.yaml", VaccineFile)
    checkups = read_file(folder / "checkups.yaml", CheckupFile)
    stages = read_file(folder / "schedule.yaml", ScheduleFile)
    _refuse_twins(folder / "schedule.yaml", stages)
    rules = [*_vaccine_rules(vaccines, listed=True), *_checkup_rules(checkups)]
    twin = _first_twin([rule.id for rule in rules])
    if twin is not None:
        raise HandbookError(Problem(folder, 1, "handbook_id_twice", f"{twin} 出现了两次"))
    facts = load_facts(content_root)  # points into these tables, so they have to be in order
    rules += [_mother_rule(visit) for visit in mother_visits(content_root, facts)]
    rules += [
        _guide_rule(stage, guide_card(_known_guide(content_root, stages, place), facts))
        for place, stage in enumerate(stages.guides)
    ]
    whole = Schedule(
        version=vaccines.version,
        disclaimer=DISCLAIMER,
        rules=tuple(rules),
        programme=Programme(vaccines),
        others=tuple(_vaccine_rules(vaccines, listed=False)),
        low_weight=tuple(_low_weight_rules(vaccines)),
    )
    return whole if guides is None else whole.with_guides(guides)


def check_handbook(content_root: Path) -> list[Problem]:
    """Everything wrong with content/handbook, for `content check`: empty when all is well."""
    try:
        load_schedule(content_root)
    except HandbookError as error:
        return [error.problem]
    vaccines = content_root / "handbook" / "vaccines.yaml"
    problems = loose_ends(vaccines, read_file(vaccines, VaccineFile))
    file = content_root / "handbook" / "schedule.yaml"
    text = file.read_text(encoding="utf-8")
    stages = read_file(file, ScheduleFile)
    facts = load_facts(content_root)
    for place, stage in enumerate(stages.guides):
        card = guide_card(_known_guide(content_root, stages, place), facts)
        if not card.suits(stage.months):
            line = line_of(text, ("guides", place, "months"))
            message = f"{stage.slug}: 满{stage.months}月龄不在这篇文章的年龄范围内"
            problems.append(Problem(file, line, "handbook_wrong_age", message))
    return problems


def _vaccine_rules(file: VaccineFile, *, listed: bool) -> list[Rule]:
    return [
        _dose_rule(file, vaccine, place)
        for vaccine in file.vaccines
        if vaccine.listed is listed
        for place in range(len(vaccine.doses))
    ]


def _low_weight_rules(file: VaccineFile) -> list[Rule]:
    return [
        _dose_rule(file, shorter, place)
        for vaccine in file.vaccines
        if vaccine.exposure is not None
        for shorter in [vaccine.model_copy(update={"doses": vaccine.exposure.low_weight_doses})]
        for place in range(len(shorter.doses))
    ]


def _dose_rule(file: VaccineFile, vaccine: Vaccine, place: int) -> Rule:
    dose = vaccine.doses[place]
    before = _dose_before(dose)
    following = vaccine.doses[place + 1] if place + 1 < len(vaccine.doses) else None
    # The programme names no latest age for some doses: such a dose counts as overdue when the
    # next one of its series may be given, and the last one never.
    later = Age(months=following.months) if following else None
    late = before or (later if following and following.months > dose.months else None)
    return Rule(
        id=f"vaccine:{dose.id}",
        kind=Kind.VACCINE,
        title=vaccine.title(dose),
        summary=_dose_summary(vaccine, dose),
        opens=Age(months=dose.months),
        due=Age(months=dose.months),
        before=before,
        late=late,
        closes=Age(months=vaccine.ends_months or END_MONTH),
        source=file.version if vaccine.scope is None else vaccine.scope,
        sections=pages.vaccine_page(file, vaccine, dose),
        series=vaccine.name,
        alternative=_alternative(file, vaccine) if place == 0 else None,
    )


def _alternative(file: VaccineFile, vaccine: Vaccine) -> Alternative | None:
    other = next(iter(pages.other_products(file, vaccine)), None)
    if other is None:
        return None
    return Alternative(f"vaccine:{other.doses[0].id}", other.name, pages.doses_text(other))


def _dose_summary(vaccine: Vaccine, dose: Dose) -> str:
    text = f"{dose.age}，预防{vaccine.disease}"
    return f"{text}；{pages.CLINIC_DECIDES}" if pages.unsure(vaccine) else text


def _dose_before(dose: Dose) -> Age | None:
    if dose.within_days:  # 24 hours may end on the next day
        return Age(days=dose.within_days + 1)
    return Age(months=dose.before_months) if dose.before_months else None


def _checkup_rules(file: CheckupFile) -> list[Rule]:
    opens = [_window(visit)[0] for visit in file.visits]
    closes = [*opens[1:], Age(months=END_MONTH)]
    return [
        _visit_rule(file, visit, close) for visit, close in zip(file.visits, closes, strict=True)
    ]


def _visit_rule(file: CheckupFile, visit: Visit, closes: Age) -> Rule:
    opens, before = _window(visit)
    return Rule(
        id=f"checkup:{visit.id}",
        kind=Kind.CHECKUP,
        title=visit.title,
        summary=f"{visit.place}；免费",
        opens=opens,
        due=Age(months=visit.target.months or 0, days=visit.target.days or 0),
        before=before,
        late=before,
        closes=closes,
        source=file.sources["BPHS3"],
        sections=pages.checkup_page(file, visit),
    )


def _mother_rule(visit: MotherVisit) -> Rule:
    plan = visit.plan
    late = Age(days=plan.until_day + 1)
    return Rule(
        id=visit.item_id,
        kind=Kind.MOTHER,
        title=plan.title,
        summary=f"{plan.place}；免费",
        opens=Age(days=plan.first_day),
        due=Age(days=plan.target_day),
        before=late,
        late=late,
        closes=Age(days=plan.closes_day),
        source=visit.source,
        sections=visit.sections,
    )


def _window(visit: Visit) -> tuple[Age, Age]:
    """First day, and the first day after it."""
    if visit.window.days:
        return Age(days=visit.window.days[0]), Age(days=visit.window.days[1] + 1)
    assert visit.window.months is not None  # the file model asks for one of the two
    return Age(months=visit.window.months[0]), Age(months=visit.window.months[1])


def _guide_rule(stage: GuideStage, card: GuideCard) -> Rule:
    before = Age(months=stage.before_months)
    return Rule(
        id=f"guide:{stage.slug}",
        kind=Kind.GUIDE,
        title=card.title,
        summary=card.summary,
        opens=Age(months=stage.months),
        due=Age(months=stage.months),
        before=before,
        late=None,
        closes=before,
        source=card.source,
        sections=(),
        guide_slug=stage.slug,
    )


def _known_guide(content_root: Path, stages: ScheduleFile, place: int) -> Path:
    slug = stages.guides[place].slug
    found = guide_file(content_root, slug)
    if found is None:
        file = content_root / "handbook" / "schedule.yaml"
        line = line_of(file.read_text(encoding="utf-8"), ("guides", place, "slug"))
        raise HandbookError(Problem(file, line, "handbook_unknown_guide", f"没有这篇文章：{slug}"))
    return found


def _refuse_twins(file: Path, stages: ScheduleFile) -> None:
    slugs = [stage.slug for stage in stages.guides]
    twin = _first_twin(slugs)
    if twin is not None:
        place = len(slugs) - 1 - slugs[::-1].index(twin)
        line = line_of(file.read_text(encoding="utf-8"), ("guides", place, "slug"))
        raise HandbookError(Problem(file, line, "handbook_id_twice", f"{twin} 出现了两次"))


def _first_twin(names: list[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
