"""Phones and corrections: what a family gives, puts right and takes back."""

from datetime import timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.people.models import Parent
from tests.api.families import Phone, code_of


def corrected(**changes: Any) -> dict[str, Any]:
    body = {
        "name": "丁小满",
        "birth_date": "2026-03-10",
        "sex": "f",
        "town_code": "320281004",
        "home_cared": False,
    }
    return body | changes


def test_a_phone_comes_by_wechats_code_is_masked_and_can_be_forgotten(
    client: FlaskClient, sessions: sessionmaker[Session]
) -> None:
    phone = Phone(client)
    phone.agree()
    kept = phone.post("/me/phone", {"code": "number:13800000000"})
    assert kept.json["phone_masked"] == "138****0000"
    with sessions() as session:
        assert not any(
            sealed and "13800000000" in sealed
            for sealed in session.scalars(select(Parent.phone_sealed))
        )

    again = phone.post("/me/phone", {"code": "number:13800000000"})
    assert (again.status_code, code_of(again)) == (422, "phone_code_invalid")
    assert phone.delete("/me/phone").json["phone_masked"] is None


def test_a_number_belongs_to_the_parent_who_verified_it_last(client: FlaskClient) -> None:
    first, second = Phone(client), Phone(client)
    first.agree()
    second.agree()
    first.post("/me/phone", {"code": "number:13811111111"})
    second._client.application.extensions["chengyu-login"]._used.clear()

    assert second.post("/me/phone", {"code": "number:13811111111"}).status_code == 200
    assert first.get("/me").json["phone_masked"] is None


def test_a_family_puts_the_address_right_at_any_time(
    client: FlaskClient, clock: FixedClock
) -> None:
    phone = Phone(client)
    child = phone.add_child()
    clock.advance(timedelta(days=20))

    answer = phone.put(f"/children/{child['id']}", corrected())

    assert (answer.json["town"], answer.json["may_book"]) == ("南闸街道", False)


def test_who_the_child_is_can_be_put_right_for_a_day(
    client: FlaskClient, clock: FixedClock
) -> None:
    phone = Phone(client)
    child = phone.add_child()
    right = corrected(name="丁小曼", birth_date="2026-03-11")
    assert phone.put(f"/children/{child['id']}", right).json["name"] == "丁小曼"

    clock.advance(timedelta(days=1, seconds=1))
    answer = phone.put(f"/children/{child['id']}", corrected(name="别的孩子"))
    assert (answer.status_code, code_of(answer)) == (409, "identity_fixed")


def test_a_correction_cannot_make_a_child_that_the_city_knows_already(
    client: FlaskClient,
) -> None:
    other = Phone(client)
    other.add_child()
    phone = Phone(client)
    child = phone.add_child(name="别的名字")

    answer = phone.put(f"/children/{child['id']}", corrected())

    assert (answer.status_code, code_of(answer)) == (409, "possible_duplicate")
    stranger = other.put(f"/children/{child['id']}", corrected())
    assert (stranger.status_code, code_of(stranger)) == (404, "not_found")


def test_no_phone_is_kept_before_the_privacy_policy_is_agreed_to(client: FlaskClient) -> None:
    phone = Phone(client)

    answer = phone.post("/me/phone", {"code": "number:13822222222"})

    assert (answer.status_code, code_of(answer)) == (403, "consent_needed")
    assert phone.get("/me").json["phone_masked"] is None
