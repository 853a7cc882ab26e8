"""A desk: a signed-in browser of the console, and the rows it looks at."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from backend.people.models import Role, Staff, StaffSession
from backend.people.rules import digest
from backend.people.staff import MEDICAL, hasher
from tests.factories import MORNING, TOWN, make_centre, make_staff

PASSWORD = "correct-horse-9"
HASH = hasher.hash(PASSWORD)
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

    def remember(self, key: str) -> None:
        """Put the key of a sign-in into the cookie."""
        with self.client.session_transaction() as cookie:
            cookie["_user_id"] = key

    def sign_in(self, login: str, password: str = PASSWORD, **fields: object) -> TestResponse:
        return self.post("/sign-in", login=login, password=password, **fields)


Enter = Callable[..., Desk]


def open_sign_in(sessions: Sessions, login: str, at: datetime = MORNING) -> str:
    """A sign-in as the right password opens it, without the cost of checking one; its key."""
    key = secrets.token_urlsafe(32)
    with sessions.begin() as session:
        staff_id = session.scalars(select(Staff.id).where(Staff.login == login)).one()
        session.add(
            StaffSession(key_hash=digest(key), staff_id=staff_id, created_at=at, seen_at=at)
        )
    return key


@pytest.fixture
def enter(app: Flask, sessions: Sessions) -> Enter:
    """Makes an account and signs it in."""

    def sign_in(
        role: Role = Role.CLERK,
        *,
        centre_id: int | None = None,
        town_code: str | None = None,
        login: str | None = None,
        office: str | None = None,
    ) -> Desk:
        name = login or f"{role.value}-{centre_id or town_code or 'all'}"
        make_staff(
            sessions,
            role=role,
            centre_id=centre_id,
            town_code=TOWN if role is Role.TOWN and town_code is None else town_code,
            password_hash=HASH,
            login=name,
            office="测试妇幼保健院" if role in MEDICAL and office is None else office,
        )
        desk = Desk(app.test_client())
        desk.remember(open_sign_in(sessions, name))
        return desk

    return sign_in


@pytest.fixture
def centre(sessions: Sessions) -> int:
    return make_centre(sessions)


@pytest.fixture
def clerk(enter: Enter, centre: int) -> Desk:
    return enter(centre_id=centre, login="clerk")
