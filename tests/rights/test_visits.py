"""What a family said around its sessions: in its copy, and gone when it goes."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import service
from backend.bookings.attendance_models import Appeal, BookingPause, CheckIn, Rating, RatingCheck
from backend.kernel.clock import FixedClock
from tests.api.families import Phone
from tests.bookings.family import act
from tests.bookings.visit import check_in
from tests.factories import MORNING, make_slot

Sessions = sessionmaker[Session]
DAY = timedelta(days=1)
SAID = "老师讲得很细"
PLEA = "我们当天在医院"


@pytest.fixture
def family(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> tuple[Phone, int]:
    """One session attended and rated, two missed, the last one appealed. (phone, child)"""
    phone = Phone(client)
    child = phone.add_child()["id"]
    bookings = []
    for number in range(3):
        slot = make_slot(sessions, starts_at=clock.now() + DAY)
        booking = phone.post("/bookings", {"child_id": child, "slot_id": slot}).json["id"]
        act(sessions, clock, service.confirm, booking)
        clock.advance(DAY)
        if number == 0:
            check_in(sessions, clock, booking)
            assert phone.post(f"/bookings/{booking}/confirm-attendance").status_code == 200
            body = {"stars": 5, "words": SAID}
            assert phone.post(f"/bookings/{booking}/rating", body).status_code == 201
        else:
            act(sessions, clock, service.mark_missed, booking)
        bookings.append(booking)
    answer = phone.post(f"/bookings/{bookings[-1]}/appeal", {"words": PLEA})
    assert answer.status_code == 201, answer.text
    return phone, child


def rows(sessions: Sessions, kind: type) -> list[object]:
    with sessions() as session:
        return list(session.query(kind).all())


def test_the_copy_tells_check_in_appeal_rating_and_pause(family: tuple[Phone, int]) -> None:
    phone, child = family

    copy = phone.get(f"/children/{child}/export").json

    first, second, third = copy["visits"]
    assert first["check_in"]["confirmed_at"] == (MORNING + DAY).isoformat(timespec="seconds")
    assert (first["rating"]["stars"], first["rating"]["words"]) == (5, SAID)
    assert second["check_in"] is None
    assert (third["appeal"]["words"], third["appeal"]["state"]) == (PLEA, "open")
    assert len(copy["pauses"]) == 1


def test_another_guardians_words_are_not_in_the_copy(
    family: tuple[Phone, int], client: FlaskClient
) -> None:
    phone, child = family
    father = Phone(client, "papa")
    father.agree()
    code = phone.post(f"/children/{child}/invitations").json["code"]
    father.post(f"/invitations/{code}/accept", {"relation": "father"})

    text = father.get(f"/children/{child}/export").get_data(as_text=True)

    assert SAID not in text
    assert PLEA not in text


def test_words_go_with_the_family_and_the_accounts_stay(
    family: tuple[Phone, int], sessions: Sessions
) -> None:
    phone, _ = family

    assert phone.delete("/me").status_code == 204

    with sessions() as session:
        appeal = session.query(Appeal).one()
        rating = session.query(Rating).one()
        came = session.query(CheckIn).one()
    assert (appeal.words_sealed, appeal.parent_id) == ("", None)
    assert (rating.words_sealed, rating.parent_id, rating.stars) == (None, None, 5)
    assert rating.check_state is RatingCheck.PASSED
    assert came.confirmed_by is None
    assert came.confirmed_at is not None
    assert len(rows(sessions, BookingPause)) == 1


def test_a_guardian_who_leaves_takes_the_own_words_along(
    family: tuple[Phone, int], client: FlaskClient, sessions: Sessions
) -> None:
    phone, child = family
    father = Phone(client, "papa")
    father.agree()
    code = phone.post(f"/children/{child}/invitations").json["code"]
    father.post(f"/invitations/{code}/accept", {"relation": "father"})

    assert father.delete(f"/children/{child}").status_code == 204
    with sessions() as session:
        assert session.query(Rating).one().words_sealed is not None

    assert phone.delete(f"/children/{child}").status_code == 204
    with sessions() as session:
        assert session.query(Rating).one().words_sealed is None
