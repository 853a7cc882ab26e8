"""A menu on its way to WeChat, and who was stopped meanwhile: the newer version stays."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.outreach import menu
from backend.outreach.menu import LEASE, PERHAPS_ANOTHER, Entry, MenuBusy, Sending
from backend.outreach.models import Menu, MenuState
from tests.accounts.accounts import APPID, add, whole
from tests.factories import make_staff

Sessions = sessionmaker[Session]
OLD, NEW = ([Entry(name, "web:/g/")] for name in ("旧", "新"))


@pytest.fixture
def staff(sessions: Sessions, clock: FixedClock, vault: Vault) -> int:
    add(sessions, clock, vault, whole())
    return make_staff(sessions)


def begun(sessions: Sessions, clock: FixedClock, staff: int, entries: list[Entry]) -> Sending:
    with sessions.begin() as session:
        menu.save_draft(session, clock, APPID, entries, staff)
    with sessions.begin() as session:
        return menu.begin_sending(session, clock, APPID, staff)


def taken(sessions: Sessions, clock: FixedClock, sending: Sending) -> bool:
    with sessions.begin() as session:
        return menu.taken(session, clock, sending)


def live(sessions: Sessions) -> Menu | None:
    with sessions() as session:
        return menu.live(session, APPID)


def in_work(sessions: Sessions) -> Menu | None:
    with sessions() as session:
        return menu.in_work(session, APPID)


@pytest.fixture
def stopped(sessions: Sessions, clock: FixedClock, staff: int) -> Sending:
    """Somebody began to send the old one a minute ago, and was stopped."""
    sending = begun(sessions, clock, staff, OLD)
    with pytest.raises(MenuBusy):
        begun(sessions, clock, staff, NEW)
    clock.advance(LEASE + timedelta(seconds=1))
    return sending


def test_who_wakes_before_the_call_does_not_make_it(clock: FixedClock, stopped: Sending) -> None:
    with pytest.raises(MenuBusy):
        menu.check_held(clock, stopped)


def test_who_wakes_while_a_newer_one_is_sent_does_not_make_that_one_live(
    sessions: Sessions, clock: FixedClock, staff: int, stopped: Sending
) -> None:
    sending = begun(sessions, clock, staff, NEW)
    menu.check_held(clock, sending)

    assert not taken(sessions, clock, stopped)
    now = in_work(sessions)
    assert now is not None
    assert (now.state, live(sessions)) == (MenuState.SENDING, None)

    assert not taken(sessions, clock, sending), "WeChat may have the old one on top"
    now = live(sessions)
    assert now is not None
    assert (now.buttons, now.problem) == (sending.buttons, PERHAPS_ANOTHER)


def test_who_wakes_when_a_newer_one_is_live_says_that_the_phones_may_show_the_old_one(
    sessions: Sessions, clock: FixedClock, staff: int, stopped: Sending
) -> None:
    sending = begun(sessions, clock, staff, NEW)
    assert taken(sessions, clock, sending)

    assert not taken(sessions, clock, stopped)
    now = live(sessions)
    assert now is not None
    assert (now.buttons, now.problem) == (sending.buttons, PERHAPS_ANOTHER)

    clock.advance(timedelta(minutes=5))
    assert taken(sessions, clock, begun(sessions, clock, staff, NEW))
    now = live(sessions)
    assert now is not None
    assert now.problem == ""


@pytest.mark.parametrize(
    ("errcode", "doubt"), [(None, PERHAPS_ANOTHER), (45064, "")], ids=["unheard", "refused"]
)
def test_an_answer_to_the_old_one_takes_nothing_from_the_newer_one(
    sessions: Sessions,
    clock: FixedClock,
    staff: int,
    stopped: Sending,
    errcode: int | None,
    doubt: str,
) -> None:
    """What WeChat refused did not arrive; what it did not answer may have."""
    begun(sessions, clock, staff, NEW)
    with sessions.begin() as session:
        menu.refused(session, stopped, errcode)

    now = in_work(sessions)
    assert now is not None
    assert (now.state, now.problem) == (MenuState.SENDING, doubt)


def test_the_same_version_sent_twice_is_in_no_doubt(
    sessions: Sessions, clock: FixedClock, staff: int, stopped: Sending
) -> None:
    with sessions.begin() as session:
        again = menu.begin_sending(session, clock, APPID, staff)

    assert taken(sessions, clock, stopped)
    assert live(sessions) is None, "who sends it now says so"
    assert taken(sessions, clock, again)
    now = live(sessions)
    assert now is not None
    assert (now.id, now.problem) == (again.menu_id, "")
