"""A doctor's link: one child, fifteen minutes, every look written down."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from backend.jobs.purge import DOCTOR_LINKS_STAY, purge_expired
from backend.kernel.clock import FixedClock
from backend.rights.take_along.doctor_links import MOST_AN_HOUR, MOST_LOOKS, MOST_OPEN
from backend.rights.take_along.doctor_tokens import (
    LIFE,
    DoctorTokens,
    LinkExpired,
    LinkUnknown,
)
from tests.api.families import Phone, code_of
from tests.factories import MORNING
from tests.rights.traces import NAME, NUMBER, STREET, child_of, make_family

Json = dict[str, Any]
Sessions = sessionmaker[Session]
TOKENS = DoctorTokens("a" * 32)
OTHERS = DoctorTokens("b" * 32)


def opened(phone: Phone, child: int) -> Json:
    answer = phone.post(f"/children/{child}/doctor-links")
    assert answer.status_code == 201, answer.text
    made: Json = answer.get_json()
    return made | {"path": "/d/" + made["url"].rpartition("/")[2]}


@given(st.binary(min_size=16, max_size=16), st.integers(0, 100), st.sampled_from("Aa0-_."))
def test_a_token_with_another_letter_is_not_ours(random: bytes, place: int, letter: str) -> None:
    token = TOKENS.make(random, MORNING).token
    place %= len(token)
    forged = token[:place] + letter + token[place + 1 :]

    if forged != token:
        with pytest.raises(LinkUnknown):
            TOKENS.check(forged, MORNING)


def test_a_token_lives_fifteen_minutes_and_only_with_its_key() -> None:
    made = TOKENS.make(b"r" * 16, MORNING)

    TOKENS.check(made.token, MORNING + LIFE - timedelta(seconds=1))
    with pytest.raises(LinkExpired):
        TOKENS.check(made.token, MORNING + LIFE)
    with pytest.raises(LinkUnknown):
        OTHERS.check(made.token, MORNING)
    assert timedelta(minutes=15) == LIFE


@pytest.fixture
def family(client: FlaskClient, sessions: Sessions, clock: FixedClock) -> Phone:
    return make_family(client, sessions, clock)


def test_a_doctor_sees_the_record_and_not_who_it_is(family: Phone, client: FlaskClient) -> None:
    link = opened(family, child_of(family))

    page = client.get(link["path"])

    assert page.status_code == 200
    for shown in ("欧*", "2026年3月出生", "乙肝疫苗第1剂", "8.44 公斤", "以纸质手册和门诊记录为准"):
        assert shown in page.text
    for hidden in (NAME, "2026年3月10日", STREET, NUMBER, "<script", "cookie"):
        assert hidden not in page.text
    headers = page.headers
    assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "noindex" in headers["X-Robots-Tag"]
    assert "Set-Cookie" not in headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert link["qr_svg"].startswith("<svg")


def test_each_look_is_told_to_every_guardian(
    family: Phone, client: FlaskClient, clock: FixedClock
) -> None:
    child = child_of(family)
    link = opened(family, child)
    client.get(link["path"])
    clock.advance(timedelta(minutes=4))
    client.get(link["path"])

    newest, *_ = family.get(f"/children/{child}/doctor-links").json["items"]
    log = family.get(f"/children/{child}/export").json["log"]

    assert (newest["id"], newest["open"]) == (link["id"], True)
    assert [at[11:16] for at in newest["seen_at"]] == ["10:00", "10:04"]
    looks = [one for one in log if one["action"] == "child.shown_to_doctor"]
    assert [one["by"] for one in looks] == ["doctor-link", "doctor-link"]


def test_a_link_that_is_over_taken_back_or_forged_opens_nothing(
    family: Phone, client: FlaskClient, clock: FixedClock
) -> None:
    child = child_of(family)
    revoked, old = opened(family, child), opened(family, child)
    gone = family.delete(f"/children/{child}/doctor-links/{revoked['id']}")
    assert gone.status_code == 204

    assert "请家长重新生成" in _closed(client, revoked["path"])
    assert "请家长重新生成" in _closed(client, old["path"][:-1] + "_~")
    assert client.get(old["path"]).status_code == 200
    clock.advance(LIFE)
    assert "过期了" in _closed(client, old["path"])
    (seen,) = [
        one["seen_at"]
        for one in family.get(f"/children/{child}/doctor-links").json["items"]
        if one["id"] == old["id"]
    ]
    assert len(seen) == 1  # what opened nothing was no look


def _closed(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["Cache-Control"] == "no-store"
    assert NAME[0] not in answer.text
    return answer.text


def test_a_link_ends_with_the_guardian_who_made_it(family: Phone, client: FlaskClient) -> None:
    child = child_of(family)
    path = opened(family, child)["path"]
    assert family.delete("/consents/children").status_code == 200

    assert client.get(path).status_code == 404
    family.agree()
    assert client.get(path).status_code == 200
    assert family.delete(f"/children/{child}").status_code == 204
    assert client.get(path).status_code == 404


def test_a_child_that_moved_is_shown_and_one_that_died_is_not(
    family: Phone, client: FlaskClient
) -> None:
    child = child_of(family)
    assert family.put(f"/children/{child}/departure", {"kind": "moved"}).status_code == 200
    path = opened(family, child)["path"]
    assert client.get(path).status_code == 200
    assert family.put(f"/children/{child}/departure", {"kind": "died"}).status_code == 200

    refused = family.post(f"/children/{child}/doctor-links")

    assert (refused.status_code, code_of(refused)) == (409, "doctor_link_not_offered")
    assert client.get(path).status_code == 404


def test_nobody_takes_back_or_makes_a_link_of_another_family(
    family: Phone, client: FlaskClient
) -> None:
    child, other = child_of(family), Phone(client)
    own = other.add_child(name="林小树")["id"]
    link = opened(family, child)

    assert code_of(other.post(f"/children/{child}/doctor-links")) == "not_found"
    for their in (child, own):
        answer = other.delete(f"/children/{their}/doctor-links/{link['id']}")
        assert code_of(answer) == "not_found"
    assert client.get(link["path"]).status_code == 200


def test_few_are_open_at_once_and_few_are_made_in_an_hour(
    client: FlaskClient, clock: FixedClock
) -> None:
    phone = Phone(client)
    child = phone.add_child()["id"]
    links = [opened(phone, child) for _ in range(MOST_OPEN)]

    refused = phone.post(f"/children/{child}/doctor-links")
    assert (refused.status_code, code_of(refused)) == (409, "doctor_links_open")
    for _ in range(MOST_AN_HOUR - MOST_OPEN):
        phone.delete(f"/children/{child}/doctor-links/{links.pop()['id']}")
        links.append(opened(phone, child))
    phone.delete(f"/children/{child}/doctor-links/{links.pop()['id']}")
    assert code_of(phone.post(f"/children/{child}/doctor-links")) == "rate_limited"
    clock.advance(timedelta(hours=1))
    opened(phone, child)


def test_a_page_that_is_loaded_without_end_is_held_back(client: FlaskClient) -> None:
    phone = Phone(client)
    path = opened(phone, phone.add_child()["id"])["path"]

    answers = [client.get(path).status_code for _ in range(MOST_LOOKS + 1)]

    assert answers == [200] * MOST_LOOKS + [429]


def test_old_links_are_deleted(family: Phone, sessions: Sessions, clock: FixedClock) -> None:
    clock.advance(LIFE + DOCTOR_LINKS_STAY + timedelta(seconds=1))

    with sessions.begin() as session:
        assert purge_expired(session, clock)["doctor_links"] == 1
