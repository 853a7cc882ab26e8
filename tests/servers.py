"""A PostgreSQL that somebody else runs: `TEST_DATABASE_URL`, instead of the embedded one."""

from typing import Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from backend.kernel.db import plain_url


class Server(Protocol):
    """What the test run asks of a server; EmbeddedPostgres is one too."""

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database if it is not there, and return its URL."""

    def drop_database(self, name: str) -> None:
        """Remove a database and whoever is connected to it."""


class NamedServer:
    """The server behind a URL; its user may create databases."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)

    def create_database(self, name: str, template: str | None = None) -> str:
        make = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            make += sql.SQL(" TEMPLATE {}").format(sql.Identifier(template))
        with self._connect() as connection:
            connection.execute(make)
        return self._url.set(database=name).render_as_string(hide_password=False)

    def drop_database(self, name: str) -> None:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        with self._connect() as connection:
            connection.execute(drop)

    def _connect(self) -> "psycopg.Connection[tuple[object, ...]]":
        address = plain_url(self._url.render_as_string(hide_password=False))
        return psycopg.connect(address, autocommit=True)
