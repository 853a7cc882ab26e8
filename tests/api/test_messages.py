"""A phone reads its messages and says what WeChat may send."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.templates import save
from backend.kernel.clock import FixedClock
from tests.api.families import Phone, code_of
from tests.factories import APPID
from tests.outbox.scene import TEMPLATES, tell

Sessions = sessionmaker[Session]
CONFIRMED, DECLINED, REMINDER = (
    f"tpl-{name}" for name in ("booking-confirmed", "booking-declined", "handbook-reminder")
)


def told_phone(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> tuple[Phone, int]:
    """A parent with one child and one message; the message's id."""
    phone = Phone(client)
    child = phone.add_child(name="丁小满")
    return phone, tell(sessions, clock, phone.get("/me").json["id"], child["id"])


def test_a_parent_reads_what_was_said(
    client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    phone, message_id = told_phone(client, sessions, clock)

    answer = phone.get("/messages").json

    assert answer["unread"] == 1
    assert answer["next"] is None
    (item,) = answer["items"]
    assert item == {
        "id": message_id,
        "kind": "booking_confirmed",
        "title": "预约已确认",
        "body": item["body"],
        "page": "pages/bookings/bookings?id=7",
        "created_at": "2026-11-23T10:00:00+08:00",
        "read_at": None,
        "wechat": "waiting",
    }
    assert item["body"].startswith("丁小满的“亲子律动”已确认：11月27日（周五）14:00")


def test_reading_is_remembered_and_repeating_it_changes_nothing(
    client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    phone, message_id = told_phone(client, sessions, clock)
    for _ in range(2):
        assert phone.post("/messages/read", {"ids": [message_id]}).status_code == 204
        clock.advance(timedelta(minutes=1))

    answer = phone.get("/messages").json
    assert answer["unread"] == 0
    assert answer["items"][0]["read_at"] == "2026-11-23T10:00:00+08:00"


def test_nobody_reads_or_marks_the_messages_of_others(
    client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    phone, message_id = told_phone(client, sessions, clock)
    stranger = Phone(client)

    assert stranger.get("/messages").json == {"items": [], "next": None, "unread": 0}
    assert stranger.post("/messages/read", {"ids": [message_id]}).status_code == 204
    assert phone.get("/messages").json["unread"] == 1


def test_messages_come_in_pages(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> None:
    phone, first = told_phone(client, sessions, clock)
    clock.advance(timedelta(minutes=1))
    second = tell(sessions, clock, phone.get("/me").json["id"])

    page = phone.get("/messages", limit=1).json
    rest = phone.get("/messages", limit=1, after=page["next"]).json

    assert [item["id"] for item in (*page["items"], *rest["items"])] == [second, first]
    assert rest["next"] is None
    assert page["unread"] == rest["unread"] == 2


def test_the_templates_worth_asking_for_are_named_with_their_reason(client: FlaskClient) -> None:
    answer = Phone(client).get("/subscriptions").json

    templates = answer["templates"]
    assert {one["template_id"] for one in templates} == {CONFIRMED, DECLINED, REMINDER}
    for one in templates:
        assert one["why"]
        assert (one["balance"], one["kind"], one["account_name"]) == (0, "one_time", None)
    others = {one["name"]: one for one in answer["others"]}
    assert {one["name"] for one in templates} | set(others) == set(TEMPLATES)
    assert others["attendance_confirm"] == {
        "name": "attendance_confirm",
        "title": "已签到，请确认到场",
        "account_name": None,
    }


def test_the_kind_and_title_of_a_template_are_those_that_the_office_has_chosen(
    client: FlaskClient, sessions: Sessions, clock: FixedClock
) -> None:
    phone = Phone(client)
    phone.get("/me/following")  # writes the accounts of the settings
    name = "handbook_reminder"
    form = replace(TEMPLATES.forms("long", {name: "tpl-for-ever"})[name], title="儿童健康提醒")
    with sessions.begin() as session:
        save(
            session,
            clock,
            TEMPLATES,
            appid=APPID,
            name=name,
            form=form,
            longest={},
            actor="staff:1",
        )

    templates = phone.get("/subscriptions").json["templates"]

    assert {one["name"]: one["kind"] for one in templates} == {
        "booking_confirmed": "one_time",
        "booking_declined": "one_time",
        name: "long_term",
    }
    assert [one["title"] for one in templates if one["name"] == name] == ["儿童健康提醒"]


def balances(body: Any) -> dict[str, int]:
    return {one["template_id"]: one["balance"] for one in body["templates"]}


def test_an_answer_counts_once_however_often_it_is_told(client: FlaskClient) -> None:
    phone = Phone(client)
    results = {CONFIRMED: "accept", DECLINED: "reject", REMINDER: "ban"}

    answers = [phone.post("/subscriptions", {"results": results}) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    for body in (*(answer.json for answer in answers), phone.get("/subscriptions").json):
        assert balances(body) == {CONFIRMED: 1, DECLINED: 0, REMINDER: 0}


def test_a_later_refusal_takes_the_permission_back(client: FlaskClient) -> None:
    phone = Phone(client)
    phone.post("/subscriptions", {"results": {CONFIRMED: "accept"}})
    answer = phone.post("/subscriptions", {"results": {CONFIRMED: "reject"}})

    assert balances(answer.json)[CONFIRMED] == 0
    assert balances(Phone(client).get("/subscriptions").json)[CONFIRMED] == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"results": {}},
        {"results": {"tpl-unknown": "accept"}},
        {"results": {CONFIRMED: "maybe"}},
        {"results": {"'; DROP TABLE messages; --": "accept"}},
        {"results": {f"tpl-{number}": "accept" for number in range(4)}},
        {"results": [CONFIRMED]},
        {"results": {CONFIRMED: "accept"}, "balance": 99},
    ],
)
def test_an_answer_that_wechat_never_gives_is_refused(client: FlaskClient, body: Any) -> None:
    answer = Phone(client).post("/subscriptions", body)

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")


@pytest.mark.parametrize("ids", [[], ["x"], [0], [2**63], list(range(1, 202)), None])
def test_ids_that_are_none_are_refused(client: FlaskClient, ids: Any) -> None:
    answer = Phone(client).post("/messages/read", {"ids": ids})

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")


def test_a_cursor_that_is_not_ours_is_refused(client: FlaskClient) -> None:
    answer = Phone(client).get("/messages", after="nonsense")

    assert (answer.status_code, code_of(answer)) == (422, "validation_failed")


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/api/v1/messages"),
        lambda client: client.post("/api/v1/messages/read", json={"ids": [1]}),
        lambda client: client.get("/api/v1/subscriptions"),
        lambda client: client.post("/api/v1/subscriptions", json={"results": {"t": "accept"}}),
    ],
)
def test_without_a_token_nothing_is_told(
    client: FlaskClient, ask: Callable[[FlaskClient], Any]
) -> None:
    answer = ask(client)

    assert (answer.status_code, code_of(answer)) == (401, "token_missing")
