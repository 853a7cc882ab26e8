"""What was measured, as it was measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backend.kernel.sex import Sex

LYING_IS_LONGER_CM = 0.7  # WHO 2006 and WS/T 423—2022: a child is longer lying than standing


class Posture(StrEnum):
    LYING = "l"
    STANDING = "h"


class Indicator(StrEnum):
    WEIGHT = "wfa"
    LENGTH = "lhfa"
    HEAD = "hcfa"
    BMI = "bfa"
    WEIGHT_FOR_LENGTH = "wfl"
    WEIGHT_FOR_HEIGHT = "wfh"


OF_WEIGHT = frozenset(
    {
        Indicator.WEIGHT,
        Indicator.BMI,
        Indicator.WEIGHT_FOR_LENGTH,
        Indicator.WEIGHT_FOR_HEIGHT,
    }
)
BY_LENGTH = {
    Indicator.WEIGHT_FOR_LENGTH: Posture.LYING,
    Indicator.WEIGHT_FOR_HEIGHT: Posture.STANDING,
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """`posture` None: measured the standard's usual way for the age.

    With oedema the water is weighed too: what is made of the weight is then not assessed.
    """

    sex: Sex
    weight_kg: float | None = None
    lenhei_cm: float | None = None  # length or height, as measured
    head_cm: float | None = None
    posture: Posture | None = None
    oedema: bool = False


def corrected_cm(measurement: Measurement, usual: Posture) -> float | None:
    """Length or height as it would have been the usual way."""
    if measurement.lenhei_cm is None or measurement.posture in {None, usual}:
        return measurement.lenhei_cm
    if usual is Posture.LYING:
        return measurement.lenhei_cm + LYING_IS_LONGER_CM
    return measurement.lenhei_cm - LYING_IS_LONGER_CM


def bmi(weight_kg: float, lenhei_cm: float) -> float:
    return weight_kg / (lenhei_cm / 100) ** 2
