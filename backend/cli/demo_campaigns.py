"""群发 of a demonstration in several states, and what became of one that went out.

Every step is taken by its service, at the moment at which it would have been. The families have
no phones, so nothing was pushed: `_tell_what_arrived` writes down what WeChat would have said.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.campaigns import running, service
from backend.campaigns.audience import Audience
from backend.campaigns.counting import Channel, count, families
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.service import Draft
from backend.campaigns.words import make_text
from backend.cli.demo_families import Invented, register_family
from backend.cli.demo_places import FIRST_TOWN
from backend.deps import Deps
from backend.kernel.clock import CITY, Clock, FixedClock, city_date
from backend.outbox.models import Channel as Way
from backend.outbox.models import Message, MessageState
from backend.outbox.service import mark_read
from backend.people import staff
from backend.people.models import Sex, Staff
from backend.people.scopes import Acting, Scope
from backend.people.staff_keeping import reset_password

TOWN, CITY_DESK, APPROVER = "jiezhen", "shiji", "shiji-shenpi"
TOWNS = ("320281103", "320281107")  # 青阳镇, 华士镇: those with a 服务号 of their own
SURNAMES = "金方石姚谭廖邹熊陆郝孔白崔康毛邱秦江史顾侯邵孟龙"  # one family each, all invented
FAMILIES_OF_A_TOWN = len(SURNAMES) // len(TOWNS)
READ_AFTER = timedelta(hours=3)
S = CampaignState


@dataclass(frozen=True)
class Plan:
    """A campaign and how far it came. `day`: days from today on which it goes out."""

    state: CampaignState
    desk: str
    day: int
    headline: str
    sentence: str
    guide: str
    audience: Audience
    note: str = ""


EVERYBODY = Audience(to_months=36)
HERE = Audience(towns=(FIRST_TOWN,), to_months=36)
PLANS = (
    Plan(
        S.FINISHED,
        CITY_DESK,
        -4,
        "天冷了，看看家里的取暖",
        "取暖器和热水放到孩子够不着的地方。",
        "fang-tangshang",
        EVERYBODY,
    ),
    Plan(
        S.CANCELLED,
        TOWN,
        3,
        "周四下午的睡眠咨询改期",
        "这周四的睡眠咨询改到下周四，时间不变。",
        "yi-san-sui-shuimian",
        HERE,
        "（演示）老师时间没有变，不用改期",
    ),
    Plan(
        S.APPROVED,
        TOWN,
        2,
        "门诊周六上午可以补种",
        "预防接种门诊周六上午也开，带上接种证和孩子。",
        "ka-jiezhong-hou",
        HERE.model_copy(update={"dose": "any"}),
    ),
    Plan(
        S.SUBMITTED,
        TOWN,
        5,
        "今年的六次指导还没用完",
        "年底前还可以约亲子活动和上门指导，在小程序里选时间。",
        "qinzi-yuedu",
        HERE.model_copy(update={"sessions_below": 6}),
    ),
    Plan(
        S.DRAFT,
        CITY_DESK,
        9,
        "满六个月，该加辅食了",
        "怎么开始、先加什么，点开看一看。",
        "man-liuyue-tian-fushi",
        Audience(from_months=5, to_months=8),
    ),
)


def add_campaigns(session: Session, parts: Deps) -> None:
    """Once, after the staff and the families."""
    _add_towns_families(session, parts)
    for plan in PLANS:
        _take_so_far(session, parts, plan)


def let_approver_in(session: Session, parts: Deps, password: str) -> None:
    """Older demonstrations have the account with a password that nobody knows."""
    kept = session.scalar(select(Staff.password_hash).where(Staff.login == APPROVER))
    if kept is not None and not staff.matches(kept, password):
        reset_password(session, parts.clock, login=APPROVER, password=password)


def _add_towns_families(session: Session, parts: Deps) -> None:
    """Enough for a town's figures to be shown: those of fewer than ten families are not."""
    since = FixedClock(parts.clock.now() - timedelta(days=70))
    for number, surname in enumerate(SURNAMES):
        sex = Sex.FEMALE if number % 2 else Sex.MALE
        town = TOWNS[number // FAMILIES_OF_A_TOWN]
        register_family(session, parts, Invented(f"{surname}小演", sex, 3 + number, town), since)


def _take_so_far(session: Session, parts: Deps, plan: Plan) -> None:
    planned = _at(parts.clock, plan.day, 10)
    written = FixedClock(min(parts.clock.now(), planned) - timedelta(days=2))
    writer, rules = _writer(session, plan.desk), parts.campaign_rules
    draft = Draft(make_text(plan.headline, plan.sentence, plan.guide), plan.audience, planned)
    campaign = service.begin(session, written, rules, draft, writer)
    if plan.state is S.DRAFT:
        return
    who = families(session, written, parts.handbook, plan.audience, city_date(planned))
    expected = count(session, who, Channel(parts.settings.wechat_appid, "")).total.parents
    service.submit(session, written, rules, campaign, writer, expected)
    if plan.state is S.SUBMITTED:
        return
    if plan.state is S.CANCELLED:
        service.cancel(session, written, campaign, writer, plan.note)
        return
    second = _writer(session, APPROVER if plan.desk == CITY_DESK else CITY_DESK)
    service.approve(session, written, rules, campaign, second)
    if plan.state is S.FINISHED:
        _send(session, parts, campaign, FixedClock(planned))


def _send(session: Session, parts: Deps, campaign: Campaign, clock: Clock) -> None:
    running.start_due(session, clock)
    more = True
    while more:
        more = running.put_batch(
            session, clock, parts.handbook, parts.campaign_rules, campaign.id
        ).more
    _tell_what_arrived(session, parts, campaign, clock)


def _tell_what_arrived(session: Session, parts: Deps, campaign: Campaign, clock: Clock) -> None:
    """Of five: two by the mini-program, one by the 服务号, one read in the list, one unread."""
    first, end = service.key_range(campaign.id)
    told = select(Message).where(Message.key >= first, Message.key < end).order_by(Message.id)
    seen = FixedClock(clock.now() + READ_AFTER)
    by = parts.settings.wechat_public_appid
    for number, message in enumerate(session.scalars(told).all()):
        way = number % 5
        if way < 3:
            message.state, message.sent_at = MessageState.SENT, clock.now()
        if way == 2 and by:
            message.channel, message.account = Way.SERVICE, by
        if way >= 3:
            message.state = MessageState.IN_APP
        session.flush()
        if way in (1, 3):
            mark_read(session, seen, parent_id=message.parent_id, ids=[message.id])


def _writer(session: Session, login: str) -> Acting:
    found = session.scalars(select(Staff).where(Staff.login == login)).one()
    return Acting(found.id, Scope(found.role, None, found.town_code))


def _at(clock: Clock, days: int, hour: int) -> datetime:
    return datetime.combine(city_date(clock.now()) + timedelta(days=days), time(hour), CITY)
