"""A phone that talks to the API, as the mini-program does."""

import itertools
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse, encode_multipart

CODES = itertools.count(1)


class Phone:
    """A signed-in parent. Every call returns the whole response."""

    def __init__(self, client: FlaskClient, name: str | None = None) -> None:
        self._client = client
        number = next(CODES)
        answer = client.post(
            "/api/v1/sessions", json={"code": f"phone:{name or f'p{number}'}:{number}"}
        )
        assert answer.status_code == 201, answer.text
        self.token = answer.json["token"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **query: Any) -> TestResponse:
        return self._client.get(f"/api/v1{path}", query_string=query, headers=self.headers)

    def post(self, path: str, body: Any = None, key: str | None = None) -> TestResponse:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        return self._client.post(
            f"/api/v1{path}", json={} if body is None else body, headers=headers
        )

    def post_form(self, path: str, fields: dict[str, Any]) -> TestResponse:
        boundary, data = encode_multipart(fields)  # in memory: a file would stay open
        return self._client.post(
            f"/api/v1{path}",
            data=data,
            content_type=f'multipart/form-data; boundary="{boundary}"',
            headers=self.headers,
        )

    def put(self, path: str, body: Any) -> TestResponse:
        return self._client.put(f"/api/v1{path}", json=body, headers=self.headers)

    def delete(self, path: str) -> TestResponse:
        return self._client.delete(f"/api/v1{path}", headers=self.headers)

    def agree(self, *purposes: str) -> None:
        """Tick documents as they stand; without names, the two that everybody needs."""
        documents = self.get("/consents").json["documents"]
        keys, wanted = ("purpose", "version", "hash"), purposes or ("privacy", "children")
        accept = [{key: one[key] for key in keys} for one in documents if one["purpose"] in wanted]
        assert self.post("/consents", {"accept": accept}).status_code == 201

    def add_child(self, **changes: Any) -> dict[str, Any]:
        """A child of eight months in 澄江街道, home-cared; consents included."""
        self.agree()
        answer = self.post("/children", child_body(**changes))
        assert answer.status_code == 201, answer.text
        child: dict[str, Any] = answer.get_json()
        return child


def child_body(**changes: Any) -> dict[str, Any]:
    body = {
        "name": "丁小满",
        "birth_date": "2026-03-10",
        "sex": "f",
        "town_code": "320281001",
        "home_cared": True,
        "relation": "mother",
    }
    return body | changes


def code_of(answer: TestResponse) -> str:
    """The code of a refusal; it must be a problem with a Chinese sentence."""
    assert answer.content_type == "application/problem+json", answer.text
    body: dict[str, Any] = answer.get_json()
    assert set(body) == {"type", "status", "code", "title", "detail", "errors"}
    assert body["status"] == answer.status_code
    assert any("\u4e00" <= letter <= "\u9fff" for letter in body["title"])
    code: str = body["code"]
    return code
