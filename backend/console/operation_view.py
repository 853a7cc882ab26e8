"""What the page 运行 shows, put together of the outbox, the accounts and the processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from backend.accounts.models import AccountKind
from backend.accounts.queries import accounts_of
from backend.campaigns.models import Campaign, CampaignState
from backend.console import operation_words as words
from backend.console.words import moment
from backend.deps import Deps, send_limits
from backend.kernel.work import EXTENSION, LookAtWork, Work
from backend.outbox import overview, pauses, quotas, restored
from backend.outbox.hours import is_quiet
from backend.outbox.models import MessageState, Span
from backend.outbox.pauses import WHOLE_ACCOUNT, Pause
from backend.outbox.templates import UnknownTemplate
from backend.people.models import Staff
from backend.people.scopes import staff_actor

LATE = timedelta(minutes=10)  # a wave of a million takes longer, and is worth a look
MOVING = (CampaignState.APPROVED, CampaignState.RUNNING, CampaignState.PAUSED)
PUSHES = text("""
    SELECT count(*) AS waiting, count(*) FILTER (WHERE attempts > 0) AS failing,
           min(received_at) AS oldest
      FROM inbound_events
     WHERE handled_at IS NULL
""")


@dataclass(frozen=True)
class Lane:
    """An account (`template` ""), or one template of it, on one line of the table."""

    appid: str
    template: str
    title: str
    urgent: bool
    due: int
    later: int
    on_the_wire: int
    late: str
    used: int
    left: int | None
    pause: Pause | None


@dataclass(frozen=True)
class Account:
    appid: str
    name: str
    whole: Lane
    lanes: Sequence[Lane]
    choices: Sequence[tuple[str, str]]  # templates that can be paused


@dataclass(frozen=True)
class Trouble:
    """A line of the errors of a day."""

    account: str
    title: str
    state: str
    errcode: int | None
    count: int
    last_due: datetime
    meaning: str
    to_do: str


@dataclass(frozen=True)
class Pushes:
    waiting: int
    failing: int
    oldest: datetime | None


@dataclass(frozen=True)
class Operation:
    """Everything on the page. `alarms`: what somebody has to look at, in sentences."""

    now: datetime
    night: bool
    alarms: Sequence[str]
    rate: overview.Rate
    today: int
    due: int
    capped: bool
    late: str
    accounts: Sequence[Account]
    paused: Sequence[Pause]
    names: Mapping[str, str]
    who: Mapping[str, str]
    errors: Sequence[Trouble]
    work: Work
    pushes: Pushes
    campaigns: Sequence[Campaign]

    @property
    def quiet(self) -> bool:
        nothing_waits = not any(one.whole.due or one.whole.on_the_wire for one in self.accounts)
        return nothing_waits and not (self.alarms or self.errors or self.paused or self.campaigns)


def operation(session: Session, parts: Deps) -> Operation:
    """One look at everything; a statement for each part."""
    now = parts.clock.now()
    queue = overview.queue_lines(session, parts.clock)
    standing = pauses.pauses(session, parts.clock)
    names = account_names(session, parts)
    accounts = _accounts(session, parts, names, queue, standing)
    errors = [_trouble(parts, names, one) for one in overview.errors(session, parts.clock)]
    look: LookAtWork = current_app.extensions[EXTENSION]
    work = look(session, parts.clock)
    pushes = Pushes(*session.execute(PUSHES).one())
    oldest = overview.oldest(queue)
    return Operation(
        now=now,
        night=is_quiet(now),
        alarms=alarms(work, standing, names, overview.lateness(oldest, now), pushes),
        rate=overview.rate(session, parts.clock),
        today=sum(one.whole.used for one in accounts),
        due=sum(one.whole.due for one in accounts),
        capped=overview.capped(queue),
        late=_late_in_words(oldest, now),
        accounts=accounts,
        paused=standing,
        names=names,
        who=_who(session, standing),
        errors=errors,
        work=work,
        pushes=pushes,
        campaigns=session.scalars(
            select(Campaign).where(Campaign.state.in_(MOVING)).order_by(Campaign.planned_at)
        ).all(),
    )


def alarms(
    work: Work,
    standing: Sequence[Pause],
    names: Mapping[str, str],
    late: timedelta | None,
    pushes: Pushes,
) -> list[str]:
    """What somebody has to do something about, the worst first."""
    found = [
        f"没有一个{words.KINDS[kind]}在运行"
        for kind in words.KINDS
        if not any(one.alive for one in work.processes if one.kind == kind)
    ]
    if any(one.alive for one in work.processes if one.kind == "scheduler") and not any(
        one.leads for one in work.processes
    ):
        found.append("定时进程在运行，但没有一个在发令")
    found += [
        f"{words.TASKS[run.task]}：应在 {moment(run.nominal_at)} 运行，没有运行"
        for run in work.runs
        if run.finished_at is None and not run.patient
    ]
    if late is not None and late > LATE:
        found.append(f"最早的一条消息晚了 {words.span(late)}")
    endless = [one for one in standing if one.until is None]
    if endless:
        whose = "、".join(dict.fromkeys(names.get(one.appid, one.appid) for one in endless))
        found.append(f"{len(endless)} 处暂停要有人来恢复：{whose}")
    if pushes.failing:
        found.append(f"微信推来的 {pushes.failing} 个事件处理不了，还在重试")
    if work.jobs_failed:
        found.append(f"{work.jobs_failed} 次任务出错停下，原因在日志里（job_failed）")
    return found


def title_of(parts: Deps, template: str) -> str:
    if template == WHOLE_ACCOUNT:
        return "整个账号"
    try:
        return parts.templates[template].title
    except UnknownTemplate:
        return template


def _who(session: Session, standing: Sequence[Pause]) -> dict[str, str]:
    """Who paused what, by name."""
    staff = {one.paused_by for one in standing if one.paused_by.startswith("staff:")}
    ids = [int(actor.removeprefix("staff:")) for actor in staff]
    known = session.execute(select(Staff.id, Staff.name).where(Staff.id.in_(ids)))
    ours = {pauses.WORKER: "系统", restored.ACTOR: "恢复备份"}
    return ours | {staff_actor(row.id): row.name for row in known}


def account_names(session: Session, parts: Deps) -> dict[str, str]:
    """The mini-program first, whatever its row says, then the 服务号 that may send."""
    rows = accounts_of(session, None)
    mini = parts.settings.wechat_appid
    names = {mini: next((row.name for row in rows if row.appid == mini), "小程序")}
    return names | {row.appid: row.name for row in rows if row.kind is AccountKind.SERVICE}


def _accounts(
    session: Session,
    parts: Deps,
    names: Mapping[str, str],
    queue: Sequence[overview.QueueLine],
    standing: Sequence[Pause],
) -> list[Account]:
    mini = parts.settings.wechat_appid
    limits = {appid: send_limits(parts.settings, appid) for appid in names}
    rows = quotas.quotas_left(session, parts.clock, limits)
    used = {(row.appid, row.template): row for row in rows if row.span is Span.DAY}
    waiting = {(one.account or mini, one.template): one for one in queue}
    paused = {(one.appid, one.template): one for one in standing}
    known = {lane for lane in (*waiting, *paused) if lane[1]}
    known |= {lane for lane, row in used.items() if row.used and lane[1]}
    now = parts.clock.now()
    sent = [name for name in parts.templates if parts.templates[name].wechat is not None]
    found = []
    for appid in dict.fromkeys([*names, *sorted(lane[0] for lane in known)]):
        lanes = [
            _lane(parts, now, lane, [waiting[lane]] if lane in waiting else [], used, paused)
            for lane in sorted(known)
            if lane[0] == appid
        ]
        of_account = [one for lane, one in waiting.items() if lane[0] == appid]
        whole = _lane(parts, now, (appid, WHOLE_ACCOUNT), of_account, used, paused)
        choices = [(name, title_of(parts, name)) for name in sent if (appid, name) not in paused]
        found.append(Account(appid, names.get(appid, appid), whole, lanes, choices))
    return found


def _lane(  # what a line is made of
    parts: Deps,
    now: datetime,
    lane: pauses.Lane,
    waiting: Sequence[overview.QueueLine],
    used: Mapping[pauses.Lane, quotas.QuotaRow],
    paused: Mapping[pauses.Lane, Pause],
) -> Lane:
    row = used.get(lane)
    return Lane(
        appid=lane[0],
        template=lane[1],
        title=title_of(parts, lane[1]),
        urgent=lane[1] in parts.templates.urgent,
        due=sum(one.due for one in waiting),
        later=sum(one.later for one in waiting),
        on_the_wire=sum(one.on_the_wire for one in waiting),
        late=_late_in_words(overview.oldest(waiting), now),
        used=row.used if row else 0,
        left=_left(parts, lane, row),
        pause=paused.get(lane),
    )


def _left(parts: Deps, lane: pauses.Lane, row: quotas.QuotaRow | None) -> int | None:
    if row is not None:
        return row.left
    return send_limits(parts.settings, lane[0]).of(lane[1], Span.DAY)


def _late_in_words(oldest: datetime | None, now: datetime) -> str:
    late = overview.lateness(oldest, now)
    return "" if late is None or late < timedelta(minutes=1) else words.span(late)


def _trouble(parts: Deps, names: Mapping[str, str], line: overview.ErrorLine) -> Trouble:
    appid = line.account or parts.settings.wechat_appid
    return Trouble(
        account=names.get(appid, appid),
        title=title_of(parts, line.template),
        state="结果不明" if line.state is MessageState.UNKNOWN else "发送失败",
        errcode=line.errcode,
        count=line.count,
        last_due=line.last_due,
        meaning=words.meaning(line.state, line.errcode),
        to_do=words.to_do(line.state, line.errcode),
    )
