"""`python -m backend staff …`: who may work with the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from backend.cli.starting import process_settings, refuse


@click.group()
def staff() -> None:
    """Accounts for the console."""


@staff.command("add", short_help="Make an account and print its password, once.")
@click.argument("login")
@click.option("--name", required=True, help="As the console shows it.")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["clerk", "town", "city", "reviewer", "child_health"]),
)
@click.option(
    "--centre",
    "centre_id",
    type=int,
    help="For a clerk. A wrong number lists those that there are.",
)
@click.option("--town", help="Code; for the role town, and for child_health of one. As --centre.")
@click.option("--office", help="Name of the institution; for a reviewer and for child_health.")
def add(role: str, **values: Any) -> None:
    """Make an account and print its password, once. The person changes it under 账号.

    \b
    python -m backend staff add wang.li --name 王丽 --role clerk --centre 3
    python -m backend staff add zhou --name 周庄镇工作人员 --role town --town 320281108
    """
    from backend.cli.staff import NewAccount, add_staff
    from backend.people.models import Role

    with _sentence():
        click.echo(add_staff(process_settings(), NewAccount(role=Role(role), **values)))


@staff.command("list")
def list_() -> None:
    """Every account: login, role, place, last sign-in, state, name, office; between tabs."""
    from backend.cli.staff import listed

    for line in listed(process_settings()):
        click.echo(line)


@staff.command("password", short_help="Give an account a new password and print it, once.")
@click.argument("login")
def password(login: str) -> None:
    """Give an account a new password and print it, once. Whoever was signed in is out."""
    from backend.cli.staff import reset_password

    with _sentence():
        click.echo(reset_password(process_settings(), login))


@staff.command("disable", short_help="Close the account of somebody who leaves.")
@click.argument("login")
def disable(login: str) -> None:
    """Close the account of somebody who leaves: signed out at once, and nobody signs in.

    What the person did keeps the name. `enable` opens it again.
    """
    from backend.cli.staff import close_account

    with _sentence():
        close_account(process_settings(), login)


@staff.command("enable")
@click.argument("login")
def enable(login: str) -> None:
    """Open a closed account again, with the password that it had."""
    from backend.cli.staff import open_account

    with _sentence():
        open_account(process_settings(), login)


@contextmanager
def _sentence() -> Iterator[None]:
    """A refusal becomes a sentence and the exit code 1."""
    from backend.kernel.errors import DomainError

    try:
        yield
    except DomainError as error:
        refuse(error.detail or error.message)
