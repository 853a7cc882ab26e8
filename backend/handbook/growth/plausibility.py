"""Values that are more often a slip of the pen than a child: asked about, never refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.handbook.growth.measurements import Indicator, Measurement
from backend.handbook.growth.words import NAMES, UNITS

# WHO 2006, flags of its own programs: implausible below the first or above the second.
LIMITS: Mapping[Indicator, tuple[float, float]] = {
    Indicator.WEIGHT: (-6, 5),
    Indicator.LENGTH: (-6, 6),
    Indicator.HEAD: (-5, 5),
    Indicator.BMI: (-5, 5),
    Indicator.WEIGHT_FOR_LENGTH: (-5, 5),
    Indicator.WEIGHT_FOR_HEIGHT: (-5, 5),
}
ASK_EACH = (Indicator.WEIGHT, Indicator.LENGTH, Indicator.HEAD)
ASK_BOTH = (Indicator.BMI, Indicator.WEIGHT_FOR_LENGTH, Indicator.WEIGHT_FOR_HEIGHT)
CHECK = {
    Indicator.WEIGHT: "请看一下单位是不是公斤，小数点和日期有没有填错",
    Indicator.LENGTH: "请看一下单位是不是厘米，躺着量还是站着量、日期有没有填错",
    Indicator.HEAD: "请看一下单位是不是厘米，日期有没有填错",
}
KEEP = "没有填错就照样保存"


@dataclass(frozen=True)
class Question:
    """Something to be confirmed or corrected. `indicators` are those whose score is far out."""

    indicators: tuple[Indicator, ...]
    text: str


def questions(measurement: Measurement, scores: Mapping[Indicator, float]) -> tuple[Question, ...]:
    """What to ask about these scores. A weight that does not fit the length is asked about only
    when neither of the two is: one slip is one question."""
    far = [indicator for indicator in scores if is_far(indicator, scores[indicator])]
    asked = [
        Question((indicator,), _about(indicator, measurement))
        for indicator in ASK_EACH
        if indicator in far
    ]
    both = tuple(indicator for indicator in ASK_BOTH if indicator in far)
    if both and not {Indicator.WEIGHT, Indicator.LENGTH} & set(far):
        asked.append(Question(both, _about_both(measurement)))
    return tuple(asked)


def is_far(indicator: Indicator, z: float) -> bool:
    low, high = LIMITS[indicator]
    return not low <= z <= high


def shrunk(
    earlier: Measurement, later: Measurement, lengths: tuple[float | None, float | None]
) -> Iterable[Question]:
    """Length and head do not become smaller; `lengths` are both corrected for lying or standing."""
    before, after = lengths
    pairs = (
        (Indicator.LENGTH, before, after),
        (Indicator.HEAD, earlier.head_cm, later.head_cm),
    )
    for indicator, old, new in pairs:
        if old is not None and new is not None and new < old:
            said = f"{NAMES[indicator]}比上一次小了（{old:g}厘米到{new:g}厘米）"
            yield Question((indicator,), f"{said}。{CHECK[indicator]}，也可以再量一次。")


def _about(indicator: Indicator, measurement: Measurement) -> str:
    value = {
        Indicator.WEIGHT: measurement.weight_kg,
        Indicator.LENGTH: measurement.lenhei_cm,
        Indicator.HEAD: measurement.head_cm,
    }[indicator]
    said = f"{NAMES[indicator]}{value:g}{UNITS[indicator]}，这个月龄很少见"
    return f"{said}。{CHECK[indicator]}；{KEEP}。"


def _about_both(measurement: Measurement) -> str:
    return (
        f"体重{measurement.weight_kg:g}公斤配身长（身高）{measurement.lenhei_cm:g}厘米很少见。"
        f"请看一下两个数有没有填反、填错；{KEEP}。"
    )
