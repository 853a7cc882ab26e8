from typing import Any

import pytest
import requests

from backend.kernel.clock import FixedClock
from backend.sandbox.config import SandboxConfig
from backend.sandbox.errors import ERRORS
from tests.sandbox.running import Talk, running

SEND = "/cgi-bin/message/subscribe/send"


@pytest.mark.parametrize("errcode", sorted(ERRORS))
def test_every_error_code_can_be_brought_about(talk: Talk, errcode: int) -> None:
    talk.accept()
    talk.people("post", "faults", path=SEND, errcode=errcode, times=1)

    answer = talk.send()

    assert answer["errcode"] == errcode
    assert answer["errmsg"].startswith(ERRORS[errcode])
    assert talk.messages() == []
    assert talk.send()["errcode"] == 0, "once was enough"


def test_a_fault_stays_until_it_is_taken_away(talk: Talk) -> None:
    talk.accept()
    talk.people("post", "faults", path="*", errcode=-1)

    assert [talk.send(token="x")["errcode"] for _ in range(3)] == [-1, -1, -1]
    assert talk.people("get", "faults")["items"][0]["hits"] == 3
    talk.people("delete", "faults")
    assert talk.send()["errcode"] == 0


def test_a_fault_hits_at_its_rate(talk: Talk) -> None:
    talk.people("post", "faults", path=SEND, errcode=-1, rate=0.5)

    answers = [talk.send(token="x" * 99)["errcode"] for _ in range(200)]

    assert 50 < answers.count(-1) < 150


def test_an_http_status_stands_in_for_the_answer(talk: Talk) -> None:
    talk.people("post", "faults", path="sns/jscode2session", http_status=502)

    assert talk.client.get("/sns/jscode2session").status_code == 502


@pytest.mark.parametrize(("drop", "arrives"), [("before", 0), ("after", 1), (True, 1)])
def test_a_connection_can_be_lost_before_and_after_the_work(
    config: SandboxConfig, clock: FixedClock, drop: object, arrives: int
) -> None:
    with running(config, clock) as url:
        path, api = "/sns/jscode2session", f"{url}/sandbox/api"
        requests.post(f"{api}/faults", json={"path": path, "drop": drop, "times": 1}, timeout=5)
        code = requests.post(f"{api}/login-codes", timeout=5).json()["code"]
        query = {
            "appid": config.appid,
            "secret": config.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}{path}", params=query, timeout=5)
        again = requests.get(f"{url}{path}", params=query, timeout=5).json()

    assert ("errcode" in again) == bool(arrives)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"path": ""},
        {"path": SEND},
        {"path": SEND, "errcode": "40001"},
        {"path": SEND, "errcode": 1, "rate": 0},
        {"path": SEND, "errcode": 1, "rate": 2},
        {"path": SEND, "errcode": 1, "times": 0},
        {"path": SEND, "http_status": 200},
        {"path": SEND, "drop": "sometimes"},
        {"path": SEND, "delay_ms": -1},
    ],
)
def test_a_fault_that_cannot_be_is_refused(talk: Talk, wrong: dict[str, Any]) -> None:
    assert talk.client.post("/sandbox/api/faults", json=wrong).status_code == 422
