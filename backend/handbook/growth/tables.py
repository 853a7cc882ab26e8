"""One table of a standard: for each age or length, where a value lies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from backend.handbook.growth.scores import (
    Lines,
    Lms,
    between,
    lines_z,
    lms_lines,
    lms_z,
    restricted_lms_z,
)

FINEST = 6  # decimals of a place in a table: 44.3 + 0.7 is 45, where the table begins


class Located(NamedTuple):
    lines: Lines
    z: float


class Table(Protocol):
    """`place` is days, months or centimetres, as the standard counts for this table."""

    @property
    def first(self) -> float: ...

    @property
    def last(self) -> float: ...

    @property
    def places(self) -> Sequence[float]: ...

    def lines(self, place: float) -> Lines | None:
        """The seven lines there; None where the table has ended or not begun."""

    def locate(self, place: float, value: float) -> Located | None:
        """Where a value lies among them."""


class LmsTable:
    """WHO 2006: a row for each day, or for each millimetre.

    Between two rows L, M and S are interpolated, as WHO's own programs do for lengths that are
    given with more than one decimal.
    """

    def __init__(self, first: float, step: float, rows: Sequence[Lms], *, restricted: bool) -> None:
        self._begin = round(first / step)
        self._per_unit = round(1 / step)
        self._rows = rows
        self._restricted = restricted
        self._drawn: dict[Lms, Lines] = {}  # of rows, as they are asked for

    @property
    def first(self) -> float:
        return self._begin / self._per_unit

    @property
    def last(self) -> float:
        return (self._begin + len(self._rows) - 1) / self._per_unit

    @property
    def places(self) -> Sequence[float]:
        return [(self._begin + row) / self._per_unit for row in range(len(self._rows))]

    def lms(self, place: float) -> Lms | None:
        position = round(place * self._per_unit, FINEST) - self._begin
        if not 0 <= position <= len(self._rows) - 1:
            return None
        row = int(position)
        share = position - row
        if share == 0:
            return self._rows[row]
        pairs = zip(self._rows[row], self._rows[row + 1], strict=True)
        return Lms(*(low + (high - low) * share for low, high in pairs))

    def lines(self, place: float) -> Lines | None:
        lms = self.lms(place)
        return None if lms is None else self._lines(lms)

    def locate(self, place: float, value: float) -> Located | None:
        lms = self.lms(place)
        if lms is None:
            return None
        lines = self._lines(lms)
        if self._restricted:
            return Located(lines, restricted_lms_z(lms, lines, value))
        return Located(lines, lms_z(lms, value))

    def _lines(self, lms: Lms) -> Lines:
        lines = self._drawn.get(lms)
        if lines is None:
            lines = lms_lines(lms)
            if len(self._drawn) < len(self._rows):
                self._drawn[lms] = lines
        return lines


class LineTable:
    """WS/T 423—2022: a row for some ages or lengths, each line straight between two rows."""

    def __init__(self, places: Sequence[float], rows: Sequence[Lines]) -> None:
        self.places = places
        self._rows = rows

    @property
    def first(self) -> float:
        return self.places[0]

    @property
    def last(self) -> float:
        return self.places[-1]

    def lines(self, place: float) -> Lines | None:
        place = round(place, FINEST)
        if not self.first <= place <= self.last:
            return None
        row = bisect_right(self.places, place) - 1
        if place == self.places[row]:
            return self._rows[row]
        below, above = self.places[row], self.places[row + 1]
        share = (place - below) / (above - below)
        return between(self._rows[row], self._rows[row + 1], share)

    def locate(self, place: float, value: float) -> Located | None:
        lines = self.lines(place)
        return None if lines is None else Located(lines, lines_z(lines, value))
