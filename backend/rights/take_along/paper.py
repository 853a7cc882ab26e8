"""A child's book as a PDF, A4, set by typst on demand and kept nowhere.

typst and its fonts belong to the extra `book`; without them the answer says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from backend.handbook.checkup_results import Checkup, CheckupResult
from backend.handbook.clinic_papers import PaperResult
from backend.handbook.doses import KnownFacts
from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth.words import DECIMALS, UNITS
from backend.handbook.growth_queries import Shown
from backend.handbook.screening import Answer, outcome
from backend.handbook.vaccines import DoseAnswer, Mother, Status
from backend.kernel.ages import age_text
from backend.kernel.clock import city_date, city_time
from backend.kernel.errors import Unavailable
from backend.kernel.sex import Sex
from backend.rights.take_along.book import ChildBook
from backend.rights.take_along.charts import DRAWN, charts_of

TEMPLATE = Path(__file__).with_name("book.typ")
FONTS = "manimgx_fonts_cjk"  # Noto Sans CJK, OFL 1.1
SEXES = {Sex.FEMALE: "女", Sex.MALE: "男"}
STATUS_WORDS = {
    Status.OVERDUE: "已过推荐时间",
    Status.DUE: "可以接种",
    Status.UPCOMING: "还没到时间",
}
RESULT_WORDS = {
    PaperResult.PASSED: "通过",
    PaperResult.RECHECK: "要复查",
    PaperResult.UNCLEAR: "看不清楚",
}
ASK_THE_CLINIC = "问接种门诊"
OF_THE_MOTHER = "母亲乙肝表面抗原"
MOTHER_WORDS = {Mother.POSITIVE: "阳性", Mother.NEGATIVE: "阴性", Mother.UNKNOWN: "不清楚"}


class BookUnavailable(Unavailable):
    code = "book_pdf_unavailable"
    message = "这台服务器还没有装排版程序，请先导出数据文件"


def paper(book: ChildBook) -> bytes:
    """The same book gives the same bytes. Raises BookUnavailable."""
    spec = find_spec(FONTS)
    if spec is None or spec.submodule_search_locations is None or find_spec("typst") is None:
        raise BookUnavailable
    import typst

    made = city_date(book.made_at)
    return typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(spec.submodule_search_locations[0])],
        ignore_system_fonts=True,  # the same paper on every machine
        sys_inputs={"book": json.dumps(data_of(book), ensure_ascii=False)},
        pdf_standards=["ua-1"],  # headings, tables and charts that a screen reader can follow
        timestamp=datetime(made.year, made.month, made.day, tzinfo=UTC),
    )


def data_of(book: ChildBook) -> dict[str, Any]:
    """Everything on the paper as text; the template only lays it out."""
    child, schedule = book.child, book.programmes.schedule
    sources = _sources(book)
    weeks = child.gestational_weeks
    return {
        "name": book.name,
        "sex": SEXES[child.sex],
        "birth": _said(child.birth_date),
        "age": ""
        if book.ended
        else f"{age_text(child.birth_date, book.today)}（{_said(book.today)}）",
        "weeks": "" if weeks is None else f"{weeks} 周",
        "made_at": f"{city_time(book.made_at):%Y-%m-%d %H:%M}",
        "ended": book.ended,
        "facts": list(_facts(book.known)),
        "version": schedule.version,
        "disclaimer": schedule.disclaimer,
        "standard": book.programmes.standard.title,
        "corrected": any(one.assessment.corrected for one in book.growth),
        "given": [
            [one.title, str(one.given_on), one.place or "", one.batch or ""] for one in book.given
        ],
        "next": [_next(one.answer, sources) for one in book.next_doses],
        "sources": sources,
        "checkups": [_checkup(one) for one in book.checkups],
        "growth": [_measured(book, one) for one in book.growth],
        "charts": charts_of(book),
        "newborn": list(_newborn(book)),
        "screened": list(_screened(book)),
    }


def data_for_doctor(book: ChildBook) -> dict[str, Any]:
    """The same for who is shown one child: what is the mother's is left out."""
    said = data_of(book)
    facts = [fact for fact in said["facts"] if fact[0] != OF_THE_MOTHER]
    return said | {"facts": facts}


def _facts(known: KnownFacts) -> Iterator[list[str]]:
    """What a vaccination clinic asks. A doctor's page leaves out what is the mother's."""
    if known.mother is not None:
        yield [OF_THE_MOTHER, MOTHER_WORDS[known.mother]]
    if known.birth_grams is not None:
        yield ["出生体重", f"{known.birth_grams} 克"]
    if known.had_varicella is not None:
        yield ["得过水痘", "是" if known.had_varicella else "否"]
    if known.immunoglobulin:
        yield ["用过免疫球蛋白", "、".join(str(day) for day in known.immunoglobulin)]


def _sources(book: ChildBook) -> list[str]:
    """The documents behind all doses to come; each dose names them by their numbers."""
    return list(dict.fromkeys(title for one in book.next_doses for title in _titles(one.answer)))


def _titles(answer: DoseAnswer) -> list[str]:
    keys = dict.fromkeys(key for one in answer.because for key in one.sources)
    return [answer.documents[key] for key in keys if key in answer.documents]


def _next(answer: DoseAnswer, sources: list[str]) -> dict[str, str]:
    numbers = sorted(sources.index(title) + 1 for title in _titles(answer))
    return {
        "title": answer.title,
        "status": STATUS_WORDS[answer.status],
        "late": "1" if answer.status is Status.OVERDUE else "",
        "earliest": str(answer.earliest) if answer.earliest else ASK_THE_CLINIC,
        "by": str(answer.recommended_by or ""),
        "reason": answer.reason,
        "sources": "、".join(str(number) for number in numbers),
    }


def _checkup(one: Checkup) -> dict[str, str]:
    until = f" 至 {one.item.until_date}" if one.item.until_date else " 起"
    return {
        "title": one.item.title,
        "when": f"{one.item.due_date or ''}{until}".strip(),
        "done": str(one.item.done_on or ""),
        "result": "" if one.result is None else "；".join(_found(one.result)),
    }


def _found(result: CheckupResult) -> Iterator[str]:
    if result.haemoglobin is not None:
        yield f"血红蛋白 {result.haemoglobin} g/L"
    if result.teeth is not None:
        yield f"出牙 {result.teeth} 颗"
    for name, words in (("听力", result.hearing), ("视力", result.vision), ("", result.advice)):
        if words:
            yield f"{name} {words}".strip()
    if result.place:
        yield f"在{result.place}"


def _measured(book: ChildBook, shown: Shown) -> dict[str, Any]:
    """Each measure with its z-score and the standard's word for it."""
    day, measures = shown.recorded.measured_on, shown.recorded.measures
    values = {
        Indicator.WEIGHT: None if measures.weight_g is None else measures.weight_g / 1000,
        Indicator.LENGTH: None if measures.length_mm is None else measures.length_mm / 10,
        Indicator.HEAD: None if measures.head_mm is None else measures.head_mm / 10,
    }
    return {
        "day": str(day),
        "age": age_text(book.child.birth_date, day),
        "values": [_value(shown, indicator, values[indicator]) for indicator in DRAWN],
    }


def _value(shown: Shown, indicator: Indicator, value: float | None) -> list[str]:
    """The number with its unit; below it the z-score and what it is called."""
    if value is None:
        return ["", ""]
    number = f"{value:.{DECIMALS[indicator]}f}".rstrip("0").rstrip(".")
    score = shown.assessment.main.score(indicator)
    said = "" if score is None else f"Z {score.z:+.2f} {score.label}"
    return [f"{number} {UNITS[indicator]}", said]


def _newborn(book: ChildBook) -> Iterator[list[str]]:
    for test, result in sorted(book.newborn.items()):
        words = book.programmes.screenings.test(test)
        title = test if words is None else words.title
        yield [title, str(result.done_on), RESULT_WORDS[result.result], result.note]


def _screened(book: ChildBook) -> Iterator[list[str]]:
    """The age, the day, what was said to be there, and where that leads."""
    programme = book.programmes.screenings
    for one in sorted(book.screened.values(), key=lambda answers: answers.answered_on):
        screening = programme.screening(one.visit_id)
        if screening is None:
            continue
        signs = [
            sign.text if one.answers.get(sign.id) is Answer.YES else f"{sign.text}（不确定）"
            for sign in screening.group.items
            if one.answers.get(sign.id) in (Answer.YES, Answer.UNSURE)
        ]
        words = programme.words.outcomes[outcome(one.answers.values())]
        yield [
            screening.group.label_zh,
            str(one.answered_on),
            "；".join(signs) or "没有选“有”的",
            words.title,
        ]


def _said(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
