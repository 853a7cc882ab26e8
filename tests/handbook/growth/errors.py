"""How far the product's SDS lies from every value that the standards publish: H2.

For children born early both ages are asked: at the corrected age the value stands on a line of
the table; at the actual one the z-score is worked out here from that age's own row.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from backend.handbook.growth.ages import CORRECTED_UNTIL_MONTHS, DUE_DAYS
from backend.handbook.growth.assessment import assess
from backend.handbook.growth.measurements import BY_LENGTH, Indicator, Posture
from backend.kernel.ages import add_months
from backend.kernel.sex import Sex
from tests.handbook.growth.standards import WHO_LMS, WST423_SD, measuring, published, who, wst423

LINES = range(-3, 4)
BIRTH = date(2020, 1, 31)
WEEKS = (24, 28, 32, 36)
OF_AGE = (Indicator.WEIGHT, Indicator.LENGTH, Indicator.HEAD)


def who_errors() -> Iterator[float]:
    """Value = M (1 + L S z)^(1/L) at -3 … 3 of each day and millimetre."""
    for row in published(WHO_LMS):
        table = who().tables[Indicator(row["indicator"]), Sex(row["sex"])]
        for z in LINES:
            found = table.locate(float(row["x"]), value_of(row, z))
            assert found is not None
            yield abs(found.z - z)


def wst423_errors() -> Iterator[float]:
    """On the day on which a child completes the month, however long it was."""
    for row in published(WST423_SD):
        indicator, sex, place = Indicator(row["indicator"]), Sex(row["sex"]), float(row["x"])
        if indicator in BY_LENGTH:
            months = 12 if BY_LENGTH[indicator] is Posture.LYING else 48
        else:
            months = int(place)
        for z in LINES:
            measured = measuring(indicator, sex, place, float(row[f"SD_{z}"]))
            found = assess(wst423(), measured, BIRTH, add_months(BIRTH, months))
            exact = found.actual.score(indicator)
            assert exact is not None
            yield abs(exact.z - z)


def preterm_errors(every: int = 1) -> Iterator[float]:
    """Two errors of each value, at the corrected and at the actual age, of WHO's days."""
    rows = {
        (row["indicator"], row["sex"], int(row["x"])): row
        for row in published(WHO_LMS)
        if Indicator(row["indicator"]) in OF_AGE
    }
    until = add_months(BIRTH, CORRECTED_UNTIL_MONTHS)
    for place, (key, row) in enumerate(rows.items()):
        indicator, sex, day = Indicator(key[0]), Sex(key[1]), key[2]
        early = DUE_DAYS - WEEKS[place % len(WEEKS)] * 7
        on = BIRTH + timedelta(days=day + early)
        if place % every or on >= until:
            continue
        for z in LINES:
            value = value_of(row, z)
            found = assess(
                who(),
                measuring(indicator, sex, 0, value),
                BIRTH,
                on,
                gestational_days=DUE_DAYS - early,
            )
            assert found.corrected is not None
            at_both = found.corrected.score(indicator), found.actual.score(indicator)
            assert at_both[0] is not None
            assert at_both[1] is not None
            yield abs(at_both[0].z - z)
            actual = z_of(rows[key[0], key[1], day + early], value)
            if abs(actual) <= max(LINES):  # beyond, WHO's outer lines are straight
                yield abs(at_both[1].z - actual)


def value_of(row: dict[str, str], z: float) -> float:
    power, median, variation = (float(row[name]) for name in "LMS")
    return float(median * (1 + power * variation * z) ** (1 / power))


def z_of(row: dict[str, str], value: float) -> float:
    power, median, variation = (float(row[name]) for name in "LMS")
    return float(((value / median) ** power - 1) / (power * variation))
