"""schemathesis asks our own document what may be sent, sends it, and more than that.

About 200 requests in `make test`, always the same; SOAK=1 sends more.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.orm import Session, sessionmaker

from backend.app import API
from backend.cli.wording import load_sentences
from backend.knowledge.models import QuizAnswer, QuizSet
from backend.people.models import Role
from backend.rights.handbook_grants.models import GrantState, HandbookGrant, ReadPurpose
from tests.api.families import Phone
from tests.architecture.sources import ROOT
from tests.contract.routes import ROUTES, SIGNS_OUT
from tests.factories import MORNING, TOWN, make_booking, make_slot, make_staff
from tests.handbook.pictures import send_photo

pytestmark = pytest.mark.slow

AnyCase = Case[Any]
CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 200 if os.environ.get("SOAK") == "1" else 3  # of each route, good and bad each
CODES = set(load_sentences(ROOT / "content" / "wording" / "errors.yaml"))


@dataclass(frozen=True)
class World:
    """What is there to be asked for."""

    phone: Callable[[], Phone]
    known: dict[str, Any]


@pytest.fixture
def world(client: FlaskClient, sessions: sessionmaker[Session]) -> World:
    phone = Phone(client, "fuzz")
    child = phone.add_child()
    phone.agree("pregnancy")
    dating = {"dated_by": "clinic", "day": "2027-01-01"}
    assert phone.post("/pregnancy", dating).status_code == 201
    phone.agree("diary")
    day = {"day": "2026-11-20", "note": "会坐了"}
    entry = send_photo(phone, f"/children/{child['id']}/diary/photos", **day)
    slot = make_slot(sessions)
    booking = make_booking(sessions, child_id=child["id"], slot_id=slot)
    slug = client.get(f"{API}/guides").json["items"][0]["slug"]
    known = {
        "child_id": child["id"],
        "slot_id": make_slot(sessions),
        "booking_id": booking,
        "entry_id": entry.json["id"],
        "slug": slug,
        "quiz_id": _quiz(sessions, phone.get("/me").json["id"]),
        "purpose": "privacy",
        "item_id": "vaccine:hepb-1",
        "checkup_id": "anc-2",
        "day": "2026-09-10",
        "visit_id": "m3",
        "link_id": phone.post(f"/children/{child['id']}/doctor-links", key="k").json["id"],
        "grant_id": _grant(sessions, child["id"]),
        "test": "hearing",
        "talked_on": "2026-11-23",
        "done_on": date(2026, 3, 10).isoformat(),
        "measured_on": date(2026, 11, 20).isoformat(),
        "town_code": "320281001",
    }
    return World(lambda: Phone(client, "fuzz"), known)


def _grant(sessions: sessionmaker[Session], child_id: int) -> int:
    """A doctor's request for the handbook."""
    office = "测试妇幼保健院"
    staff_id = make_staff(sessions, role=Role.CHILD_HEALTH, town_code=TOWN, office=office)
    with sessions.begin() as session:
        grant = HandbookGrant(
            child_id=child_id,
            staff_id=staff_id,
            purpose=ReadPurpose.FOLLOW_UP,
            hours=4,
            state=GrantState.ASKED,
            asked_at=MORNING,
            reason="",
        )
        session.add(grant)
        session.flush()
        return grant.id


def _quiz(sessions: sessionmaker[Session], parent_id: int) -> int:
    """A set of one question, which the content has no more."""
    with sessions.begin() as session:
        quiz = QuizSet(
            parent_id=parent_id,
            band="6-12m",
            month=date(2026, 11, 1),
            sampled=False,
            begun_at=MORNING,
        )
        session.add(quiz)
        session.flush()
        session.add(QuizAnswer(set_id=quiz.id, position=1, question_id="gone"))
        return quiz.id


@pytest.mark.parametrize("route", ROUTES)
def test_whatever_is_sent_is_answered_as_documented(app: Flask, world: World, route: str) -> None:
    method, _, path = route.partition(" ")
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operation = schema[f"{API}{path}"][method]
    phone = world.phone()

    def send(case: AnyCase, known: dict[str, Any]) -> None:
        _fill_in(case, known)
        token = world.phone() if route in SIGNS_OUT else phone
        response = case.call(headers=token.headers)
        case.validate_response(response, checks=CHECKS)
        if response.status_code >= 400:
            body = response.json()
            assert (body["status"], body["code"] in CODES) == (response.status_code, True)

    _run(operation, GenerationMode.POSITIVE, partial(send, known=world.known))
    _run(operation, GenerationMode.POSITIVE, partial(send, known={}))
    _run(operation, GenerationMode.NEGATIVE, partial(send, known={}))


def _run(operation: Any, mode: GenerationMode, send: Callable[[AnyCase], None]) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def run(case: AnyCase) -> None:
        send(case)

    try:
        run()
    except Unsatisfiable:
        # Any text is a slug: where nothing wrong can be sent, there is nothing to try.
        assert mode is GenerationMode.NEGATIVE


def _fill_in(case: AnyCase, known: dict[str, Any]) -> None:
    """Put in what is really there, so that not all is refused as unknown."""
    for part in (case.path_parameters, case.query, case.body):
        if isinstance(part, dict):
            part.update({name: value for name, value in known.items() if name in part})
