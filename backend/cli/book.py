"""`content book`: the printed manual and the nutrition guide."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from backend.centres.places import load_places
from backend.config import Settings
from backend.facts.errors import ContentError
from backend.guides.book.manuscript import Edition, Manuscript, write_book
from backend.guides.book.typeset import CannotTypeset, check_tools, code_for, to_pdf
from backend.guides.loading import Shelf, load_shelf
from backend.guides.review import Reviews
from backend.guides.review_queries import read_reviews
from backend.guides.source import Series
from backend.kernel.clock import SystemClock, city_date, clock_from
from backend.kernel.db import make_engine, read_factory

PUBLIC = "https://"


class CannotPrint(Exception):
    """Why there is no book, in Chinese."""


@dataclass(frozen=True)
class Printing:
    """What is printed. Without `settings` no decision is known: every piece counts as unsigned."""

    series: Series
    out: Path
    content_root: Path
    with_unsigned: bool
    site: str | None
    settings: Settings | None


def print_book(printing: Printing) -> Iterator[str]:
    """Write the PDF and say what it holds. Raises CannotPrint."""
    if printing.settings is None and not printing.with_unsigned:
        raise CannotPrint("正式本只收已审定的篇目，要读数据库：请先设好 BACKEND_DATABASE_URL 等")
    try:
        check_tools()
        manuscript, edition = _write(printing)
        pdf = to_pdf(manuscript, edition.day)
    except (CannotTypeset, ContentError) as error:
        raise CannotPrint(str(error)) from error
    printing.out.parent.mkdir(parents=True, exist_ok=True)
    printing.out.write_bytes(pdf)
    yield f"印好了：{printing.out}（{len(pdf) / 1e6:.1f} MB）"
    yield f"{manuscript.title}，{len(manuscript.pieces)}篇，其中{manuscript.unsigned}篇待审"
    if manuscript.unsigned:
        yield "封面和书眉印有“送审稿”；正式本用 --no-draft，只收已审定的篇目"
    if printing.settings is None:
        yield "没有读数据库（没有 BACKEND_DATABASE_URL），审定情况不知道，全部按待审印"
    if edition.code is None:
        yield "没有公开网址，没有印二维码：--site https://…"


def _write(printing: Printing) -> tuple[Manuscript, Edition]:
    clock = clock_from(printing.settings.clock) if printing.settings else SystemClock()
    shelf = load_shelf(printing.content_root)
    library = shelf.library(show_pending=printing.with_unsigned, reviews=_reviews(printing))
    site = _site(printing)
    edition = Edition(
        city=load_places(printing.content_root).city,
        day=city_date(clock.now()),
        code=code_for(site) if site else None,
    )
    manuscript = write_book(library, printing.series, _folders(shelf), edition)
    if not manuscript.pieces:
        raise CannotPrint("一篇已审定的都没有，先在工作台审定，或者印送审稿（--draft）")
    return manuscript, edition


def _folders(shelf: Shelf) -> dict[str, str]:
    return {source.slug: source.folder for source in shelf.guides}


def _reviews(printing: Printing) -> Reviews:
    settings = printing.settings
    if settings is None:
        return Reviews()
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with read_factory(engine)() as session:
            grace = timedelta(days=settings.review_grace_days)
            return read_reviews(session, clock_from(settings.clock), grace)
    except SQLAlchemyError as error:
        raise CannotPrint(f"读不到数据库里的审定记录：{type(error).__name__}") from error
    finally:
        engine.dispose()


def _site(printing: Printing) -> str | None:
    """A printed code must lead somewhere from any phone."""
    site = printing.site or (printing.settings.public_url if printing.settings else "")
    if site.startswith(PUBLIC):
        return site
    if printing.site:
        raise CannotPrint("--site 要写 https:// 开头的公开网址")
    return None
