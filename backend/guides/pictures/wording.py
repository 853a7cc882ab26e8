"""How numbers and ages are written in pictures, and how words are broken into lines."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MONTHS_A_YEAR = 12
COUNTED_IN_MONTHS = 24  # up to here parents say months
AWAITED = "待营养师定"

WHOLE = re.compile(r"[\d.]+(?:～[\d.]+)?|\S")  # what no line end may tear apart
CLAUSE = re.compile(r"[^，；。、]+[，；。、]?")
FULL_ENOUGH = 0.6  # of a line
NOT_FIRST = "，。；：、）！"
NARROW = 0.56  # width of a digit in em, in the widest of the usual fonts


def number(value: float) -> str:
    return f"{value:g}"


def span(amounts: tuple[float, float]) -> str:
    """(500, 700) → 500～700; (125, 125) → 125."""
    return "～".join(dict.fromkeys(number(amount) for amount in amounts))


def ages(months: tuple[int, int]) -> str:
    """Ages from the first month up to, not including, the second, as parents count them.

    (6, 12) → 6～11月龄; (24, 48) → 2～3岁.
    """
    first, end = months
    if end <= COUNTED_IN_MONTHS or first % MONTHS_A_YEAR or end % MONTHS_A_YEAR:
        return f"{first}～{end - 1}月龄"
    return f"{first // MONTHS_A_YEAR}～{end // MONTHS_A_YEAR - 1}岁"


def width(words: str, size: int) -> float:
    """About how many px the words take; on the safe side."""
    wide = sum(unicodedata.east_asian_width(letter) in "WFA" for letter in words)
    return size * (wide + NARROW * (len(words) - wide))


def lines(words: str, room: float, size: int) -> list[str]:
    """Words in lines no wider than `room`, broken after a comma unless the line is short then."""
    made = [""]
    for clause in CLAUSE.findall(words):
        if width(made[-1] + clause, size) <= room:
            made[-1] += clause
        elif width(clause, size) <= room and width(made[-1], size) >= room * FULL_ENOUGH:
            made.append(clause)
        else:
            made += _broken(made.pop(), WHOLE.findall(clause), room, size)
    return [line for line in made if line]


def _broken(begun: str, pieces: Iterable[str], room: float, size: int) -> list[str]:
    made = [begun]
    for piece in pieces:
        if width(made[-1] + piece, size) <= room or piece in NOT_FIRST:
            made[-1] += piece
        else:
            made.append(piece)
    return made


def remarked(words: str, *, awaited: bool) -> str:
    """The words, and that an expert has yet to decide about them."""
    return f"{words}（{AWAITED}）" if awaited else words


def listed(parts: Iterable[str]) -> str:
    """Parts of a description as one sentence."""
    return "；".join(parts) + "。"
