"""Ages, choice and order of questions, and what is refused. Values in, value or refusal out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from random import Random

from backend.kernel.clock import city_date
from backend.kernel.errors import Conflict, Invalid, NotFound

QUESTIONS_A_SET = 10  # the database checks it too
OPEN_FOR = timedelta(hours=24)  # a set is gone on with, and answered, this long after its start
NEVER = datetime.min.replace(tzinfo=UTC)


class Band(StrEnum):
    """Ages that questions are written for; newborns belong to the first."""

    TO_3_MONTHS = "0-3m"
    TO_6_MONTHS = "4-6m"
    TO_1_YEAR = "6-12m"
    TO_2_YEARS = "1-2y"
    TO_3_YEARS = "2-3y"
    TO_6_YEARS = "3-6y"


FIRST_DAYS: Mapping[Band, int] = {  # days of life; birth is day 0
    Band.TO_3_MONTHS: 0,
    Band.TO_6_MONTHS: 122,
    Band.TO_1_YEAR: 168,  # in time for the first solids, as the guides' folder of that name
    Band.TO_2_YEARS: 365,
    Band.TO_3_YEARS: 730,
    Band.TO_6_YEARS: 1096,
}
BAND_TITLES: Mapping[Band, str] = {
    Band.TO_3_MONTHS: "0～3月龄",
    Band.TO_6_MONTHS: "4～6月龄",
    Band.TO_1_YEAR: "6～12月龄",
    Band.TO_2_YEARS: "1～2岁",
    Band.TO_3_YEARS: "2～3岁",
    Band.TO_6_YEARS: "3～6岁",
}


class SetState(StrEnum):
    OPEN = "open"
    FINISHED = "finished"
    EXPIRED = "expired"  # not finished in time; counts for nothing


class QuizEmpty(NotFound):
    code = "quiz_empty"
    message = "这个年龄段的问答还在准备，请过些日子再来"


class AlreadyAnswered(Conflict):
    code = "quiz_answered"
    message = "这道题已经答过，以第一次的回答为准"


class SetExpired(Conflict):
    code = "quiz_expired"
    message = "这一套题已经过了一天，请重新开始一套"


class QuestionGone(Conflict):
    code = "quiz_question_gone"
    message = "这道题已撤下，不计分，请继续答下一题"


class NoSuchOption(Invalid):
    code = "quiz_no_such_option"
    message = "没有这个选项，请重新选择"


def band_of(age_days: int) -> Band:
    """The band of a child of that age; where two overlap, the later: it is about what comes next.

    Ages before birth belong to the first band, those after the last day of service to the last.
    """
    reached = [band for band, first in FIRST_DAYS.items() if first <= age_days]
    return reached[-1] if reached else Band.TO_3_MONTHS


def month_of(instant: datetime) -> date:
    """The city's month that a set begun then counts for, as its first day."""
    return city_date(instant).replace(day=1)


def is_sample(sets_of_month: int) -> bool:
    """Only a family's first set of a month is sampled: the later ones know the explanations."""
    return sets_of_month == 0


def choose(
    questions: Sequence[str], last_answered: Mapping[str, datetime], random: Random
) -> list[str]:
    """Ten questions by id, in random order: never answered first, then answered longest ago.

    `random` is seeded from the set. Raises QuizEmpty for fewer than ten.
    """
    if len(questions) < QUESTIONS_A_SET:
        raise QuizEmpty
    shuffled = random.sample(sorted(questions), len(questions))
    shuffled.sort(key=lambda question: last_answered.get(question, NEVER))
    return random.sample(shuffled[:QUESTIONS_A_SET], QUESTIONS_A_SET)


def shown_order(set_id: int, question: str, options: int) -> list[int]:
    """In which order a set shows the options of a question, each by its number in the content.

    Always the same for a set, so that nobody learns that the first one is right.
    """
    return Random(f"{set_id} {question}").sample(range(1, options + 1), options)  # noqa: S311  # no secret


def state_of(begun_at: datetime, finished_at: datetime | None, now: datetime) -> SetState:
    if finished_at is not None:
        return SetState.FINISHED
    return SetState.OPEN if now - begun_at < OPEN_FOR else SetState.EXPIRED
