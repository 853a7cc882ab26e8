"""Both standards as the running product uses them: each read when it is first asked for.

A start does not wait for tables that the first family needs; `content check` has seen them.
"""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path
from typing import NamedTuple

from backend.handbook.growth.curves import curve
from backend.handbook.growth.measurements import BY_LENGTH, Indicator
from backend.handbook.growth.standards import Standard, StandardName, load_standard
from backend.kernel.sex import Sex

EVERYTHING = (0.0, 200.0)  # months or cm: more than any table holds
DECIMALS = 3  # of a point: a gram, a hundredth of a millimetre, half a day


class Drawn(NamedTuple):
    """The seven lines as they are sent, and the name of just this answer."""

    body_json: bytes
    etag: str


class Standards:
    def __init__(self, content_root: Path) -> None:
        self._root = content_root
        self._lock = threading.Lock()  # tables are read once, however many ask first
        self._read: dict[StandardName, Standard] = {}
        self._drawn: dict[tuple[StandardName, Indicator, Sex], Drawn] = {}

    def get(self, name: StandardName) -> Standard:
        """Raises ContentError."""
        found = self._read.get(name)
        if found is None:
            with self._lock:
                found = self._read.get(name) or load_standard(self._root, name)
                self._read[name] = found
        return found

    def curves(self, name: StandardName, indicator: Indicator, sex: Sex) -> Drawn:
        """The lines from the first row of the table to the last; a window is cut on the phone,
        so that one answer serves every age and can be kept."""
        key = (name, indicator, sex)
        drawn = self._drawn.get(key)
        if drawn is None:
            drawn = self._drawn[key] = _draw(self.get(name), indicator, sex)
        return drawn


def _draw(standard: Standard, indicator: Indicator, sex: Sex) -> Drawn:
    points = curve(standard, indicator, sex, *EVERYTHING)
    said = {
        "standard": standard.name,
        "title": standard.title,
        "indicator": indicator,
        "sex": sex,
        "along": "length" if indicator in BY_LENGTH else "age",
        "points": [
            [round(number, DECIMALS) for number in (point.x, *point.lines)] for point in points
        ],
    }
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
    return Drawn(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"')
