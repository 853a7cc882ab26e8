"""How rates are counted. Pure: numbers in, number out; each formula stands where it is shown."""

from __future__ import annotations

from decimal import Decimal

MIN_FAMILIES = 10  # fewer families say nothing of a town, and something of each family
KNOWLEDGE_TARGET = Decimal(95)  # per cent; city plan of 2021-12-08
KNOWLEDGE_FORMULA = "知晓率 = 抽样套题中答对的题数 ÷ 抽样套题中作答的题数"


def knowledge_rate(correct: int, asked: int) -> Decimal:
    """知晓率 in per cent, rounded down to 0.1: what is shown as 95.0 has reached the target.

    The city's plan of 2021-12-08 wants 家庭科学养育常识知晓率 ≥ 95 % by 2025 and does not define
    how it is counted. Ours: 抽样套题中答对的题数 ÷ 抽样套题中作答的题数. A sampled set is the
    family's first of a city month; only finished ones count, for the month in which they began.

    Raises ValueError without a question, or with more right answers than questions.
    """
    return share(correct, asked)


def share(part: int, whole: int) -> Decimal:
    """Per cent, rounded down to 0.1. Raises ValueError for what is no part of a whole."""
    if whole < 1 or not 0 <= part <= whole:
        raise ValueError(f"{part} of {whole} is no share")
    return Decimal(1000 * part // whole).scaleb(-1)


def is_shown(families: int) -> bool:
    """Whether a rate over so many families may be shown; otherwise it says 样本不足."""
    return families >= MIN_FAMILIES
