"""Which template says which message: saved once, proved, checked at WeChat, kept in the log."""

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Literal, cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.accounts import templates as registry
from backend.accounts.models import TemplateTrouble, WeChatTemplate
from backend.accounts.proposing import best_of, proposed
from backend.accounts.registry import ASK_EVERY, TemplateRegistry
from backend.accounts.rules import AccountUnknown
from backend.accounts.templates import TemplateChanged
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.privacy import Vault
from backend.outbox import pauses
from backend.outbox.forms import Form, FormField
from backend.outbox.models import PauseReason
from backend.outbox.proving import FormRefused
from tests.accounts.accounts import APPID, add, whole
from tests.outbox.scene import TEMPLATES

Sessions = sessionmaker[Session]
NAME, ACTOR = "booking_confirmed", "staff:1"
FORM = Form(
    "t-1",
    "活动报名通知",
    "message",
    (
        FormField("thing1", "活动名称", "{title}"),
        FormField("time2", "活动时间", "{starts_at:time}"),
    ),
)
OTHER = replace(FORM, template_id="t-2")


@dataclass(frozen=True)
class AtWeChat:
    id: str = "t-1"
    title: str = "活动报名通知"
    kind: Literal["once", "long", "message"] = "message"
    fields: Mapping[str, str] = field(
        default_factory=lambda: {"thing1": "活动名称", "time2": "活动时间"}
    )
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def account(sessions: Sessions, clock: FixedClock, vault: Vault) -> str:
    return add(sessions, clock, vault, whole())


def save(sessions: Sessions, clock: FixedClock, form: Form = FORM, name: str = NAME) -> None:
    with sessions.begin() as session:
        registry.save(
            session,
            clock,
            TEMPLATES,
            appid=APPID,
            name=name,
            form=form,
            longest={"title": "一" * 40},
            actor=ACTOR,
        )


def ids(sessions: Sessions) -> dict[str, str]:
    with sessions() as session:
        return registry.ids_of(session, APPID)


def check(sessions: Sessions, clock: FixedClock, *there: AtWeChat) -> int:
    with sessions.begin() as session:
        return registry.keep_check(session, clock, APPID, there, ("once", "long", "message"))


def paused(sessions: Sessions, clock: FixedClock) -> dict[pauses.Lane, PauseReason]:
    with sessions() as session:
        return pauses.standing(session, clock.now())


def trouble(sessions: Sessions) -> TemplateTrouble | None:
    with sessions() as session:
        return registry.live_rows(session, APPID)[NAME].trouble


def test_the_next_form_takes_the_place_of_the_one_before(
    sessions: Sessions, clock: FixedClock
) -> None:
    for form in (FORM, FORM, OTHER):
        save(sessions, clock, form)

    assert ids(sessions) == {NAME: "t-2"}
    with sessions() as session:
        assert registry.forms_of(session, APPID) == {NAME: OTHER}
        assert registry.names_of(session, APPID) == {"t-1": NAME, "t-2": NAME}
        rows = session.scalars(select(WeChatTemplate).order_by(WeChatTemplate.id)).all()
        assert [row.retired_at is None for row in rows] == [False, True]
        acts = session.scalars(
            select(AuditEntry.action).where(AuditEntry.action.startswith("template."))
        ).all()
    assert acts == ["template.saved"] * 2


def test_a_form_that_wechat_would_refuse_is_not_saved(
    sessions: Sessions, clock: FixedClock
) -> None:
    bad = replace(FORM, fields=(FormField("phrase1", "状态", "{title}"),))
    with pytest.raises(FormRefused):
        save(sessions, clock, bad)
    assert ids(sessions) == {}


def test_what_was_retired_can_be_taken_back_until_another_is_there(
    sessions: Sessions, clock: FixedClock
) -> None:
    def back(row_id: int, appid: str = APPID) -> None:
        with sessions.begin() as session:
            registry.restore(session, clock, TEMPLATES, appid=appid, row_id=row_id, actor=ACTOR)

    save(sessions, clock)
    with sessions.begin() as session:
        row_id = registry.retire(session, clock, appid=APPID, name=NAME, actor=ACTOR)
    assert ids(sessions) == {}
    with pytest.raises(AccountUnknown):
        back(row_id, "wxelsewhere000001")
    back(row_id)
    assert ids(sessions) == {NAME: "t-1"}
    with pytest.raises(TemplateChanged):
        back(row_id)


def test_the_settings_are_written_once_and_leave_alone_what_a_person_decided(
    sessions: Sessions, clock: FixedClock
) -> None:
    def bootstrap(form: Form) -> int:
        with sessions.begin() as session:
            return registry.bootstrap(session, clock, APPID, {NAME: form})

    assert [bootstrap(FORM), bootstrap(FORM), bootstrap(OTHER)] == [1, 0, 1]
    assert ids(sessions) == {NAME: "t-2"}
    with sessions.begin() as session:
        registry.retire(session, clock, appid=APPID, name=NAME, actor=ACTOR)
    assert bootstrap(FORM) == 0
    assert ids(sessions) == {}


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ((), TemplateTrouble.GONE),
        ((AtWeChat(kind="once"),), TemplateTrouble.GONE),
        ((AtWeChat(fields={"thing1": "活动名称"}),), TemplateTrouble.CHANGED),
        ((AtWeChat(fields={"thing1": "活动名称", "date2": "活动时间"}),), TemplateTrouble.CHANGED),
        ((AtWeChat(values={"thing1": ("甲", "乙")}),), TemplateTrouble.CHANGED),
        ((AtWeChat(title="换了名字", fields={"time2": "时间", "thing1": "活动"}),), None),
    ],
)
def test_what_wechat_changed_is_paused_and_goes_on_when_it_is_back(
    sessions: Sessions,
    clock: FixedClock,
    there: tuple[AtWeChat, ...],
    why: TemplateTrouble | None,
) -> None:
    save(sessions, clock)
    for _ in range(2):
        assert check(sessions, clock, *there) == (why is not None)
    assert trouble(sessions) is why
    lanes = {} if why is None else {(APPID, NAME): PauseReason.CONFIG}
    assert paused(sessions, clock) == lanes

    assert check(sessions, clock, AtWeChat()) == 0
    assert trouble(sessions) is None
    assert paused(sessions, clock) == {}


def test_another_form_ends_the_pause_but_not_the_operators_own(
    sessions: Sessions, clock: FixedClock
) -> None:
    save(sessions, clock)
    check(sessions, clock)
    save(sessions, clock, OTHER)
    assert paused(sessions, clock) == {}

    lane = (APPID, NAME)
    with sessions.begin() as session:
        pauses.pause(session, clock, lane, reason=PauseReason.OPERATOR, by=ACTOR)
    save(sessions, clock)
    assert paused(sessions, clock) == {lane: PauseReason.OPERATOR}


def test_the_registry_serves_the_settings_until_there_are_rows(
    sessions: Sessions, clock: FixedClock
) -> None:
    known = TemplateRegistry(sessions, {APPID: {NAME: FORM, "campaign": FORM}})
    live = known.live_ids(APPID)
    assert live == {NAME: "t-1", "campaign": "t-1"}

    save(sessions, clock, OTHER)
    known.look_again()
    assert live == {NAME: "t-2", "campaign": "t-1"}
    assert (live.get("booking_moved"), len(known.live_forms(APPID))) == (None, 2)
    assert known.names(APPID)["t-2"] == NAME

    with sessions.begin() as session:
        registry.retire(session, clock, appid=APPID, name=NAME, actor=ACTOR)
    known.look_again()
    assert live == {"campaign": "t-1"}, "what a person retired the settings do not bring back"


@dataclass
class SlowReads:
    """Sessions, counted; none is given before so many threads have found what is held too old."""

    sessions: Sessions
    threads: int
    now: float = 0.0
    count: int = 0
    _looked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _all_looked: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> Session:
        assert not self.now or self._all_looked.wait(30)
        self.count += 1
        return self.sessions()

    def seconds(self) -> float:
        with self._lock:
            self._looked += bool(self.now)
            if self._looked == self.threads:
                self._all_looked.set()
        return self.now


def test_of_many_threads_that_find_it_too_old_one_asks(sessions: Sessions) -> None:
    threads = 8
    reads = SlowReads(sessions, threads + 1)  # who asks looks twice
    known = TemplateRegistry(cast("Sessions", reads), {APPID: {NAME: FORM}}, reads.seconds)
    known.ids(APPID)
    reads.now = ASK_EVERY

    with ThreadPoolExecutor(threads) as pool:
        asked = list(pool.map(lambda _: known.ids(APPID), range(threads)))

    assert asked == [{NAME: "t-1"}] * threads
    assert reads.count == 2


def test_a_form_is_proposed_by_its_labels() -> None:
    there = AtWeChat(
        fields={"thing7": "服务地点", "time3": "服务时间", "thing9": "备注", "name2": "宝宝"}
    )
    form = proposed(TEMPLATES[NAME], there)

    assert {one.name: one.text for one in form.fields} == {
        "thing7": "{centre}",
        "time3": "{starts_at:time}",
        "thing9": "",
        "name2": "{child}",
    }
    again = proposed(TEMPLATES[NAME], AtWeChat(), FORM)
    assert again == FORM, "what stands there already is kept"


def test_the_template_with_our_title_is_offered_first() -> None:
    ours = AtWeChat(id="t-9", title="预约成功通知")
    assert best_of(TEMPLATES[NAME], [AtWeChat(), ours]) is ours
    assert best_of(TEMPLATES[NAME], [AtWeChat(), AtWeChat(id="t-3")]) is None
