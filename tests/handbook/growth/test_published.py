"""Every value that the standards publish, beside what the product says of it: H2."""

import pytest

from backend.handbook.growth import ages
from backend.handbook.growth.ages import Age
from backend.handbook.growth.assessment import score
from backend.handbook.growth.measurements import BY_LENGTH, Indicator, Posture
from backend.handbook.growth.scores import lms_value
from backend.handbook.growth.standards import Standard
from backend.handbook.growth.tables import LmsTable
from backend.kernel.ages import DAYS_PER_MONTH
from backend.kernel.sex import Sex
from tests.handbook.growth.errors import preterm_errors, who_errors, wst423_errors
from tests.handbook.growth.standards import (
    WHO_MONTH,
    WST423_SD,
    measuring,
    published,
    who,
    wst423,
)

WORST = 0.001  # SDS, issue 5
LINES = range(-3, 4)
AGES = {Posture.LYING: ages.of_days(400), Posture.STANDING: ages.of_days(1200)}
PERCENTILES = {  # of the normal distribution
    "P3": -1.880794,
    "P10": -1.281552,
    "P25": -0.674490,
    "P75": 0.674490,
    "P90": 1.281552,
    "P97": 1.880794,
}


def scored(standard: Standard, row: dict[str, str], age: Age, value: float) -> float:
    indicator, sex = Indicator(row["indicator"]), Sex(row["sex"])
    at = AGES[BY_LENGTH[indicator]] if indicator in BY_LENGTH else age
    found = score(standard, indicator, measuring(indicator, sex, float(row["x"]), value), at)
    assert found is not None, row
    return found.z


def test_all_who_points_are_met() -> None:
    """Each day and millimetre at -3 … 3: 120,820 points."""
    errors = list(who_errors())

    assert len(errors) == 120_820
    assert max(errors) <= WORST


def test_a_child_born_early_is_met_at_both_ages() -> None:
    """Every tenth day of WHO's tables until 24 months of life; all of them: `make bench ONLY=H2`.

    What lies on a line of the corrected age is far below it at the actual one.
    """
    errors = list(preterm_errors(every=10))

    assert len(errors) > 3000
    assert max(errors) <= WORST


def test_all_lines_and_percentiles_of_the_months_are_met() -> None:
    """WHO's tables by month have two decimals: each is ours, rounded. 6,344 values."""
    values = 0
    for row in published(WHO_MONTH):
        table = who().tables[Indicator(row["indicator"]), Sex(row["sex"])]
        assert isinstance(table, LmsTable)
        lms, lines = table.lms(float(row["day"])), table.lines(float(row["day"]))
        assert lms is not None
        assert lines is not None
        ours = {f"SD_{z}": lines[z + 3] for z in LINES}
        ours |= {name: lms_value(lms, z) for name, z in PERCENTILES.items()}
        for name, value in ours.items():
            assert float(row[name]) == pytest.approx(value, abs=0.005 + 1e-5), (row, name)
            values += 1

    assert values == 8 * 61 * 13


def test_all_lines_of_wst423_are_exactly_minus_three_to_three() -> None:
    """On the day on which a child completes the month: 3,822 points."""
    errors = list(wst423_errors())

    assert len(errors) == 546 * 7
    assert set(errors) == {0}


def test_rows_without_a_calendar_meet_the_lines_of_wst423_too() -> None:
    """A month is 30.4375 days there; at that age, not at the nearest whole day, z is exact."""
    for row in published(WST423_SD):
        age = ages.of_days(float(row["x"]) * DAYS_PER_MONTH)
        for z in LINES:
            assert scored(wst423(), row, age, float(row[f"SD_{z}"])) == z


def test_between_two_rows_each_line_of_wst423_is_straight() -> None:
    """Halfway by hand: boys, 24 and 27 months, weight 12.6 and 13.1 at the median, 14.0 and 14.6
    one line above."""
    row = {"indicator": "wfa", "sex": "m", "x": "0"}
    halfway = Age(days=776, months=25.5)

    assert scored(wst423(), row, halfway, 12.85) == pytest.approx(0, abs=1e-9)
    assert scored(wst423(), row, halfway, 14.3) == pytest.approx(1, abs=1e-9)
    assert scored(wst423(), row, halfway, 13.575) == pytest.approx(0.5, abs=1e-9)
