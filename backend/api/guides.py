"""Guides: read by everybody, answered from memory, revalidated by ETag."""

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field, StringConstraints

from backend.api.schemas import Out, Query
from backend.deps import deps
from backend.guides.library import Choice
from backend.guides.source import Series

bp = APIBlueprint("guides", __name__, tag="育儿指南")

CACHE = "public, max-age=300"  # five minutes: a corrected text is seen soon


class GuideQuery(Query):
    age_days: Annotated[int, Field(ge=0, le=3000)] | None = None
    series: Series | None = None
    topic: Annotated[str, StringConstraints(max_length=40)] | None = None
    q: Annotated[str, StringConstraints(max_length=60)] = ""


class GuideItemOut(Out):
    """`age_from_days` and `age_to_days`: days of life, both included."""

    slug: str
    title: str
    series: Series
    series_title: str
    topic: str
    summary: str
    age_from_days: int
    age_to_days: int
    age_text: str
    review: Literal["pending", "reviewed"]


class GuidesOut(Out):
    items: list[GuideItemOut]
    next: str | None = None


class SourceOut(Out):
    title: str
    number: str
    year: int
    url: str | None


class HeadingOut(Out):
    id: str
    level: int
    text: str


class GuideOut(GuideItemOut):
    html: str
    nodes: list[dict[str, object]]
    sources: list[SourceOut]
    headings: list[HeadingOut]


@bp.get("/guides")
@bp.input(GuideQuery, location="query")
@bp.output(GuidesOut)
@bp.doc(responses={304: "Unchanged"})
def list_guides(query_data: GuideQuery) -> Response:
    """The guides for an age, a series, a topic or a search."""
    listing = deps().library.listing(
        Choice(
            age_days=query_data.age_days,
            series=query_data.series,
            topic=query_data.topic or None,
            q=query_data.q,
        )
    )
    return unless_known(listing.body_json, listing.etag)


@bp.get("/guides/<slug>")
@bp.output(GuideOut)
@bp.doc(responses={304: "Unchanged", 404: "No such guide"})
def read_guide(slug: str) -> Response:
    """One guide as safe HTML and as nodes of the mini-program."""
    guide = deps().library.get(slug)
    return unless_known(guide.body_json, guide.etag)


def unless_known(body: bytes, etag: str) -> Response:
    """The body, or 304 when the client holds it already."""
    known = request.environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and (known == etag or request.if_none_match.contains(etag.strip('"'))):
        response = Response(status=304)
    else:
        response = Response(body, content_type="application/json")
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = CACHE
    return response
