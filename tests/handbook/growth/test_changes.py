"""How fast a child grew, which lines it crossed, and that the words stay with the figures."""

from datetime import date, timedelta

import pytest

from backend.handbook.growth.assessment import Assessment, assess
from backend.handbook.growth.changes import Changes, changes, crossed
from backend.handbook.growth.measurements import Indicator, Measurement
from backend.kernel.ages import add_months
from backend.kernel.sex import Sex
from tests.handbook.growth.standards import who, wst423

BIRTH = date(2024, 5, 10)


def boy(
    months: int, weight: float | None = None, cm: float | None = None, head: float | None = None
) -> Assessment:
    measured = Measurement(Sex.MALE, weight_kg=weight, lenhei_cm=cm, head_cm=head)
    return assess(wst423(), measured, BIRTH, add_months(BIRTH, months))


def text(found: Changes, indicator: Indicator) -> str:
    return next(one.text for one in found.changes if one.indicator is indicator)


def test_a_child_that_keeps_its_place_is_told_so() -> None:
    found = changes(boy(6, weight=8.5), boy(9, weight=9.6))

    assert text(found, Indicator.WEIGHT) == (
        "体重：92天里长了1.1公斤，合每月0.36公斤。体重的点两次都在中位线和+1SD线之间，没有穿过线。"
    )


def test_a_child_that_falls_is_sent_to_the_clinic() -> None:
    found = changes(boy(6, weight=8.5), boy(9, weight=8.2))

    assert text(found, Indicator.WEIGHT) == (
        "体重：92天里少了0.3公斤。"
        "体重的点上一次在中位线和+1SD线之间，这一次在-2SD线和-1SD线之间，"
        "往下穿过了中位线、-1SD线。"
        "穿过线只说明曲线换了位置，说明不了原因，请儿保门诊看。"
    )


def test_a_child_that_rises_steeply_is_sent_there_too() -> None:
    said = text(changes(boy(6, weight=8.5), boy(9, weight=12.9)), Indicator.WEIGHT)

    assert "往上穿过了+1SD线、+2SD线、+3SD线" in said
    assert "+3SD线及以上" in said
    assert said.endswith("请儿保门诊看。")


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [(3, 3, ()), (3, 5, (0, 1)), (5, 3, (1, 0)), (0, 7, (-3, -2, -1, 0, 1, 2, 3)), (1, 0, (-3,))],
)
def test_lines_are_told_in_the_order_in_which_they_are_met(
    before: int, after: int, lines: tuple[int, ...]
) -> None:
    assert crossed(before, after) == lines


def test_to_stand_up_is_not_to_shrink() -> None:
    """86.5 lying at 23 months, 86.3 standing at 24: 0.5 cm more."""
    found = changes(boy(23, cm=86.5), boy(24, cm=86.3))

    assert text(found, Indicator.LENGTH).startswith("身长（身高）：30天里长了0.5厘米，")
    assert found.questions == ()


def test_a_length_or_head_that_shrank_is_asked_about() -> None:
    found = changes(boy(6, cm=68, head=43.5), boy(9, cm=67, head=43))

    assert [one.indicators for one in found.questions] == [(Indicator.LENGTH,), (Indicator.HEAD,)]
    assert found.questions[0].text.startswith("身长（身高）比上一次小了（68厘米到67厘米）。")
    assert found.questions[1].text.startswith("头围比上一次小了（43.5厘米到43厘米）。")


def test_the_step_from_corrected_to_actual_age_crosses_no_line() -> None:
    """Born at 28 weeks, a little below +1 of the actual age on both days. By the corrected age of
    the first day it lies above: taken together they would tell of a fall."""
    lines = [wst423().tables[Indicator.WEIGHT, Sex.MALE].lines(month) for month in (23, 24)]
    early = [
        assess(
            wst423(),
            Measurement(Sex.MALE, weight_kg=row[4] - 0.05),
            BIRTH,
            add_months(BIRTH, month),
            gestational_days=28 * 7,
        )
        for row, month in zip(lines, (23, 24), strict=True)
        if row is not None
    ]
    assert early[0].corrected is not None
    assert early[1].corrected is None

    [weight] = changes(*early).changes

    assert weight.crossing is not None
    assert weight.crossing.lines == ()


def test_only_the_same_child_forward_in_time_is_compared() -> None:
    measured = Measurement(Sex.MALE, weight_kg=8)
    first = boy(6, weight=8)
    for second in [
        boy(6, weight=8),
        boy(5, weight=8),
        assess(who(), measured, BIRTH, BIRTH + timedelta(300)),
        assess(wst423(), Measurement(Sex.FEMALE, 8), BIRTH, BIRTH + timedelta(300)),
    ]:
        with pytest.raises(ValueError, match="two measurements"):
            changes(first, second)


def test_no_words_name_an_illness() -> None:
    """Whatever was measured: the sentences hold none of the standard's judgements."""
    judged = {"低体重", "迟缓", "消瘦", "超重", "肥胖", "病"}
    for weight, later in [(5, 14), (14, 5), (8, 8), (9, 20)]:
        found = changes(boy(6, weight=weight, cm=67), boy(9, weight=later, cm=72))
        for one in found.changes:
            assert not [word for word in judged if word in one.text]
