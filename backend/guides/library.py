"""All guides in memory: read once at start, rendered once, served as bytes.

A wrong file stops the start (ContentError with file and line), not a reader.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from backend.guides import search
from backend.guides.ages import age_text
from backend.guides.render import GUIDE_SCHEME, Heading, Node, Rendered, links_in, render
from backend.guides.source import (
    ContentError,
    FrontMatter,
    GuideSource,
    Series,
    Source,
    guide_files,
    read_source,
)
from backend.kernel.errors import NotFound

Reviewed = Callable[[str, str], bool]
"""Says whether the text with this slug and content hash has been reviewed."""

LISTINGS_KEPT = 256  # the latest asked for; at most about 30 kB each


def nothing_reviewed(slug: str, content_hash: str) -> bool:
    """The answer before there are any decisions."""
    return False


@dataclass(frozen=True)
class Guide:
    """One guide, ready to be served.

    `item` is the entry in a list; `body_json` the answer of GET /guides/{slug}; `etag` is
    strong and quoted. `age_days`: days of life, both ends included.
    """

    id: str
    slug: str
    title: str
    summary: str
    series: Series
    topic: str
    age_days: tuple[int, int]
    tags: tuple[str, ...]
    sources: tuple[Source, ...]
    review: str  # pending | reviewed
    content_hash: str
    html: str
    nodes: list[Node]
    headings: tuple[Heading, ...]
    item: dict[str, Any]
    item_json: bytes
    body_json: bytes
    etag: str
    searchable: search.Searchable = field(repr=False)

    @property
    def age_text(self) -> str:
        return age_text(self.age_days)

    def fits(self, age_days: int) -> bool:
        return self.age_days[0] <= age_days <= self.age_days[1]


@dataclass(frozen=True)
class Listing:
    """A list of guides as it goes over the wire; `etag` is strong and quoted."""

    body_json: bytes
    etag: str


@dataclass(frozen=True)
class Choice:
    """What a reader asks for. None and empty mean: no matter."""

    age_days: int | None = None
    series: Series | None = None
    topic: str | None = None
    q: str = ""


class Library:
    """The guides that may be shown."""

    def __init__(self, guides: Iterable[Guide], synonyms: search.Synonyms) -> None:
        guides = tuple(guides)
        self._guides = sorted(guides, key=lambda guide: (guide.age_days, guide.id))
        self._by_slug = {guide.slug: guide for guide in guides}
        self._synonyms = synonyms
        self._kept_listing = lru_cache(LISTINGS_KEPT)(self._make_listing)

    def __len__(self) -> int:
        return len(self._guides)

    def __contains__(self, slug: object) -> bool:
        return slug in self._by_slug

    def get(self, slug: str) -> Guide:
        """Raises NotFound, also for a guide that is hidden until its review."""
        guide = self._by_slug.get(slug)
        if guide is None:
            raise NotFound
        return guide

    def list(self, choice: Choice = Choice()) -> Sequence[Guide]:
        """The guides of a choice, best first.

        With `q` by how well they match, then, with an age, by how closely their window
        fits it; otherwise in order of age.
        """
        wanted = search.terms(choice.q, self._synonyms)
        found = [
            (search.score(guide.searchable, wanted), guide)
            for guide in self._guides
            if _is_chosen(guide, choice)
        ]
        if wanted:
            found = [pair for pair in found if pair[0] > 0]
        if choice.age_days is None:
            return [guide for _, guide in sorted(found, key=lambda pair: -pair[0])]
        age = choice.age_days
        return [
            guide for _, guide in sorted(found, key=lambda pair: (-pair[0], *_fit(pair[1], age)))
        ]

    def listing(self, choice: Choice = Choice()) -> Listing:
        """The same as bytes `{"items": […], "next": null}`; kept unless it is a search."""
        return self._make_listing(choice) if choice.q else self._kept_listing(choice)

    def _make_listing(self, choice: Choice) -> Listing:
        items = b",".join(guide.item_json for guide in self.list(choice))
        body = b'{"items":[' + items + b'],"next":null}'
        return Listing(body, _etag(body))


def load_library(
    content_root: Path, *, show_pending: bool, reviewed: Reviewed = nothing_reviewed
) -> Library:
    """Read every guide under `content_root`.

    `show_pending` is true in demo, where 待审 is shown beside the title, and false in
    production, where a text that is not `reviewed` is left out.

    Raises ContentError for the first file that cannot be used, for an id or a slug that is
    there twice, and for a link to a guide that does not exist.
    """
    sources = [read_source(file) for file in guide_files(content_root)]
    _check_unique(sources)
    _check_links(sources)
    done = {source.slug: reviewed(source.slug, source.content_hash) for source in sources}
    shown = {slug for slug, is_reviewed in done.items() if show_pending or is_reviewed}
    guides = [
        make_guide(source, is_reviewed=done[source.slug], shown=shown)
        for source in sources
        if source.slug in shown
    ]
    return Library(guides, search.load_synonyms(content_root / "synonyms.txt"))


def _check_links(sources: Sequence[GuideSource]) -> None:
    slugs = {source.slug for source in sources}
    for source in sources:
        for number, line in enumerate(source.body.split("\n"), start=source.body_line):
            if GUIDE_SCHEME not in line:  # parsing each line would double the cost of a start
                continue
            for slug in links_in(line):
                if slug not in slugs:
                    raise ContentError(source.file, number, "dead_link", f"没有这一篇：{slug}")


def _check_unique(sources: Sequence[GuideSource]) -> None:
    seen: dict[str, Path] = {}
    for source in sources:
        for name in (source.slug, source.matter.id):
            if name in seen:
                message = f"{name} 已用于 {seen[name].name}"
                raise ContentError(source.file, 1, "duplicate", message)
            seen[name] = source.file


def make_guide(source: GuideSource, *, is_reviewed: bool, shown: Container[str]) -> Guide:
    """Render one text into everything that is served of it.

    Links to guides that are not `shown` become plain words.
    """
    matter = source.matter
    rendered = render(source.body, shown)
    review = "reviewed" if is_reviewed else matter.review
    item = _item(source.slug, matter, review)
    body = _json(item | _text(matter, rendered))
    return Guide(
        id=matter.id,
        slug=source.slug,
        title=matter.title,
        summary=matter.summary,
        series=matter.series,
        topic=matter.topic,
        age_days=matter.age_days,
        tags=matter.tags,
        sources=matter.sources,
        review=review,
        content_hash=source.content_hash,
        html=rendered.html,
        nodes=rendered.nodes,
        headings=rendered.headings,
        item=item,
        item_json=_json(item),
        body_json=body,
        etag=_etag(body),
        searchable=search.Searchable.of(matter.title, matter.tags, matter.summary, rendered.text),
    )


def _item(slug: str, matter: FrontMatter, review: str) -> dict[str, Any]:
    """A guide as it stands in a list."""
    return {
        "slug": slug,
        "title": matter.title,
        "series": matter.series.value,
        "series_title": matter.series.book_title,
        "topic": matter.topic,
        "summary": matter.summary,
        "age_from_days": matter.age_days[0],
        "age_to_days": matter.age_days[1],
        "age_text": age_text(matter.age_days),
        "review": review,
    }


def _text(matter: FrontMatter, rendered: Rendered) -> dict[str, Any]:
    """What a guide has beyond its place in a list."""
    shown = {"title", "number", "year", "url"}
    return {
        "html": rendered.html,
        "nodes": rendered.nodes,
        "sources": [source.model_dump(include=shown) for source in matter.sources],
        "headings": [{"id": h.id, "level": h.level, "text": h.text} for h in rendered.headings],
    }


def _is_chosen(guide: Guide, choice: Choice) -> bool:
    return (
        (choice.age_days is None or guide.fits(choice.age_days))
        and (choice.series is None or guide.series == choice.series)
        and (not choice.topic or guide.topic == choice.topic)
    )


def _fit(guide: Guide, age_days: int) -> tuple[int, int, str]:
    """The narrower the window, the more a guide is about this age; then the nearer its middle."""
    first, last = guide.age_days
    return last - first, abs(2 * age_days - first - last), guide.id


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'
