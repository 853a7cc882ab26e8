"""Who follows, told in any order; and whose WeChat it is, by code or by unionid."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import followers, linking, service
from backend.accounts.followers import Person, Told
from backend.accounts.keeping import retire
from backend.accounts.models import (
    Capability,
    Follower,
    InboundEvent,
    LinkCode,
    LinkOutcome,
    WeChatAccount,
)
from backend.accounts.queries import account_to_follow, service_account_for
from backend.accounts.scenes import LinkScenes
from backend.accounts.service import Reactions
from backend.kernel.clock import FixedClock
from backend.kernel.errors import TooMany
from backend.kernel.privacy import Vault
from backend.people import signin
from backend.people.login import WeChatIdentity
from backend.people.models import Parent, ParentIdentity
from backend.rights.deletion import delete_parent
from backend.rights.learning_copies import followed_by
from tests.accounts.accounts import APPID, TOWN, add, whole
from tests.factories import APPID as MINI
from tests.factories import make_child, make_parent

Sessions = sessionmaker[Session]
SCENES = LinkScenes("s" * 32)
REACTIONS = Reactions(lambda _: {}, delete_parent, SCENES)
NUMBERS = itertools.count(1)
OPENID = "openid-of-a-follower"


@dataclass(frozen=True)
class Push:
    kind: str
    openid: str
    payload: dict[str, Any] = field(default_factory=dict)
    appid: str = APPID
    dedupe_key: str = field(default_factory=lambda: f"follow:{next(NUMBERS)}")


@pytest.fixture
def account(sessions: Sessions, clock: FixedClock, vault: Vault) -> str:
    return add(sessions, clock, vault, whole(), can=tuple(Capability))


def tell(
    sessions: Sessions, clock: FixedClock, kind: str, moment: datetime, **more: Any
) -> str | None:
    """A push about a person, handled; its outcome. `key`: the EventKey."""
    payload = {"CreateTime": str(int(moment.timestamp())), "EventKey": more.get("key", "")}
    push = Push(kind, more.get("openid", OPENID), payload, more.get("appid", APPID))
    with sessions.begin() as session:
        assert service.store_event(session, clock, push)
        service.handle_open_events(session, clock, REACTIONS)
        found = select(InboundEvent.outcome).where(InboundEvent.dedupe_key == push.dedupe_key)
        return session.scalar(found)


def follower(sessions: Sessions, openid: str = OPENID) -> Follower:
    with sessions() as session:
        return session.get_one(Follower, (APPID, openid))


def code_for(sessions: Sessions, clock: FixedClock, parent_id: int) -> tuple[int, str]:
    with sessions.begin() as session:
        code, scene = linking.make_code(session, clock, SCENES, parent_id=parent_id, appid=APPID)
        return code.id, scene


def outcome(sessions: Sessions, code_id: int) -> LinkOutcome | None:
    with sessions() as session:
        return session.get_one(LinkCode, code_id).outcome


def holder(sessions: Sessions, openid: str = OPENID) -> int | None:
    with sessions() as session:
        return session.scalar(
            select(ParentIdentity.parent_id).where(
                ParentIdentity.appid == APPID, ParentIdentity.openid == openid
            )
        )


def test_leaving_is_known(sessions: Sessions, clock: FixedClock, account: str) -> None:
    start = clock.now()
    tell(sessions, clock, "unsubscribe", start + timedelta(seconds=60))
    tell(sessions, clock, "subscribe", start)

    assert follower(sessions).left_at == start + timedelta(seconds=60)


def test_who_comes_back_follows_again(sessions: Sessions, clock: FixedClock, account: str) -> None:
    start = clock.now()
    assert tell(sessions, clock, "subscribe", start, key="qrscene_poster-7") == "applied"
    assert follower(sessions).scene == "poster-7"
    tell(sessions, clock, "unsubscribe", start + timedelta(minutes=1))
    tell(sessions, clock, "SCAN", start + timedelta(minutes=2), key="window-3")

    again = follower(sessions)
    assert (again.left_at, again.scene) == (None, "window-3")
    assert again.followed_at == start + timedelta(minutes=2)


def test_a_push_of_an_account_that_is_gone_changes_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    for kind in ("subscribe", "unsubscribe"):
        assert tell(sessions, clock, kind, clock.now()) == "noted: unknown account"


def test_a_scan_of_the_parents_code_links_once(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    parent, other = make_parent(sessions), make_parent(sessions)
    code, scene = code_for(sessions, clock, parent)

    assert tell(sessions, clock, "subscribe", clock.now(), key=f"qrscene_{scene}") == "link: linked"

    assert (follower(sessions).parent_id, holder(sessions)) == (parent, parent)
    assert follower(sessions).scene is None, "a secret is not kept beside the follower"
    said = tell(sessions, clock, "SCAN", clock.now(), key=scene, openid="another-phone")
    assert said == "link: code used before"
    assert holder(sessions, "another-phone") is None
    with sessions() as session:
        stand = linking.standing(session, parent_id=parent, appid=account)
        nothing = linking.standing(session, parent_id=other, appid=account)
    assert (stand.linked, stand.following, stand.code and stand.code.id) == (True, True, code)
    assert (nothing.linked, nothing.following, nothing.code) == (False, False, None)


def test_a_code_is_good_for_ten_minutes_by_wechats_clock(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    code, scene = code_for(sessions, clock, make_parent(sessions))
    scanned = clock.now() + timedelta(minutes=9, seconds=59)
    clock.advance(timedelta(minutes=12))  # the push came late, the scan did not

    assert tell(sessions, clock, "SCAN", scanned + timedelta(seconds=1), key=scene) == (
        "link: code too old"
    )
    assert outcome(sessions, code) is None
    assert tell(sessions, clock, "SCAN", scanned, key=scene) == "link: linked"


def test_a_forged_scene_is_just_a_scene(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    forged = LinkScenes("t" * 32).make(b"r" * 16)

    assert tell(sessions, clock, "SCAN", clock.now(), key=forged) == "applied"
    assert tell(sessions, clock, "SCAN", clock.now(), key=SCENES.make(b"r" * 16)) == (
        "link: unknown code"
    )


def test_a_code_serves_at_its_own_account_alone(
    sessions: Sessions, clock: FixedClock, vault: Vault, account: str
) -> None:
    other = add(sessions, clock, vault, whole("wxanother00000001"))
    _, scene = code_for(sessions, clock, make_parent(sessions))

    said = tell(sessions, clock, "SCAN", clock.now(), key=scene, appid=other)

    assert said == "link: unknown code"


def test_the_wechat_of_another_parent_is_not_moved_until_they_unlink_it(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    first, second = make_parent(sessions), make_parent(sessions)
    tell(sessions, clock, "SCAN", clock.now(), key=code_for(sessions, clock, first)[1])
    code, scene = code_for(sessions, clock, second)

    assert tell(sessions, clock, "SCAN", clock.now(), key=scene) == "link: other_parent"
    assert outcome(sessions, code) is LinkOutcome.OTHER_PARENT
    assert (holder(sessions), follower(sessions).parent_id) == (first, first)

    with sessions.begin() as session:
        assert linking.unlink(session, clock, parent_id=first, appid=account, actor="x")
        assert not linking.unlink(session, clock, parent_id=first, appid=account, actor="x")
    assert follower(sessions).parent_id is None
    tell(sessions, clock, "SCAN", clock.now(), key=code_for(sessions, clock, second)[1])
    assert (holder(sessions), follower(sessions).parent_id) == (second, second)


def test_another_wechat_of_the_same_parent_takes_the_place_of_the_first(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    parent = make_parent(sessions)
    for openid in ("old-phone", "new-phone"):
        scene = code_for(sessions, clock, parent)[1]
        tell(sessions, clock, "SCAN", clock.now(), key=scene, openid=openid)

    assert (holder(sessions, "old-phone"), holder(sessions, "new-phone")) == (None, parent)
    assert follower(sessions, "old-phone").parent_id is None
    assert follower(sessions, "new-phone").parent_id == parent


def test_a_link_outlasts_a_time_without_following(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    parent = make_parent(sessions)
    tell(sessions, clock, "SCAN", clock.now(), key=code_for(sessions, clock, parent)[1])
    tell(sessions, clock, "unsubscribe", clock.now())
    with sessions() as session:
        assert service_account_for(session, parent) is None
    tell(sessions, clock, "subscribe", clock.now() + timedelta(seconds=1))

    with sessions() as session:
        assert service_account_for(session, parent) == (account, OPENID)


def test_codes_are_not_made_without_end(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    parent = make_parent(sessions)
    for _ in range(linking.MOST_AN_HOUR):
        code_for(sessions, clock, parent)
    with pytest.raises(TooMany):
        code_for(sessions, clock, parent)
    clock.advance(timedelta(hours=1))
    code_for(sessions, clock, parent)


def sign_in(sessions: Sessions, clock: FixedClock, unionid: str | None) -> int:
    identity = WeChatIdentity("openid-in-the-mini-program", unionid)
    with sessions.begin() as session:
        parent, _, _ = signin.sign_in(session, clock, appid=MINI, identity=identity)
        linking.link_known(session, clock, parent_id=parent.id)
        return parent.id


def to_ask(session: Session, clock: FixedClock) -> list[str]:
    appids = followers.accounts_to_ask(session, clock)
    return [one for appid in appids for one in followers.to_identify(session, appid, 10)]


def identify(sessions: Sessions, clock: FixedClock, told: Told | None) -> None:
    with sessions.begin() as session:
        followers.identify(session, clock, Person(APPID, OPENID), told, clock.now())


def test_the_unionid_links_whoever_came_first(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    parent = sign_in(sessions, clock, "union-1")
    tell(sessions, clock, "subscribe", clock.now())
    with sessions() as session:
        assert to_ask(session, clock) == [OPENID]
    identify(sessions, clock, Told(True, "union-1"))

    assert follower(sessions).parent_id == parent
    with sessions() as session:
        assert to_ask(session, clock) == []


def test_a_parent_who_signs_in_after_following_is_known_at_once(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    before = sign_in(sessions, clock, None)
    tell(sessions, clock, "subscribe", clock.now())
    identify(sessions, clock, Told(True, "union-1"))
    assert follower(sessions).parent_id is None

    assert sign_in(sessions, clock, "union-1") == before
    assert follower(sessions).parent_id == before


def test_a_code_that_somebody_else_scanned_links_nobody(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    """WeChat's word comes a moment later: then the link goes, and the page says why."""
    parent = sign_in(sessions, clock, "union-1")
    code, scene = code_for(sessions, clock, parent)
    tell(sessions, clock, "subscribe", clock.now(), key=f"qrscene_{scene}")
    identify(sessions, clock, Told(True, "union-2"))

    assert (holder(sessions), follower(sessions).parent_id) == (None, None)
    assert outcome(sessions, code) is LinkOutcome.OTHER_PERSON

    code, scene = code_for(sessions, clock, parent)
    assert tell(sessions, clock, "SCAN", clock.now(), key=scene) == "link: other_person"
    assert outcome(sessions, code) is LinkOutcome.OTHER_PERSON


def test_whom_wechat_does_not_know_is_not_asked_about_again(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    tell(sessions, clock, "subscribe", clock.now())
    clock.advance(timedelta(seconds=1))
    identify(sessions, clock, None)
    with sessions() as session:
        assert to_ask(session, clock) == []
    assert follower(sessions).left_at == clock.now(), "nor written to"


@pytest.mark.parametrize("later", [timedelta(milliseconds=500), timedelta(seconds=1)])
def test_who_came_back_after_wechat_was_asked_follows(
    sessions: Sessions, clock: FixedClock, account: str, later: timedelta
) -> None:
    """WeChat tells whole seconds: half a second later bears an earlier time than the question."""
    asked_at = clock.now() + timedelta(milliseconds=300)
    tell(sessions, clock, "subscribe", asked_at + later)
    with sessions.begin() as session:
        told = {OPENID: Told(follows=False, unionid=None, since=None)}
        assert followers.take_in(session, clock, APPID, told, asked_at) == []
    assert follower(sessions).left_at is None


def test_a_message_goes_by_the_towns_account_before_the_citys(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    parent = make_parent(sessions)
    make_child(sessions, parent_id=parent, town_code=TOWN)
    able = (Capability.TEMPLATE, Capability.SCAN)
    city = add(sessions, clock, vault, whole("wxcity00000000001"), can=able)
    town = add(sessions, clock, vault, whole("wxtown00000000001", town=TOWN), can=able)
    far = add(sessions, clock, vault, whole("wxfaraway00000001", town="320281107"), can=able)

    def best() -> str | None:
        with sessions() as session:
            found = service_account_for(session, parent)
            return found and found[0]

    assert best() is None
    for appid, expected in ((far, None), (city, city), (town, town)):
        follow(sessions, clock, appid, parent)
        assert best() == expected
    with sessions.begin() as session:
        wanted = account_to_follow(session, parent)
        assert wanted is not None
        assert wanted.appid == town
        retire(session, clock, wanted, actor="staff:1")
    assert best() == city
    with sessions.begin() as session:
        session.get_one(WeChatAccount, city).certified = False
        session.get_one(WeChatAccount, city).can_template = False
    assert best() is None


def follow(sessions: Sessions, clock: FixedClock, appid: str, parent_id: int) -> None:
    with sessions.begin() as session:
        openid = f"{appid}-{parent_id}"
        session.add(ParentIdentity(appid=appid, openid=openid, parent_id=parent_id))
        session.flush()
        session.add(
            Follower(appid=appid, openid=openid, parent_id=parent_id, followed_at=clock.now())
        )


def test_a_closed_wechat_account_closes_ours_whichever_account_tells_it(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    parent = make_parent(sessions)
    tell(sessions, clock, "SCAN", clock.now(), key=code_for(sessions, clock, parent)[1])

    assert tell(sessions, clock, "user_authorization_cancellation", clock.now()) == "noted"

    with sessions() as session:
        assert session.get_one(Parent, parent).deleted_at == clock.now()
        assert session.scalars(select(Follower)).all() == []
        assert session.scalars(select(LinkCode)).all() == []
    tell(sessions, clock, "subscribe", clock.now(), openid="a-stranger")
    tell(sessions, clock, "user_authorization_cancellation", clock.now(), openid="a-stranger")
    with sessions() as session:
        assert session.scalars(select(Follower)).all() == []


def test_who_left_and_is_nobody_we_know_is_forgotten_in_time(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    parent = make_parent(sessions)
    tell(sessions, clock, "SCAN", clock.now(), key=code_for(sessions, clock, parent)[1])
    tell(sessions, clock, "subscribe", clock.now(), openid="a-stranger")
    for openid in (OPENID, "a-stranger"):
        tell(sessions, clock, "unsubscribe", clock.now(), openid=openid)

    with sessions.begin() as session:
        assert followers.forget_left(session, clock.now()) == 0
        assert followers.forget_left(session, clock.now() + timedelta(seconds=1)) == 1
    assert follower(sessions).parent_id == parent


def test_followers_and_linked_families_are_counted(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    scene = code_for(sessions, clock, make_parent(sessions))[1]
    tell(sessions, clock, "SCAN", clock.now(), key=scene)
    for openid in ("a", "b"):
        tell(sessions, clock, "subscribe", clock.now(), openid=openid)
    tell(sessions, clock, "unsubscribe", clock.now(), openid="b")

    with sessions() as session:
        known = followers.counts(session, [account, "wxnobody"])
    assert (known[account].followers, known[account].linked) == (2, 1)
    assert (known["wxnobody"].followers, known["wxnobody"].linked) == (0, 0)


def test_a_copy_tells_which_accounts_are_followed_and_no_ids(
    sessions: Sessions, clock: FixedClock, account: str
) -> None:
    parent = make_parent(sessions)
    tell(sessions, clock, "SCAN", clock.now(), key=code_for(sessions, clock, parent)[1])

    with sessions() as session:
        (copied,) = followed_by(session, parent)

    assert (copied["account"], copied["kind"], copied["left_at"]) == ("号0001", "服务号", None)
    assert OPENID not in str(copied)
    assert APPID not in str(copied)
