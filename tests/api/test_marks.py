"""Favourites and reading marks over the API."""

from flask.testing import FlaskClient

from tests.api.families import Phone, code_of


def test_a_favourite_is_kept_read_and_dropped(client: FlaskClient) -> None:
    phone = Phone(client, "reader")
    first, second = (one["slug"] for one in phone.get("/guides").json["items"][:2])

    assert phone.put(f"/marks/{first}/favourite", {}).json == {"favourites": [first], "read": []}
    assert phone.put(f"/marks/{second}/read", {}).json == {"favourites": [first], "read": [second]}
    assert phone.delete(f"/marks/{first}/favourite").json == {"favourites": [], "read": [second]}
    assert phone.get("/marks").json == {"favourites": [], "read": [second]}


def test_a_recipe_can_be_a_favourite_too(client: FlaskClient) -> None:
    phone = Phone(client, "cook")
    slug = phone.get("/recipes").json["items"][0]["slug"]

    assert phone.put(f"/marks/{slug}/favourite", {}).json["favourites"] == [slug]


def test_marks_are_nobody_elses(client: FlaskClient) -> None:
    one, other = Phone(client, "one"), Phone(client, "other")
    slug = one.get("/guides").json["items"][0]["slug"]
    one.put(f"/marks/{slug}/favourite", {})

    assert other.get("/marks").json == {"favourites": [], "read": []}
    assert client.get("/api/v1/marks").status_code == 401


def test_what_is_not_there_cannot_be_marked(client: FlaskClient) -> None:
    answer = Phone(client, "reader").put("/marks/no-such-piece/favourite", {})

    assert (answer.status_code, code_of(answer)) == (404, "not_found")
