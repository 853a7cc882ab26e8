"""The directory of nursing rooms, as everybody may read it."""

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from tests.api.families import code_of
from tests.factories import TOWN, make_nursing_room

Sessions = sessionmaker[Session]
PATH = "/api/v1/nursing-rooms"


def test_a_room_is_shown_without_a_token(client: FlaskClient, sessions: Sessions) -> None:
    room = make_nursing_room(sessions, name="演示商场", facilities=("chair", "warmer"))

    answer = client.get(PATH)

    assert answer.status_code == 200
    assert answer.json == {
        "items": [
            {
                "id": room,
                "name": "演示商场",
                "town_code": TOWN,
                "town": "澄江街道",
                "address": "测试路1号",
                "spot": "三楼",
                "opening_hours": "每天 10:00–21:30",
                "facilities": [
                    {"id": "chair", "title": "哺乳椅"},
                    {"id": "warmer", "title": "温奶器"},
                ],
                "phone_public": None,
                "checked_on": "2026-11-23",
                "stale": False,
            }
        ],
        "next": None,
    }


def test_rooms_are_asked_for_by_town_and_word(client: FlaskClient, sessions: Sessions) -> None:
    make_nursing_room(sessions, name="演示商场")
    make_nursing_room(sessions, name="远处医院", town_code="320281100")
    make_nursing_room(sessions, name="停了的", closed=True)

    def names(query: str) -> list[str]:
        return [item["name"] for item in client.get(f"{PATH}?{query}").json["items"]]

    assert names("") == ["演示商场", "远处医院"]
    assert names("town=320281100") == ["远处医院"]
    assert names("q=商场") == ["演示商场"]
    assert names("town=320281100&q=商场") == []
    assert names("town=&q=") == ["演示商场", "远处医院"]


def test_an_answer_that_is_known_is_not_sent_again(client: FlaskClient, sessions: Sessions) -> None:
    make_nursing_room(sessions)
    first = client.get(PATH)
    known = {"If-None-Match": first.headers["ETag"]}

    assert client.get(PATH, headers=known).status_code == 304
    assert first.headers["Cache-Control"] == "public, max-age=300"

    make_nursing_room(sessions)
    assert client.get(PATH, headers=known).status_code == 200


def test_a_room_that_nobody_has_looked_at_for_long_says_so(
    client: FlaskClient, sessions: Sessions
) -> None:
    make_nursing_room(sessions, checked_on=date(2026, 5, 1))

    (item,) = client.get(PATH).json["items"]
    assert (item["checked_on"], item["stale"]) == ("2026-05-01", True)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("town=320281999", "unknown_town"),
        ("town=%00", "validation_failed"),
        ("q=%00", "validation_failed"),
        ("q=" + "x" * 65, "validation_failed"),
    ],
)
def test_what_cannot_be_asked_is_refused(client: FlaskClient, query: str, code: str) -> None:
    answer = client.get(f"{PATH}?{query}")

    assert (answer.status_code, code_of(answer)) == (422, code)
