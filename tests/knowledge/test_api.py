"""A phone takes a knowledge check."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from tests.api.families import Phone, code_of
from tests.knowledge.writing import BAND, GUIDE, RIGHT, row

Sessions = sessionmaker[Session]


@pytest.fixture
def phone(client: FlaskClient) -> Phone:
    phone = Phone(client)
    phone.agree()
    return phone


def begun(phone: Phone, **body: Any) -> dict[str, Any]:
    answer = phone.post("/quizzes", body or {"band": BAND})
    assert answer.status_code == 200, answer.text
    quiz: dict[str, Any] = answer.get_json()
    return quiz


def choose(phone: Phone, quiz: dict[str, Any], position: int, *, right: bool = True) -> Any:
    (question,) = [one for one in quiz["questions"] if one["position"] == position]
    option = next(n for n, text in enumerate(question["options"], 1) if (text == RIGHT) is right)
    return phone.post(f"/quizzes/{quiz['id']}/answers", {"position": position, "chosen": option})


def test_a_childs_age_and_town_make_the_set(phone: Phone, sessions: Sessions) -> None:
    child = phone.add_child(birth_date="2026-03-10")  # eight months

    quiz = begun(phone, child_id=child["id"])

    assert (quiz["band"], quiz["band_title"]) == ("6-12m", "6～12月龄")
    assert (quiz["state"], quiz["sampled"], quiz["asked"]) == ("open", True, 10)
    assert [one["position"] for one in quiz["questions"]] == list(range(1, 11))
    assert row(sessions, quiz["id"]).town_code == "320281001"


def test_a_band_alone_has_no_town(phone: Phone, sessions: Sessions) -> None:
    assert row(sessions, begun(phone)["id"]).town_code is None


def test_a_band_that_is_named_goes_before_the_childs(phone: Phone, sessions: Sessions) -> None:
    child = phone.add_child(birth_date="2024-03-10")

    quiz = begun(phone, child_id=child["id"], band=BAND)

    assert (quiz["band"], row(sessions, quiz["id"]).town_code) == (BAND, "320281001")


def test_no_answer_is_told_before_the_question_was_answered(phone: Phone) -> None:
    child = phone.add_child()
    answer = phone.post("/quizzes", {"child_id": child["id"]})

    assert {one["solution"] for one in answer.json["questions"]} == {None}
    for told in ("含铁的泥糊", GUIDE, "中国居民膳食指南"):
        assert told not in answer.text


def test_a_wrong_answer_is_explained_and_leads_to_the_guide(phone: Phone) -> None:
    quiz = begun(phone)

    answer = choose(phone, quiz, 4, right=False)

    assert answer.status_code == 200
    question = answer.json["questions"][3]
    solution = question["solution"]
    assert not solution["correct"]
    assert question["options"][solution["right"] - 1] == RIGHT
    assert solution["explanation"].startswith("满6月龄后")
    assert solution["guide"]["slug"] == GUIDE
    assert solution["guide"]["title"]
    assert solution["sources"][0]["year"] == 2022
    assert answer.json["wrong"] == [4]
    assert sum(one["solution"] is not None for one in answer.json["questions"]) == 1


def test_ten_answers_are_a_result_and_a_line_of_the_history(phone: Phone) -> None:
    quiz = begun(phone)
    for position in range(1, 11):
        last = choose(phone, quiz, position, right=position > 2).json

    assert (last["state"], last["correct"], last["wrong"]) == ("finished", 8, [1, 2])
    history = phone.get("/quizzes").json
    assert history["next"] is None
    (line,) = history["items"]
    assert (line["id"], line["correct"], line["answered"]) == (quiz["id"], 8, 10)
    assert line["finished_at"] == "2026-11-23T10:00:00+08:00"
    assert phone.get(f"/quizzes/{quiz['id']}").json == last


def test_the_first_answer_stays_and_repeating_it_changes_nothing(phone: Phone) -> None:
    quiz = begun(phone)

    first, again = (choose(phone, quiz, 1, right=False) for _ in range(2))
    other = choose(phone, quiz, 1, right=True)

    assert first.json == again.json
    assert (other.status_code, code_of(other)) == (409, "quiz_answered")


def test_a_set_can_be_gone_on_with_until_it_is_a_day_old(phone: Phone, clock: FixedClock) -> None:
    quiz = begun(phone)
    assert begun(phone)["id"] == quiz["id"]
    clock.advance(timedelta(hours=24))

    late = choose(phone, quiz, 1)

    assert (late.status_code, code_of(late)) == (409, "quiz_expired")
    assert phone.get(f"/quizzes/{quiz['id']}").json["state"] == "expired"
    assert begun(phone)["id"] != quiz["id"]


def test_another_familys_set_and_child_are_not_there(phone: Phone, client: FlaskClient) -> None:
    quiz = begun(phone)
    child = phone.add_child()["id"]
    stranger = Phone(client)
    stranger.agree()

    for answer in (
        stranger.get(f"/quizzes/{quiz['id']}"),
        choose(stranger, quiz, 1),
        stranger.post("/quizzes", {"child_id": child}),
        phone.get("/quizzes/999999"),
    ):
        assert (answer.status_code, code_of(answer)) == (404, "not_found")
    assert stranger.get("/quizzes").json["items"] == []


def test_an_age_without_questions_says_so(phone: Phone) -> None:
    answer = phone.post("/quizzes", {"band": "3-6y"})

    assert (answer.status_code, code_of(answer)) == (404, "quiz_empty")
    assert phone.get("/quizzes").json["items"] == []


def test_the_privacy_policy_comes_first(client: FlaskClient) -> None:
    answer = Phone(client).post("/quizzes", {"band": BAND})

    assert (answer.status_code, code_of(answer)) == (403, "consent_needed")


@pytest.mark.parametrize("body", [{}, {"band": "newborn"}, {"child_id": 0}, {"age": 3}])
def test_a_set_needs_a_child_or_a_band(phone: Phone, body: dict[str, object]) -> None:
    assert phone.post("/quizzes", body).status_code == 422


@pytest.mark.parametrize(
    "body", [{"position": 0, "chosen": 1}, {"position": 11, "chosen": 1}, {"position": 1}]
)
def test_an_answer_has_a_position_and_an_option(phone: Phone, body: dict[str, object]) -> None:
    assert phone.post(f"/quizzes/{begun(phone)['id']}/answers", body).status_code == 422


def test_an_option_too_many_is_refused(phone: Phone) -> None:
    answer = phone.post(f"/quizzes/{begun(phone)['id']}/answers", {"position": 1, "chosen": 4})

    assert (answer.status_code, code_of(answer)) == (422, "quiz_no_such_option")


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/api/v1/quizzes"),
        lambda client: client.get("/api/v1/quizzes/1"),
        lambda client: client.post("/api/v1/quizzes", json={"band": BAND}),
        lambda client: client.post("/api/v1/quizzes/1/answers", json={}),
    ],
)
def test_only_a_signed_in_parent_is_asked(
    client: FlaskClient, ask: Callable[[FlaskClient], Any]
) -> None:
    assert ask(client).status_code == 401


def test_the_copy_for_the_family_holds_its_sets_and_the_end_of_the_account_unnames_them(
    phone: Phone, sessions: Sessions
) -> None:
    child = phone.add_child()["id"]
    quiz = begun(phone, child_id=child)
    choose(phone, quiz, 1, right=False)

    (kept,) = phone.get(f"/children/{child}/export").json["quizzes"]
    assert (kept["band"], kept["sampled"], kept["town_code"]) == (BAND, True, "320281001")
    assert len(kept["answers"]) == 10
    assert (kept["answers"][0]["correct"], kept["answers"][1]["correct"]) == (False, None)

    assert phone.delete("/me").status_code == 204
    left = row(sessions, quiz["id"])
    assert (left.parent_id, left.town_code) == (None, "320281001")
