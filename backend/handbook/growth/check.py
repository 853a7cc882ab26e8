"""What `content check` asks of the growth tables beyond being whole: lines that rise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from backend.facts.errors import ContentError
from backend.handbook.growth.measurements import Indicator
from backend.handbook.growth.scores import LINES
from backend.handbook.growth.standards import Standard, StandardName, load_standard

NEVER_SHRINK = {Indicator.HEAD, Indicator.WEIGHT_FOR_LENGTH, Indicator.WEIGHT_FOR_HEIGHT}


def check_growth(content_root: Path) -> Iterator[str]:
    """Everything wrong with content/growth; nothing when all is well."""
    for name in StandardName:
        try:
            standard = load_standard(content_root, name)
        except ContentError as error:
            yield str(error)
            continue
        yield from (f"{content_root / 'growth'}: growth_lines: {text}" for text in _lines(standard))


def _lines(standard: Standard) -> Iterator[str]:
    for (indicator, sex), table in standard.tables.items():
        medians: list[tuple[float, float]] = []
        for place in table.places:
            lines = table.lines(place)
            assert lines is not None  # a table covers its own places
            if lines[0] <= 0 or any(low >= high for low, high in pairwise(lines)):
                yield f"{standard.name} {indicator},{sex} x={place:g}: 七条线没有从小到大"
            medians.append((place, lines[LINES.index(0)]))
        if indicator not in NEVER_SHRINK:
            continue
        for (_, before), (place, after) in pairwise(medians):
            if after < before:
                yield f"{standard.name} {indicator},{sex} x={place:g}: 中位数比上一行小"
