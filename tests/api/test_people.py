"""Signing in, consents, children and invitations, as a phone sees them."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.people.models import Child, ParentToken
from tests.api.families import Phone, child_body, code_of


def test_a_login_code_becomes_a_token_and_nothing_of_wechat_leaves(client: FlaskClient) -> None:
    answer = client.post("/api/v1/sessions", json={"code": "phone:mama:1"})

    assert answer.status_code == 201
    assert set(answer.get_json()) == {"token", "expires_at"}
    assert "openid" not in answer.text


@pytest.mark.parametrize("code", ["unknown", "x" * 128])
def test_an_unknown_login_code_is_refused(client: FlaskClient, code: str) -> None:
    answer = client.post("/api/v1/sessions", json={"code": code})

    assert (answer.status_code, code_of(answer)) == (401, "login_code_invalid")


def test_a_used_login_code_is_refused(client: FlaskClient) -> None:
    client.post("/api/v1/sessions", json={"code": "phone:mama:2"})
    answer = client.post("/api/v1/sessions", json={"code": "phone:mama:2"})

    assert (answer.status_code, code_of(answer)) == (401, "login_code_invalid")


def test_the_same_phone_is_the_same_parent(client: FlaskClient) -> None:
    assert (
        Phone(client, "mama").get("/me").json["id"] == Phone(client, "mama").get("/me").json["id"]
    )


def test_without_a_token_or_with_a_wrong_one_nothing_is_shown(client: FlaskClient) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}):
        answer = client.get("/api/v1/children", headers=headers)
        assert (answer.status_code, code_of(answer)) == (401, "token_missing")


def test_a_token_ends_after_thirty_days(client: FlaskClient, clock: FixedClock) -> None:
    phone = Phone(client)
    clock.advance(timedelta(days=30))

    answer = phone.get("/children")

    assert (answer.status_code, code_of(answer)) == (401, "token_expired")


def test_a_token_is_kept_only_as_a_hash_and_is_gone_after_signing_out(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    phone = Phone(client)
    with sessions() as session:
        kept = session.scalars(select(ParentToken.token_hash)).all()
    assert phone.token.encode() not in kept

    assert phone.delete("/sessions").status_code == 204
    assert phone.get("/me").status_code == 401


def test_a_child_is_registered_only_after_both_consents(client: FlaskClient) -> None:
    phone = Phone(client)
    refused = phone.post("/children", child_body())
    assert (refused.status_code, code_of(refused)) == (403, "consent_needed")

    documents = phone.get("/consents").json["documents"]
    privacy = next(one for one in documents if one["purpose"] == "privacy")
    one = {key: privacy[key] for key in ("purpose", "version", "hash")}
    assert phone.post("/consents", {"accept": [one]}).json["needed"] != []
    assert code_of(phone.post("/children", child_body())) == "consent_needed"

    assert phone.add_child()["age_text"] == "8月龄又13天"


def test_a_consent_to_another_text_is_refused(client: FlaskClient) -> None:
    phone = Phone(client)
    document = phone.get("/consents").json["documents"][0]
    accept = {"purpose": document["purpose"], "version": document["version"], "hash": "0" * 64}

    answer = phone.post("/consents", {"accept": [accept]})

    assert (answer.status_code, code_of(answer)) == (409, "consent_outdated")


def test_a_withdrawn_consent_is_needed_again_and_can_be_given_again(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.agree()
    answer = phone.delete("/consents/children")
    assert answer.json["needed"] == ["children"]
    assert code_of(phone.delete("/consents/unknown")) == "not_found"

    phone.agree()
    assert phone.get("/consents").json["needed"] == []


@pytest.mark.parametrize(
    ("birth", "code"),
    [
        ("2026-11-24", "birth_date_out_of_range"),
        ("2019-11-23", "birth_date_out_of_range"),
        ("2026-02-30", "validation_failed"),
        ("gestern", "validation_failed"),
    ],
)
def test_a_birth_date_that_cannot_be_is_refused(client: FlaskClient, birth: str, code: str) -> None:
    phone = Phone(client)
    phone.agree()

    answer = phone.post("/children", child_body(birth_date=birth))

    assert (answer.status_code, code_of(answer)) == (422, code)


@pytest.mark.parametrize("birth", ["2026-11-23", "2019-11-24"])
def test_the_first_and_the_last_possible_birth_dates_are_taken(
    client: FlaskClient, birth: str
) -> None:
    assert Phone(client).add_child(birth_date=birth)["birth_date"] == birth


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "长" * 51}, "name"),
        ({"name": "零\u0000字"}, "name"),
        ({"sex": "x"}, "sex"),
        ({"gestational_weeks": 12}, "gestational_weeks"),
        ({"home_cared": "perhaps"}, "home_cared"),
        ({"identity_number": "1"}, "identity_number"),
        ({"relation": "robot"}, "relation"),
    ],
)
def test_a_wrong_field_is_named(client: FlaskClient, change: dict[str, object], field: str) -> None:
    phone = Phone(client)
    phone.agree()

    answer = phone.post("/children", child_body(**change))

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")
    assert [item["field"] for item in answer.json["errors"]] == [field]


def test_a_child_of_three_years_may_not_book_any_more(client: FlaskClient) -> None:
    phone = Phone(client)

    assert phone.add_child(birth_date="2023-11-24")["may_book"] is True
    assert phone.add_child(birth_date="2023-11-23")["may_book"] is False


def test_a_town_or_a_village_that_is_not_there_is_refused(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.agree()

    assert code_of(phone.post("/children", child_body(town_code="1"))) == "unknown_town"
    wrong = child_body(village_code="320281004001")
    assert code_of(phone.post("/children", wrong)) == "unknown_village"


@pytest.mark.parametrize("name", ["'; DROP TABLE children; --", "<script>alert(1)</script>", "🐣"])
def test_text_of_any_kind_is_only_text(client: FlaskClient, name: str) -> None:
    phone = Phone(client)
    phone.add_child(name=name)

    assert phone.get("/children").json["items"][0]["name"] == name


def test_a_name_is_not_readable_in_the_database(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    child = Phone(client).add_child()

    with sessions() as session:
        row = session.get_one(Child, child["id"])
        assert "丁小满" not in row.name_sealed


def test_another_familys_child_is_not_found(client: FlaskClient) -> None:
    child = Phone(client).add_child()
    stranger = Phone(client)

    for answer in (
        stranger.post(f"/children/{child['id']}/invitations"),
        stranger.get(f"/children/{child['id']}/export"),
        stranger.delete(f"/children/{child['id']}"),
        stranger.post("/children/99999999999999999999/invitations"),
    ):
        assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_an_invitation_joins_another_guardian_once(client: FlaskClient) -> None:
    mother, father, third = Phone(client), Phone(client), Phone(client)
    child = mother.add_child()
    invitation = mother.post(f"/children/{child['id']}/invitations")
    code = invitation.json["code"]
    assert invitation.status_code == 201
    assert len(code) == 8
    assert code.isalpha()

    assert code_of(father.post(f"/invitations/{code}/accept")) == "consent_needed"
    father.agree()
    joined = father.post(f"/invitations/{code.lower()}/accept", {"relation": "father"})
    assert joined.status_code == 200
    assert joined.json["guardians"] == 2
    assert father.get("/children").json["items"][0]["id"] == child["id"]

    third.agree()
    assert code_of(third.post(f"/invitations/{code}/accept")) == "invitation_invalid"


def test_an_invitation_is_accepted_without_a_body_and_not_with_a_wrong_one(
    client: FlaskClient,
) -> None:
    mother, father = Phone(client), Phone(client)
    code = mother.post(f"/children/{mother.add_child()['id']}/invitations").json["code"]
    father.agree()
    address = f"/api/v1/invitations/{code}/accept"

    broken = client.post(address, data="{", content_type="application/json", headers=father.headers)
    assert (broken.status_code, code_of(broken)) == (400, "bad_json")
    wrong = father.post(f"/invitations/{code}/accept", {"relation": "robot"})
    assert (wrong.status_code, code_of(wrong)) == (422, "validation_failed")

    assert client.post(address, headers=father.headers).status_code == 200


def test_an_invitation_ends_after_a_day(client: FlaskClient, clock: FixedClock) -> None:
    mother, father = Phone(client), Phone(client)
    code = mother.post(f"/children/{mother.add_child()['id']}/invitations").json["code"]
    father.agree()
    clock.advance(timedelta(hours=24))

    answer = father.post(f"/invitations/{code}/accept")

    assert (answer.status_code, code_of(answer)) == (404, "invitation_invalid")


def test_guessing_invitation_codes_is_slowed_down(client: FlaskClient) -> None:
    guesser = Phone(client)
    guesser.agree()
    for _ in range(10):
        assert code_of(guesser.post("/invitations/AAAAAAAA/accept")) == "invitation_invalid"

    answer = guesser.post("/invitations/AAAAAAAA/accept")

    assert (answer.status_code, code_of(answer)) == (429, "rate_limited")


def test_the_same_child_again_is_possibly_the_same_until_the_family_joins(
    client: FlaskClient,
) -> None:
    mother, father = Phone(client), Phone(client)
    first = mother.add_child(name="丁 小满")
    second = father.add_child(name="丁小满")
    assert (first["possible_duplicate"], first["may_book"]) == (False, True)
    assert (second["possible_duplicate"], second["may_book"]) == (True, False)
    assert code_of(father.post(f"/children/{second['id']}/invitations")) == "possible_duplicate"

    code = mother.post(f"/children/{first['id']}/invitations").json["code"]
    father.post(f"/invitations/{code}/accept", {"relation": "father"})

    mine = father.get("/children").json["items"]
    assert [child["id"] for child in mine] == [first["id"]]


def test_a_family_can_take_a_copy_of_everything(client: FlaskClient) -> None:
    phone = Phone(client)
    child = phone.add_child()

    copy = phone.get(f"/children/{child['id']}/export").json

    assert copy["child"]["name"] == "丁小满"
    assert [consent["purpose"] for consent in copy["consents"]] == ["privacy", "children"] or [
        consent["purpose"] for consent in copy["consents"]
    ] == ["children", "privacy"]


def test_the_last_guardian_who_leaves_deletes_the_child(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    mother, father = Phone(client), Phone(client)
    child = mother.add_child()
    code = mother.post(f"/children/{child['id']}/invitations").json["code"]
    father.agree()
    father.post(f"/invitations/{code}/accept")

    assert mother.delete(f"/children/{child['id']}").status_code == 204
    assert mother.get("/children").json["items"] == []
    assert father.get("/children").json["items"][0]["name"] == "丁小满"

    assert father.delete(f"/children/{child['id']}").status_code == 204
    with sessions() as session:
        row = session.get_one(Child, child["id"])
        assert (row.name_sealed, row.deleted_at is None) == ("", False)


def test_after_the_first_family_left_the_second_is_no_duplicate_any_more(
    client: FlaskClient,
) -> None:
    mother, father = Phone(client), Phone(client)
    first = mother.add_child()
    father.add_child()
    mother.delete(f"/children/{first['id']}")

    assert father.get("/children").json["items"][0]["possible_duplicate"] is False


def test_a_closed_account_is_signed_out_and_a_new_sign_in_finds_nothing(
    client: FlaskClient,
) -> None:
    phone = Phone(client, "leaving")
    phone.add_child()

    assert phone.delete("/me").status_code == 204
    assert phone.get("/me").status_code == 401
    assert Phone(client, "leaving").get("/children").json["items"] == []


def test_one_idempotency_key_registers_one_child(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.agree()
    answers = [phone.post("/children", child_body(), key="k-1") for _ in range(3)]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(phone.get("/children").json["items"]) == 1

    other = phone.post("/children", child_body(name="别的"), key="k-1")
    assert (other.status_code, code_of(other)) == (422, "idempotency_key_reused")
    assert code_of(phone.post("/children", child_body(), key="é")) == "idempotency_key_invalid"
