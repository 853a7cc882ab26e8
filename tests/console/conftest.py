"""A desk: a signed-in browser of the console, and the rows it looks at."""

import re
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from backend.people.models import Role
from tests.factories import TOWN, make_centre, make_staff

PASSWORD = "correct-horse-9"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')

Sessions = sessionmaker[Session]


class Desk:
    """A browser at the console: gets pages, sends forms with the token of the page."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"/console{path}")

    def page(self, path: str = "/") -> str:
        response = self.get(path)
        assert response.status_code == 200, response.status_code
        return response.get_data(as_text=True)

    def token(self) -> str:
        # Any page has one; the sign-in page is there for those who are not signed in.
        text = self.client.get("/console/account", follow_redirects=True).get_data(as_text=True)
        found = TOKEN.search(text)
        assert found is not None
        return found.group(1)

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.client.post(f"/console{path}", data={"csrf_token": self.token(), **fields})

    def post_and_read(self, path: str, **fields: object) -> str:
        """Post, follow the redirect, and return the page with its notice."""
        response = self.post(path, **fields)
        assert response.status_code == 303, response.get_data(as_text=True)
        return self.client.get(response.headers["Location"]).get_data(as_text=True)

    def sign_in(self, login: str, password: str = PASSWORD, **fields: object) -> TestResponse:
        return self.post("/sign-in", login=login, password=password, **fields)


Enter = Callable[..., Desk]


@pytest.fixture
def enter(app: Flask, sessions: Sessions) -> Enter:
    """Makes an account and signs it in."""

    def sign_in(
        role: Role = Role.CLERK,
        *,
        centre_id: int | None = None,
        town_code: str | None = None,
        login: str | None = None,
    ) -> Desk:
        name = login or f"{role.value}-{centre_id or town_code or 'all'}"
        make_staff(
            sessions,
            role=role,
            centre_id=centre_id,
            town_code=TOWN if role is Role.TOWN and town_code is None else town_code,
            password_hash=HASH,
            login=name,
        )
        desk = Desk(app.test_client())
        assert desk.sign_in(name).status_code == 303
        return desk

    return sign_in


@pytest.fixture
def centre(sessions: Sessions) -> int:
    return make_centre(sessions)


@pytest.fixture
def clerk(enter: Enter, centre: int) -> Desk:
    return enter(centre_id=centre, login="clerk")
