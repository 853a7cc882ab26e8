"""Phones that scan one code at once, and a parent who closes the account meanwhile."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import followers, linking
from backend.accounts.models import Follower, InboundEvent, LinkCode
from backend.accounts.scenes import LinkScenes
from backend.kernel.clock import FixedClock
from backend.people.models import ParentIdentity
from backend.rights.deletion import delete_parent
from tests.accounts.accounts import APPID, add, whole
from tests.concurrency.racing import at_once
from tests.factories import default_vault, make_parent

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
SCENES = LinkScenes("s" * 32)
PHONES = 8


def event(clock: FixedClock, openid: str, scene: str) -> InboundEvent:
    moment = str(int(clock.now().timestamp()))
    return InboundEvent(
        appid=APPID,
        kind="SCAN",
        openid=openid,
        dedupe_key=openid,
        payload={"CreateTime": moment, "EventKey": scene},
        received_at=clock.now(),
    )


def scan(sessions: Sessions, clock: FixedClock, openid: str, scene: str) -> str:
    with sessions.begin() as session:
        return followers.came(session, clock, SCENES, event(clock, openid, scene))


def code_of(sessions: Sessions, clock: FixedClock, parent_id: int) -> str:
    with sessions.begin() as session:
        return linking.make_code(session, clock, SCENES, parent_id=parent_id, appid=APPID)[1]


def links(sessions: Sessions) -> list[tuple[str, int]]:
    with sessions() as session:
        rows = session.scalars(select(ParentIdentity).where(ParentIdentity.appid == APPID))
        return [(row.openid, row.parent_id) for row in rows]


def test_of_eight_phones_that_scan_one_code_one_is_linked(
    committed: Sessions, clock: FixedClock
) -> None:
    add(committed, clock, default_vault(), whole())
    parent = make_parent(committed)
    scene = code_of(committed, clock, parent)

    outcomes, refusals = at_once(
        lambda openid: scan(committed, clock, openid, scene), [f"o-{n}" for n in range(PHONES)]
    )

    assert refusals == []
    assert sorted(outcomes) == ["link: code used before"] * (PHONES - 1) + ["link: linked"]
    ((openid, holder),) = links(committed)
    assert holder == parent
    with committed() as session:
        assert session.get_one(Follower, (APPID, openid)).parent_id == parent


def test_nobody_is_linked_to_a_parent_who_closes_the_account_meanwhile(
    committed: Sessions, clock: FixedClock
) -> None:
    """Whichever comes first: no deadlock, and nothing of the link is left."""
    add(committed, clock, default_vault(), whole())
    for number in range(PHONES):
        parent = make_parent(committed)
        scene = code_of(committed, clock, parent)

        def act(close: bool, parent: int = parent, scene: str = scene, n: int = number) -> None:
            if close:
                with committed.begin() as session:
                    delete_parent(session, clock, parent_id=parent)
            else:
                scan(committed, clock, f"o-{n}", scene)

        _, refusals = at_once(act, [True, False])
        assert refusals == []
        clock.advance(timedelta(seconds=1))

    assert links(committed) == []
    with committed() as session:
        assert session.scalars(select(LinkCode)).all() == []
        known = session.scalars(select(Follower.parent_id)).all()
    assert set(known) <= {None}
