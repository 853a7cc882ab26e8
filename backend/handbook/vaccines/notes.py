"""What is said beside a dose and changes none of its days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from backend.handbook.source import Dose, Vaccine
from backend.handbook.vaccines.answers import Because
from backend.handbook.vaccines.case import ASK_THE_CLINIC, NOT_VERIFIED, asked, because, said
from backend.handbook.vaccines.child import ChildFacts, Course


def too_long_apart(vaccine: Vaccine, dose: Dose, previous: date | None, at: date) -> list[Because]:
    """Given or still open at `at`, longer after the previous dose than the programme means."""
    longest = dose.max_after_previous
    if longest is None or previous is None or at <= longest.after(previous):
        return []
    return [asked(vaccine, f"距上一剂已超过{longest.text}，仍要补打")]


def unverified_interval(
    vaccine: Vaccine, dose: Dose, day: date, days: Mapping[str, date]
) -> list[Because]:
    """An interval from memory that `day` would not keep; `days` of the doses before."""
    rule = dose.unverified_after
    if rule is None or rule.dose not in days or day >= rule.apart.after(days[rule.dose]):
        return []
    number = next(one.number for one in vaccine.doses if one.id == rule.dose)
    text = f"另有一说距第{number}剂不少于{rule.apart.text}（{NOT_VERIFIED}，{ASK_THE_CLINIC}）"
    return [because(vaccine, rule.mark, text)]


def circumstances(course: Course, dose: Dose, facts: ChildFacts) -> Iterator[Because]:
    """What holds for the vaccine as a whole, or because of the child's mother."""
    vaccine = course.vaccine
    exposure = vaccine.exposure
    if exposure is not None:
        if course.low_weight:
            yield said(vaccine, exposure.low_weight)
        if facts.mother in exposure.mothers and dose is course.doses[0]:
            yield said(vaccine, exposure.first)
        if facts.mother in exposure.check_mothers and dose is course.doses[-1]:
            yield said(vaccine, exposure.check)
    if vaccine.notice is not None:
        yield said(vaccine, vaccine.notice)
