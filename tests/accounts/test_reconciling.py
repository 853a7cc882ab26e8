"""What the client says and what WeChat pushes, against what WeChat really lets us send.

A small WeChat beside our own ledger: the person taps, reports arrive or do not, pushes arrive at
once, late, twice, in any order, or never.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import service
from backend.accounts.scenes import LinkScenes
from backend.accounts.service import Reactions
from backend.kernel.clock import FixedClock
from backend.outbox import ledger
from backend.outbox.ledger import Answer, Key, Use
from backend.rights.deletion import delete_parent
from tests.accounts.test_service import Push
from tests.factories import APPID
from tests.outbox.scene import TEMPLATE, TEMPLATE_ID, balance, family, tell

Sessions = sessionmaker[Session]
POPUP, CHANGE = "subscribe_msg_popup_event", "subscribe_msg_change_event"
REACTIONS = Reactions(lambda _: {TEMPLATE_ID: TEMPLATE}, delete_parent, LinkScenes("s"))


@dataclass(frozen=True)
class Act:
    """A tap of the person, or a message of ours, so many seconds after the last act."""

    what: Literal["accept", "reject", "turn off", "send", "send in vain"]
    after: int
    reports: int = 1  # how often the client tells what was answered
    event: Literal["first", "then", "late", "never"] = "then"


ACTS = st.builds(
    Act,
    st.sampled_from(["accept", "accept", "accept", "reject", "turn off", "send", "send in vain"]),
    st.sampled_from([2, 30, 400, 700, 4000]),
    st.integers(0, 2),
    st.sampled_from(["first", "then", "late", "late", "never"]),
)


@dataclass
class Phone:
    """One person's WeChat. `left`: what it would really let through."""

    sessions: Sessions
    clock: FixedClock
    parent_id: int
    child_id: int
    key: Key
    left: int = 0
    held: list[Push] = field(default_factory=list)

    def act(self, act: Act) -> None:
        self.clock.advance(timedelta(seconds=act.after))
        if act.what in ("send", "send in vain"):
            self.send(in_vain=act.what == "send in vain")
            return
        accepted = act.what == "accept"
        self.left = self.left + 1 if accepted else 0
        event = self.push(accepted=accepted, popup=act.what != "turn off")
        if act.event == "first":
            self.hear(event)
        for _ in range(act.reports if act.what != "turn off" else 0):
            self.report(Answer.ACCEPT if accepted else Answer.REJECT)
        if act.event == "then":
            self.hear(event)
        # that a person refused comes at last: nothing else could tell us of it
        if act.event == "late" or (act.event == "never" and not accepted):
            self.held.append(event)

    def push(self, *, accepted: bool, popup: bool) -> Push:
        answer = "accept" if accepted else "reject"
        item = {"TemplateId": self.key.template_id, "SubscribeStatusString": answer}
        moment = str(int(self.clock.now().timestamp()))
        payload: dict[str, Any] = {"CreateTime": moment, "List": [item]}
        return Push(POPUP if popup else CHANGE, self.key.openid, payload)

    def hear(self, push: Push) -> None:
        """Twice, as WeChat does when it did not understand our answer."""
        with self.sessions.begin() as session:
            for _ in range(2):
                service.store_event(session, self.clock, push)
            service.handle_open_events(session, self.clock, REACTIONS)
            service.store_event(session, self.clock, replace(push))
            service.handle_open_events(session, self.clock, REACTIONS)

    def report(self, answer: Answer) -> None:
        with self.sessions.begin() as session:
            answers = {self.key.template_id: answer}
            ledger.report_answers(
                session, self.clock, appid=APPID, parent_id=self.parent_id, answers=answers
            )

    def send(self, *, in_vain: bool) -> None:
        """`in_vain`: the line is down, so WeChat hears nothing of it."""
        message_id = tell(self.sessions, self.clock, self.parent_id, self.child_id)
        one = Use(message_id, self.key)
        with self.sessions.begin() as session:
            if not ledger.allowed(session, [self.key]):
                return
            ledger.use(session, self.clock, [one])
        with self.sessions.begin() as session:
            if in_vain:
                ledger.give_back(session, self.clock, [one])
            elif self.left:
                self.left -= 1
                ledger.accepted_by_wechat(session, [self.key])
            else:  # 43101
                ledger.refused(session, self.clock, [self.key])

    @property
    def counted(self) -> int:
        """What we think is left; `balance` asserts that it is what the ledger adds up to."""
        return balance(self.sessions, self.key)


def phone(sessions: Sessions, start: datetime) -> Phone:
    return Phone(sessions, FixedClock(start), *family(sessions))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(ACTS, max_size=10), chance=st.randoms(use_true_random=False))
def test_however_pushes_come_nothing_is_counted_twice(
    sessions: Sessions, clock: FixedClock, acts: list[Act], chance: Any
) -> None:
    person = phone(sessions, clock.now())
    for act in acts:
        person.act(act)
        assert person.counted >= 0
        if person.held and chance.random() < 0.3:
            person.hear(person.held.pop(chance.randrange(len(person.held))))
    chance.shuffle(person.held)
    for push in person.held:
        person.hear(push)

    lost = [one for one in acts if one.what == "accept" and one.event == "never"]
    if lost:
        assert person.counted <= person.left
    else:
        assert person.counted == person.left
