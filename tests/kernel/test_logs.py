"""What is logged while names, phones and openids go through the house: ids and patterns, no person.

With the processes' own configuration, through real routes, and through what routes refuse.
"""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.jobs.measuring import measured
from backend.kernel import logs
from backend.kernel.clock import FixedClock
from backend.kernel.logs import RedactingFilter
from backend.outbox.delivery import deliver
from backend.outbox.messenger import FailureKind, OutcomeUnknown, PermanentFailure
from backend.people.models import Role
from tests.api.families import Phone, child_body
from tests.console.conftest import Desk
from tests.factories import make_parent, make_staff
from tests.fakes import FakeMessenger
from tests.outbox.scene import delivery, told_families

NAME, WORDS, MOBILE = "欧阳不见", "奶奶说夜里咳嗽", "13987654321"
OPENID_PART, LOGIN = "motherofouyang", "ouyang-login"
PERSONAL = (NAME, WORDS, MOBILE, OPENID_PART, LOGIN, "openid-scene")


@pytest.fixture
def as_processes_log() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure()
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


def a_family_goes_through(client: FlaskClient) -> list[int]:
    """Accepted and refused, well formed and broken; the statuses."""
    phone = Phone(client, OPENID_PART)
    child = phone.add_child(name=NAME)
    answers = [
        phone.post("/me/phone", {"code": f"number:{MOBILE}"}),
        phone.post("/children", child_body(name=NAME, birth_date="1990-01-01")),
        phone.post("/children", child_body(name=NAME * 40)),
        phone.put(f"/children/{child['id']}", {"name": NAME, "phone": MOBILE}),
        phone.get(f"/children/{NAME}"),
        phone.get("/centres", town=WORDS, near=MOBILE),
        phone.post("/bookings", {"child_id": child["id"], "slot_id": 1, "note": WORDS}),
        client.post("/api/v1/children", data=f'{{"name": "{NAME}', headers=phone.headers),
        client.post("/api/v1/sessions", json={"code": f"phone:{OPENID_PART}"}),
        client.get(f"/no/such/{MOBILE}/{NAME}"),
        client.post(f"/wechat/wxtest000000000001?openid={OPENID_PART}", data=WORDS),
        client.get("/api/v1/me", headers={"Authorization": f"Bearer {OPENID_PART}"}),
    ]
    return [answer.status_code for answer in answers]


@pytest.mark.usefixtures("as_processes_log")
def test_no_person_is_in_the_log(
    client: FlaskClient, sessions: sessionmaker[Session], capfd: pytest.CaptureFixture[str]
) -> None:
    make_staff(sessions, role=Role.CITY, login=LOGIN)
    statuses = a_family_goes_through(client)
    desk = Desk(client)
    desk.sign_in(LOGIN, WORDS)
    desk.get(f"/families?who={NAME}")
    assert {200, 404, 422} <= set(statuses)

    told = "".join(capfd.readouterr())
    assert told.count('"event": "request"') > len(statuses)
    assert [secret for secret in PERSONAL if secret in told] == []


@pytest.mark.usefixtures("as_processes_log")
def test_sending_logs_no_receiver_and_keeps_the_run_id_in_its_threads(
    sessions: sessionmaker[Session], clock: FixedClock, capfd: pytest.CaptureFixture[str]
) -> None:
    families = told_families(sessions, clock, 2)
    openids = [key.openid for _, key in families]
    said = f"invalid openid {openids[0]} {MOBILE}"
    messenger = FakeMessenger(
        failures={
            openids[0]: PermanentFailure(said, FailureKind.CONTENT, 47003),
            openids[1]: OutcomeUnknown(said, FailureKind.TRANSIENT),
        }
    )
    parts = delivery(sessions, clock, messenger)

    def send() -> None:
        deliver(parts)

    measured("deliver", send)()
    told = capfd.readouterr().out
    assert [secret for secret in (*openids, MOBILE) if secret in told] == []
    lines = [json.loads(line) for line in told.splitlines() if "send_failed" in line]
    assert len(lines) == 2
    assert len({line["run_id"] for line in lines}) == 1
    assert {line["task"] for line in lines} == {"deliver"}


@pytest.mark.usefixtures("as_processes_log")
def test_an_answer_and_its_line_have_the_same_id(
    client: FlaskClient, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = client.get("/api/v1/me")
    (line,) = [json.loads(one) for one in capfd.readouterr().out.splitlines() if "request" in one]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["status"] == 401


SOMEBODY = "oAbcdefghijklmnopqrstuvwxyz1"
REFUSED_ROWS = (
    "INSERT INTO parent_identities (appid, openid, parent_id)"
    " SELECT appid, openid, parent_id FROM parent_identities WHERE openid = :openid",
    "UPDATE parent_identities SET appid = NULL WHERE openid = :openid",
)


@pytest.mark.parametrize("statement", REFUSED_ROWS)
@pytest.mark.usefixtures("as_processes_log")
def test_what_the_database_says_of_a_refused_row_stays_out_of_the_log(
    sessions: sessionmaker[Session], capfd: pytest.CaptureFixture[str], statement: str
) -> None:
    """Its DETAIL names the key or the whole row; a library logs it when a task of ours fails."""
    make_parent(sessions, openid=SOMEBODY)
    with pytest.raises(IntegrityError) as caught, sessions.begin() as session:
        session.execute(text(statement), {"openid": SOMEBODY})
    assert SOMEBODY in str(caught.value), "that is what has to be kept out"
    exc_info = (caught.type, caught.value, caught.tb)

    structlog.get_logger().error("event_failed", exc_info=exc_info)
    of_a_library = logging.LogRecord("a", logging.ERROR, "a", 1, "Job failed", (), exc_info)
    assert RedactingFilter().filter(of_a_library)

    told = capfd.readouterr().out + logging.Formatter().format(of_a_library)
    assert told.count("IntegrityError") >= 2
    assert told.count("parent_identities") >= 2, "which table it was stands there"
    assert SOMEBODY not in told
