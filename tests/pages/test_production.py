"""What a production start leaves out: the demo's doors, and whatever nobody has reviewed."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.app import create_app
from backend.kernel.clock import FixedClock
from tests.api.families import Phone
from tests.conftest import make_settings
from tests.fakes import FakeLogin

# In test mode this guide is there, pending.
PENDING = "man-liuyue-tian-fushi"


@pytest.fixture
def client(database: str, clock: FixedClock, sessions: sessionmaker[Session]) -> FlaskClient:
    """A phone's way into an application in production mode."""
    settings = make_settings(
        database,
        mode="production",
        wechat_api_base="https://api.weixin.qq.com",
        public_url="https://chengyu.example",
    )
    return create_app(settings, clock=clock, sessions=sessions, login=FakeLogin()).test_client()


@pytest.mark.parametrize(
    "path",
    [
        "/preview",
        "/preview/",
        "/preview/index.html",
        "/sandbox/",
        "/sandbox/api/phones",
        "/demo/queue",
        "/demo/send-now",
    ],
)
def test_the_doors_of_the_demo_are_not_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_the_start_page_names_none_of_them(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)

    assert "/console/" in page
    assert "/preview/" not in page
    assert "/sandbox/" not in page


def test_a_guide_that_nobody_reviewed_is_not_there(client: FlaskClient) -> None:
    assert client.get("/api/v1/guides").json == {"items": [], "next": None}
    assert client.get(f"/api/v1/guides/{PENDING}").status_code == 404


def test_the_handbook_names_no_guide_that_is_hidden(client: FlaskClient) -> None:
    phone = Phone(client)
    child = phone.add_child()["id"]

    items = phone.get(f"/children/{child}/handbook").json["items"]

    assert items
    assert not [one for one in items if one["kind"] == "guide" or one["guide_slug"]]


def test_the_cookie_of_the_console_goes_over_tls_alone(client: FlaskClient) -> None:
    cookie = client.get("/console/sign-in").headers["Set-Cookie"]

    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
