"""WeChat's pushes: stored once, applied later, one failing alone."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import service
from backend.accounts.models import InboundEvent
from backend.accounts.scenes import LinkScenes
from backend.accounts.service import MOST_ATTEMPTS, DeleteParent, Reactions
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import Clock, FixedClock
from backend.outbox import ledger
from backend.outbox.models import Message, MessageState
from backend.people import signin
from backend.people.login import WeChatIdentity
from backend.people.models import Parent, ParentIdentity, ParentToken
from backend.rights.deletion import delete_parent
from tests.factories import APPID
from tests.outbox.scene import (
    TEMPLATE,
    TEMPLATE_ID,
    balance,
    entries,
    family,
    grant,
    message,
    new_key,
    tell,
)

Sessions = sessionmaker[Session]
NUMBERS = itertools.count(1)
ACCEPT = [{"TemplateId": TEMPLATE_ID, "SubscribeStatusString": "accept", "PopupScene": "0"}]
REJECT = [{"TemplateId": TEMPLATE_ID, "SubscribeStatusString": "reject"}]


@dataclass(frozen=True)
class Push:
    """A push as the webhook would have it from WeChat."""

    kind: str
    openid: str
    payload: dict[str, Any] = field(default_factory=dict)
    appid: str = APPID
    dedupe_key: str = field(default_factory=lambda: f"event:{next(NUMBERS)}")


def store(
    sessions: Sessions, clock: FixedClock, push: Push, happened_at: datetime | None = None
) -> bool:
    """`happened_at`: by WeChat's clock; now, unless it is said."""
    moment = {"CreateTime": str(int((happened_at or clock.now()).timestamp()))}
    with sessions.begin() as session:
        return service.store_event(
            session, clock, replace(push, payload={**moment, **push.payload})
        )


def handle(
    sessions: Sessions, clock: FixedClock, delete: DeleteParent = delete_parent
) -> list[str | None]:
    """Handle what is open once; every outcome so far, oldest first."""
    reactions = Reactions(lambda _: {TEMPLATE_ID: TEMPLATE}, delete, LinkScenes("s"))
    with sessions.begin() as session:
        service.handle_open_events(session, clock, reactions)
        return list(session.scalars(select(InboundEvent.outcome).order_by(InboundEvent.id)))


def open_events(sessions: Sessions) -> int:
    with sessions() as session:
        count = select(func.count()).where(InboundEvent.handled_at.is_(None))
        return session.scalar(count) or 0


def test_the_retries_of_wechat_are_one_event(sessions: Sessions, clock: FixedClock) -> None:
    push = Push("subscribe_msg_popup_event", "o1", {"List": ACCEPT})

    assert [store(sessions, clock, push) for _ in range(4)] == [True, False, False, False]
    assert open_events(sessions) == 1


def test_the_popup_grants_and_the_settings_take_away(sessions: Sessions, clock: FixedClock) -> None:
    _, _, key = family(sessions)
    store(sessions, clock, Push("subscribe_msg_popup_event", key.openid, {"List": ACCEPT}))
    assert handle(sessions, clock) == ["applied"]
    assert balance(sessions, key) == 1

    store(sessions, clock, Push("subscribe_msg_change_event", key.openid, {"List": REJECT}))
    assert handle(sessions, clock) == ["applied", "applied"]
    assert balance(sessions, key) == 0
    assert open_events(sessions) == 0


def test_a_rejection_in_the_popup_takes_away_too(sessions: Sessions, clock: FixedClock) -> None:
    _, _, key = family(sessions)
    grant(sessions, clock, key, times=2)
    store(sessions, clock, Push("subscribe_msg_popup_event", key.openid, {"List": REJECT}))
    handle(sessions, clock)

    assert balance(sessions, key) == 0


def sent_message(sessions: Sessions, clock: FixedClock) -> tuple[int, str]:
    parent_id, child_id, key = family(sessions)
    grant(sessions, clock, key, times=2)
    message_id = tell(sessions, clock, parent_id, child_id)
    with sessions.begin() as session:
        session.execute(
            update(Message)
            .where(Message.id == message_id)
            .values(state=MessageState.SENT, sent_at=clock.now())
        )
    return message_id, key.openid


def receipt(openid: str, status: str, errcode: str = "0") -> Push:
    item = {"TemplateId": TEMPLATE_ID, "MsgID": "1", "ErrorCode": errcode, "ErrorStatus": status}
    return Push("subscribe_msg_sent_event", openid, {"List": [item]})


def test_a_receipt_with_an_error_closes_the_message(sessions: Sessions, clock: FixedClock) -> None:
    older, openid = sent_message(sessions, clock)
    store(sessions, clock, receipt(openid, "failed:system failed", "5"))

    assert handle(sessions, clock) == ["closed"]
    closed = message(sessions, older)
    assert (closed.state, closed.errcode) == (MessageState.FAILED, 5)
    assert closed.problem == "failed:system failed"


def test_a_receipt_of_success_changes_nothing(sessions: Sessions, clock: FixedClock) -> None:
    message_id, openid = sent_message(sessions, clock)
    store(sessions, clock, receipt(openid, "success"))

    assert handle(sessions, clock) == ["arrived"]
    assert message(sessions, message_id).state is MessageState.SENT


def test_a_receipt_for_a_message_we_do_not_have_is_noted(
    sessions: Sessions, clock: FixedClock
) -> None:
    store(sessions, clock, receipt("nobody", "failed:user block", "1"))

    assert handle(sessions, clock) == ["no such message"]


def test_a_receipt_that_says_43101_takes_the_rest_away(
    sessions: Sessions, clock: FixedClock
) -> None:
    _, openid = sent_message(sessions, clock)
    store(sessions, clock, receipt(openid, "failed: user refuse", "43101"))
    handle(sessions, clock)

    assert balance(sessions, ledger.Key(APPID, openid, TEMPLATE_ID)) == 0


def signed_in(sessions: Sessions, clock: FixedClock) -> tuple[int, str]:
    openid = f"openid-revoker-{next(NUMBERS)}"
    with sessions.begin() as session:
        parent, _, _ = signin.sign_in(
            session, clock, appid=APPID, identity=WeChatIdentity(openid=openid)
        )
        parent.phone_sealed, parent.phone_fingerprint = "k1:x", openid.encode()
        return parent.id, openid


def tokens(sessions: Sessions, parent_id: int) -> int:
    with sessions() as session:
        count = select(func.count()).where(ParentToken.parent_id == parent_id)
        return session.scalar(count) or 0


@pytest.mark.parametrize(("info", "keeps_phone"), [("13", True), ("8", False), ("6,8", False)])
def test_who_takes_a_right_back_is_signed_out_and_loses_only_that(
    sessions: Sessions, clock: FixedClock, info: str, keeps_phone: bool
) -> None:
    parent_id, openid = signed_in(sessions, clock)
    payload = {"OpenID": openid, "AppID": APPID, "RevokeInfo": info}
    store(sessions, clock, Push("user_authorization_revoke", "sender", payload))

    assert handle(sessions, clock) == ["noted"]
    assert tokens(sessions, parent_id) == 0
    with sessions() as session:
        parent = session.get_one(Parent, parent_id)
        assert (parent.phone_sealed is not None) is keeps_phone
        assert parent.deleted_at is None
        assert session.scalars(
            select(AuditEntry.action).where(AuditEntry.subject == f"parent:{parent_id}")
        ).all() == ["user_authorization_revoke"]


def test_who_closes_the_account_is_deleted(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, openid = signed_in(sessions, clock)
    store(sessions, clock, Push("user_authorization_cancellation", openid, {"OpenID": openid}))

    assert handle(sessions, clock) == ["noted"]
    with sessions() as session:
        assert session.get_one(Parent, parent_id).deleted_at is not None
        assert session.get(ParentIdentity, (APPID, openid)) is None
    assert tokens(sessions, parent_id) == 0


def test_rights_of_somebody_unknown_are_noted(sessions: Sessions, clock: FixedClock) -> None:
    """Who closed the account with us first may have answered a question since: that goes too."""
    key = new_key()
    store(sessions, clock, Push("subscribe_msg_popup_event", key.openid, {"List": ACCEPT}))
    assert handle(sessions, clock) == ["applied"]
    store(sessions, clock, Push("user_authorization_cancellation", key.openid, {}))

    assert handle(sessions, clock)[-1] == "noted: unknown person"
    assert entries(sessions, key) == []


def test_what_nobody_waits_for_is_kept_and_ignored(sessions: Sessions, clock: FixedClock) -> None:
    store(sessions, clock, Push("kf_create_session", "o1", {"Anything": "x"}))

    assert handle(sessions, clock) == ["ignored"]
    assert open_events(sessions) == 0


def test_an_event_that_fails_changes_nothing_and_does_not_hold_up_those_behind_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent_id, openid = signed_in(sessions, clock)
    _, _, key = family(sessions)
    store(sessions, clock, Push("user_authorization_cancellation", openid))
    store(sessions, clock, Push("subscribe_msg_popup_event", "o1", {"List": [{"No": "template"}]}))
    store(sessions, clock, Push("subscribe_msg_popup_event", key.openid, {"List": ACCEPT}))

    def half_done(session: Session, clock: Clock, *, parent_id: int) -> None:
        session.get_one(Parent, parent_id).deleted_at = clock.now()
        session.flush()
        raise RuntimeError

    outcomes = handle(sessions, clock, delete=half_done)

    assert outcomes == ["failed: RuntimeError", "failed: KeyError", "applied"]
    assert balance(sessions, key) == 1
    assert tokens(sessions, parent_id) == 1
    with sessions() as session:
        assert session.get_one(Parent, parent_id).deleted_at is None
    assert open_events(sessions) == 2
    assert handle(sessions, clock) == ["noted", "failed: KeyError", "applied"]


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT", {}, LockNotAvailable()), KeyError("a bug")], ids=str
)
def test_a_deletion_is_never_given_up(
    sessions: Sessions, clock: FixedClock, error: Exception
) -> None:
    """Five tries are five seconds; WeChat and the law demand that the data go."""
    parent_id, openid = signed_in(sessions, clock)
    store(sessions, clock, Push("user_authorization_cancellation", openid))

    def fails(session: Session, clock: Clock, *, parent_id: int) -> None:
        raise error

    for _ in range(MOST_ATTEMPTS + 1):
        handle(sessions, clock, delete=fails)

    assert open_events(sessions) == 1
    assert handle(sessions, clock) == ["noted"]
    with sessions() as session:
        assert session.get_one(Parent, parent_id).deleted_at is not None


def test_an_event_is_given_up_after_five_tries(sessions: Sessions, clock: FixedClock) -> None:
    store(sessions, clock, Push("subscribe_msg_popup_event", "o1", {"List": [{}]}))
    for _ in range(MOST_ATTEMPTS - 1):
        handle(sessions, clock)
    assert open_events(sessions) == 1

    assert handle(sessions, clock) == ["failed: KeyError"]
    assert open_events(sessions) == 0


def test_two_workers_at_once_handle_different_events(
    committed: Sessions, clock: FixedClock
) -> None:
    _, _, key = family(committed)
    for _ in range(6):
        store(committed, clock, Push("subscribe_msg_popup_event", key.openid, {"List": ACCEPT}))
    for _ in range(4):
        store(committed, clock, Push("unknown", "o1"))
    reactions = Reactions(lambda _: {}, delete_parent, LinkScenes("s"))
    with committed.begin() as one, committed.begin() as other:
        # The second one holds only events that need no balance, so neither waits for the other.
        counts = [
            service.handle_open_events(one, clock, reactions, limit=6),
            service.handle_open_events(other, clock, reactions, limit=6),
        ]

    assert counts == [6, 4]
    assert balance(committed, key) == 6
    assert open_events(committed) == 0


def test_handled_events_are_forgotten_and_open_ones_kept(
    sessions: Sessions, clock: FixedClock
) -> None:
    store(sessions, clock, Push("unknown", "o1"))
    handle(sessions, clock)
    clock.advance(timedelta(days=30))
    store(sessions, clock, Push("unknown", "o1"))

    with sessions.begin() as session:
        assert service.forget_handled(session, clock.now()) == 1
    assert open_events(sessions) == 1


def test_a_repetition_does_not_wait_for_whoever_handles_the_first(
    committed: Sessions, clock: FixedClock
) -> None:
    push = Push("subscribe_msg_popup_event", "o1", {"List": ACCEPT})
    store(committed, clock, push)

    with committed.begin() as handling:
        service.handle_open_events(
            handling, clock, Reactions(lambda _: {}, delete_parent, LinkScenes("s"))
        )
        with committed.begin() as session:
            session.execute(text("SET LOCAL lock_timeout = 1"))  # millisecond
            assert not service.store_event(session, clock, push)


def test_two_workers_with_the_same_families_never_wait_in_a_circle(
    committed: Sessions, clock: FixedClock
) -> None:
    """Each takes a hundred events; the second hundred names the families in reverse."""
    people = [f"o{number:03}" for number in range(100)]
    for openid in people + people[::-1]:
        store(committed, clock, Push("subscribe_msg_popup_event", openid, {"List": ACCEPT}))

    def work(_: int) -> None:
        with committed.begin() as session:
            service.handle_open_events(
                session, clock, Reactions(lambda _: {}, delete_parent, LinkScenes("s"))
            )

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    with committed() as session:
        tries = session.execute(select(InboundEvent.attempts, InboundEvent.outcome)).all()
    assert set(tries) == {(1, "applied")}


def test_an_answer_that_waits_for_a_lock_is_not_given_up(
    sessions: Sessions, clock: FixedClock
) -> None:
    key = new_key()
    store(sessions, clock, Push("MASSSENDJOBFINISH", key.openid))

    def locked(session: Session, clock: Clock, event: InboundEvent) -> str:
        raise OperationalError("SELECT", {}, LockNotAvailable())

    parts = Reactions(lambda _: {}, delete_parent, LinkScenes("s" * 32), locked)
    for _ in range(MOST_ATTEMPTS + 1):
        with sessions.begin() as session:
            service.handle_open_events(session, clock, parts)

    assert open_events(sessions) == 1
