"""One child on one day, and what the rules shared by all vaccines say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from backend.handbook import pages
from backend.handbook.source import Dose, Said, Vaccine
from backend.handbook.vaccines.answers import Because, Floor
from backend.handbook.vaccines.child import ChildFacts
from backend.handbook.vaccines.programme import Programme
from backend.kernel.ages import add_months

ASK_THE_CLINIC = "请接种门诊核对"
NOT_VERIFIED = "未核对"


@dataclass(frozen=True)
class Case:
    """`live`: the injected live doses that were given, in order of their days."""

    programme: Programme
    facts: ChildFacts
    on: date
    live: tuple[tuple[date, Vaccine], ...]

    def any_given(self, vaccine_code: str) -> bool:
        return any(
            dose.id in self.facts.given
            for vaccine in self.programme.vaccines
            if vaccine.code == vaccine_code
            for dose in vaccine.doses
        )

    def age_floor(self, vaccine: Vaccine, dose: Dose, at: date) -> Floor:
        """The lowest age by today's programme, for a dose at the day `at`."""
        sooner = dose.catch_up_from
        if sooner is not None and not self.any_given(sooner.unless_any):
            day = add_months(self.facts.birth, sooner.months)
            if at >= day:
                return Floor(day, said(vaccine, sooner.because))
        return self.age(vaccine, dose.months, dose.age_mark)

    def age(self, vaccine: Vaccine, months: int, mark: str) -> Floor:
        text = f"满{pages.months_text(months)}可打" if months else "出生后尽早打"
        return Floor(add_months(self.facts.birth, months), because(vaccine, mark, text))

    def needs_no_immunoglobulin(self, vaccine: Vaccine, dose: Dose) -> bool:
        return (
            dose.id in self.programme.injected_live
            and vaccine.code not in self.programme.file.limits.immunoglobulin.except_
        )

    def immunoglobulin_floor(self, vaccine: Vaccine, dose: Dose) -> Floor | None:
        limit = self.programme.file.limits.immunoglobulin
        used = self.facts.immunoglobulin
        if used is None or not self.needs_no_immunoglobulin(vaccine, dose):
            return None
        return Floor(limit.apart.after(used), self.programme.limit(limit))

    def live_neighbours(self, vaccine: Vaccine, dose: Dose) -> list[tuple[date, Floor]]:
        """Each live dose of another vaccine that was given, and until when it keeps this off."""
        if dose.id not in self.programme.injected_live:
            return []
        limit = self.programme.file.limits.live
        reason = self.programme.limit(limit)
        return [
            (day, Floor(limit.apart.after(day), reason))
            for day, other in self.live
            if other is not vaccine
        ]

    def recommended_by(self, dose: Dose) -> date | None:
        if dose.within_days is not None:
            return self.facts.birth + timedelta(days=dose.within_days)
        if dose.before_months is not None:
            return add_months(self.facts.birth, dose.before_months) - timedelta(days=1)
        return None


def case_of(programme: Programme, facts: ChildFacts, on: date) -> Case:
    live = programme.injected_live
    given = [(day, live[dose_id]) for dose_id, day in facts.given.items() if dose_id in live]
    return Case(programme, facts, on, tuple(sorted(given, key=lambda pair: pair[0])))


def interval_floor(vaccine: Vaccine, dose: Dose, previous: date | None) -> Floor | None:
    if dose.after_previous is None or previous is None:
        return None
    text = f"与上一剂间隔不少于{dose.after_previous.text}"
    reason = because(vaccine, dose.interval_mark, text)
    return Floor(dose.after_previous.after(previous), reason)


def because(vaccine: Vaccine, mark_name: str, text: str) -> Because:
    return Because(text, vaccine.marks[mark_name].sources)


def said(vaccine: Vaccine, sentence: Said) -> Because:
    return because(vaccine, sentence.mark, sentence.text)


def asked(vaccine: Vaccine, why: str) -> Because:
    """Where the programme is silent: the clinic decides, nothing is computed."""
    return because(vaccine, vaccine.doses[0].age_mark, f"{why}，{ASK_THE_CLINIC}")
