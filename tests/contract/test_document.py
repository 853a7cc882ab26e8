"""The OpenAPI document: valid, whole, and in step with the routes."""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient

from backend.app import API
from tests.contract.routes import OPEN, ROUTES

PROBLEM = "application/problem+json"
NOT_JSON = {
    "GET /bookings/{booking_id}/pass.svg": "image/svg+xml",
    "GET /bookings/{booking_id}.ics": "text/calendar",
    "GET /children/{child_id}/diary/{entry_id}/photo": "image/jpeg",
    "GET /children/{child_id}/diary.zip": "application/zip",
    "GET /children/{child_id}/book.pdf": "application/pdf",
    "GET /children/{child_id}/fhir": "application/fhir+json",
}


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found = client.get("/api/openapi.json").json
    assert isinstance(found, dict)
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path.removeprefix(API)}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_is_valid_openapi(app: Flask, document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_wsgi("/api/openapi.json", app).validate()


def test_it_holds_every_route_and_no_other(document: dict[str, Any]) -> None:
    assert sorted(operations(document)) == sorted(ROUTES)


def test_it_says_which_routes_need_a_token(document: dict[str, Any]) -> None:
    open_ones = {name for name, one in operations(document).items() if not one.get("security")}
    assert open_ones == OPEN


def test_every_refusal_is_a_problem_and_every_answer_has_a_shape(
    document: dict[str, Any],
) -> None:
    for name, operation in operations(document).items():
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if status >= "400":
                assert set(content) == {PROBLEM}, (name, status)
            elif status in {"204", "304"}:
                assert content == {}, (name, status)
            elif name in NOT_JSON:
                assert set(content) == {NOT_JSON[name]}, (name, status)
            else:
                assert content["application/json"]["schema"], (name, status)


def test_a_list_has_items_and_the_way_to_the_next_ones(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    lists = {name: one for name, one in schemas.items() if "items" in one.get("properties", {})}
    for name in ("ChildrenOut", "GuidesOut", "TownsOut", "CentresOut", "SlotsOut", "BookingsOut"):
        assert "next" in lists[name]["properties"], name
    assert {"next", "unread"} <= lists["MessagesOut"]["properties"].keys()


def test_the_key_that_makes_a_request_once_is_described(document: dict[str, Any]) -> None:
    keyed = {
        name
        for name, operation in operations(document).items()
        for parameter in operation["parameters"]
        if parameter["name"] == "Idempotency-Key"
    }
    assert keyed == {
        "POST /bookings",
        "POST /children",
        "POST /children/{child_id}/doctor-links",
        "POST /children/{child_id}/invitations",
        "POST /pregnancy/birth",
    }


def test_pages_for_people_are_not_part_of_it(document: dict[str, Any]) -> None:
    assert all(path.startswith(f"{API}/") for path in document["paths"])
