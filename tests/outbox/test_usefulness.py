"""Until when a message is worth a ring of the phone."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import CITY, FixedClock
from backend.outbox.delivery import deliver
from backend.outbox.models import MessageState
from backend.outbox.templates import WrongTemplates, load_templates
from backend.outbox.values import MissingFact
from tests.fakes import FakeMessenger
from tests.outbox.scene import (
    BOOKING,
    TEMPLATES,
    balance,
    delivery,
    family,
    grant,
    message,
    tell,
    told_families,
)
from tests.outbox.test_templates import entry, write

Sessions = sessionmaker[Session]
STARTS = datetime(2026, 11, 27, 14, tzinfo=CITY)
DUE = datetime(2026, 11, 20, 9, tzinfo=CITY)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("template", "facts", "last"),
    [
        ("booking_reminder", BOOKING, STARTS - SECOND),
        ("waiting_offered", {"until": STARTS.isoformat()}, STARTS - SECOND),
        (
            "pregnancy_checkup",
            {"until_date": "2026-11-27"},
            datetime(2026, 11, 27, 23, 59, 59, tzinfo=CITY),
        ),
        ("handbook_reminder", {}, DUE + timedelta(days=7) - SECOND),
    ],
)
def test_each_ends_with_its_occasion(template: str, facts: dict[str, Any], last: datetime) -> None:
    assert not TEMPLATES[template].is_too_late(facts, DUE, last)
    assert TEMPLATES[template].is_too_late(facts, DUE, last + SECOND)


def test_what_wechat_is_sent_says_until_when_it_is_of_use() -> None:
    silent = [n for n in TEMPLATES if TEMPLATES[n].wechat and TEMPLATES[n].useful_for is None]

    assert silent == []


def test_what_cannot_wait_is_a_change_of_a_session_or_an_offer() -> None:
    assert TEMPLATES.urgent == {
        "booking_cancelled",
        "booking_moved",
        "booking_restored",
        "waiting_offered",
    }


@pytest.mark.parametrize("facts", [{}, {"starts_at": "soon"}, {"starts_at": "2026-11-27T14:00"}])
def test_a_message_without_its_time_says_so(facts: dict[str, str]) -> None:
    with pytest.raises(MissingFact, match="starts_at"):
        TEMPLATES["booking_reminder"].is_too_late(facts, DUE, DUE)


@pytest.mark.parametrize(
    "useful_for",
    [{}, {"until": "title"}, {"until": "nothing"}, {"days": 0}, {"days": 1, "until": "x"}],
)
def test_a_wrong_end_stops_the_start(tmp_path: Path, useful_for: dict[str, Any]) -> None:
    with pytest.raises(WrongTemplates, match=r"useful_for|until or days"):
        load_templates(write(tmp_path, {"one": entry(useful_for=useful_for)}))


def test_what_comes_too_late_stays_in_the_app_and_keeps_its_permission(
    sessions: Sessions, clock: FixedClock
) -> None:
    ((message_id, key),) = told_families(sessions, clock, 1)
    clock.set(STARTS)
    messenger = FakeMessenger()

    assert deliver(delivery(sessions, clock, messenger)).in_app == 1

    assert messenger.calls == 0
    assert message(sessions, message_id).state is MessageState.IN_APP
    assert balance(sessions, key) == 1


def test_what_is_urgent_waits_for_the_morning_like_everything_else(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, child_id, key = family(sessions)
    cancelled = type(key)(key.appid, key.openid, "tpl-cancelled")
    grant(sessions, clock, cancelled)
    tell(sessions, clock, parent_id, child_id, template="booking_cancelled")
    ids = {"booking_cancelled": "tpl-cancelled"}
    parts = delivery(sessions, clock, FakeMessenger(), template_ids=ids)
    clock.set(datetime(2026, 11, 23, 22, tzinfo=CITY))
    assert deliver(parts).claimed == 0

    clock.set(datetime(2026, 11, 24, 8, tzinfo=CITY))

    assert deliver(parts).sent == 1
