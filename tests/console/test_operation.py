"""运行: the queue, WeChat's answers, the processes; pausing and resuming."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, sessionmaker

from backend.console.operation_words import PAUSE_REASONS, TASKS, TO_DO, to_do
from backend.jobs.heartbeats import FORGET_LONG_GONE
from backend.jobs.models import TaskRun
from backend.jobs.overview import grouped, run_of
from backend.jobs.timetable import NOMINAL, latest_nominal
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import CITY, FixedClock
from backend.kernel.liveness import Beat, known_processes
from backend.kernel.work import KINDS
from backend.outbox import overview, pauses
from backend.outbox.claims import LEASE
from backend.outbox.messenger import FailureKind
from backend.outbox.models import Message, MessageState, PauseReason, SendingPause
from backend.outbox.overview import lateness
from backend.people.models import Role
from tests.console.conftest import Desk, Enter
from tests.outbox.scene import family, tell

Sessions = sessionmaker[Session]
PAGE = "/operation"
APPID = "wxtest000000000001"


@pytest.fixture
def city(enter: Enter) -> Desk:
    return enter(Role.CITY)


def beat(sessions: Sessions, process: str, silent: int = 1, pid: int = 7) -> None:
    with sessions.begin() as session:
        session.execute(
            text(
                "INSERT INTO heartbeats"
                " VALUES (:p, clock_timestamp() - make_interval(secs => :s), :pid)"
            ),
            {"p": process, "s": silent, "pid": pid},
        )


def everything_well(sessions: Sessions, clock: FixedClock) -> None:
    for kind in KINDS:
        beat(sessions, f"{kind}:host-a:7")
    beat(sessions, "scheduler")
    with sessions.begin() as session:
        for task in NOMINAL:
            nominal = latest_nominal(task, clock.now())
            session.add(TaskRun(task=task, nominal_at=nominal, finished_at=nominal))


def became(sessions: Sessions, message_id: int, state: MessageState, **values: object) -> None:
    with sessions.begin() as session:
        session.execute(
            update(Message).where(Message.id == message_id).values(state=state, **values)
        )


def test_a_quiet_house_says_so(city: Desk, sessions: Sessions, clock: FixedClock) -> None:
    everything_well(sessions, clock)
    page = city.page(PAGE)
    assert "一切安静" in page
    assert "件事要看" not in page
    assert "没有运行" not in page


def test_trouble_is_told_in_sentences(city: Desk, sessions: Sessions, clock: FixedClock) -> None:
    beat(sessions, "worker:host-b:9", silent=300)
    parent_id, child_id, _ = family(sessions, name="欧阳不许见")
    late = tell(sessions, clock, parent_id, child_id, later=timedelta(minutes=-50))
    lost = tell(sessions, clock, parent_id, child_id)
    refused = tell(sessions, clock, parent_id, child_id)
    became(sessions, lost, MessageState.UNKNOWN)
    became(sessions, refused, MessageState.FAILED, errcode=47003)
    page = city.page(PAGE)
    assert "没有一个处理进程在运行" in page
    assert "5 分钟没有消息" in page
    assert "排当天的手册提醒：应在 11月23日 01:00 运行，没有运行" in page
    assert "最早的一条消息晚了 50 分钟" in page
    assert "发出后没有得到微信的明确答复" in page
    assert TO_DO[FailureKind.CONTENT] in page
    assert "欧阳" not in page
    assert late


def test_pause_and_resume_a_template(city: Desk, sessions: Sessions) -> None:
    page = city.post_and_read(f"{PAGE}/pause", appid=APPID, template="handbook_reminder")
    assert "已暂停：母子健康手册提醒" in page
    assert PAUSE_REASONS[PauseReason.OPERATOR] in page
    assert "到有人恢复为止" in page
    again = city.post_and_read(f"{PAGE}/pause", appid=APPID, template="handbook_reminder")
    assert "已经暂停" in again

    with sessions() as session:
        pause_id = session.scalars(select(SendingPause.id)).one()
    assert "已恢复" in city.post_and_read(f"{PAGE}/pauses/{pause_id}/resume")
    assert "这个暂停已经结束" in city.post_and_read(f"{PAGE}/pauses/{pause_id}/resume")
    with sessions() as session:
        actions = session.scalars(
            select(AuditEntry.action).where(AuditEntry.action.like("sending.%"))
        ).all()
    assert sorted(actions) == ["sending.paused", "sending.resumed"]


@pytest.mark.parametrize(
    ("appid", "template"), [("wxsomebodyelse", ""), (APPID, "no_such_template")]
)
def test_only_what_is_ours_is_paused(
    city: Desk, sessions: Sessions, appid: str, template: str
) -> None:
    assert "没有这个账号或模板" in city.post_and_read(
        f"{PAGE}/pause", appid=appid, template=template, back="/console/operation"
    )
    with sessions() as session:
        assert session.scalars(select(SendingPause)).all() == []


@pytest.mark.parametrize("role", [Role.CLERK, Role.TOWN, Role.REVIEWER])
def test_nobody_but_the_city(enter: Enter, centre: int, role: Role) -> None:
    desk = enter(role, centre_id=centre if role is Role.CLERK else None)
    assert desk.get(PAGE).status_code == 403
    assert desk.post(f"{PAGE}/pause", appid=APPID).status_code == 403
    assert desk.post(f"{PAGE}/pauses/1/resume").status_code == 403


def test_a_form_without_its_token_changes_nothing(city: Desk, sessions: Sessions) -> None:
    answer = city.client.post(f"/console{PAGE}/pause", data={"appid": APPID, "template": ""})
    assert answer.status_code == 400
    with sessions() as session:
        assert session.scalars(select(SendingPause)).all() == []


def test_the_queue_and_the_rate_are_counted(sessions: Sessions, clock: FixedClock) -> None:
    parent_id, child_id, _ = family(sessions)
    first, second, third = (tell(sessions, clock, parent_id, child_id) for _ in range(3))
    tell(sessions, clock, parent_id, child_id, later=timedelta(hours=2))
    became(sessions, first, MessageState.SENDING, not_before=clock.now() + LEASE)
    became(sessions, second, MessageState.SENT, sent_at=clock.now() - timedelta(seconds=20))
    became(sessions, third, MessageState.SENT, sent_at=clock.now() - timedelta(minutes=30))
    waiting = tell(sessions, clock, parent_id, child_id)
    with sessions() as session:
        (line,) = overview.queue_lines(session, clock)
        assert (line.due, line.later, line.on_the_wire) == (1, 1, 1)
        assert overview.rate(session, clock) == overview.Rate(1, 2, capped=False)
    became(sessions, waiting, MessageState.FAILED, errcode=45009)
    with sessions() as session:
        (error,) = overview.errors(session, clock)
    assert (error.errcode, error.count) == (45009, 1)


def test_night_makes_nothing_late(clock: FixedClock) -> None:
    evening = clock.now().astimezone(CITY).replace(hour=20, minute=0)
    assert lateness(evening, evening.replace(hour=22)) is None
    morning = evening + timedelta(hours=12, minutes=5)
    assert lateness(evening.replace(hour=22), morning) == timedelta(minutes=5)


def test_machines_are_told_apart_and_a_missing_kind_is_named() -> None:
    beats = [
        Beat("scheduler", 3, 1.0),
        Beat("scheduler:a:3", 3, 2.0),
        Beat("scheduler:b:4", 4, 2.0),
        Beat("worker:a:5", 5, 900.0),
        Beat("worker:a:6", 6, 4.0),
    ]
    known = known_processes(beats, stalled_seconds=30)
    found = {(one.kind, one.host): one for one in grouped(known)}
    assert found["scheduler", "a"].leads
    assert not found["scheduler", "b"].leads
    assert (found["worker", "a"].alive, found["worker", "a"].silent_seconds) == (1, 4)
    assert found["web", ""].alive == 0


def test_a_task_has_a_moment_before_it_is_missed(clock: FixedClock) -> None:
    nominal = latest_nominal("purge", clock.now())
    assert run_of("purge", nominal + timedelta(minutes=2), None).patient
    late = run_of("purge", nominal + timedelta(minutes=20), (nominal - timedelta(days=1), nominal))
    assert late.finished_at is None
    assert not late.patient
    assert run_of("purge", clock.now(), (nominal, nominal)).finished_at == nominal


def test_every_failure_pause_and_task_has_its_words() -> None:
    assert set(PAUSE_REASONS) == set(PauseReason)
    assert set(TO_DO) | {FailureKind.CONFIG} == set(FailureKind)
    assert set(TASKS) == set(NOMINAL)
    assert "IP 白名单" in to_do(MessageState.FAILED, 40164)
    assert "模板编号" in to_do(MessageState.FAILED, 40037)


def test_rows_of_long_gone_processes_are_forgotten(sessions: Sessions) -> None:
    beat(sessions, "web:old:1", silent=8 * 86400)
    beat(sessions, "web:new:1")
    with sessions.begin() as session:
        session.execute(FORGET_LONG_GONE)
        left = session.scalars(text("SELECT process FROM heartbeats")).all()
    assert left == ["web:new:1"]


def test_a_pause_of_the_worker_says_when_it_ends(
    city: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    with sessions.begin() as session:
        until = clock.now() + timedelta(hours=3)
        pauses.pause(
            session,
            clock,
            (APPID, ""),
            reason=PauseReason.DAY_QUOTA,
            by="worker",
            until=until,
            errcode=45009,
        )
    page = city.page(PAGE)
    assert "今天的次数用完了，零点自己恢复（微信 45009）" in page
    assert "到 11月23日 13:00 自己恢复" in page
