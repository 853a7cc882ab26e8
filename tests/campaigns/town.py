"""Campaigns of a small town: a draft, its way to the outbox, and what came of it."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.campaigns import running, service
from backend.campaigns.audience import Audience
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.service import Draft, Rules
from backend.campaigns.words import Text
from backend.guides.problems import load_words
from backend.handbook.pregnancy.notices import Notices
from backend.handbook.schedule import load_schedule
from backend.kernel.clock import CITY, Clock
from backend.outbox.models import Message
from backend.people.models import Role
from backend.people.scopes import Acting, Scope
from tests.factories import TOWN, make_staff

CONTENT = Path(__file__).parents[2] / "content"
SCHEDULE = load_schedule(CONTENT)
GUIDE = "ka-jiezhong-hou"
RULES = Rules(load_words(CONTENT), {GUIDE}, Notices())
CITY_SCOPE = Scope(Role.CITY, None, None)
TOWN_SCOPE = Scope(Role.TOWN, frozenset(), TOWN)
OF_CAMPAIGNS = ("campaign", "pregnancy_notice")
NOON = datetime(2026, 11, 23, 12, tzinfo=CITY)
AUDIENCE = Audience(towns=(TOWN,))
DRAFT = Draft(
    Text("这周可以补种疫苗", "预防接种门诊这周六也开，带上接种证。", GUIDE),
    AUDIENCE,
    NOON,
)

Sessions = sessionmaker[Session]


def writers(sessions: Sessions) -> tuple[Acting, Acting]:
    """A writer of the town and a second person of the city."""
    town = make_staff(sessions, role=Role.TOWN, town_code=TOWN)
    city = make_staff(sessions, role=Role.CITY)
    return Acting(town, TOWN_SCOPE), Acting(city, CITY_SCOPE)


def approved(
    sessions: Sessions, clock: Clock, draft: Draft = DRAFT, **changes: Any
) -> tuple[int, Acting]:
    """A campaign that waits for its hour, and the second person."""
    writer, second = writers(sessions)
    with sessions.begin() as session:
        one = service.begin(session, clock, RULES, replace(draft, **changes), writer)
        service.submit(session, clock, RULES, one, writer, expected=1)
        service.approve(session, clock, RULES, one, second)
        return one.id, second


def go(sessions: Sessions, clock: Clock) -> int:
    """What a worker does at a tick."""
    return running.run(sessions, clock, SCHEDULE, RULES)


def campaign_of(sessions: Sessions, campaign_id: int) -> Campaign:
    with sessions() as session:
        return session.get_one(Campaign, campaign_id)


def state_of(sessions: Sessions, campaign_id: int) -> CampaignState:
    return campaign_of(sessions, campaign_id).state


def told(sessions: Sessions) -> Counter[int]:
    """How many messages each parent has of campaigns."""
    with sessions() as session:
        return Counter(
            session.scalars(select(Message.parent_id).where(Message.template.in_(OF_CAMPAIGNS)))
        )


def messages(sessions: Sessions) -> list[Message]:
    with sessions() as session:
        return list(
            session.scalars(
                select(Message)
                .where(Message.template.in_(OF_CAMPAIGNS))
                .order_by(Message.parent_id)
            )
        )


def later(clock: Any, **step: int) -> None:
    clock.advance(timedelta(**step))
