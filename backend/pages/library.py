"""The library on the web: for public accounts, search engines and paper. No script at all."""

from flask import Blueprint, Response, current_app, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.centres.nursing_rooms import rooms
from backend.deps import deps
from backend.guides.library import PREGNANCY
from backend.guides.source import AGE_BANDS, SERIES_TITLES, Series
from backend.kernel.clock import city_date
from backend.kernel.errors import NotFound
from backend.pages import library_answers as answers
from backend.pages.library_filters import asked_recipes, asked_rooms
from backend.pages.library_pages import LibraryPages, pages_of

bp = Blueprint("library", __name__, template_folder="templates")

LONGEST_QUESTION = 60  # characters


def pages() -> LibraryPages:
    return pages_of(current_app, deps().library)


@bp.get("/g/")
def index() -> Response:
    """Everything by series, or what is for one age, or one series."""
    band, series = request.args.get("band", ""), request.args.get("series", "")
    if band and band not in (*AGE_BANDS, PREGNANCY):
        raise NotFound
    if series and series not in SERIES_TITLES:
        raise NotFound
    return answers.page(pages().index(band, Series(series) if series else None))


@bp.get("/g/<slug>")
def piece(slug: str) -> Response:
    """A guide, a card, a service page or a recipe."""
    return answers.page(pages().piece(slug))


@bp.get("/g/recipes")
def recipes() -> Response:
    return answers.page(pages().recipes(asked_recipes(request.args)))


@bp.get("/g/search")
def search() -> AnyResponse:
    question = request.args.get("q", "").strip()[:LONGEST_QUESTION]
    if not question:
        return redirect(url_for("library.index"))
    return answers.page(pages().search(question))


@bp.get("/g/nursing-rooms")
def nursing_rooms() -> Response:
    """The public directory of nursing rooms, of a town or of the city."""
    parts = deps()
    asked = asked_rooms(request.args, parts.places)
    with parts.reads() as session:
        found = rooms(session, asked.town or None, asked.q)
    today = city_date(parts.clock.now())
    return answers.page(pages().nursing_rooms(found, asked, parts.places, today))


@bp.get("/g/picture/<name>")
def picture(name: str) -> Response:
    """A picture of a piece: `food-6-12m.svg`, for the night `food-6-12m-dark.svg`."""
    return answers.picture(deps().library.picture(name))


@bp.get("/g/style/<version>.css")
def style(version: str) -> Response:
    return answers.style(version)


@bp.get("/robots.txt")
def robots() -> Response:
    return answers.plain(pages().robots(), "text/plain; charset=utf-8")


@bp.get("/sitemap.xml")
def sitemap() -> Response:
    return answers.plain(pages().sitemap(), "application/xml; charset=utf-8")


@bp.get("/g/<path:rest>")
def elsewhere(rest: str) -> Response:
    raise NotFound


@bp.errorhandler(NotFound)
def missing(error: NotFound) -> Response:
    """A page that says so in Chinese and offers the search."""
    return answers.page(pages().missing(), status=404)


@bp.after_request
def close(response: Response) -> Response:
    return answers.closed(response)
