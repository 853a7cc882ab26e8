"""What no single entry of vaccines.yaml can show: names that lead nowhere, gaps in a series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from backend.handbook.source import Dose, Form, Problem, Said, Vaccine, VaccineFile
from backend.kernel.yaml_lines import line_of

Found = tuple[tuple[int | str, ...], str, str]  # place in the file, code, message


def loose_ends(path: Path, file: VaccineFile) -> list[Problem]:
    """Everything that would leave the engine without a rule. Empty when all is well."""
    found = [*_general(file), *_vaccines(file), *_choices(file), *_twins(file)]
    if not found:
        return []
    text = path.read_text(encoding="utf-8")
    return [Problem(path, line_of(text, place), code, message) for place, code, message in found]


def _general(file: VaccineFile) -> Iterator[Found]:
    rules = {rule.id for rule in file.rules}
    codes = {vaccine.code for vaccine in file.vaccines}
    limits = file.limits
    named = {"no_restart": limits.no_restart}
    named |= {
        name: getattr(limits, name).rule
        for name in ("live", "immunoglobulin", "immunoglobulin_after")
    }
    for name, rule_id in named.items():
        if rule_id not in rules:
            yield ("limits", name), "handbook_unknown_rule", f"rules 里没有 {rule_id}"
    for code in sorted(limits.immunoglobulin.except_ - codes):
        yield ("limits", "immunoglobulin"), "handbook_unknown_vaccine", f"没有这种疫苗：{code}"
    for place, rule in enumerate(file.rules):
        for key in rule.sources:
            if key not in file.sources:
                yield ("rules", place), "handbook_unknown_source", f"没有这个来源：{key}"


def _vaccines(file: VaccineFile) -> Iterator[Found]:
    for section in ("vaccines", "reference"):
        for place, vaccine in enumerate(getattr(file, section)):
            at = (section, place)
            yield from _marks(file, vaccine, at)
            yield from _series(file, vaccine, vaccine.doses, (*at, "doses"))
            if vaccine.exposure is not None:
                doses = vaccine.exposure.low_weight_doses
                yield from _series(file, vaccine, doses, (*at, "exposure", "low_weight_doses"))


def _marks(file: VaccineFile, vaccine: Vaccine, at: tuple[int | str, ...]) -> Iterator[Found]:
    for name, mark in vaccine.marks.items():
        for key in mark.sources:
            if key not in file.sources:
                yield (*at, "marks", name), "handbook_unknown_source", f"没有这个来源：{key}"
    for name in sorted({*_marks_used(vaccine)} - {*vaccine.marks}):
        yield at, "handbook_unknown_mark", f"{vaccine.code} 的 marks 里没有 {name}"
    if vaccine.ends_months is not None and vaccine.ends_because is None:
        yield at, "handbook_no_reason", f"{vaccine.code} 有 ends_months，没有 ends_because"


def _marks_used(vaccine: Vaccine) -> Iterator[str]:
    said: list[Said | None] = [vaccine.ends_because, vaccine.notice, vaccine.had_varicella]
    doses = [*vaccine.doses]
    if vaccine.earlier:
        said += [vaccine.earlier.because, vaccine.earlier.silent]
    if vaccine.exposure:
        exposure = vaccine.exposure
        said += [exposure.first, exposure.check, exposure.low_weight]
        doses += exposure.low_weight_doses
    for dose in doses:
        yield dose.age_mark
        yield from [dose.interval_mark] if dose.after_previous else []
        said += [dose.overdue_because, dose.early_because]
        said += [dose.catch_up_from.because] if dose.catch_up_from else []
        yield from [dose.unverified_after.mark] if dose.unverified_after else []
    yield from (sentence.mark for sentence in said if sentence)


def _series(
    file: VaccineFile, vaccine: Vaccine, doses: tuple[Dose, ...], at: tuple[int | str, ...]
) -> Iterator[Found]:
    for place, dose in enumerate(doses):
        here = (*at, place)
        if dose.number != place + 1:
            yield (*here, "number"), "handbook_wrong_number", f"{dose.id} 是第{place + 1}剂"
        follows = place > 0 or dose.previous is not None
        if follows != (dose.after_previous is not None):
            text = "缺少 after_previous" if follows else "第1剂没有上一剂，after_previous 无从算起"
            yield here, "handbook_interval", f"{dose.id}：{text}"
        if vaccine.kind is Form.BY_PRODUCT and dose.product not in vaccine.product_kind:
            yield here, "handbook_unknown_product", f"{dose.id}：product_kind 里没有这个产品"
        yield from _named_elsewhere(file, dose, {one.id for one in doses}, here)


def _named_elsewhere(
    file: VaccineFile, dose: Dose, series: set[str], at: tuple[int | str, ...]
) -> Iterator[Found]:
    others = {one.id for vaccine in file.vaccines for one in vaccine.doses} - series
    if dose.previous is not None and dose.previous not in others:
        yield at, "handbook_unknown_dose", f"{dose.id}：没有别的疫苗的这一剂：{dose.previous}"
    unverified = dose.unverified_after
    if unverified is not None and unverified.dose not in series:
        yield at, "handbook_unknown_dose", f"{dose.id}：本系列没有这一剂：{unverified.dose}"
    codes = {vaccine.code for vaccine in file.vaccines}
    if dose.catch_up_from is not None and dose.catch_up_from.unless_any not in codes:
        code = dose.catch_up_from.unless_any
        yield at, "handbook_unknown_vaccine", f"{dose.id}：没有这种疫苗：{code}"


def _choices(file: VaccineFile) -> Iterator[Found]:
    choices = [vaccine.choice for vaccine in file.vaccines]
    members = Counter(choice.group for choice in choices if choice)
    defaults = Counter(choice.group for choice in choices if choice and choice.default)
    for place, choice in enumerate(choices):
        if choice is None:
            continue
        at = ("vaccines", place, "choice")
        if members[choice.group] < 2:
            yield at, "handbook_unknown_group", f"{choice.group} 组里只有这一种疫苗"
        elif defaults[choice.group] != 1:
            yield at, "handbook_wrong_default", f"{choice.group} 组要有一种、只有一种是 default"


def _twins(file: VaccineFile) -> Iterator[Found]:
    vaccines = [*file.vaccines, *file.reference]
    lists = [[dose.id for vaccine in vaccines for dose in vaccine.doses]]
    lists += [
        [dose.id for dose in vaccine.exposure.low_weight_doses]
        for vaccine in vaccines
        if vaccine.exposure
    ]
    for ids in lists:
        for dose_id, times in Counter(ids).items():
            if times != 1:
                yield ("vaccines",), "handbook_id_twice", f"{dose_id} 出现了{times}次"
