"""What the framework refuses is answered like what our rules refuse."""

import pytest
from flask.testing import FlaskClient

from backend.kernel.paging import encode_cursor
from tests.api.families import Phone, child_body, code_of


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/children/x", "/api/nothing"])
def test_an_unknown_address_is_not_found(client: FlaskClient, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_an_address_that_does_not_take_a_method_says_which_it_takes(client: FlaskClient) -> None:
    answer = client.delete("/api/v1/guides")

    assert (answer.status_code, code_of(answer)) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b"nul"])
def test_broken_json_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/v1/sessions", data=body, content_type="application/json")

    assert (answer.status_code, code_of(answer)) == (400, "bad_json")


@pytest.mark.parametrize("body", [[], "x", 7, None])
def test_json_that_is_no_object_is_refused(client: FlaskClient, body: object) -> None:
    answer = client.post("/api/v1/sessions", json=body)

    assert answer.status_code in {400, 422}
    assert code_of(answer) in {"bad_json", "validation_failed"}


def test_a_form_is_not_json(client: FlaskClient) -> None:
    answer = client.post("/api/v1/sessions", data={"code": "x"})

    assert (answer.status_code, code_of(answer)) == (415, "unsupported_media_type")


def test_ten_megabytes_are_too_much(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.agree()

    answer = phone.post("/children", child_body(name="长" * 10_000_000))

    assert (answer.status_code, code_of(answer)) == (413, "payload_too_large")


def test_a_lone_surrogate_is_refused_as_text(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.agree()

    answer = client.post(
        "/api/v1/children",
        data='{"name": "\\ud800", "birth_date": "2026-03-10", "sex": "f",'
        ' "town_code": "320281001", "home_cared": true, "relation": "mother"}',
        content_type="application/json",
        headers=phone.headers,
    )

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")


def test_every_answer_has_a_request_id_and_no_cache_for_private_data(client: FlaskClient) -> None:
    answer = Phone(client).get("/children")

    assert len(answer.headers["X-Request-Id"]) == 32
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"code":' * 100_000])
def test_json_nested_without_end_is_broken(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/v1/sessions", data=body, content_type="application/json")

    assert (answer.status_code, code_of(answer)) == (400, "bad_json")


@pytest.mark.parametrize("path", ["/bookings", "/messages", "/centres"])
@pytest.mark.parametrize(
    "keys", [("2026-11-23T10:00:00+08:00", 10**30), ("2026-11-23T10:00:00", 1), (-(10**30),)]
)
def test_a_cursor_that_no_page_gave_is_refused(
    client: FlaskClient, path: str, keys: tuple[int | str, ...]
) -> None:
    answer = Phone(client).get(path, after=encode_cursor(*keys))

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")


@pytest.mark.parametrize("name", ["\u200b", "丁\u200b小满", "\u202e满小丁", "丁小满\ufeff"])
def test_a_name_with_signs_that_nobody_sees_is_refused(client: FlaskClient, name: str) -> None:
    phone = Phone(client)
    phone.agree()

    answer = phone.post("/children", child_body(name=name))

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")
