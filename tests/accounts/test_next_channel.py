"""The 服务号 as the second way of a message, through the strict sandbox and our own client."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import service
from backend.accounts.keeping import retire
from backend.accounts.models import Capability, Follower, InboundEvent, WeChatAccount
from backend.accounts.next_channel import ServiceAccounts
from backend.accounts.queries import service_account_for
from backend.accounts.scenes import LinkScenes
from backend.accounts.service import EARLY, Reactions
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.outbox.channels import Address
from backend.outbox.claims import LEASE
from backend.outbox.delivery import Delivered, deliver
from backend.outbox.forms import Form
from backend.outbox.messenger import Messenger
from backend.outbox.models import Channel, Message, MessageState
from backend.outbox.parts import Delivery
from backend.outbox.proving import LONG
from backend.people.models import ParentIdentity
from backend.rights.deletion import delete_parent
from backend.sandbox.templates import Template, TemplateField
from backend.wechat.messenger import NoticeMessenger, ServiceMessenger
from tests.accounts.accounts import add, whole
from tests.factories import make_child, make_parent
from tests.fakes import FakeMessenger
from tests.outbox.scene import TEMPLATE, TEMPLATES, delivery, message, tell
from tests.sandbox.running import CITY, CONFIG, TOWN
from tests.wechat.accounts import Accounts, city

Sessions = sessionmaker[Session]
NUMBERS = itertools.count(1)
LIVES_IN = "320281001"
CHOSEN = "x" * 43  # the 模板消息 of the accounts
NOTICE = "notice-of-the-town"


def chosen() -> dict[str, Template]:
    form = TEMPLATES[TEMPLATE].wechat
    assert form is not None
    fields = tuple(TemplateField(name, known.label) for name, known in form.fields.items())
    return {
        CHOSEN: Template(CHOSEN, form.title, fields, "message"),
        NOTICE: Template(NOTICE, form.title, fields, "once"),
    }


@dataclass(frozen=True)
class Push:
    kind: str
    openid: str
    payload: dict[str, Any]
    appid: str
    dedupe_key: str = field(default_factory=lambda: f"next-channel:{next(NUMBERS)}")


@pytest.fixture
def wechat(tmp_path: Path, clock: FixedClock) -> Iterator[Accounts]:
    with city(
        tmp_path,
        clock,
        accounts=(CITY, replace(TOWN, templates=chosen())),
        pages=("pages/bookings/bookings",),
    ) as accounts:
        yield accounts


@pytest.fixture
def town(sessions: Sessions, clock: FixedClock, vault: Vault) -> str:
    return add(sessions, clock, vault, whole(TOWN.appid, town=LIVES_IN), can=(Capability.TEMPLATE,))


@pytest.fixture
def ways(wechat: Accounts, sessions: Sessions, clock: FixedClock) -> ServiceAccounts:
    def messenger_of(appid: str, capability: Capability) -> Messenger:
        kind = ServiceMessenger if capability is Capability.TEMPLATE else NoticeMessenger
        return kind(wechat.client(appid), CONFIG.appid)

    def forms_of(appid: str) -> dict[str, Form]:
        with sessions() as session:
            account = session.get_one(WeChatAccount, appid)
        own, title = TEMPLATES[TEMPLATE].own_fields(), TEMPLATES[TEMPLATE].title
        if account.can_template:
            return {TEMPLATE: Form(CHOSEN, title, "message", own)}
        return {TEMPLATE: Form(NOTICE, title, "once", own)}

    return ServiceAccounts(sessions, clock, messenger_of=messenger_of, forms_of=forms_of)


@dataclass
class Scene:
    sessions: Sessions
    clock: FixedClock
    wechat: Accounts
    ways: ServiceAccounts
    mini: FakeMessenger = field(default_factory=FakeMessenger)

    @property
    def parts(self) -> Delivery:
        return delivery(self.sessions, self.clock, self.mini, ways=self.ways)

    def family(self, phone: int = 1) -> int:
        """A parent whose child lives in the town, following its account by that phone."""
        openid = self.wechat.openid(phone, TOWN.appid)
        parent_id = make_parent(self.sessions, openid=f"mini-{openid}")
        make_child(self.sessions, parent_id=parent_id, town_code=LIVES_IN)
        follow(self.sessions, self.clock, parent_id, TOWN.appid, openid)
        return parent_id

    def told(self) -> int:
        """How many messages the town has put into the chat of the phone."""
        return int(self.wechat.chat(1, TOWN.appid)["total"])


def follow(sessions: Sessions, clock: FixedClock, parent_id: int, appid: str, openid: str) -> None:
    with sessions.begin() as session:
        session.add(ParentIdentity(parent_id=parent_id, appid=appid, openid=openid))
        session.flush()
        session.add(
            Follower(appid=appid, openid=openid, parent_id=parent_id, followed_at=clock.now())
        )


@pytest.fixture
def scene(
    sessions: Sessions, clock: FixedClock, wechat: Accounts, ways: ServiceAccounts, town: str
) -> Scene:
    return Scene(sessions, clock, wechat, ways)


def test_without_a_permission_the_town_tells_the_family_once(scene: Scene) -> None:
    message_id = tell(scene.sessions, scene.clock, scene.family())

    assert deliver(scene.parts).fell_on == 1
    assert deliver(scene.parts).sent == 1
    assert deliver(scene.parts) == Delivered()

    sent = message(scene.sessions, message_id)
    assert (sent.state, sent.channel, sent.account) == (
        MessageState.SENT,
        Channel.SERVICE,
        TOWN.appid,
    )
    (line,) = scene.wechat.chat(1, TOWN.appid)["lines"]
    assert line["miniprogram"] == {
        "appid": CONFIG.appid,
        "pagepath": "pages/bookings/bookings?id=7",
    }
    assert (sent.wechat_id is not None, scene.mini.calls) == (True, 0)


def test_the_same_message_again_is_delivered_once(scene: Scene) -> None:
    """As after a lost answer that somebody sends again by hand."""
    message_id = tell(scene.sessions, scene.clock, scene.family())
    deliver(scene.parts)
    deliver(scene.parts)
    with scene.sessions.begin() as session:
        again = update(Message).where(Message.id == message_id)
        session.execute(again.values(state=MessageState.WAITING, not_before=None))

    assert deliver(scene.parts).sent == 1
    assert scene.told() == 1


def test_who_left_is_told_in_the_app_and_not_asked_again(scene: Scene) -> None:
    """WeChat says 43004 before the push of leaving has come."""
    parent_id = scene.family()
    message_id = tell(scene.sessions, scene.clock, parent_id)
    scene.wechat.ask("follow", phone=1, appid=TOWN.appid, follow=False)
    scene.clock.advance(timedelta(seconds=1))

    deliver(scene.parts)
    assert deliver(scene.parts).in_app == 1

    with scene.sessions() as session:
        follower = session.scalars(select(Follower).where(Follower.parent_id == parent_id)).one()
        assert follower.left_at == scene.clock.now()
        assert scene.ways.addresses(session, [parent_id]) == {}
    assert message(scene.sessions, message_id).errcode == 43004
    tell(scene.sessions, scene.clock, parent_id)
    assert deliver(scene.parts) == Delivered(claimed=1, in_app=1)
    assert scene.told() == 0


@pytest.mark.parametrize(
    ("since", "follows"), [(-1.0, False), (-0.3, True), (0.1, True), (0.4, True), (1.0, True)]
)
def test_who_came_back_after_the_message_was_begun_follows(
    sessions: Sessions,
    clock: FixedClock,
    ways: ServiceAccounts,
    town: str,
    since: float,
    follows: bool,
) -> None:
    """43004 is about the moment of the call. WeChat tells whole seconds of the other."""
    begun_at = clock.now() + timedelta(milliseconds=300)
    came_at = (begun_at + timedelta(seconds=since)).replace(microsecond=0)
    with sessions.begin() as session:
        session.add(Follower(appid=town, openid="o", followed_at=came_at))
    clock.advance(timedelta(seconds=5))  # the answer is written down

    with sessions.begin() as session:
        ways.unfollowed(session, {Address(town, "o"): begun_at})

    with sessions() as session:
        assert (session.get_one(Follower, (town, "o")).left_at is None) is follows


def test_a_late_push_of_coming_back_counts(
    sessions: Sessions, clock: FixedClock, ways: ServiceAccounts, town: str
) -> None:
    begun_at = clock.now() + timedelta(milliseconds=300)
    follower = Follower(appid=town, openid="o", followed_at=begun_at - timedelta(days=1))
    with sessions.begin() as session:
        session.add(follower)
    clock.advance(timedelta(seconds=5))
    with sessions.begin() as session:
        ways.unfollowed(session, {Address(town, "o"): begun_at})

    came_at = begun_at + timedelta(milliseconds=500)
    handle(
        sessions, clock, Push("subscribe", "o", {"CreateTime": str(int(came_at.timestamp()))}, town)
    )

    with sessions() as session:
        assert session.get_one(Follower, (town, "o")).left_at is None


def test_many_parents_are_one_query_and_each_has_the_account_that_one_alone_has(
    sessions: Sessions, clock: FixedClock, vault: Vault, ways: ServiceAccounts, town: str
) -> None:
    add(sessions, clock, vault, whole(CITY.appid), can=(Capability.TEMPLATE,))
    other = add(
        sessions,
        clock,
        vault,
        whole("wxtownservice0009", town="320281002"),
        can=(Capability.TEMPLATE,),
    )
    both, foreign, city_only, nobody = (make_parent(sessions) for _ in range(4))
    for parent_id in (both, foreign, city_only):
        make_child(sessions, parent_id=parent_id, town_code=LIVES_IN)
    for parent_id, appid in [
        (both, town),
        (both, CITY.appid),
        (foreign, other),
        (city_only, CITY.appid),
    ]:
        follow(sessions, clock, parent_id, appid, f"o-{parent_id}-{appid}")

    asked: list[str] = []
    with sessions() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *said: asked.append(said[2]))
        found = ways.addresses(session, [both, foreign, city_only, nobody])
        assert len(asked) == 1
        alone = {one: service_account_for(session, one) for one in (both, foreign, city_only)}

    assert found == {
        both: Address(town, f"o-{both}-{town}"),
        city_only: Address(CITY.appid, f"o-{city_only}-{CITY.appid}"),
    }
    assert {one: tuple(found[one]) if one in found else None for one in alone} == alone


def test_an_account_that_may_tell_nobody_is_no_way(
    sessions: Sessions, clock: FixedClock, vault: Vault, ways: ServiceAccounts
) -> None:
    mute = add(sessions, clock, vault, whole(TOWN.appid), can=(Capability.MENU,))
    parent_id = make_parent(sessions)
    follow(sessions, clock, parent_id, mute, "o-mute")

    assert ways.sender(mute) is None
    with sessions() as session:
        assert ways.addresses(session, [parent_id]) == {}


def test_a_retired_account_sends_nothing_soon_after(
    sessions: Sessions, clock: FixedClock, ways: ServiceAccounts, town: str
) -> None:
    assert ways.sender(town) is not None
    with sessions.begin() as session:
        retire(session, clock, session.get_one(WeChatAccount, town), actor="staff:1")
    clock.advance(timedelta(seconds=11))

    assert ways.sender(town) is None


def test_an_account_with_notices_alone_uses_a_consent_for_each(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    with sessions.begin() as session:
        row = session.get_one(WeChatAccount, TOWN.appid)
        row.can_template, row.can_notify = False, True
    parent_id = scene.family()
    first, second = (tell(sessions, clock, parent_id) for _ in range(2))
    openid = scene.wechat.openid(1, TOWN.appid)
    asked = [{"TemplateId": NOTICE, "SubscribeStatusString": "accept"}]
    scene.wechat.ask("subscriptions", phone=1, appid=TOWN.appid, answers={NOTICE: "accept"})
    told = {"List": asked, "CreateTime": str(int(clock.now().timestamp()))}
    handle(sessions, clock, Push("subscribe_msg_popup_event", openid, told, TOWN.appid))

    for _ in range(4):
        deliver(scene.parts)
        clock.advance(timedelta(seconds=5))

    assert scene.told() == 1
    assert {message(sessions, one).state for one in (first, second)} == {
        MessageState.SENT,
        MessageState.IN_APP,
    }


def test_an_account_with_both_rights_sends_each_form_by_its_own_call(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    with sessions.begin() as session:
        session.get_one(WeChatAccount, TOWN.appid).can_notify = True
    own = TEMPLATES[TEMPLATE].own_fields()
    forms = {"a": Form(CHOSEN, "x", "message", own), "b": Form(NOTICE, "x", "once", own)}

    def messenger_of(appid: str, capability: Capability) -> Messenger:
        kind = ServiceMessenger if capability is Capability.TEMPLATE else NoticeMessenger
        return kind(scene.wechat.client(appid), CONFIG.appid)

    ways = ServiceAccounts(sessions, clock, messenger_of=messenger_of, forms_of=lambda _: forms)
    sender = ways.sender(TOWN.appid)
    assert sender is not None
    assert [sender.asks_permission(name) for name in ("a", "b")] == [False, True]
    said = LONG.of(TEMPLATES[TEMPLATE], {})
    data, _ = TEMPLATES.render_wechat(TEMPLATE, said, LONG.child, form=forms["a"])
    openid = scene.wechat.openid(1, TOWN.appid)
    scene.wechat.ask("subscriptions", phone=1, appid=TOWN.appid, answers={NOTICE: "accept"})
    sent = [
        sender.messenger.send(openid, template_id, data, None, 1)
        for template_id in (CHOSEN, NOTICE)
    ]
    assert [one is None for one in sent] == [False, True]
    assert scene.told() == 2


def handle(sessions: Sessions, clock: FixedClock, *pushes: Push) -> list[str | None]:
    """Store these and handle what is open; the outcomes of all."""
    reactions = Reactions(lambda _: {NOTICE: TEMPLATE}, delete_parent, LinkScenes("s"))
    with sessions.begin() as session:
        for push in pushes:
            service.store_event(session, clock, push)
        service.handle_open_events(session, clock, reactions)
        return list(session.scalars(select(InboundEvent.outcome).order_by(InboundEvent.id)))


def test_a_receipt_that_is_faster_than_our_pen_waits_for_it(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    message_id = tell(sessions, clock, scene.family())
    deliver(scene.parts)
    deliver(scene.parts)
    sent = message(sessions, message_id)
    with sessions.begin() as session:  # as it was before the outcome was written
        row = update(Message).where(Message.id == message_id)
        lease = clock.now() + LEASE
        session.execute(row.values(state=MessageState.SENDING, not_before=lease, wechat_id=None))
    payload = {"MsgID": str(sent.wechat_id), "Status": "failed:user block"}
    push = Push("TEMPLATESENDJOBFINISH", "o", payload, TOWN.appid)

    assert handle(sessions, clock, push) == ["too early"]
    with sessions.begin() as session:
        row = update(Message).where(Message.id == message_id)
        session.execute(
            row.values(state=MessageState.SENT, not_before=None, wechat_id=sent.wechat_id)
        )
    assert handle(sessions, clock) == ["closed"]

    closed = message(sessions, message_id)
    assert (closed.state, closed.problem) == (MessageState.FAILED, "failed:user block")


def test_a_receipt_of_nobody_is_given_up(sessions: Sessions, clock: FixedClock, town: str) -> None:
    payload = {"MsgID": "77", "Status": "failed:user block"}
    push = Push("TEMPLATESENDJOBFINISH", "o", payload, town)

    assert handle(sessions, clock, push) == ["too early"]
    clock.advance(EARLY)
    assert handle(sessions, clock) == ["no such message"]


def test_a_notice_that_did_not_arrive_is_closed_and_no_other(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    parent_id = scene.family()
    ours, of_mini = (tell(sessions, clock, parent_id) for _ in range(2))
    with sessions.begin() as session:
        for message_id, way in [
            (ours, {"channel": Channel.SERVICE, "account": TOWN.appid}),
            (of_mini, {}),
        ]:
            row = update(Message).where(Message.id == message_id)
            session.execute(row.values(state=MessageState.SENT, sent_at=clock.now(), **way))
    openid = scene.wechat.openid(1, TOWN.appid)
    told = [{"TemplateId": NOTICE, "ErrorCode": "1", "ErrorStatus": "failed:user block"}]

    assert handle(
        sessions, clock, Push("subscribe_msg_sent_event", openid, {"List": told}, TOWN.appid)
    ) == ["closed"]
    assert message(sessions, ours).state is MessageState.FAILED
    assert message(sessions, of_mini).state is MessageState.SENT
