"""What may be written down as a measurement, and what has to be looked at again first."""

from datetime import date

import pytest

from backend.handbook.growth.assessment import Assessment, assess
from backend.handbook.growth_rules import (
    MeasuredOnOutOfRange,
    MeasureOutOfRange,
    Measures,
    NothingMeasured,
    asked_about,
    check_day,
    check_measures,
)
from backend.kernel.sex import Sex
from tests.handbook.growth.standards import wst423

BIRTH = date(2026, 3, 10)


def on(day: date, **measured: int | bool) -> Assessment:
    measures = Measures(**measured)  # type: ignore[arg-type]  # its fields
    return assess(wst423(), measures.of(Sex.FEMALE), BIRTH, day)


def test_grams_and_millimetres_become_what_the_standards_count_in() -> None:
    measurement = Measures(8_430, 705, lying=False, head_mm=431).of(Sex.MALE)

    assert (measurement.weight_kg, measurement.lenhei_cm, measurement.head_cm) == (8.43, 70.5, 43.1)
    assert measurement.posture == "h"
    assert Measures(length_mm=705).of(Sex.MALE).posture is None


def test_nothing_measured_is_refused_also_with_a_posture() -> None:
    with pytest.raises(NothingMeasured):
        check_measures(Measures(lying=True))


@pytest.mark.parametrize(
    "measures",
    [
        Measures(weight_g=99),
        Measures(weight_g=200_001),
        Measures(weight_g=8_000, length_mm=99),
        Measures(length_mm=2_001),
        Measures(head_mm=99),
        Measures(head_mm=1_001),
    ],
)
def test_what_is_no_measurement_of_a_person_is_refused(measures: Measures) -> None:
    with pytest.raises(MeasureOutOfRange):
        check_measures(measures)


@pytest.mark.parametrize(
    "measures", [Measures(100, 100, head_mm=100), Measures(200_000, 2_000, head_mm=1_000)]
)
def test_the_limits_themselves_are_taken(measures: Measures) -> None:
    check_measures(measures)


def test_a_day_lies_between_birth_and_today() -> None:
    today = date(2026, 11, 23)
    check_day(BIRTH, birth=BIRTH, today=today)
    check_day(today, birth=BIRTH, today=today)
    for day in (date(2026, 3, 9), date(2026, 11, 24)):
        with pytest.raises(MeasuredOnOutOfRange):
            check_day(day, birth=BIRTH, today=today)


def test_nothing_is_asked_about_a_usual_measurement() -> None:
    before, after = on(date(2026, 9, 10), length_mm=660), on(date(2026, 11, 10), length_mm=690)
    new = on(date(2026, 10, 10), weight_g=8_000, length_mm=675, head_mm=430)

    assert asked_about(new, [before, after], replaced=False) == []


def test_a_weight_in_the_wrong_unit_and_a_second_one_of_a_day_are_asked_about() -> None:
    asked = asked_about(on(date(2026, 10, 10), weight_g=16_400), [], replaced=True)

    assert [text.partition("，")[0] for text in asked] == [
        "体重16.4公斤",
        "2026年10月10日已经记过一次",
    ]


def test_a_length_is_compared_with_the_last_one_before_and_the_first_one_after() -> None:
    others = [
        on(date(2026, 7, 10), length_mm=640),
        on(date(2026, 8, 10), weight_g=7_000),  # no length
        on(date(2026, 11, 1), length_mm=690),
        on(date(2026, 11, 20), head_mm=432),
    ]

    small = asked_about(on(date(2026, 9, 10), length_mm=630), others, replaced=False)
    large = asked_about(on(date(2026, 9, 10), length_mm=700, head_mm=433), others, replaced=False)

    assert [text.partition("：")[0] for text in small] == ["和2026年7月10日那次比"]
    assert [text.partition("：")[0] for text in large] == [
        "和2026年11月1日那次比",
        "和2026年11月20日那次比",
    ]
    assert "（70厘米到69厘米）" in large[0]
