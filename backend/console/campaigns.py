"""群发: the list of campaigns, one of them with what became of it, and its steps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import partial

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.campaigns import results, service, sheets
from backend.campaigns.audience import Audience, in_words
from backend.campaigns.counting import Channel, Count, count, families
from backend.campaigns.expecting import Expecting
from backend.campaigns.expecting import in_words as expecting_in_words
from backend.campaigns.models import Campaign, CampaignState
from backend.campaigns.results import percent_done
from backend.campaigns.running import TOO_LATE
from backend.campaigns.service import draft_of
from backend.campaigns.testing import send_test
from backend.campaigns.words import EXPECTING_TEMPLATE, STATE_TITLES, TEMPLATE, facts_of
from backend.centres.models import Centre
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.downloads import download
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.clock import city_date
from backend.kernel.errors import Invalid, NotFound

S = CampaignState
MOVING = (S.RUNNING, S.PAUSED, S.FINISHED, S.CANCELLED)
LIVE = "connect-src 'self'"  # the page asks itself how far it has come


@bp.get("/campaigns")
@requires(Action.SEE_CAMPAIGNS)
def campaigns() -> ResponseReturnValue:
    with deps().reads() as session:
        lines = results.campaigns(session, viewer().scope)
    return render_template(
        "console/campaigns.html", lines=lines, states=STATE_TITLES, name_of=deps().places.name_of
    )


@bp.get("/campaigns/<int:campaign_id>")
@requires(Action.SEE_CAMPAIGNS)
def campaign(campaign_id: int) -> ResponseReturnValue:
    now = deps().clock.now()
    with deps().reads() as session:
        found = campaign_in_scope(session, campaign_id)
        outcome = results.result(session, found) if found.state in MOVING else None
        about = {
            "audience": audience_words(session, found),
            "steps": results.history(session, campaign_id),
        }
    if found.state is S.RUNNING or (outcome and outcome.total.waiting):
        g.also_allowed = LIVE
    return render_template(
        "console/campaign.html",
        one=found,
        state=STATE_TITLES[found.state],
        outcome=outcome,
        percent=percent_done(found),
        phone=as_on_the_phone(found),
        guide=deps().library.find(found.guide_slug),
        own=found.town_code == viewer().scope.town_code,
        another=viewer().staff_id not in (found.author_id, found.submitted_by),
        late=found.planned_at < now - TOO_LATE,
        shown=results.shown(found),
        said=partial(results.said, found),
        expecting=service.is_to_expecting(found),
        name_of=deps().places.name_of,
        **about,
    )


@bp.post("/campaigns/<int:campaign_id>/submit")
@requires(Action.WRITE_CAMPAIGNS)
def submit_campaign(campaign_id: int) -> ResponseReturnValue:
    """Counted first, in a transaction of its own: nobody waits for it at the campaign's lock."""
    seen, scope = seen_version(), viewer().scope
    with deps().sessions.begin() as session:
        expected = families_now(session, service.as_seen(session, campaign_id, scope, seen))
    with deps().sessions.begin() as session:
        found = service.locked(session, campaign_id, scope, seen)
        service.submit(
            session, deps().clock, deps().campaign_rules, found, viewer().acting, expected
        )
        said = results.said(found, expected, "个")
    notices.done(f"已提交，现在有 {said}家庭；等另一个人审批")
    return _to(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/approve")
@requires(Action.APPROVE_CAMPAIGNS)
def approve_campaign(campaign_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        found = _seen(session, campaign_id)
        service.approve(session, deps().clock, deps().campaign_rules, found, viewer().acting)
    notices.done("已批准，到时间自动开始；在那以前和发送中都可以暂停或取消")
    return _to(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/return")
@requires(Action.WRITE_CAMPAIGNS)
def return_campaign(campaign_id: int) -> ResponseReturnValue:
    """Sent back by the second person, or taken back by who wrote it."""
    with deps().sessions.begin() as session:
        found = _seen(session, campaign_id)
        service.send_back(
            session, deps().clock, found, viewer().acting, request.form.get("note", "")
        )
    notices.done("已退回草稿")
    return _to(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/pause")
@requires(Action.WRITE_CAMPAIGNS)
def pause_campaign(campaign_id: int) -> ResponseReturnValue:
    """Also from a page that is a moment old: who stops something is not told to look again."""
    with deps().sessions.begin() as session:
        found = service.locked(session, campaign_id, viewer().scope)
        gone = service.pause(session, deps().clock, found, viewer().actor)
        said = results.said(found, gone, "条")
    undo = url_for("console.resume_campaign", campaign_id=campaign_id)
    notices.done(f"已暂停，撤回了还在排队的 {said}", undo=undo)
    return _to(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/resume")
@requires(Action.WRITE_CAMPAIGNS)
def resume_campaign(campaign_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        found = service.locked(session, campaign_id, viewer().scope)
        service.resume(session, deps().clock, found, viewer().acting)
    notices.done("接着发；已经发过的家庭不会再收到")
    return _to(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/cancel")
@requires(Action.WRITE_CAMPAIGNS)
def cancel_campaign(campaign_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        found = service.locked(session, campaign_id, viewer().scope)
        note = request.form.get("note", "")
        gone = service.cancel(session, deps().clock, found, viewer().acting, note)
        said = results.said(found, gone, "条")
    notices.done(f"已取消，撤回了还在排队的 {said}；已经发出的收不回来")
    return _to(campaign_id)


@bp.post("/campaigns/<int:campaign_id>/test")
@requires(Action.WRITE_CAMPAIGNS)
def test_campaign(campaign_id: int) -> ResponseReturnValue:
    secret = deps().settings.campaign_test_phone
    phone = secret.get_secret_value() if secret else None
    with deps().sessions.begin() as session:
        found = campaign_in_scope(session, campaign_id)
        send_test(session, deps().clock, deps().vault, found, viewer().acting, phone=phone)
    notices.done("已发给测试家庭，几秒钟后看那部手机")
    return redirect(url_for("console.campaign_preview", campaign_id=campaign_id), 303)


@bp.get("/campaigns/<int:campaign_id>.xlsx")
@requires(Action.SEE_CAMPAIGNS)
def campaign_sheet(campaign_id: int) -> ResponseReturnValue:
    with deps().sessions.begin() as session:
        found = campaign_in_scope(session, campaign_id)
        outcome = results.result(session, found)
        about = audience_words(session, found)
        content = sheets.workbook(found, outcome, about, deps().places.name_of)
        service.note_export(session, deps().clock, found, viewer().acting)
    return download(content, f"群发-{campaign_id}.xlsx")


def seen_version() -> datetime:
    """The version of the page that a form came from. Raises Invalid."""
    try:
        seen = datetime.fromisoformat(request.form.get("seen", ""))
    except ValueError as error:
        raise Invalid("页面不完整，请刷新后再试") from error
    if seen.tzinfo is None:
        raise Invalid("页面不完整，请刷新后再试")
    return seen


def campaign_in_scope(session: Session, campaign_id: int) -> Campaign:
    found: Campaign | None = session.scalar(
        service.in_scope(viewer().scope).where(Campaign.id == campaign_id)
    )
    if found is None:
        raise NotFound
    return found


def day_of(found: Campaign) -> date:
    """The day for which its families are counted."""
    return max(city_date(found.planned_at), city_date(deps().clock.now()))


def families_now(session: Session, found: Campaign) -> int:
    """How many families it has on its day; of those that expect a child, in tens."""
    audience = draft_of(found).audience
    if isinstance(audience, Expecting):
        return deps().campaign_rules.expecting.tens(session, audience.on(day_of(found)))
    return counted(session, found, audience).total.parents


def counted(session: Session, found: Campaign, audience: Audience) -> Count:
    """Its families on its day, and how they can be reached as things stand now."""
    settings, clock = deps().settings, deps().clock
    who = families(session, clock, deps().handbook, audience, day_of(found))
    template_id = deps().template_ids.get(TEMPLATE, "")
    return count(session, who, Channel(settings.wechat_appid, template_id))


def audience_words(session: Session, found: Campaign) -> list[tuple[str, str]]:
    def centre_name(centre_id: int) -> str:
        centre = session.get(Centre, centre_id)
        return centre.name if centre else f"中心 {centre_id}"

    audience = draft_of(found).audience
    if isinstance(audience, Expecting):
        return expecting_in_words(audience)
    return in_words(audience, deps().handbook, deps().places.name_of, centre_name)


def as_on_the_phone(found: Campaign, *names: str) -> dict[str, object]:
    """The words in both channels; `names` are masked already, and stay so in both."""
    facts = facts_of(found.id, draft_of(found).said)
    if service.is_to_expecting(found):
        return _in_both_channels(EXPECTING_TEMPLATE, facts, None, {})
    data: dict[str, object] = {
        "children": [{"child_id": n, "items": [facts]} for n in range(len(names) or 1)]
    }
    kids = dict(enumerate(names))
    return _in_both_channels(TEMPLATE, data, names[0] if names else None, kids)


def _in_both_channels(
    template: str, data: Mapping[str, object], first: str | None, kids: Mapping[int, str]
) -> dict[str, object]:
    templates = deps().templates
    form = templates[template].wechat
    assert form is not None
    fields, _ = templates.render_wechat(template, data, first, kids)
    labels = [(field.label, fields[name]) for name, field in form.fields.items()]
    words = templates.render_in_app(template, data, first, kids)
    return {"wechat_title": form.title, "fields": labels, "title": words.title, "body": words.body}


def _seen(session: Session, campaign_id: int) -> Campaign:
    return service.locked(session, campaign_id, viewer().scope, seen_version())


def _to(campaign_id: int) -> ResponseReturnValue:
    return redirect(url_for("console.campaign", campaign_id=campaign_id), 303)
