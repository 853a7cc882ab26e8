"""What differs between two versions of a text, clause by clause. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CLAUSE = re.compile(r"[^，。；！？：、]*[，。；！？：、]*")
CONTEXT = 1  # equal lines that are shown before and after a difference
ALIKE = 0.35  # below this two lines are another text, not a changed one


class Change(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"  # of a line: some of its parts were added or removed
    SKIPPED = "skipped"  # of a line: it stands for `count` equal ones


@dataclass(frozen=True)
class Part:
    change: Change
    text: str


@dataclass(frozen=True)
class DiffLine:
    change: Change
    parts: tuple[Part, ...] = ()
    count: int = 1


def differences(before: str, after: str) -> list[DiffLine]:
    """The lines of both, in order; long stretches of equal lines as one SKIPPED.

    Empty lines do not count. Two equal texts give an empty list.
    """
    old, new = _lines(before), _lines(after)
    if old == new:
        return []
    found: list[DiffLine] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_begin, old_end, new_begin, new_end in matcher.get_opcodes():
        if tag == "equal":
            found += _shortened(
                new[new_begin:new_end], first=new_begin == 0, last=new_end == len(new)
            )
        else:
            found += _replaced(old[old_begin:old_end], new[new_begin:new_end])
    return found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _shortened(lines: Sequence[str], *, first: bool, last: bool) -> Iterator[DiffLine]:
    head = 0 if first else CONTEXT
    tail = 0 if last else CONTEXT
    hidden = len(lines) - head - tail
    if hidden <= 1:
        yield from (_whole(Change.SAME, line) for line in lines)
        return
    yield from (_whole(Change.SAME, line) for line in lines[:head])
    yield DiffLine(Change.SKIPPED, count=hidden)
    yield from (_whole(Change.SAME, line) for line in lines[len(lines) - tail :])


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffLine]:
    """Each old line beside the new one that is most like it; the rest was removed or added."""
    place = 0
    for before in old:
        likest = max(range(place, len(new)), key=lambda at: _alike(before, new[at]), default=place)
        if likest == len(new) or _alike(before, new[likest]) < ALIKE:
            yield _whole(Change.REMOVED, before)
            continue
        yield from (_whole(Change.ADDED, line) for line in new[place:likest])
        yield DiffLine(Change.CHANGED, tuple(_parts(before, new[likest])))
        place = likest + 1
    yield from (_whole(Change.ADDED, line) for line in new[place:])


def _alike(before: str, after: str) -> float:
    """How much of both lines is the same, from 0 to 1."""
    same = sum(len(part.text) for part in _parts(before, after) if part.change is Change.SAME)
    return 2 * same / (len(before) + len(after))


def _parts(before: str, after: str) -> Iterator[Part]:
    old, new = CLAUSE.findall(before), CLAUSE.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_begin, old_end, new_begin, new_end in matcher.get_opcodes():
        removed, added = "".join(old[old_begin:old_end]), "".join(new[new_begin:new_end])
        if tag == "equal":
            yield Part(Change.SAME, added)
            continue
        if removed:
            yield Part(Change.REMOVED, removed)
        if added:
            yield Part(Change.ADDED, added)


def _whole(change: Change, line: str) -> DiffLine:
    return DiffLine(change, (Part(change, line),))
