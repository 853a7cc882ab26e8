"""What else to read: pieces that share words, a topic, an age, or a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backend.guides.source import GuideSource, Series

SAME_TAG, SAME_TOPIC, LINKED, SAME_AGE, SAME_SERIES = 2.0, 1.5, 3.0, 1.0, 0.5
MOST = 4
ENOUGH = 2.0


def related(
    sources: Sequence[GuideSource], links: Mapping[str, frozenset[str]]
) -> dict[str, tuple[str, ...]]:
    """For each slug up to four others, the nearest first. `links`: where each text leads."""
    return {one.slug: _nearest(one, sources, links) for one in sources}


def _nearest(
    one: GuideSource, sources: Sequence[GuideSource], links: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    scored = []
    for other in sources:
        if other.slug == one.slug or other.slug in links[one.slug]:
            continue  # the text leads there already
        score = _nearness(one, other) + LINKED * (one.slug in links[other.slug])
        if score >= ENOUGH:
            scored.append((-score, other.matter.id, other.slug))
    return tuple(slug for *_, slug in sorted(scored)[:MOST])


def _nearness(one: GuideSource, other: GuideSource) -> float:
    if not _same_life(one, other):
        return 0.0
    shared = len(set(one.matter.tags) & set(other.matter.tags))
    return (
        SAME_TAG * shared
        + SAME_TOPIC * (one.matter.topic == other.matter.topic)
        + SAME_AGE * _overlap(one, other)
        + SAME_SERIES * (one.matter.series == other.matter.series)
    )


def _same_life(one: GuideSource, other: GuideSource) -> bool:
    """Pregnancy stays with pregnancy; a page about a service goes with every age."""
    if Series.SERVICE in (one.matter.series, other.matter.series):
        return True
    return (one.matter.age_days is None) == (other.matter.age_days is None)


def _overlap(one: GuideSource, other: GuideSource) -> float:
    """Shared days as a part of both windows' days, 0 to 1."""
    a, b = one.matter.age_days, other.matter.age_days
    if a is None or b is None:
        return 0.0
    shared = min(a[1], b[1]) - max(a[0], b[0]) + 1
    together = max(a[1], b[1]) - min(a[0], b[0]) + 1
    return max(0, shared) / together
