"""The page behind an item: what happens, what to bring, what is asked, where it is from.

Every line is a field of content/handbook in a frame of words; nothing medical is written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.handbook.source import (
    CheckupFile,
    Dose,
    Mark,
    Vaccine,
    VaccineFile,
    Visit,
)

CLINIC_DECIDES = "以接种门诊为准"
CHECKUP_CLINIC_DECIDES = "时间以儿童保健门诊的安排为准"
BRING = ("预防接种证", "母子健康手册")  # 儿童入托、入学预防接种证查验办法（2021）; BPHS3
ON_THE_DAY = ("observe", "ill", "coadmin")  # ids of general rules shown on every dose


@dataclass(frozen=True)
class Section:
    heading: str
    lines: tuple[str, ...]


def vaccine_page(file: VaccineFile, vaccine: Vaccine, dose: Dose) -> tuple[Section, ...]:
    rules = {rule.id: rule for rule in file.rules}
    day = [f"带上{'、'.join(BRING)}"]
    day += [
        _said(rules[rule_id].text, rules[rule_id]) for rule_id in ON_THE_DAY if rule_id in rules
    ]
    return _filled(
        Section("打什么", tuple(_what(vaccine, dose))),
        Section("什么时候", tuple(_when(file, vaccine, dose))),
        Section("当天", tuple(day)),
        Section("漏打了", (*vaccine.catch_up, *vaccine.special)),
        Section("来源", tuple(_titles(file.sources, vaccine.marks.values()))),
    )


def _what(vaccine: Vaccine, dose: Dose) -> list[str]:
    product = f"（{dose.product}）" if dose.product else ""
    lines = [
        f"{vaccine.name}{product}第{dose.number}剂，共{len(vaccine.doses)}剂",
        f"预防：{vaccine.disease}",
        f"方式：{vaccine.route}",
    ]
    return [*lines, f"属于{vaccine.scope}"] if vaccine.scope else lines


def _when(file: VaccineFile, vaccine: Vaccine, dose: Dose) -> list[str]:
    lines = [f"{dose.age}起可以接种，到龄后尽早打"]
    if dose.within_days:
        lines.append(f"出生后{dose.within_days * 24}小时内")
    if dose.before_months:
        lines.append(f"建议在满{months_text(dose.before_months)}前打完")
    if dose.after_previous:
        lines.append(f"与上一剂至少间隔{dose.after_previous.text}")
    if dose.note:
        lines.append(dose.note)
    lines += _choice(file, vaccine)
    if unsure(vaccine):
        lines.append(CLINIC_DECIDES)
    return lines


def _choice(file: VaccineFile, vaccine: Vaccine) -> list[str]:
    others = [f"{other.name}（{len(other.doses)}剂）" for other in other_products(file, vaccine)]
    return [f"也可以打{'、'.join(others)}，两种只选一种，{CLINIC_DECIDES}"] if others else []


def other_products(file: VaccineFile, vaccine: Vaccine) -> list[Vaccine]:
    """The others of its group of choices."""
    choice = vaccine.choice
    return [
        other
        for other in file.vaccines
        if choice and other.choice and other.choice.group == choice.group and other != vaccine
    ]


def doses_text(vaccine: Vaccine) -> str:
    """共2剂：18月龄、2周岁."""
    return f"共{len(vaccine.doses)}剂：{'、'.join(dose.age for dose in vaccine.doses)}"


def unsure(vaccine: Vaccine) -> bool:
    """Whether something about its times rests on memory or on a choice."""
    return vaccine.choice is not None or any(
        mark.mark == "memory" for mark in vaccine.marks.values()
    )


def checkup_page(file: CheckupFile, visit: Visit) -> tuple[Section, ...]:
    return _filled(
        Section("做什么", tuple(_content(visit))),
        Section("去哪里", (visit.place, file.note, CHECKUP_CLINIC_DECIDES)),
        Section("带什么", BRING),
        Section("医生会问", visit.parent_questions),
        Section("说明", (visit.window_basis, *((file.star,) if _starred(visit) else ()))),
        Section("来源", tuple(_titles(file.sources, file.marks.values()))),
    )


def _content(visit: Visit) -> list[str]:
    lines = list(visit.items)
    if visit.head_circumference and not any("头围" in item for item in visit.items):
        lines.append("量头围")
    if visit.haemoglobin:
        routine = visit.haemoglobin == "routine"
        lines.append("查血红蛋白" if routine else "查血红蛋白（6月龄没查的补查）")
    if visit.hearing:
        lines.append(f"听力：{visit.hearing}")
    lines.append(f"眼睛：{'、'.join(visit.vision)}")
    if visit.autism_first_screen:
        lines.append("心理行为发育初筛")
    if visit.tcm_guidance:
        lines.append(f"中医指导：{visit.tcm_guidance}")
    return lines


def _starred(visit: Visit) -> bool:
    return any("*" in line for line in visit.vision)


def months_text(months: int) -> str:
    """6月龄, 2周岁: as the programme says it."""
    if months >= 24 and months % 12 == 0:
        return f"{months // 12}周岁"
    return f"{months}月龄"


def _said(text: str, mark: Mark) -> str:
    return text if mark.mark == "verified" else f"{text}（{CLINIC_DECIDES}）"


def _titles(sources: dict[str, str], marks: Iterable[Mark]) -> list[str]:
    """Titles of the archived sources, each once; what is from memory has no title to show."""
    used = [key for mark in marks for key in mark.sources if key != "MEM"]
    return [sources[key] for key in dict.fromkeys(used)]


def _filled(*sections: Section) -> tuple[Section, ...]:
    return tuple(section for section in sections if section.lines)
