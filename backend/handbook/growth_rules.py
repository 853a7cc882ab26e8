"""What a family may write down as a measurement. Values in, refusal or questions out.

Wide limits keep out what is no measurement of a person; what is merely hard to believe is asked
about (`growth.plausibility`) and kept when the family says that it is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from backend.handbook.growth.assessment import Assessment
from backend.handbook.growth.changes import changes
from backend.handbook.growth.measurements import Measurement, Posture
from backend.kernel.errors import Conflict, Invalid
from backend.kernel.sex import Sex

WEIGHT_G = (100, 200_000)
LENGTH_MM = (100, 2_000)
HEAD_MM = (100, 1_000)
MOST = 500  # of a child: one every five days until the seventh birthday


class MeasuredOnOutOfRange(Invalid):
    code = "measured_on_out_of_range"
    message = "测量日期应在出生之后、今天或今天以前，请检查"


class NothingMeasured(Invalid):
    code = "nothing_measured"
    message = "体重、身长（身高）、头围至少填一项"


class MeasureOutOfRange(Invalid):
    code = "measure_out_of_range"
    message = "这个数不像是人的体重或长度，请检查单位和小数点"


class TooManyMeasurements(Conflict):
    code = "too_many_measurements"
    message = "测量记录太多了，请先删去一些旧的"


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured on one day, in whole grams and millimetres. `lying` is of the length;
    None: the usual way for the age."""

    weight_g: int | None = None
    length_mm: int | None = None
    lying: bool | None = None
    head_mm: int | None = None

    def of(self, sex: Sex) -> Measurement:
        posture = None
        if self.lying is not None:
            posture = Posture.LYING if self.lying else Posture.STANDING
        return Measurement(
            sex=sex,
            weight_kg=None if self.weight_g is None else self.weight_g / 1000,
            lenhei_cm=None if self.length_mm is None else self.length_mm / 10,
            head_cm=None if self.head_mm is None else self.head_mm / 10,
            posture=posture,
        )


def check_measures(measures: Measures) -> None:
    """Raises NothingMeasured or MeasureOutOfRange."""
    values = (
        (measures.weight_g, WEIGHT_G),
        (measures.length_mm, LENGTH_MM),
        (measures.head_mm, HEAD_MM),
    )
    if all(value is None for value, _ in values):
        raise NothingMeasured
    if any(value is not None and not low <= value <= high for value, (low, high) in values):
        raise MeasureOutOfRange


def check_day(measured_on: date, *, birth: date, today: date) -> None:
    """Raises MeasuredOnOutOfRange before the birth and after today."""
    if not birth <= measured_on <= today:
        raise MeasuredOnOutOfRange


def asked_about(new: Assessment, others: Sequence[Assessment], *, replaced: bool) -> list[str]:
    """What has to be confirmed before the measurement is kept; empty: keep it.

    `others` are of the same child by the same standard, on other days, in order; `replaced`: one
    of the same day would be overwritten that the family did not open to put it right.
    """
    asked = [question.text for question in new.questions]
    if replaced:
        asked.append(f"{said(new.measured_on)}已经记过一次，再保存就换成这一次的数。")
    for one in _neighbours(new, others):
        earlier, later = sorted((one, new), key=lambda each: each.measured_on)
        asked += [
            f"和{said(one.measured_on)}那次比：{question.text}"
            for question in changes(earlier, later).questions
        ]
    return asked


def _neighbours(new: Assessment, others: Sequence[Assessment]) -> list[Assessment]:
    """The measurements just before and just after that have a length, and those with a head."""
    found: dict[date, Assessment] = {}
    for has in (_has_length, _has_head):
        known = [one for one in others if has(one)]
        before = [one for one in known if one.measured_on < new.measured_on]
        after = [one for one in known if one.measured_on > new.measured_on]
        found.update((one.measured_on, one) for one in (*before[-1:], *after[:1]))
    return [found[day] for day in sorted(found)]


def _has_length(one: Assessment) -> bool:
    return one.measurement.lenhei_cm is not None


def _has_head(one: Assessment) -> bool:
    return one.measurement.head_cm is not None


def said(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
