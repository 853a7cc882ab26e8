"""Who follows is compared with WeChat's list: whatever breaks in it, nobody is lost or doubled."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import comparing, followers
from backend.accounts.comparing import LEASE
from backend.accounts.models import Follower, FollowerComparison, WeChatAccount
from backend.accounts.rules import Keys
from backend.deps import Deps, build
from backend.jobs import accounts
from backend.jobs import followers as jobs
from backend.kernel.clock import FixedClock
from backend.people.models import ParentIdentity
from backend.sandbox.config import LIMITS, Account
from tests.accounts.accounts import KEYS, add, whole
from tests.conftest import make_settings, texts
from tests.factories import make_parent
from tests.sandbox.running import BOOKING, config_in, running
from tests.wechat.sandboxed import WeChat

Sessions = sessionmaker[Session]
SERVICE = "wxservice00000001"
A_PAGE, CROWD = 3, 8


class Killed(Exception):
    pass


class Mortal:
    """Sessions of a worker that dies before its n-th transaction."""

    def __init__(self, sessions: Sessions, lives: int) -> None:
        self._sessions, self._lives = sessions, lives

    def __call__(self) -> Session:
        return self._sessions()

    def begin(self) -> Any:
        self._lives -= 1
        if self._lives == 0:
            raise Killed
        return self._sessions.begin()


class City:
    """An account with a crowd that followed before we knew it."""

    def __init__(self, wechat: WeChat, parts: Deps, sessions: Sessions, clock: FixedClock) -> None:
        self.wechat, self.parts, self.sessions, self.clock = wechat, parts, sessions, clock
        body = {"count": CROWD, "template_id": BOOKING.id, "balance": 0}
        self.phones = [one["id"] for one in wechat.ask("POST", "crowd", **body)["items"]]
        for phone in self.phones:
            self.follow(phone)

    def follow(self, phone: int, *, follow: bool = True) -> str:
        """Nobody hears of it: the push goes to a closed door."""
        self.wechat.ask("POST", "follow", phone=phone, appid=SERVICE, follow=follow)
        return str(self.wechat.ask("GET", f"chat?phone={phone}&appid={SERVICE}")["openid"])

    def compare(self, sessions: object = None, *, pages: int = 10) -> None:
        mine = cast("Sessions", sessions or self.sessions)
        jobs.compare_followers(mine, self.clock, self.parts.account_client, pages)

    def identify(self, sessions: object = None) -> None:
        mine = cast("Sessions", sessions or self.sessions)
        jobs.identify_followers(mine, self.clock, self.parts.account_client)

    def row(self) -> FollowerComparison:
        with self.sessions() as session:
            return session.get_one(FollowerComparison, SERVICE, populate_existing=True)

    def known(self) -> dict[str, Follower]:
        with self.sessions() as session:
            return {one.openid: one for one in session.scalars(select(Follower))}

    def following(self) -> set[str]:
        return {openid for openid, one in self.known().items() if one.left_at is None}

    def at_wechat(self) -> set[str]:
        return {
            self.wechat.ask("GET", f"chat?phone={phone}&appid={SERVICE}")["openid"]
            for phone in self.phones
        }

    def pages_asked(self) -> int:
        return self.wechat.calls().count("/cgi-bin/user/get")


@pytest.fixture
def city(tmp_path: Path, clock: FixedClock, sessions: Sessions) -> Iterator[City]:
    config = config_in(
        tmp_path,
        accounts=(Account(SERVICE, "service"),),
        open_platform=True,
        limits={**LIMITS, "openids_a_page": A_PAGE},
    )
    with running(config, clock) as url:
        wechat = WeChat(url, config)
        settings = make_settings(
            "unused", wechat_api_base=url, wechat_appid=config.appid, wechat_secret=config.secret
        )
        made = build(settings, clock=clock, sessions=sessions, texts=texts())
        made.ensure_accounts()
        keys = Keys(config.secret, KEYS.push_token, KEYS.aes_key)
        add(sessions, clock, made.vault, whole(SERVICE, keys=keys))
        accounts.ask_new_accounts(sessions, clock, made.account_client)
        yield City(wechat, made, sessions, clock)
        made.clients.close()


def test_who_followed_before_is_brought_in_and_known(city: City) -> None:
    openid = city.follow(city.phones[0])
    parent_id = make_parent(city.sessions)
    with city.sessions.begin() as session:
        mini = city.wechat.config.appid
        union = city.parts.account_client(SERVICE).user.get(openid)["unionid"]
        session.add(ParentIdentity(appid=mini, openid="m", unionid=union, parent_id=parent_id))
    city.clock.advance(timedelta(hours=1))
    city.compare()

    done = city.row()
    assert (done.total, done.listed, done.came, done.missing) == (CROWD, CROWD, CROWD, 0)
    assert done.compared_at == done.finished_at == city.clock.now()
    assert city.following() == city.at_wechat()
    city.identify()
    known = city.known()
    assert all(one.unionid for one in known.values())
    began = city.clock.now() - timedelta(hours=1)
    assert {one.followed_at for one in known.values()} == {began.replace(microsecond=0)}
    assert known[openid].parent_id == parent_id
    assert [one.parent_id for one in known.values()].count(None) == CROWD - 1
    calls = len(city.wechat.calls())
    city.compare()
    city.identify()
    assert len(city.wechat.calls()) == calls, "until the next night"


@pytest.mark.parametrize("lives", range(1, 7))
def test_a_worker_dies_between_any_two_transactions(city: City, lives: int) -> None:
    with pytest.raises(Killed):
        city.compare(Mortal(city.sessions, lives))
    city.clock.advance(LEASE)
    city.compare()

    done = city.row()
    assert (done.listed, done.came, done.finished_at is None) == (CROWD, CROWD, False)
    assert city.following() == city.at_wechat()
    with pytest.raises(Killed):
        city.identify(Mortal(city.sessions, 1))
    city.identify()
    assert all(one.identified_at for one in city.known().values())


@pytest.mark.parametrize(
    ("page", "fault", "wait"),
    [
        (0, {"errcode": -1}, timedelta(minutes=1)),
        (1, {"errcode": 45009}, timedelta(days=1)),
        (1, {"errcode": 40003}, timedelta(minutes=1)),
        (2, {"errcode": 40003}, timedelta(minutes=1)),
        (2, {"drop": "after"}, timedelta(minutes=1)),
    ],
    ids=str,
)
def test_wechat_fails_at_any_page(
    city: City, fault: dict[str, Any], wait: timedelta, page: int
) -> None:
    city.compare(pages=page)
    city.wechat.fault("/cgi-bin/user/get", times=1, **fault)
    city.compare()
    broken, asked = city.row(), city.pages_asked()
    assert broken.finished_at is None
    city.compare()
    assert city.pages_asked() == asked, "it waits"

    city.clock.advance(wait)
    city.compare()
    done = city.row()
    assert (done.listed, done.came, done.errcode) == (CROWD, CROWD, None)
    assert city.following() == city.at_wechat()


def test_the_next_night_finds_who_left_and_who_came_back_unheard(city: City) -> None:
    city.compare()
    city.identify()
    gone, back, new = city.phones[0], city.phones[1], city.phones[2]
    gone_id, back_id = city.follow(gone, follow=False), city.follow(back)
    with city.sessions.begin() as session:
        session.get_one(Follower, (SERVICE, back_id)).left_at = city.clock.now()
        session.delete(session.get_one(Follower, (SERVICE, city.follow(new))))
    city.clock.advance(timedelta(days=1))
    city.compare()
    assert gone_id in city.following(), "nobody is gone by a list alone"
    city.identify()

    assert (city.row().came, city.row().missing) == (1, 1)
    assert city.following() == city.at_wechat() - {gone_id}
    assert city.known()[gone_id].left_at == city.clock.now()


def test_a_quota_of_asking_waits_and_holds_up_no_page(city: City) -> None:
    city.compare()
    city.wechat.fault("/cgi-bin/user/info/batchget", errcode=45009, times=1)
    city.identify()
    assert city.row().errcode == 45009
    calls = len(city.wechat.calls())
    city.identify()
    assert len(city.wechat.calls()) == calls
    with city.sessions() as session:
        assert comparing.standings(session, [SERVICE])[SERVICE].unasked == CROWD
    city.clock.advance(timedelta(days=1))
    city.identify()
    with city.sessions() as session:
        assert comparing.standings(session, [SERVICE])[SERVICE].unasked == 0


def test_an_account_without_an_answer_holds_up_nobody_elses(city: City) -> None:
    """A town whose secret was changed at WeChat, and whom many followed before all the others."""
    broken, before = "wxservice00000000", city.clock.now() - timedelta(days=1)
    add(city.sessions, city.clock, city.parts.vault, whole(broken))
    with city.sessions.begin() as session:
        session.get_one(WeChatAccount, broken).can_users = True
        session.add_all(
            Follower(appid=broken, openid=f"o{n:027d}", followed_at=before) for n in range(300)
        )
    city.compare()
    calls = len(city.wechat.calls())

    city.identify()

    with city.sessions() as session:
        assert comparing.standings(session, [SERVICE])[SERVICE].unasked == 0
    asked = city.wechat.calls()[calls:]
    assert asked.count("/cgi-bin/stable_token") == 1, "one question, not one for each follower"


def test_who_leaves_in_the_second_of_the_list_has_left(city: City) -> None:
    """WeChat tells whole seconds: the push bears an earlier time than the question."""
    second = city.clock.now()
    listed = comparing.Listed(["o1", "o2"], 3)
    gone = Follower(appid=SERVICE, openid="o1", followed_at=second - timedelta(days=1))
    gone.left_at = second
    with city.sessions.begin() as session:
        session.add(gone)
        step = comparing.take_step(session, city.clock)
        assert step is not None
        asked_at = second + timedelta(milliseconds=300)
        comparing.keep_page(session, city.clock, step, listed, asked_at)

    assert city.following() == {"o2"}
    assert city.known()["o2"].followed_at == second, "so that o2 may leave in it too"


def test_a_page_that_two_workers_took_counts_once(city: City) -> None:
    with city.sessions.begin() as session:
        step = comparing.take_step(session, city.clock)
        assert step is not None
        assert comparing.take_step(session, city.clock) is None, "it is taken"
    asked_at = city.clock.now()
    listed = comparing.Listed(["o1", "o2"], 3)
    for _ in range(2):
        with city.sessions.begin() as session:
            comparing.keep_page(session, city.clock, step, listed, asked_at)
    assert (city.row().listed, city.row().came, city.row().cursor) == (2, 2, "o2")
    with city.sessions.begin() as session:
        followers.forget(session, appid=SERVICE, openid="o2")
    assert (city.row().cursor, len(city.known())) == ("", 1), "kept nowhere"
