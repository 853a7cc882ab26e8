from flask.testing import FlaskClient

from tests.api.families import code_of


def test_guides_for_an_age_need_no_sign_in(client: FlaskClient) -> None:
    answer = client.get("/api/v1/guides", query_string={"age_days": 210})

    assert answer.status_code == 200
    assert answer.json["next"] is None
    first = answer.json["items"][0]
    assert first["age_from_days"] <= 210 <= first["age_to_days"]
    assert first["review"] == "pending"


def test_a_guide_is_read_as_blocks_with_its_sources(client: FlaskClient) -> None:
    slug = client.get("/api/v1/guides").json["items"][0]["slug"]

    guide = client.get(f"/api/v1/guides/{slug}").json

    assert next(b["text"] for b in guide["blocks"] if b["kind"] == "heading") == "先怎么做"
    assert [b for b in guide["blocks"] if b["kind"] == "text"]
    assert guide["sources"][0]["title"]
    assert guide["signed"] is None


def test_a_guide_that_is_known_already_is_not_sent_again(client: FlaskClient) -> None:
    slug = client.get("/api/v1/guides").json["items"][0]["slug"]
    first = client.get(f"/api/v1/guides/{slug}")

    for known in (first.headers["ETag"], f'"other", {first.headers["ETag"]}', "*"):
        again = client.get(f"/api/v1/guides/{slug}", headers={"If-None-Match": known})
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    other = client.get(f"/api/v1/guides/{slug}", headers={"If-None-Match": '"other"'})
    assert other.status_code == 200


def test_an_empty_question_asks_nothing(client: FlaskClient) -> None:
    empty = client.get("/api/v1/guides?age_days=&series=&topic=&q=")

    assert empty.json == client.get("/api/v1/guides").json


def test_wrong_questions_are_refused(client: FlaskClient) -> None:
    for wrong in ({"age_days": -1}, {"age_days": "x"}, {"series": "novel"}, {"q": "长" * 61}):
        answer = client.get("/api/v1/guides", query_string=wrong)
        assert (answer.status_code, code_of(answer)) == (422, "validation_failed")
    assert code_of(client.get("/api/v1/guides/no-such-guide")) == "not_found"
