"""Sentences for parents about growth. They say what the figures say; they name no illness."""

from __future__ import annotations

from collections.abc import Sequence

from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth.scores import LINES

NAMES = {
    Indicator.WEIGHT: "体重",
    Indicator.LENGTH: "身长（身高）",
    Indicator.HEAD: "头围",
    Indicator.BMI: "BMI",
    Indicator.WEIGHT_FOR_LENGTH: "身长别体重",
    Indicator.WEIGHT_FOR_HEIGHT: "身高别体重",
}
UNITS = {Indicator.WEIGHT: "公斤", Indicator.LENGTH: "厘米", Indicator.HEAD: "厘米"}
DECIMALS = {Indicator.WEIGHT: 2, Indicator.LENGTH: 1, Indicator.HEAD: 1}
SEE_CLINIC = "请儿保门诊看"
NO_CAUSE = "穿过线只说明曲线换了位置，说明不了原因"


def line_name(z: int) -> str:
    return "中位线" if z == 0 else f"{z:+d}SD线"


def place(band: int) -> str:
    """Where a band lies: 中位线和+1SD线之间."""
    if band == 0:
        return f"{line_name(LINES[0])}以下"
    if band == len(LINES):
        return f"{line_name(LINES[-1])}及以上"
    return f"{line_name(LINES[band - 1])}和{line_name(LINES[band])}之间"


def speed(indicator: Indicator, days: int, gained: float, a_month: float) -> str:
    name, unit, decimals = NAMES[indicator], UNITS[indicator], DECIMALS[indicator]
    amount = _plain(abs(gained), decimals)
    if amount == "0":
        return f"{name}：{days}天里没有变。"
    if gained < 0:
        return f"{name}：{days}天里少了{amount}{unit}。"
    return f"{name}：{days}天里长了{amount}{unit}，合每月{_plain(a_month, decimals)}{unit}。"


def crossing(indicator: Indicator, before: int, after: int, lines: Sequence[int]) -> str:
    """Ends with the clinic where a line was crossed."""
    name = NAMES[indicator]
    if not lines:
        return f"{name}的点两次都在{place(after)}，没有穿过线。"
    way = "往上" if after > before else "往下"
    crossed = "、".join(line_name(z) for z in lines)
    return (
        f"{name}的点上一次在{place(before)}，这一次在{place(after)}，{way}穿过了{crossed}。"
        f"{NO_CAUSE}，{SEE_CLINIC}。"
    )


def _plain(number: float, decimals: int) -> str:
    """Without zeros at the end: 1.2, not 1.20."""
    return f"{number:.{decimals}f}".rstrip("0").rstrip(".")
