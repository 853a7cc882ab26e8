"""A child moved away or died, as its family's phone says it."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from backend.kernel.clock import FixedClock
from tests.api.families import Phone, code_of


@pytest.mark.parametrize("kind", ["moved", "died"])
def test_a_departure_is_said_and_taken_back(client: FlaskClient, kind: str) -> None:
    phone = Phone(client)
    child = phone.add_child()
    path = f"/children/{child['id']}/departure"
    assert (child["departure"], child["may_undo_departure"]) == (None, False)

    gone = phone.put(path, {"kind": kind})

    assert gone.status_code == 200
    assert (gone.json["departure"], gone.json["may_undo_departure"]) == (kind, True)
    assert gone.json["may_book"] is False
    assert phone.get(f"/children/{child['id']}/handbook").status_code == 200
    assert phone.get(f"/children/{child['id']}/export").json["child"]["departure"] == kind
    back = phone.delete(path)
    assert (back.status_code, back.json["departure"], back.json["may_book"]) == (200, None, True)
    assert phone.delete(path).status_code == 200


def test_a_death_is_not_taken_back_by_a_tap_days_later(
    client: FlaskClient, clock: FixedClock
) -> None:
    phone = Phone(client)
    path = f"/children/{phone.add_child()['id']}/departure"
    phone.put(path, {"kind": "died"})
    clock.advance(timedelta(minutes=31))

    answer = phone.delete(path)

    assert (answer.status_code, code_of(answer)) == (409, "departure_final")


def test_another_family_and_another_word_are_refused(client: FlaskClient) -> None:
    phone = Phone(client)
    path = f"/children/{phone.add_child()['id']}/departure"

    assert Phone(client).put(path, {"kind": "moved"}).status_code == 404
    assert phone.put(path, {"kind": "away"}).status_code == 422


def test_nothing_is_booked_for_a_child_that_is_gone(client: FlaskClient) -> None:
    phone = Phone(client)
    child = phone.add_child()
    phone.put(f"/children/{child['id']}/departure", {"kind": "moved"})

    answer = phone.post(f"/children/{child['id']}/invitations")

    assert (answer.status_code, code_of(answer)) == (409, "child_departed")
