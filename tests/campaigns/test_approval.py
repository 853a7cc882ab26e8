"""From draft to approval by a second person, and what is refused on the way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.campaigns import service
from backend.campaigns.audience import Audience, AudienceInvalid, CentreVisit, Visit
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.words import (
    CampaignBySelf,
    CampaignChanged,
    CampaignTextRefused,
    CampaignTimeWrong,
)
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Forbidden, Invalid, NotFound
from backend.people.models import Role
from backend.people.scopes import Acting, Scope
from tests.campaigns.town import (
    AUDIENCE,
    CITY_SCOPE,
    DRAFT,
    NOON,
    RULES,
    TOWN_SCOPE,
    state_of,
    writers,
)
from tests.factories import make_centre, make_staff

Sessions = sessionmaker[Session]
S = CampaignState


def test_a_town_writes_and_the_city_approves(sessions: Sessions, clock: FixedClock) -> None:
    town, city = writers(sessions)
    with sessions.begin() as session:
        one = service.begin(session, clock, RULES, DRAFT, town)
        service.submit(session, clock, RULES, one, town, expected=12)
        service.send_back(session, clock, one, city, "请写清是哪一天")
        assert (one.state, one.note, one.submitted_by) == (S.DRAFT, "请写清是哪一天", None)
        said = replace(DRAFT.said, sentence="预约这周六的门诊，带上接种证。")
        service.change(session, clock, RULES, replace(DRAFT, said=said), town, one)
        service.submit(session, clock, RULES, one, town, expected=12)
        service.approve(session, clock, RULES, one, city)
        acts = session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject == f"campaign:{one.id}")
            .order_by(AuditEntry.id)
        ).all()

    assert state_of(sessions, one.id) is S.APPROVED
    assert [act.partition(".")[2] for act in acts] == [
        "written",
        "submitted",
        "draft",
        "changed",
        "submitted",
        "approved",
    ]


def test_nobody_approves_what_he_wrote_or_submitted(sessions: Sessions, clock: FixedClock) -> None:
    _, first = writers(sessions)
    second = Acting(make_staff(sessions), CITY_SCOPE)
    with sessions.begin() as session:
        one = service.begin(session, clock, RULES, DRAFT, first)
        service.submit(session, clock, RULES, one, second, expected=1)
        for writer in (first, second):
            with pytest.raises(CampaignBySelf):
                service.approve(session, clock, RULES, one, writer)
        one.approved_by, one.approved_at = first.staff_id, clock.now()
        with pytest.raises(IntegrityError, match="approved_by_another"):
            session.flush()
        session.rollback()


def test_what_was_fine_when_written_is_asked_again(sessions: Sessions, clock: FixedClock) -> None:
    town, city = writers(sessions)
    with sessions.begin() as session:
        one = service.begin(session, clock, RULES, DRAFT, town)
        service.submit(session, clock, RULES, one, town, expected=1)
        with pytest.raises(CampaignTextRefused):
            service.approve(session, clock, replace(RULES, guides=set()), one, city)
        clock.set(NOON + timedelta(hours=1))
        with pytest.raises(CampaignTimeWrong):
            service.approve(session, clock, RULES, one, city)
        assert one.state is S.SUBMITTED


def test_a_town_tells_its_own_families_alone(sessions: Sessions, clock: FixedClock) -> None:
    town, city = writers(sessions)
    elsewhere = CentreVisit(centre_id=make_centre(sessions), how=Visit.BOOKED)
    here = AUDIENCE
    with sessions.begin() as session:
        for audience in (
            Audience(),
            replace_towns(here),
            here.model_copy(update={"centre": elsewhere}),
        ):
            with pytest.raises(AudienceInvalid):
                service.begin(session, clock, RULES, replace(DRAFT, audience=audience), town)
        one = service.begin(session, clock, RULES, replace(DRAFT, audience=Audience()), city)
        with pytest.raises(NotFound):
            service.locked(session, one.id, TOWN_SCOPE)
        own = service.begin(session, clock, RULES, DRAFT, town)
        with pytest.raises(Forbidden):  # the city decides, it does not write for the town
            service.change(session, clock, RULES, DRAFT, city, own)


def replace_towns(audience: Audience) -> Audience:
    return audience.model_copy(update={"towns": ("320281101",)})


def test_each_step_has_its_state_and_the_page_its_version(
    sessions: Sessions, clock: FixedClock
) -> None:
    town, city = writers(sessions)
    with sessions.begin() as session:
        one = service.begin(session, clock, RULES, DRAFT, town)
        seen = one.changed_at
        with pytest.raises(Invalid):
            service.submit(session, clock, RULES, one, town, expected=0)
        with pytest.raises(CampaignChanged):
            service.approve(session, clock, RULES, one, city)
        with pytest.raises(CampaignChanged):
            service.resume(session, clock, one, city)
        service.submit(session, clock, RULES, one, town, expected=1)
        with pytest.raises(CampaignChanged):
            service.locked(session, one.id, CITY_SCOPE, seen)
        with pytest.raises(CampaignChanged) as refusal:
            service.change(session, clock, RULES, DRAFT, town, one)
        assert refusal.value.detail == "现在是：待审批"
        with pytest.raises(Invalid):
            service.cancel(session, clock, one, town, " ")
        service.cancel(session, clock, one, town, "不发了")
        with pytest.raises(CampaignChanged):
            service.submit(session, clock, RULES, one, town, expected=1)
        assert session.get_one(Campaign, one.id).state is S.CANCELLED


def test_the_citys_own_is_nobodys_without_a_town(sessions: Sessions, clock: FixedClock) -> None:
    _, city = writers(sessions)
    of_a_centre = Scope(Role.CLERK, frozenset({1}), None)
    with sessions.begin() as session:
        one = service.begin(session, clock, RULES, DRAFT, city)
        assert one.town_code is None
        with pytest.raises(NotFound):
            service.locked(session, one.id, of_a_centre)
