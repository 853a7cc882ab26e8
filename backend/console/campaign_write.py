"""群发 › 写: the form of a campaign, new or changed."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.campaigns import service
from backend.campaigns.models import Campaign
from backend.campaigns.words import HOURS, not_now
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, sentence
from backend.console.campaign_forms import CampaignForm
from backend.console.campaigns import seen_version
from backend.console.permissions import Action
from backend.console.settings import own_centres
from backend.deps import deps
from backend.guides.pieces import Guide
from backend.kernel.clock import city_time
from backend.kernel.errors import DomainError, NotFound

TOMORROW_AT = 10  # the hour that a new campaign proposes
assert TOMORROW_AT in HOURS


@bp.get("/campaigns/new")
@requires(Action.WRITE_CAMPAIGNS)
def new_campaign() -> ResponseReturnValue:
    form = _offered()
    tomorrow = city_time(deps().clock.now()) + timedelta(days=1)
    form.show_hour(tomorrow.replace(hour=TOMORROW_AT))
    return _page(form)


@bp.post("/campaigns")
@requires(Action.WRITE_CAMPAIGNS)
def add_campaign() -> ResponseReturnValue:
    return _save(None)


@bp.get("/campaigns/<int:campaign_id>/edit")
@requires(Action.WRITE_CAMPAIGNS)
def edit_campaign(campaign_id: int) -> ResponseReturnValue:
    form = _offered()
    with deps().reads() as session:
        campaign = own_draft(session, campaign_id)
        form.show(service.draft_of(campaign))
    return _page(form, campaign)


@bp.post("/campaigns/<int:campaign_id>/edit")
@requires(Action.WRITE_CAMPAIGNS)
def change_campaign(campaign_id: int) -> ResponseReturnValue:
    return _save(campaign_id)


def own_draft(session: Session, campaign_id: int) -> Campaign:
    """A draft that the viewer may rewrite. Raises NotFound or CampaignChanged."""
    scope = viewer().scope
    found: Campaign | None = session.scalar(
        service.in_scope(scope).where(Campaign.id == campaign_id)
    )
    if found is None or found.town_code != scope.town_code:
        raise NotFound
    if found.state is not service.S.DRAFT:
        raise not_now(found.state)
    return found


def _save(campaign_id: int | None) -> ResponseReturnValue:
    """The form again with its problem, or the campaign's page."""
    form, campaign = _offered(), None
    if not form.validate():
        return _page(form, _again(campaign_id), "请检查标出的几项"), 422
    clock, rules = deps().clock, deps().campaign_rules
    try:
        with deps().sessions.begin() as session:
            draft = form.draft(viewer().scope.town_code)
            if campaign_id is None:
                campaign = service.begin(session, clock, rules, draft, viewer().acting)
            else:
                seen, scope = seen_version(), viewer().scope
                campaign = service.locked(session, campaign_id, scope, seen)
                service.change(session, clock, rules, draft, viewer().acting, campaign)
    except NotFound:
        raise
    except DomainError as error:
        return _page(form, _again(campaign_id), sentence(error)), 422
    notices.done("已存为草稿，看过人数和样子再提交")
    return redirect(url_for("console.campaign_preview", campaign_id=campaign.id), 303)


def _again(campaign_id: int | None) -> Campaign | None:
    if campaign_id is None:
        return None
    with deps().reads() as session:
        return own_draft(session, campaign_id)


def _offered() -> CampaignForm:
    form, scope = CampaignForm(), viewer().scope
    towns = [] if scope.town_code else list(deps().places)
    with deps().reads() as session:
        centres = own_centres(session)
    readable = (one for one in deps().library.pieces() if isinstance(one, Guide))
    form.offer(deps().handbook, readable, towns, centres)
    return form


def _page(form: CampaignForm, campaign: Campaign | None = None, problem: str | None = None) -> str:
    town = viewer().scope.town_code
    return render_template(
        "console/campaign_edit.html",
        form=form,
        campaign=campaign,
        problem=problem,
        town=town and deps().places.name_of(town),
        seen=request.form.get("seen") or (campaign and campaign.changed_at.isoformat()),
        today=city_time(deps().clock.now()).date(),
    )
