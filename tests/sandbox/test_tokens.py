from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.kernel.clock import FixedClock
from tests.sandbox.running import Talk, config_in, opened


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def works(talk: Talk, token: str) -> int:
    """0 when the token is taken (the message itself is refused later), else its errcode."""
    errcode = int(talk.send(token=token)["errcode"])
    return 0 if errcode == 43101 else errcode


def test_the_stable_token_is_the_same_for_everybody_who_asks(talk: Talk) -> None:
    first, second = talk.stable_token(), talk.stable_token()

    assert first == second
    assert first["expires_in"] == 7200


def test_the_stable_token_changes_in_its_last_five_minutes_and_both_work(
    talk: Talk, clock: FixedClock
) -> None:
    old = talk.token()
    clock.advance(seconds(7200 - 299))

    new = talk.token()

    assert new != old
    assert (works(talk, old), works(talk, new)) == (0, 0)
    clock.advance(seconds(300))
    assert (works(talk, old), works(talk, new)) == (40001, 0)


def test_a_forced_stable_token_kills_the_old_one_at_once(talk: Talk, clock: FixedClock) -> None:
    old = talk.token()
    clock.advance(seconds(31))

    new = talk.stable_token(force_refresh=True)["access_token"]

    assert (works(talk, old), works(talk, new)) == (40001, 0)


def test_a_stable_token_cannot_be_forced_twice_in_thirty_seconds(
    talk: Talk, clock: FixedClock
) -> None:
    old = talk.token()
    clock.advance(seconds(29))

    assert talk.stable_token(force_refresh=True)["access_token"] == old


def test_a_stable_token_can_be_forced_twenty_times_a_day(talk: Talk, clock: FixedClock) -> None:
    seen = {talk.token()}
    for _ in range(25):
        clock.advance(seconds(31))
        seen.add(talk.stable_token(force_refresh=True)["access_token"])

    assert len(seen) == 21


def test_a_plain_token_outlives_its_successor_by_five_minutes(
    talk: Talk, clock: FixedClock
) -> None:
    old = talk.plain_token()["access_token"]
    new = talk.plain_token()["access_token"]

    assert old != new
    clock.advance(seconds(299))
    assert (works(talk, old), works(talk, new)) == (0, 0)
    clock.advance(seconds(2))
    assert (works(talk, old), works(talk, new)) == (40001, 0)


def test_plain_and_stable_tokens_leave_each_other_alone(talk: Talk, clock: FixedClock) -> None:
    stable = talk.token()
    talk.plain_token()
    clock.advance(seconds(400))

    assert works(talk, stable) == 0


def test_a_token_ends_after_two_hours(talk: Talk, clock: FixedClock) -> None:
    token = talk.token()
    clock.advance(seconds(7200))

    assert works(talk, token) == 42001


def test_plain_tokens_run_out_for_the_day(tmp_path: Path, clock: FixedClock) -> None:
    config = config_in(tmp_path, limits={"token_per_day": 2})
    with opened(config, clock) as client:
        talk = Talk(client, config)
        talk.plain_token()
        talk.plain_token()

        assert talk.plain_token()["errcode"] == 45009
        clock.advance(timedelta(days=1))
        assert "access_token" in talk.plain_token()


def test_stable_tokens_have_a_limit_per_minute(tmp_path: Path, clock: FixedClock) -> None:
    config = config_in(tmp_path, limits={"stable_token_per_minute": 1})
    with opened(config, clock) as client:
        talk = Talk(client, config)
        talk.stable_token()

        assert talk.stable_token()["errcode"] == 45011


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"grant_type": "authorization_code"}, 40002),
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"appid": "wxsomebodyelse"}, 40013),
        ({"secret": "wrong"}, 40125),
    ],
)
def test_wrong_credentials_are_refused(talk: Talk, changes: dict[str, Any], errcode: int) -> None:
    assert talk.stable_token(**changes)["errcode"] == errcode
    assert talk.plain_token(**changes)["errcode"] == errcode


def test_an_address_outside_the_whitelist_is_named(tmp_path: Path, clock: FixedClock) -> None:
    config = config_in(tmp_path, ip_whitelist=("10.0.0.1",))
    with opened(config, clock) as client:
        answer = Talk(client, config).stable_token()

    assert answer["errcode"] == 40164
    assert "127.0.0.1" in answer["errmsg"]


def test_a_stable_token_is_asked_for_by_post_and_json(talk: Talk) -> None:
    url = "/cgi-bin/stable_token"

    assert talk.client.get(url).get_json()["errcode"] == 43002
    assert talk.client.post(url).get_json()["errcode"] == 44002
    assert talk.client.post(url, data="a=b").get_json()["errcode"] == 47001
    assert talk.stable_token(force_refresh="yes")["errcode"] == 47001


@pytest.mark.parametrize(("token", "errcode"), [("", 41001), ("short", 40014), ("x" * 180, 40001)])
def test_a_wrong_token_is_told_from_none(talk: Talk, token: str, errcode: int) -> None:
    assert talk.send(token=token)["errcode"] == errcode


def test_business_errors_are_http_200_with_a_request_id(talk: Talk) -> None:
    response = talk.client.get("/cgi-bin/token")

    assert response.status_code == 200
    assert " rid: " in response.get_json()["errmsg"]
