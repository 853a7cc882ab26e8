"""The short way to guides answers as the application does, to the byte and to the header."""

import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse

from backend.api.front import GuideFront

LIST = "/api/v1/guides"
OWN = {"X-Request-Id", "Date"}


@pytest.fixture
def behind(app: Flask) -> Client:
    """The application without the front."""
    front = app.wsgi_app
    assert isinstance(front, GuideFront)
    return Client(front._app)


def told(answer: TestResponse) -> tuple[int, bytes, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name not in OWN}
    return answer.status_code, answer.data, headers


def addresses(client: FlaskClient) -> list[str]:
    slug = client.get(LIST).json["items"][0]["slug"]
    return [LIST, f"{LIST}?age_days=300", f"{LIST}?series=nutrition", f"{LIST}/{slug}"]


def test_every_answer_of_the_front_is_that_of_the_application(
    client: FlaskClient, behind: Client
) -> None:
    for address in addresses(client):
        client.get(address)  # the view tells the library about a list
        first = client.get(address)
        assert told(first) == told(behind.get(address)), address
        etag = {"If-None-Match": first.headers["ETag"]}
        again, also = client.get(address, headers=etag), behind.get(address, headers=etag)
        assert told(again) == told(also)
        assert again.status_code == 304


def test_each_answer_has_a_number_of_its_own(client: FlaskClient) -> None:
    ids = {client.get(LIST).headers["X-Request-Id"] for _ in range(3)}

    assert len(ids) == 3


@pytest.mark.parametrize("known", ["*", 'W/"x", "y"'])
def test_what_the_front_does_not_read_goes_on_to_the_application(
    client: FlaskClient, behind: Client, known: str
) -> None:
    address = addresses(client)[-1]

    asked = client.get(address, headers={"If-None-Match": known})

    assert told(asked) == told(behind.get(address, headers={"If-None-Match": known}))


def test_other_methods_wrong_questions_and_unknown_guides_are_refused_as_ever(
    client: FlaskClient,
) -> None:
    assert client.post(LIST).status_code == 405
    assert client.head(LIST).status_code == 200
    assert client.get(f"{LIST}?age_days=-1").status_code == 422
    assert client.get(f"{LIST}/no-such-guide").json["code"] == "not_found"
    assert client.get(f"{LIST}/").status_code == 404


def test_the_front_leaves_a_line_that_says_what_the_others_say(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get(LIST)
    capsys.readouterr()

    answer = client.get(LIST)

    line = json.loads(capsys.readouterr().out)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["event"], line["method"], line["route"]) == ("request", "GET", LIST)
    assert (line["status"], line["level"]) == (200, "info")
    assert {"ms", "timestamp"} <= set(line)


def test_only_so_many_questions_are_remembered(client: FlaskClient) -> None:
    """Somebody who asks a thousand different questions fills nobody's memory."""
    for age in range(400):
        assert client.get(f"{LIST}?age_days={age}&x={age}").status_code == 200
