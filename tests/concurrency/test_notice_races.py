"""A pregnancy ends while the city's notice to it is put, marked or about to leave."""

import threading
from datetime import datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.campaigns import running
from backend.handbook.pregnancy import notices, service
from backend.kernel.ages import PregnancyWeeks
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.sex import Sex
from backend.outbox.notices import Notice
from tests.campaigns.test_expecting import to_expecting
from tests.campaigns.town import RULES, SCHEDULE, go, told
from tests.concurrency.test_pregnancy_races import HASTY, PATIENCE, sent_while_one_ends
from tests.factories import default_vault
from tests.handbook.pregnancy.scene import TODAY, begin, due_when, end
from tests.handbook.pregnancy.test_service import baby
from tests.handbook.test_race import wait_until_somebody_waits

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 10, tzinfo=CITY))


def begun(committed: Sessions, clock: FixedClock) -> int:
    """A campaign that is running and has put nothing yet."""
    campaign = to_expecting(committed, clock)
    with committed.begin() as session:
        running.start_due(session, clock)
    return campaign


@pytest.mark.parametrize("event", ["ended", "born"])
def test_a_batch_that_waits_for_an_end_tells_nobody(
    committed: Sessions, clock: FixedClock, event: str
) -> None:
    parent, _ = begin(committed, clock, due_when(26))
    begun(committed, clock)
    put: list[int] = []
    putting = threading.Thread(target=lambda: put.append(go(committed, clock)))
    with committed.begin() as session:
        if event == "ended":
            service.end(session, clock, parent_id=parent)
        else:
            born = [baby(birth=TODAY, sex=Sex.MALE)]
            service.record_birth(session, clock, default_vault(), parent_id=parent, born=born)
        putting.start()
        wait_until_somebody_waits(committed)
    putting.join(PATIENCE)

    assert put == [0]
    assert told(committed) == {}


def test_an_end_that_waits_for_a_batch_takes_its_message_along(
    committed: Sessions, clock: FixedClock
) -> None:
    parent, _ = begin(committed, clock, due_when(26))
    campaign = begun(committed, clock)
    ending = threading.Thread(target=end, args=(committed, clock, parent))
    with committed.begin() as session:
        assert running.put_batch(session, clock, SCHEDULE, RULES, campaign).put == 1
        ending.start()
        wait_until_somebody_waits(committed)
    ending.join(PATIENCE)

    assert told(committed) == {}


def test_without_the_lock_it_would_outlive_the_end(committed: Sessions, clock: FixedClock) -> None:
    parent, pregnancy = begin(committed, clock, due_when(26))
    weeks = PregnancyWeeks(12, 28, TODAY)
    notice = Notice("campaign:0:", {}, after=0, until=parent, now=clock.now())
    with committed.begin() as session:
        values = {"template": "pregnancy_notice", "facts": "{}"}
        pairs = {"ids": [pregnancy], "parents": [parent]}
        session.execute(notices.PUT, notices.asked(weeks) | notice.values | values | pairs)
        end(committed, clock, parent)  # in another session; it waits for nobody

    assert told(committed) == {parent: 1}


def tell(committed: Sessions, clock: FixedClock) -> None:
    to_expecting(committed, clock)
    assert go(committed, clock) == 2


def test_a_notice_that_is_marked_and_not_yet_handed_over_is_not_sent(
    committed: Sessions, clock: FixedClock
) -> None:
    assert sent_while_one_ends(committed, clock, tell=tell) == 1


def test_without_the_last_question_it_would_be(committed: Sessions, clock: FixedClock) -> None:
    assert sent_while_one_ends(committed, clock, HASTY, tell) == 2
