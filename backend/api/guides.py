"""Guides and recipes: read by everybody, answered from memory, revalidated by ETag."""

from typing import Annotated, Literal

from apiflask import APIBlueprint
from flask import Response, request
from pydantic import Field, StringConstraints

from backend.api.schemas import Out, Query
from backend.deps import deps
from backend.guides.library import PREGNANCY, Choice, RecipeChoice, hits_json
from backend.guides.pieces import etag_of
from backend.guides.recipes import Allergen
from backend.guides.source import AGE_BANDS, Series

bp = APIBlueprint("guides", __name__, tag="育儿指南")

CACHE = "public, max-age=300"  # five minutes: a corrected text is seen soon
BANDS = (*AGE_BANDS, PREGNANCY)

AgeDays = Annotated[int, Field(ge=0, le=3000)]
ShortText = Annotated[str, StringConstraints(max_length=40)]
Typed = Annotated[str, StringConstraints(max_length=60)]
ReviewState = Literal["pending", "reviewed", "due"]


class GuideQuery(Query):
    """`band`: an age band of the library, or `pregnancy`."""

    age_days: AgeDays | None = None
    band: Annotated[str, Field(pattern=f"^({'|'.join(BANDS)})$")] | None = None
    series: Series | None = None
    topic: ShortText | None = None
    q: Typed = ""


class GuideItemOut(Out):
    """Days of life, both included; null for a card about pregnancy. `minutes` to read."""

    kind: Literal["guide"]
    slug: str
    title: str
    series: Series
    series_title: str
    topic: str
    summary: str
    age_from_days: int | None
    age_to_days: int | None
    age_text: str
    minutes: int
    review: ReviewState


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


class SignatureOut(Out):
    """Which office reviewed the text, on which day, and until when."""

    office: str
    on: str
    until: str


class GuideOut(GuideItemOut):
    """`blocks`: {kind: text, nodes}, {kind: heading, id, level, text} or {kind: picture, name,
    title, alt, width, height}, in order."""

    blocks: list[dict[str, object]]
    sources: list[SourceOut]
    headings: list[HeadingOut]
    related: list[GuideItemOut]
    signed: SignatureOut | None


class RecipeQuery(Query):
    """`without`: allergens that must not be in it, comma between them."""

    age_days: AgeDays | None = None
    tag: ShortText | None = None
    texture: ShortText | None = None
    without: ShortText = ""


class RecipeItemOut(Out):
    """`may_contain`: allergens that some products of an ingredient hold."""

    kind: Literal["recipe"]
    slug: str
    title: str
    summary: str
    age_from_days: int
    age_to_days: int
    age_text: str
    texture: str
    minutes: int | None
    allergens: list[Allergen]
    may_contain: list[Allergen]
    tags: list[str]
    review: ReviewState


class RecipesOut(Out):
    items: list[RecipeItemOut]
    next: str | None = None


class IngredientOut(Out):
    food: str
    amount: str


class RecipeOut(RecipeItemOut):
    ingredients: list[IngredientOut]
    steps: list[str]
    careful: str
    sources: list[SourceOut]
    signed: SignatureOut | None


class SearchQuery(Query):
    q: Typed = ""
    age_days: AgeDays | None = None


class MarkedOut(Out):
    text: str
    hit: bool


class GuideHitOut(GuideItemOut):
    title_marked: list[MarkedOut]
    snippet: list[MarkedOut]


class RecipeHitOut(RecipeItemOut):
    title_marked: list[MarkedOut]
    snippet: list[MarkedOut]


class SearchOut(Out):
    """`near`: words that might be meant, where nothing was found."""

    items: list[GuideHitOut | RecipeHitOut]
    near: list[str]


@bp.get("/guides")
@bp.input(GuideQuery, location="query")
@bp.output(GuidesOut)
@bp.doc(responses={304: "Unchanged"})
def list_guides(query_data: GuideQuery) -> Response:
    """The guides for an age, a series, a topic or a search."""
    library = deps().library
    listing = library.listing(
        Choice(
            age_days=query_data.age_days,
            band=query_data.band,
            series=query_data.series,
            topic=query_data.topic or None,
            q=query_data.q,
        )
    )
    if not query_data.q:  # the next one who asks so is answered before Flask (front.py)
        library.remember(request.environ.get("QUERY_STRING", ""), listing)
    return unless_known(listing.body_json, listing.etag)


@bp.get("/guides/<slug>")
@bp.output(GuideOut)
@bp.doc(responses={304: "Unchanged", 404: "No such guide"})
def read_guide(slug: str) -> Response:
    """One guide as blocks of the mini-program, with its sources and what else to read."""
    guide = deps().library.get(slug)
    return unless_known(guide.body_json, guide.etag)


@bp.get("/recipes")
@bp.input(RecipeQuery, location="query")
@bp.output(RecipesOut)
@bp.doc(responses={304: "Unchanged"})
def list_recipes(query_data: RecipeQuery) -> Response:
    """The recipes for an age, without an allergen, with a tag or a texture."""
    without = frozenset(filter(None, query_data.without.split(",")))
    choice = RecipeChoice(query_data.age_days, query_data.tag, query_data.texture, without)
    listing = deps().library.recipe_listing(choice)
    return unless_known(listing.body_json, listing.etag)


@bp.get("/recipes/<slug>")
@bp.output(RecipeOut)
@bp.doc(responses={304: "Unchanged", 404: "No such recipe"})
def read_recipe(slug: str) -> Response:
    """One recipe with ingredients and steps."""
    recipe = deps().library.recipe(slug)
    return unless_known(recipe.body_json, recipe.etag)


@bp.get("/search")
@bp.input(SearchQuery, location="query")
@bp.output(SearchOut)
@bp.doc(responses={304: "Unchanged"})
def search(query_data: SearchQuery) -> Response:
    """Guides, cards, service pages and recipes for what was typed, best first."""
    library = deps().library
    hits = library.search(query_data.q, age_days=query_data.age_days)
    body = hits_json(hits, () if hits else library.near(query_data.q))
    return unless_known(body, etag_of(body))


@bp.get("/pictures/<name>")
@bp.doc(hide=True)  # an image, not JSON
def picture(name: str) -> Response:
    """A picture drawn from the tables: `food-6-12m.svg`, for the night `food-6-12m-dark.svg`."""
    body = deps().library.picture(name)
    return unless_known(body, etag_of(body), "image/svg+xml")


def unless_known(body: bytes, etag: str, content_type: str = "application/json") -> Response:
    """The body, or 304 when the client holds it already."""
    known = request.environ.get("HTTP_IF_NONE_MATCH")
    if known is not None and (known == etag or request.if_none_match.contains(etag.strip('"'))):
        response = Response(status=304)
    else:
        response = Response(body, content_type=content_type)
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = CACHE
    return response
