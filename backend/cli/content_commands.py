"""`python -m backend content …`: for those who write, draw and print the library."""

import os
import sys
from pathlib import Path

import click

from backend.cli.starting import process_settings, refuse, settings_or_refuse

ROOT = Path(__file__).parents[2]
CONTENT = ROOT / "content"
DATABASE = "BACKEND_DATABASE_URL"

content_folder = click.option(
    "--content",
    "content_root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=CONTENT,
    help="The folder content/, if it is another one.",
)


@click.group()
def content() -> None:
    """The texts and tables in content/."""


@content.command("check", short_help="Name everything that is wrong.")
@click.argument(
    "folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=CONTENT
)
def check(folder: Path) -> None:
    """Name everything in content/ that is wrong; succeed if nothing is."""
    from backend.cli.content import problems

    found = problems(folder)
    for line in found:
        click.echo(line)
    sys.exit(1 if found else 0)


@content.command("status", short_help="What is signed, and what runs out.")
def status() -> None:
    """How far the review is, and what must be read again within 60 days."""
    from backend.cli.content_status import status as lines_of
    from backend.deps import build

    for line in lines_of(build(process_settings())):
        click.echo(line)


@content.command("new")
@click.argument("id")
@click.option("--folder", required=True, help="guides/6-12m, cards, services or recipes.")
@click.option("--slug", required=True, help="Name of the file and of its page: xue-he-shui.")
@content_folder
def new(id: str, folder: str, slug: str, content_root: Path) -> None:
    """Begin a piece: a file with everything that must be filled in."""
    from backend.guides.new_piece import CannotBegin, begin

    try:
        file = begin(content_root, id, folder, slug)
    except CannotBegin as error:
        refuse(str(error))
    click.echo(f"写好了：{file}")
    click.echo(
        "接下来：填好开头的说明和正文（docs/writing.md），再运行 python -m backend content check"
    )


@content.command("pictures")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Write the SVGs here."
)
@content_folder
def pictures(out: Path | None, content_root: Path) -> None:
    """Name the pictures that a text can show, ![](picture:NAME)."""
    from backend.facts.errors import ContentError
    from backend.guides.pictures import draw_all

    try:
        drawn = draw_all(content_root)
    except ContentError as error:
        refuse(str(error))
    for picture in drawn.values():
        click.echo(f"{picture.name:<16} {picture.title}")
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    for picture in drawn.values():
        (out / f"{picture.name}.svg").write_bytes(picture.light)
        (out / f"{picture.name}-dark.svg").write_bytes(picture.dark)


@content.command("book")
@click.argument("book", type=click.Choice(["manual", "nutrition"]))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="build/BOOK.pdf")
@click.option(
    "--draft/--no-draft",
    default=True,
    help="With everything, or with signed pieces only (reads the database).",
)
@click.option("--site", help="Public address for the QR codes; else BACKEND_PUBLIC_URL.")
@content_folder
def book(book: str, out: Path | None, draft: bool, site: str | None, content_root: Path) -> None:
    """Print a book of the library as PDF, A5."""
    from backend.cli.book import CannotPrint, Printing, print_book
    from backend.guides.source import Series

    printing = Printing(
        series=Series(book),
        out=out or Path("build") / f"{book}.pdf",
        content_root=content_root,
        with_unsigned=draft,
        site=site,
        settings=settings_or_refuse() if DATABASE in os.environ else None,
    )
    try:
        for line in print_book(printing):
            click.echo(line)
    except CannotPrint as error:
        refuse(str(error))
