"""The waiting list as a phone sees it."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.models import Booking
from backend.bookings.waiting_models import WaitingState
from backend.kernel.clock import FixedClock
from tests.api.families import Phone, code_of
from tests.bookings.family import Family, cancel
from tests.bookings.waiting import full_slot, states_in_line, tick
from tests.factories import MORNING, make_booking, make_slot

Sessions = sessionmaker[Session]
W = WaitingState
WAITING = {
    "id",
    "child_id",
    "child_name",
    "slot_id",
    "state",
    "position",
    "joined_at",
    "offer_until",
    "may_accept",
    "slot",
}


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    return Phone(client)


class Scene:
    """A full slot, and a phone whose child waits for it."""

    def __init__(self, sessions: Sessions, clock: FixedClock, phone: Phone) -> None:
        self.sessions, self.clock, self.phone = sessions, clock, phone
        self.slot, ((self.holder, self.booking),) = full_slot(sessions, clock)
        self.child = phone.add_child()
        answer = self.join()
        assert answer.status_code == 201, answer.text
        self.entry: dict[str, Any] = answer.get_json()

    def join(self, key: str | None = None) -> Any:
        return self.phone.post(f"/slots/{self.slot}/waiting", {"child_id": self.child["id"]}, key)

    def accept(self, key: str | None = None) -> Any:
        return self.phone.post(f"/waiting/{self.entry['id']}/accept", key=key)

    def offer(self) -> None:
        cancel(self.sessions, self.clock, self.holder, self.booking)
        tick(self.sessions, self.clock)


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock, phone: Phone) -> Scene:
    return Scene(sessions, clock, phone)


def test_whoever_joins_sees_the_position(scene: Scene, client: FlaskClient) -> None:
    later = Phone(client)
    child = later.add_child(name="丁小年")
    later.post(f"/slots/{scene.slot}/waiting", {"child_id": child["id"]})

    (first,) = scene.phone.get("/waiting").json["items"]
    (second,) = later.get("/waiting").json["items"]

    assert set(first) == WAITING
    assert (first["state"], first["position"], first["offer_until"]) == ("waiting", 1, None)
    assert (second["position"], second["child_name"]) == (2, "丁小年")
    assert first["slot"]["id"] == scene.slot


def test_an_offer_says_until_when_and_is_accepted_once_for_one_key(scene: Scene) -> None:
    scene.offer()
    (row,) = scene.phone.get("/waiting").json["items"]

    first, again, bare = scene.accept("k"), scene.accept("k"), scene.accept()

    assert (row["state"], row["may_accept"]) == ("offered", True)
    assert row["offer_until"] == "2026-11-23T12:00:00+08:00"
    assert first.status_code == 201
    assert first.json["state"] == "confirmed"
    assert again.get_data() == first.get_data()
    assert bare.json["id"] == first.json["id"]
    assert scene.phone.get("/waiting").json["items"] == []
    assert [one["id"] for one in scene.phone.get("/bookings").json["items"]] == [first.json["id"]]


def test_joining_with_one_key_twice_is_once(sessions: Sessions, scene: Scene) -> None:
    scene.phone.delete(f"/waiting/{scene.entry['id']}")

    first, again = scene.join("k"), scene.join("k")

    assert first.get_data() == again.get_data()
    assert states_in_line(sessions, scene.slot) == [W.LEFT, W.WAITING]


def test_leaving_is_done_once_however_often_it_is_asked(sessions: Sessions, scene: Scene) -> None:
    path = f"/waiting/{scene.entry['id']}"

    answers = [scene.phone.delete(path).status_code for _ in range(2)]

    assert answers == [204, 204]
    assert states_in_line(sessions, scene.slot) == [W.LEFT]
    assert scene.phone.get("/waiting").json["items"] == []


def test_another_familys_entry_is_not_there(scene: Scene, client: FlaskClient) -> None:
    stranger, entry = Phone(client), scene.entry["id"]
    stranger.add_child(name="丁小年")
    scene.offer()

    assert stranger.delete(f"/waiting/{entry}").status_code == 404
    assert stranger.post(f"/waiting/{entry}/accept").status_code == 404


def test_refusals_say_which_rule(sessions: Sessions, scene: Scene) -> None:
    assert code_of(scene.join()) == "already_waiting"
    assert code_of(scene.accept()) == "not_offered"
    free = make_slot(sessions)
    answer = scene.phone.post(f"/slots/{free}/waiting", {"child_id": scene.child["id"]})
    assert (answer.status_code, code_of(answer)) == (409, "not_full")
    answer = scene.phone.post("/slots/99999/waiting", {"child_id": scene.child["id"]})
    assert (answer.status_code, code_of(answer)) == (404, "not_found")


def test_an_offer_that_ran_out_is_gone(scene: Scene) -> None:
    scene.offer()
    scene.clock.advance(timedelta(hours=2))

    assert code_of(scene.accept()) == "offer_gone"
    (row,) = scene.phone.get("/waiting").json["items"]
    assert row["may_accept"] is False


def test_a_refused_acceptance_passes_the_place_on(
    sessions: Sessions, clock: FixedClock, scene: Scene, client: FlaskClient
) -> None:
    later = Phone(client)
    child = later.add_child(name="丁小年")
    later.post(f"/slots/{scene.slot}/waiting", {"child_id": child["id"]})
    scene.offer()
    for number in range(1, 7):
        past = make_slot(sessions, starts_at=MORNING - timedelta(days=number))
        make_booking(sessions, child_id=scene.child["id"], slot_id=past, quota_number=number)

    refused = scene.accept()
    tick(sessions, clock)

    assert code_of(refused) == "quota_used_up"
    assert states_in_line(sessions, scene.slot) == [W.LEFT, W.OFFERED]


def test_without_consent_nothing_is_accepted_and_nothing_lost(
    sessions: Sessions, scene: Scene
) -> None:
    scene.offer()
    scene.phone.delete("/consents/privacy")

    refused = scene.accept()

    assert refused.status_code == 403
    assert states_in_line(sessions, scene.slot) == [W.OFFERED]


def test_who_deletes_the_child_leaves_no_trace_in_the_line(
    sessions: Sessions, clock: FixedClock, scene: Scene, client: FlaskClient
) -> None:
    later = Phone(client)
    child = later.add_child(name="丁小年")
    later.post(f"/slots/{scene.slot}/waiting", {"child_id": child["id"]})
    scene.offer()

    assert scene.phone.delete(f"/children/{scene.child['id']}").status_code == 204
    tick(sessions, clock)

    assert states_in_line(sessions, scene.slot) == [W.OFFERED]
    with sessions() as session:
        assert session.scalars(select(Booking.child_id)).all() == [scene.holder.child]
    assert isinstance(scene.holder, Family)
