"""Lying and standing, children born early, what is asked, and what the values are called."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.handbook.growth import ages
from backend.handbook.growth.assessment import assess, score
from backend.handbook.growth.measurements import Indicator, Measurement, Posture
from backend.handbook.growth.plausibility import is_far
from backend.handbook.growth.scores import centile
from backend.handbook.growth.standards import Standard
from backend.kernel.ages import DAYS_PER_MONTH, add_months
from backend.kernel.sex import Sex
from tests.handbook.growth.standards import measuring, who, wst423

BIRTH = date(2024, 5, 31)
BOY, GIRL = Sex.MALE, Sex.FEMALE
STANDARDS = pytest.mark.parametrize("standard", [who(), wst423()], ids=["who", "wst423"])


def z(standard: Standard, indicator: Indicator, measured: Measurement, days: float) -> float:
    found = score(standard, indicator, measured, ages.of_days(days))
    assert found is not None
    return found.z


@STANDARDS
def test_seven_millimetres_lie_between_lying_and_standing(standard: Standard) -> None:
    """730 days are not yet 24 months of 30.4375 days, 731 are: both standards change there."""
    for days, usual, other, usual_cm, other_cm in [
        (730, Posture.LYING, Posture.STANDING, 87.7, 87.0),
        (731, Posture.STANDING, Posture.LYING, 87.0, 87.7),
    ]:
        for indicator in (Indicator.LENGTH, Indicator.BMI):
            as_usual = Measurement(BOY, weight_kg=12, lenhei_cm=usual_cm, posture=usual)
            unsaid = Measurement(BOY, weight_kg=12, lenhei_cm=usual_cm)
            otherwise = Measurement(BOY, weight_kg=12, lenhei_cm=other_cm, posture=other)
            expected = z(standard, indicator, as_usual, days)
            assert z(standard, indicator, unsaid, days) == expected
            assert z(standard, indicator, otherwise, days) == pytest.approx(expected, abs=1e-9)


@STANDARDS
def test_weight_is_compared_with_length_before_and_with_height_after(standard: Standard) -> None:
    measured = Measurement(GIRL, weight_kg=11, lenhei_cm=84)
    for days, told, not_told in [
        (730, Indicator.WEIGHT_FOR_LENGTH, Indicator.WEIGHT_FOR_HEIGHT),
        (731, Indicator.WEIGHT_FOR_HEIGHT, Indicator.WEIGHT_FOR_LENGTH),
    ]:
        age = ages.of_days(days)
        assert score(standard, told, measured, age) is not None
        assert score(standard, not_told, measured, age) is None
        assert score(standard, told, measured, None) == score(standard, told, measured, age)


def test_a_corrected_length_is_looked_up_where_the_table_begins() -> None:
    """44.3 standing is 45.0 lying, the first row. WHO 2006: ((2.3/2.441)^-0.3521 - 1) / …"""
    measured = Measurement(BOY, weight_kg=2.3, lenhei_cm=44.3, posture=Posture.STANDING)

    assert z(wst423(), Indicator.WEIGHT_FOR_LENGTH, measured, 0) == 0
    assert z(who(), Indicator.WEIGHT_FOR_LENGTH, measured, 0) == pytest.approx(-0.6548, abs=1e-4)


def test_a_length_between_two_millimetres_lies_between_their_scores() -> None:
    def at(cm: float) -> float:
        measured = Measurement(BOY, weight_kg=9, lenhei_cm=cm)
        return z(who(), Indicator.WEIGHT_FOR_LENGTH, measured, 300)

    assert at(72.4) > at(72.44) > at(72.5)
    assert at(72.45) == pytest.approx((at(72.4) + at(72.5)) / 2, abs=1e-4)


def test_beyond_three_the_outer_interval_goes_on() -> None:
    """Boys at birth, weight: 2.4 and 2.7 are -3 and -2 of WS/T 423, 4.3 and 4.7 are 2 and 3."""
    for weight, expected in [(2.1, -4), (5.1, 4), (5.5, 5)]:
        measured = Measurement(BOY, weight_kg=weight)
        assert z(wst423(), Indicator.WEIGHT, measured, 0) == pytest.approx(expected)


def test_who_weights_go_on_by_the_outer_interval_and_lengths_by_the_formula() -> None:
    lines = who().tables[Indicator.WEIGHT, BOY].lines(365)
    assert lines is not None
    for steps in (1, 2.5):
        high = Measurement(BOY, weight_kg=lines[6] + steps * (lines[6] - lines[5]))
        low = Measurement(BOY, weight_kg=lines[0] - steps * (lines[1] - lines[0]))
        assert z(who(), Indicator.WEIGHT, high, 365) == pytest.approx(3 + steps)
        assert z(who(), Indicator.WEIGHT, low, 365) == pytest.approx(-3 - steps)
    long = Measurement(BOY, lenhei_cm=49.8842 * (1 + 0.03795 * 4))
    assert z(who(), Indicator.LENGTH, long, 0) == pytest.approx(4)


@pytest.mark.parametrize(
    ("standard", "indicator", "days"),
    [
        (who(), Indicator.WEIGHT, 1857),
        (who(), Indicator.WEIGHT_FOR_HEIGHT, 1857),
        (wst423(), Indicator.WEIGHT, 81 * DAYS_PER_MONTH + 1),
        (wst423(), Indicator.HEAD, 36 * DAYS_PER_MONTH + 1),
        (wst423(), Indicator.WEIGHT_FOR_HEIGHT, 84 * DAYS_PER_MONTH),
        (who(), Indicator.WEIGHT, -1),
        (wst423(), Indicator.WEIGHT, -1),
    ],
)
def test_outside_the_ages_of_a_standard_it_says_nothing(
    standard: Standard, indicator: Indicator, days: float
) -> None:
    assert (
        score(standard, indicator, measuring(indicator, BOY, 100, 20), ages.of_days(days)) is None
    )


@STANDARDS
@given(
    st.sampled_from(Indicator),
    st.sampled_from(Sex),
    st.integers(0, 1095),
    st.floats(0.5, 80),
    st.floats(0.001, 5),
)
def test_more_is_higher(
    standard: Standard, indicator: Indicator, sex: Sex, days: int, value: float, more: float
) -> None:
    place = 70 if indicator is Indicator.WEIGHT_FOR_LENGTH else 90
    lighter, heavier = (
        score(standard, indicator, measuring(indicator, sex, place, kg), ages.of_days(days))
        for kg in (value, value + more)
    )

    if lighter is not None and heavier is not None:
        assert lighter.z < heavier.z
        assert lighter.centile <= heavier.centile
        assert lighter.band <= heavier.band


@pytest.mark.parametrize(
    ("indicator", "names"),
    [
        (Indicator.WEIGHT, ["重度低体重", "低体重", "中下", "中", "中", "中上", "上", "上"]),
        (Indicator.LENGTH, ["重度生长迟缓", "生长迟缓", "中下", "中", "中", "中上", "上", "上"]),
        (Indicator.HEAD, ["下", "下", "中下", "中", "中", "中上", "上", "上"]),
        (Indicator.BMI, ["重度消瘦", "消瘦", "中下", "中", "中", "超重", "肥胖", "重度肥胖"]),
    ],
)
def test_a_line_belongs_to_the_name_above_it(indicator: Indicator, names: list[str]) -> None:
    lines = wst423().tables[indicator, GIRL].lines(12)
    assert lines is not None
    on_lines: list[str] = []
    just_below: list[str] = []
    for line in lines:
        for value, said in ((line, on_lines), (line - 0.001, just_below)):
            found = score(
                wst423(),
                indicator,
                measuring(indicator, GIRL, 0, value),
                ages.of_days(12 * DAYS_PER_MONTH),
            )
            assert found is not None
            said.append(found.label)

    assert on_lines == names[1:]
    assert just_below == names[:-1]


def test_a_bmi_that_computing_puts_beside_its_line_lies_on_it() -> None:
    """Girls at 12 months: 15.4 is -1, the first value that is 中."""
    [line] = [lines[2] for lines in [wst423().tables[Indicator.BMI, GIRL].lines(12)] if lines]
    labels = set()
    for tenths in range(700, 800):
        cm = tenths / 10
        measured = Measurement(GIRL, weight_kg=line * (cm / 100) ** 2, lenhei_cm=cm)
        found = assess(wst423(), measured, BIRTH, add_months(BIRTH, 12)).actual
        labels.add(found.label_of(Indicator.BMI))

    assert labels == {"中"}


def test_the_median_has_half_of_the_children_below_it() -> None:
    assert centile(0) == 50
    assert centile(-2) == pytest.approx(2.275, abs=0.001)
    assert centile(1.880794) == pytest.approx(97, abs=0.001)


def test_a_judgement_stands_beside_the_level() -> None:
    measured = Measurement(BOY, weight_kg=2.5)
    found = assess(wst423(), measured, BIRTH, BIRTH).actual.score(Indicator.WEIGHT)

    assert found is not None
    assert (found.level, found.label) == ("下", "低体重")
    assert found.centile == pytest.approx(0.38, abs=0.01)


def test_who_names_no_illness() -> None:
    found = assess(who(), Measurement(BOY, weight_kg=2.2), BIRTH, BIRTH)

    assert found.actual.label_of(Indicator.WEIGHT) == "低于-2SD"
    assert found.actual.label_of(Indicator.HEAD) == "不适用"


@STANDARDS
def test_until_24_months_a_preterm_child_has_both_ages(standard: Standard) -> None:
    """Born at 32 weeks: eight weeks early."""
    measured_on = add_months(BIRTH, 6)
    measured = Measurement(BOY, weight_kg=6.5, lenhei_cm=62, head_cm=41)
    found = assess(standard, measured, BIRTH, measured_on, gestational_days=32 * 7)
    term = assess(standard, measured, BIRTH + timedelta(weeks=8), measured_on)

    assert found.corrected is not None
    assert found.main is found.corrected
    assert found.corrected == term.actual
    assert found.actual == assess(standard, measured, BIRTH, measured_on).actual
    older, younger = (one.score(Indicator.WEIGHT) for one in (found.actual, found.corrected))
    assert older is not None
    assert younger is not None
    assert older.z < younger.z


@pytest.mark.parametrize(
    ("gestational_days", "measured_on", "corrects"),
    [
        (37 * 7 - 1, date(2026, 5, 30), True),
        (37 * 7 - 1, date(2026, 5, 31), False),  # 24 months
        (37 * 7, date(2024, 12, 1), False),
        (None, date(2024, 12, 1), False),
    ],
)
def test_age_is_corrected_before_37_weeks_and_24_months(
    gestational_days: int | None, measured_on: date, corrects: bool
) -> None:
    measured = Measurement(GIRL, weight_kg=9)
    found = assess(wst423(), measured, BIRTH, measured_on, gestational_days=gestational_days)

    assert (found.corrected is not None) is corrects


@STANDARDS
def test_before_the_due_date_there_is_no_score_at_the_corrected_age(standard: Standard) -> None:
    measured = Measurement(GIRL, weight_kg=1.6, lenhei_cm=42, head_cm=30)
    found = assess(standard, measured, BIRTH, BIRTH + timedelta(7), gestational_days=32 * 7)

    assert found.corrected is not None
    assert found.corrected.scores == ()
    assert found.actual.score(Indicator.WEIGHT) is not None
    assert found.questions == ()  # small for the calendar is no slip of the pen


@STANDARDS
@pytest.mark.parametrize(
    ("measured", "asks"),
    [
        (Measurement(BOY, weight_kg=9.6, lenhei_cm=76, head_cm=46), []),
        (Measurement(BOY, weight_kg=96, lenhei_cm=76), ["体重96公斤"]),
        (Measurement(BOY, weight_kg=9.6, lenhei_cm=7.6), ["身长（身高）7.6厘米"]),
        (Measurement(BOY, head_cm=64), ["头围64厘米"]),
        (Measurement(BOY, weight_kg=14.2, lenhei_cm=66), ["体重14.2公斤配身长（身高）66厘米"]),
    ],
)
def test_what_is_hard_to_believe_is_scored_and_asked_about(
    standard: Standard, measured: Measurement, asks: list[str]
) -> None:
    found = assess(standard, measured, BIRTH, add_months(BIRTH, 12))

    assert [one.text[: len(text)] for one, text in zip(found.questions, asks, strict=True)] == asks
    assert found.actual.scores


@pytest.mark.parametrize(
    ("indicator", "low", "high"),
    [("wfa", -6, 5), ("lhfa", -6, 6), ("hcfa", -5, 5), ("bfa", -5, 5), ("wfl", -5, 5)],
)
def test_the_limits_of_belief_are_those_of_who(indicator: str, low: int, high: int) -> None:
    of = Indicator(indicator)

    assert not is_far(of, low)
    assert not is_far(of, high)
    assert is_far(of, low - 0.01)
    assert is_far(of, high + 0.01)


def test_with_oedema_nothing_is_made_of_the_weight() -> None:
    measured = Measurement(BOY, weight_kg=12, lenhei_cm=76, head_cm=46, oedema=True)
    found = assess(wst423(), measured, BIRTH, add_months(BIRTH, 12))

    assert {one.indicator for one in found.actual.scores} == {Indicator.LENGTH, Indicator.HEAD}


def test_months_of_a_calendar_and_of_30_4375_days() -> None:
    assert ages.between(date(2024, 1, 31), date(2024, 2, 29)).months == 1
    assert ages.between(date(2024, 1, 31), date(2024, 3, 30)).months == 1 + 30 / DAYS_PER_MONTH
    assert ages.of_days(487).months == 16
    assert ages.of_days(730.5).whole_days == 731
