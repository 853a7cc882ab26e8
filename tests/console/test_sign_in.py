"""Signing in and out: slow for guessers, short for a desk that was left."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.console.blueprint import bp
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Conflict
from backend.people import staff as accounts
from backend.people.models import Role, Staff, StaffSession
from backend.people.staff import ABSOLUTE_LIFE, IDLE_LIFE
from tests.console.conftest import HASH, PASSWORD, Desk, Enter
from tests.factories import make_staff

Sessions = sessionmaker[Session]


@pytest.fixture
def stranger(app: Flask) -> Desk:
    return Desk(app.test_client())


def test_whoever_is_not_signed_in_is_sent_to_the_door_and_back(
    stranger: Desk, sessions: Sessions
) -> None:
    make_staff(sessions, login="li", password_hash=HASH)

    response = stranger.get("/requests")
    assert response.headers["Location"] == "/console/sign-in?next=/console/requests"

    response = stranger.sign_in("li", back="/console/requests")
    assert response.headers["Location"] == "/console/requests"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/console/", "/api/v1/me", "/console/\\evil"]
)
def test_the_way_back_never_leads_elsewhere(
    stranger: Desk, sessions: Sessions, target: str
) -> None:
    make_staff(sessions, login="li", password_hash=HASH)

    assert stranger.sign_in("li", back=target).headers["Location"] == "/console/"


def test_login_and_password_are_checked_without_saying_which_was_wrong(
    stranger: Desk, sessions: Sessions
) -> None:
    make_staff(sessions, login="li", password_hash=HASH)

    wrong, unknown = stranger.sign_in("li", "wrong"), stranger.sign_in("nobody", "wrong")

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert "账号或密码不对" in wrong.get_data(as_text=True)
    assert "账号或密码不对" in unknown.get_data(as_text=True)


def test_a_login_may_be_typed_with_capitals_and_blanks(stranger: Desk, sessions: Sessions) -> None:
    make_staff(sessions, login="li", password_hash=HASH)

    assert stranger.sign_in(" Li ").status_code == 303


def test_after_five_wrong_passwords_even_the_right_one_waits(
    stranger: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    make_staff(sessions, login="li", password_hash=HASH)
    statuses = [stranger.sign_in("li", f"guess-{number}").status_code for number in range(6)]
    assert statuses == [401, 401, 401, 401, 401, 429]
    refused = stranger.sign_in("li")
    assert refused.status_code == 429
    assert "15 分钟" in refused.get_data(as_text=True)

    clock.advance(timedelta(minutes=15))
    assert stranger.sign_in("li").status_code == 303


def test_a_disabled_account_cannot_sign_in_and_an_open_sign_in_ends(
    enter: Enter, stranger: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    desk = enter(Role.CITY, login="wang")
    with sessions.begin() as session:
        staff = session.scalars(select(Staff).where(Staff.login == "wang")).one()
        staff.disabled_at = clock.now()

    assert desk.get("/").status_code == 303
    assert stranger.sign_in("wang").status_code == 401


def test_a_desk_that_was_left_is_signed_out(clerk: Desk, clock: FixedClock) -> None:
    clock.advance(IDLE_LIFE - timedelta(seconds=1))
    assert clerk.get("/").status_code == 200

    clock.advance(IDLE_LIFE)
    assert clerk.get("/").status_code == 303


def test_a_sign_in_ends_after_a_working_day_even_in_use(clerk: Desk, clock: FixedClock) -> None:
    for _ in range(int(ABSOLUTE_LIFE / timedelta(minutes=20)) - 1):
        clock.advance(timedelta(minutes=20))
        assert clerk.get("/account").status_code == 200

    clock.advance(timedelta(minutes=20))
    assert clerk.get("/account").status_code == 303


def test_signing_out_ends_the_sign_in_on_the_server_too(clerk: Desk, sessions: Sessions) -> None:
    cookie = clerk.client.get_cookie("chengyu")
    assert cookie is not None
    clerk.post("/sign-out")
    clerk.client.set_cookie("chengyu", cookie.value)  # a stolen copy

    assert clerk.get("/").status_code == 303
    with sessions() as session:
        assert session.scalars(select(StaffSession)).one().ended_at is not None


def test_only_a_hash_of_the_key_is_kept(clerk: Desk, sessions: Sessions) -> None:
    with clerk.client.session_transaction() as cookie:
        key = cookie["_user_id"]
    with sessions() as session:
        assert key.encode() not in session.scalars(select(StaffSession)).one().key_hash


def test_a_new_password_ends_the_other_sign_ins(clerk: Desk, app: Flask) -> None:
    other = Desk(app.test_client())
    other.sign_in("clerk")

    page = clerk.post_and_read(
        "/account/password", old=PASSWORD, new="a-better-one-1", again="a-better-one-1"
    )

    assert "密码已修改" in page
    assert other.get("/").status_code == 303
    assert Desk(app.test_client()).sign_in("clerk", "a-better-one-1").status_code == 303


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("wrong", "a-better-one-1", "a-better-one-1", "原密码不对"),
        (PASSWORD, "short", "short", "10–128"),
        (PASSWORD, "a-better-one-1", "a-better-one-2", "两次输入的新密码不一样"),
        (PASSWORD, "", "", "请把三项都填好"),
    ],
)
def test_a_password_that_cannot_be_is_refused_on_the_page(
    clerk: Desk, old: str, new: str, again: str, sentence: str
) -> None:
    response = clerk.post("/account/password", old=old, new=new, again=again)

    assert response.status_code == 422
    assert sentence in response.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/sign-out", "/bookings/1/confirm", "/slots", "/families/1"])
def test_a_form_without_its_token_is_refused(clerk: Desk, path: str) -> None:
    response = clerk.client.post(f"/console{path}", data={"same": "yes"})

    assert response.status_code == 400
    assert "已过期" in response.get_data(as_text=True)
    assert clerk.get("/").status_code == 200


def test_every_page_but_the_door_asks_for_an_action(app: Flask) -> None:
    doors = {"static", "sign_in", "open_console", "sign_out"}
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{bp.name}."):
            name = rule.endpoint.removeprefix(f"{bp.name}.")
            assert name in doors or hasattr(app.view_functions[rule.endpoint], "requires"), name


def test_no_page_may_be_framed_cached_or_load_from_elsewhere(clerk: Desk) -> None:
    headers = clerk.get("/").headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "http" not in headers["Content-Security-Policy"]


def test_an_account_is_made_with_a_scope_that_fits(sessions: Sessions, clock: FixedClock) -> None:
    with sessions.begin() as session:
        accounts.create_staff(
            session, clock, login="New ", name="新人", password=PASSWORD, role=Role.CITY
        )
    with pytest.raises(Conflict), sessions.begin() as session:
        accounts.create_staff(
            session, clock, login="new", name="又一个", password=PASSWORD, role=Role.CITY
        )
    with pytest.raises(Conflict), sessions.begin() as session:
        accounts.create_staff(
            session, clock, login="x", name="没有中心", password=PASSWORD, role=Role.CLERK
        )
    with pytest.raises(accounts.WeakPassword), sessions.begin() as session:
        accounts.create_staff(
            session, clock, login="y", name="短", password="short", role=Role.CITY
        )


def test_a_nul_in_the_login_is_refused(app: Flask) -> None:
    assert Desk(app.test_client()).sign_in("clerk\0").status_code == 400
