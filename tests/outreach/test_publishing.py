"""Guides on their way to the readers of a 公众号, through WeChat's own stand-in, to their end."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.models import AccountKind, Capability, InboundEvent, WeChatAccount
from backend.guides.library import Library
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import CITY as CITY_ZONE
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.outreach import publishing
from backend.outreach.models import Publication, PublicationState, Way
from backend.outreach.publishing import Draft
from backend.outreach.rules import PublicationBySelf, PublicationChanged, PublicationNotAllowed
from backend.outreach.running import (
    LEASE,
    LONGEST_RUN,
    JobEarly,
    Publisher,
    Running,
    job_finished,
    run,
)
from backend.people.models import Role
from backend.people.scopes import Acting, Scope
from backend.wechat.publishing import WeChatPublisher
from tests.accounts.accounts import add, whole
from tests.conftest import texts
from tests.factories import make_staff
from tests.sandbox.running import CITY
from tests.wechat.accounts import Accounts, city

Sessions = sessionmaker[Session]
S = PublicationState
GUIDE = "fare-zenme-ban"


@pytest.fixture(scope="module")
def library() -> Library:
    return texts().shelf.library(show_pending=True)


@dataclass
class Office:
    """An account with its staff, and the worker's step."""

    sessions: Sessions
    clock: FixedClock
    library: Library
    accounts: Accounts
    writer: Acting
    second: Acting

    @property
    def parts(self) -> Running:
        def publisher(appid: str) -> Publisher | None:
            return WeChatPublisher(self.accounts.client(appid))

        return Running(self.sessions, self.clock, self.library, "https://y.example.cn", publisher)

    def begin(self, way: Way, *slugs: str) -> int:
        with self.sessions.begin() as session:
            account = session.get_one(WeChatAccount, CITY.appid)
            draft = Draft(way, slugs or (GUIDE,), "某市卫健委")
            one = publishing.begin(session, self.clock, self.library, account, draft, self.writer)
            publishing.submit(session, self.clock, self.library, one, self.writer)
            return one.id

    def approve(self, publication_id: int, sender: Acting) -> None:
        with self.sessions.begin() as session:
            one = publishing.locked(session, publication_id, [CITY.appid])
            publishing.approve(session, self.clock, self.library, one, sender)

    def steps(self, count: int = 1) -> None:
        for _ in range(count):
            run(self.parts)

    def one(self, publication_id: int) -> Publication:
        with self.sessions() as session:
            return session.get_one(Publication, publication_id, populate_existing=True)

    def event(self, payload: dict[str, Any]) -> str:
        with self.sessions.begin() as session:
            push = InboundEvent(
                appid=CITY.appid, openid="o", kind=str(payload["Event"]), payload=payload
            )
            return job_finished(session, self.clock, push)

    def finish_jobs(self) -> None:
        self.accounts.ask("jobs")
        self.clock.advance(timedelta(seconds=21))


@pytest.fixture
def office(
    tmp_path: Path, sessions: Sessions, clock: FixedClock, vault: Vault, library: Library
) -> Iterator[Office]:
    new = whole(CITY.appid, AccountKind.SERVICE)
    add(sessions, clock, vault, new, can=(Capability.PUBLISH, Capability.MASS))
    people = [
        Acting(make_staff(sessions, role=Role.CITY), Scope(Role.CITY, None, None)) for _ in range(2)
    ]
    with city(tmp_path, clock) as accounts:
        yield Office(sessions, clock, library, accounts, *people)


def test_a_guide_is_published_and_followed_to_its_end(office: Office) -> None:
    made = office.begin(Way.PUBLISH, GUIDE, "bianmi")

    office.steps(2)
    running = office.one(made)
    assert (running.state, running.problem) == (S.RUNNING, "")
    office.steps()
    assert office.one(made).state is S.RUNNING, "WeChat has not decided"
    office.finish_jobs()
    office.steps()

    done = office.one(made)
    assert done.state is S.DONE
    assert len(done.links) == 2
    article = office.accounts.official().published_ids()
    assert len(article) == 1


def test_a_mass_message_needs_a_second_person_and_goes_once(office: Office) -> None:
    office.accounts.openid(1)
    made = office.begin(Way.MASS)
    office.steps()
    assert office.one(made).state is S.SUBMITTED
    with pytest.raises(PublicationBySelf):
        office.approve(made, office.writer)

    office.approve(made, office.second)
    office.steps(2)
    office.accounts.ask("jobs")
    sent = office.one(made)
    assert sent.state is S.RUNNING
    payload = {
        "Event": "MASSSENDJOBFINISH",
        "MsgID": sent.remote_id,
        "Status": "send success",
        "TotalCount": "1",
        "SentCount": "1",
        "ErrorCount": "0",
        "ArticleUrlResult": {
            "Count": "1",
            "ResultList": {
                "item": {"ArticleIdx": "1", "ArticleUrl": "http://mp.weixin.qq.com/s/1"}
            },
        },
    }
    assert [office.event(payload) for _ in range(2)] == ["job done", "job done"]
    done = office.one(made)
    assert (done.total_count, done.sent_count, done.error_count) == (1, 1, 0)
    assert done.links == ["http://mp.weixin.qq.com/s/1"]
    assert [line["kind"] for line in office.accounts.chat()["lines"]].count("mpnews") == 1


def test_a_mass_message_waits_for_the_morning(office: Office) -> None:
    """It rings on every follower's phone; an article that is only published rings on none."""
    office.clock.set(datetime(2026, 11, 23, 21, tzinfo=CITY_ZONE))
    mass, article = office.begin(Way.MASS), office.begin(Way.PUBLISH)
    office.approve(mass, office.second)
    office.steps(3)
    assert (office.one(mass).state, office.one(article).state) == (S.READY, S.RUNNING)

    office.clock.set(datetime(2026, 11, 24, 7, 59, 59, tzinfo=CITY_ZONE))
    office.steps()
    assert office.one(mass).state is S.READY
    office.clock.set(datetime(2026, 11, 24, 8, tzinfo=CITY_ZONE))
    office.steps()
    assert office.one(mass).state is S.RUNNING


def test_who_submitted_it_does_not_approve_it_either(office: Office) -> None:
    with office.sessions.begin() as session:
        account = session.get_one(WeChatAccount, CITY.appid)
        draft = Draft(Way.MASS, (GUIDE,), "某市卫健委")
        parts = (session, office.clock, office.library)
        one = publishing.begin(*parts, account, draft, office.writer)
        publishing.submit(*parts, one, office.second)
        made = one.id

    with pytest.raises(PublicationBySelf):
        office.approve(made, office.second)


@pytest.mark.parametrize(("outcome", "words"), [(2, "原创"), (4, "平台审核")])
def test_what_wechat_decides_is_told_in_chinese(office: Office, outcome: int, words: str) -> None:
    office.accounts.ask("outcomes", appid=CITY.appid, publish=outcome)
    made = office.begin(Way.PUBLISH)
    office.steps(2)
    office.finish_jobs()
    office.steps()

    failed = office.one(made)
    assert failed.state is S.FAILED
    assert words in failed.problem


def test_a_lost_answer_is_unknown_and_never_repeated(office: Office) -> None:
    made = office.begin(Way.PUBLISH)
    office.steps()
    office.accounts.wechat.fault("/cgi-bin/freepublish/submit", drop="after")
    office.steps()
    assert office.one(made).state is S.UNKNOWN
    office.clock.advance(LEASE * 3)
    office.steps(3)
    assert office.one(made).state is S.UNKNOWN
    assert office.accounts.wechat.calls().count("/cgi-bin/freepublish/submit") == 1

    with office.sessions.begin() as session:
        one = publishing.locked(session, made, [CITY.appid])
        publishing.settle_unknown(session, office.clock, one, office.second, went_out=True)
    assert office.one(made).state is S.DONE


def test_a_mass_message_that_is_asked_for_again_reaches_nobody_twice(office: Office) -> None:
    """The answer was lost, the person who looked was wrong: WeChat knows its client id."""
    office.accounts.openid(1)
    made = office.begin(Way.MASS)
    office.approve(made, office.second)
    office.steps()
    office.accounts.wechat.fault("/cgi-bin/message/mass/sendall", drop="after", times=1)
    office.steps()
    assert office.one(made).state is S.UNKNOWN

    with office.sessions.begin() as session:
        one = publishing.locked(session, made, [CITY.appid])
        publishing.settle_unknown(session, office.clock, one, office.second, went_out=False)
    office.steps(2)
    office.accounts.ask("jobs")

    assert office.one(made).state is S.RUNNING
    assert [line["kind"] for line in office.accounts.chat()["lines"]].count("mpnews") == 1


@pytest.mark.parametrize(
    ("state", "after"), [(S.PREPARING, S.READY), (S.SENDING, S.UNKNOWN)], ids=str
)
def test_a_worker_killed_between_two_states(
    office: Office, state: PublicationState, after: PublicationState
) -> None:
    made = office.begin(Way.PUBLISH)
    if state is S.SENDING:
        office.steps()

    class Killed(Exception):
        pass

    def dies(appid: str) -> Publisher | None:
        raise Killed

    with pytest.raises(Killed):
        run(replace(office.parts, publisher=dies))
    assert office.one(made).state is state
    office.steps()
    assert office.one(made).state is state, "it may still live"
    office.clock.advance(LEASE * 2)
    office.steps()
    assert office.one(made).state is after


def test_what_waits_behind_the_pictures_of_another_is_not_marked_as_on_its_way(
    office: Office,
) -> None:
    """Marked, it would be taken for dead after five minutes, and be sent a second time."""
    made = [office.begin(Way.PUBLISH) for _ in range(2)]
    office.steps()
    seen: list[set[PublicationState]] = []

    def look(appid: str) -> Publisher | None:
        seen.append({office.one(one).state for one in made})
        return office.parts.publisher(appid)

    run(replace(office.parts, publisher=look))

    assert seen == [{S.SENDING, S.READY}, {S.RUNNING, S.SENDING}]


def test_a_busy_wechat_is_asked_again_later(office: Office) -> None:
    office.accounts.wechat.fault("/cgi-bin/draft/add", errcode=-1, times=1)
    made = office.begin(Way.PUBLISH)
    office.steps(3)
    waiting = office.one(made)
    assert waiting.state is S.QUEUED
    assert "会自动再试" in waiting.problem
    office.clock.advance(timedelta(seconds=21))
    office.steps(2)
    assert office.one(made).state is S.RUNNING


def test_an_end_that_nobody_tells_is_not_asked_for_for_ever(office: Office) -> None:
    """The right to ask was lost, or WeChat does not know the job any more."""
    made = office.begin(Way.PUBLISH)
    office.steps(2)
    office.accounts.wechat.fault("/cgi-bin/freepublish/get", errcode=48001)
    office.clock.advance(LONGEST_RUN)
    office.steps()
    assert office.one(made).state is S.RUNNING
    office.clock.advance(timedelta(seconds=21))
    office.steps()

    ended = office.one(made)
    assert ended.state is S.FAILED
    assert "请到公众平台查看" in ended.problem


def test_an_account_that_stays_away_does_not_fill_the_log(office: Office) -> None:
    """Asked every twenty seconds, the page's history and the log would have 13,000 lines a day."""
    made = office.begin(Way.PUBLISH)

    def logged() -> list[str]:
        of_it = AuditEntry.subject == f"publication:{made}"
        with office.sessions() as session:
            return list(session.scalars(select(AuditEntry.action).where(of_it)))

    before = logged()
    for _ in range(5):
        run(replace(office.parts, publisher=lambda _: None))
        office.clock.advance(timedelta(seconds=21))

    assert office.one(made).state is S.QUEUED
    assert logged() == before
    office.steps(2)
    assert logged() == [*before, "publication.running"]


def test_a_refusal_names_its_reason(office: Office) -> None:
    office.accounts.wechat.fault("/cgi-bin/freepublish/submit", errcode=48001)
    made = office.begin(Way.PUBLISH)
    office.steps(2)

    failed = office.one(made)
    assert (failed.state, failed.errcode) == (S.FAILED, 48001)
    assert "认证到期" in failed.problem


def test_a_guide_that_changed_since_is_not_sent(office: Office) -> None:
    made = office.begin(Way.PUBLISH)
    office.library = texts().shelf.library(show_pending=False)  # withdrawn meanwhile
    office.steps()

    assert office.one(made).state is S.FAILED
    assert office.accounts.wechat.calls() == []


def test_an_end_that_comes_before_the_answer_waits(office: Office) -> None:
    made = office.begin(Way.PUBLISH)
    told = {"publish_id": "77", "publish_status": "0"}
    payload = {"Event": "PUBLISHJOBFINISH", "PublishEventInfo": told}
    assert office.event(payload) == "no job of ours"
    with office.sessions.begin() as session:
        one = session.get_one(Publication, made)
        one.state, one.media_id = S.SENDING, "m"
    with pytest.raises(JobEarly):
        office.event(payload)


def test_without_the_right_nothing_begins_and_what_runs_is_not_cancelled(office: Office) -> None:
    made = office.begin(Way.PUBLISH)
    office.steps(2)
    with office.sessions.begin() as session:
        one = publishing.locked(session, made, [CITY.appid])
        with pytest.raises(PublicationChanged):
            publishing.cancel(session, office.clock, one, office.writer)
        session.get_one(WeChatAccount, CITY.appid).can_publish = False
    with pytest.raises(PublicationNotAllowed):
        office.begin(Way.PUBLISH)


def test_after_a_restore_nothing_waits_to_go_out(office: Office) -> None:
    begun, waiting = office.begin(Way.PUBLISH), office.begin(Way.PUBLISH)
    office.steps()  # the drafts of both are with WeChat
    with office.sessions.begin() as session:
        draft = Draft(Way.PUBLISH, (GUIDE,), "某市卫健委")
        account = session.get_one(WeChatAccount, CITY.appid)
        kept = publishing.begin(
            session, office.clock, office.library, account, draft, office.writer
        ).id
        assert publishing.stop_waiting(session, office.clock, "restore", "从备份恢复") == 2

    office.steps(3)
    assert {office.one(one).state for one in (begun, waiting)} == {S.CANCELLED}
    assert office.one(kept).state is S.DRAFT
    assert office.accounts.official().published_ids() == []
