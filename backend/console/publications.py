"""公众号 › 文章: guides as articles of an account, from the choice to what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.accounts.models import AccountKind, Capability, WeChatAccount
from backend.bookings.changes import actor_name
from backend.campaigns.results import Step
from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp
from backend.console.campaigns import seen_version
from backend.console.permissions import Action
from backend.console.wechat_accounts import live_in_scope
from backend.deps import deps
from backend.guides.pieces import Guide
from backend.kernel.audit import AuditEntry
from backend.kernel.errors import DomainError, Forbidden, Invalid
from backend.outbox.hours import is_quiet
from backend.outreach import publishing, rules
from backend.outreach.article_html import ready_article
from backend.outreach.models import Publication, PublicationState, Way
from backend.outreach.publishing import Draft

S = PublicationState
STEPS = {one.value: rules.STATE_TITLES[one] for one in S} | {
    "written": "写好草稿",
    "card": "改了卡片",
    S.DRAFT.value: "退回草稿",
}
WORKERS_STEPS = {f"publication.{one.value}" for one in (S.PREPARING, S.READY, S.SENDING)}


@bp.get("/settings/wechat-accounts/<appid>/publications")
@requires(Action.SEE_ACCOUNTS)
def publications(appid: str) -> ResponseReturnValue:
    with deps().reads() as session:
        account = public_account(session, appid)
        rows = publishing.publications_of(session, appid)
        quota = publishing.mass_quota(session, deps().clock, account)
    return render_template(
        "console/publications.html",
        account=account,
        rows=rows,
        quota=quota,
        states=rules.STATE_TITLES,
        ways=rules.WAY_TITLES,
    )


@bp.get("/settings/wechat-accounts/<appid>/publications/new")
@requires(Action.EDIT_ACCOUNTS)
def new_publication(appid: str) -> ResponseReturnValue:
    with deps().reads() as session:
        account = public_account(session, appid)
    return _form(account)


@bp.post("/settings/wechat-accounts/<appid>/publications")
@requires(Action.EDIT_ACCOUNTS)
def add_publication(appid: str) -> ResponseReturnValue:
    """Numbered places say the order: an empty one is no article."""
    parts = deps()
    try:
        with parts.sessions.begin() as session:
            account = public_account(session, appid)
            one = publishing.begin(
                session, parts.clock, parts.library, account, _draft(), viewer().acting
            )
            found = one.id
    except DomainError as error:
        with parts.reads() as session:
            account = public_account(session, appid)
        return _form(account, error.detail or error.message), 422
    return redirect(url_for("console.publication", appid=appid, publication_id=found), 303)


@bp.get("/settings/wechat-accounts/<appid>/publications/<int:publication_id>")
@requires(Action.SEE_ACCOUNTS)
def publication(appid: str, publication_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        account = public_account(session, appid)
        one = publishing.found(session, publication_id, [appid])
        steps = _history(session, publication_id)
    library = deps().library
    guides = [(one_, library.find(str(one_["slug"]))) for one_ in one.articles]
    return render_template(
        "console/publication.html",
        account=account,
        one=one,
        guides=guides,
        pending=[g.title for _, g in guides if g and not g.standing.is_shown],
        state=rules.STATE_TITLES[one.state],
        way=rules.WAY_TITLES[one.way],
        steps=steps,
        open=one.state in rules.OPEN,
        another=viewer().staff_id not in (one.author_id, one.submitted_by),
    )


@bp.post("/settings/wechat-accounts/<appid>/publications/<int:publication_id>/<step>")
@requires(Action.EDIT_ACCOUNTS)
def step_publication(appid: str, publication_id: int, step: str) -> ResponseReturnValue:
    """submit, back, cancel, approve, sent or again; each is told in a sentence."""
    parts = deps()
    with parts.sessions.begin() as session:
        public_account(session, appid)
        one = publishing.locked(session, publication_id, [appid])
        publishing.check_seen(one, seen_version())
        said = _step(session, one, step)
    notices.done(said)
    return redirect(url_for("console.publication", appid=appid, publication_id=publication_id), 303)


def _step(session: Session, one: Publication, step: str) -> str:
    parts, sender = deps(), viewer().acting
    if step == "submit":
        publishing.submit(session, parts.clock, parts.library, one, sender)
        return "已提交，等另一个人审批" if one.way is Way.MASS else "已交给微信，几秒后看结果"
    if step == "approve":
        if not viewer().may(Action.APPROVE_CAMPAIGNS):
            raise Forbidden
        publishing.approve(session, parts.clock, parts.library, one, sender)
        by_night = is_quiet(parts.clock.now())
        return "已批准，夜里不群发，早上八点开始" if by_night else "已批准，马上开始群发"
    if step == "back":
        publishing.take_back(session, parts.clock, one, sender)
        return "已退回草稿，改好后重新提交"
    if step == "cancel":
        publishing.cancel(session, parts.clock, one, sender)
        return "已取消"
    if step in ("sent", "again"):
        publishing.settle_unknown(session, parts.clock, one, sender, went_out=step == "sent")
        return "已记下：发出了" if step == "sent" else "已记下：没有发出，会再提交一次"
    raise Invalid("没有这一步")


@bp.get("/settings/wechat-accounts/<appid>/copy/<slug>")
@requires(Action.EDIT_ACCOUNTS)
def copy_guide(appid: str, slug: str) -> ResponseReturnValue:
    """A guide for accounts that may not publish by themselves: to be copied by hand."""
    with deps().reads() as session:
        account = public_account(session, appid)
    guide = deps().library.get(slug)
    return render_template(
        "console/publication_copy.html", account=account, guide=guide, text=_text(guide)
    )


@bp.get("/settings/wechat-accounts/<appid>/copy/<slug>.html")
@requires(Action.EDIT_ACCOUNTS)
def copy_guide_file(appid: str, slug: str) -> ResponseReturnValue:
    """The article with its look, as a file: opened, selected, pasted into WeChat's editor."""
    with deps().reads() as session:
        account = public_account(session, appid)
    guide = deps().library.get(slug)
    card = rules.own_card(guide, account.name[: rules.LONGEST_AUTHOR])
    ready = ready_article(guide, (), card, deps().doors.site)
    title = Markup.escape(guide.title)
    page = f'<!doctype html><meta charset="utf-8"><title>{title}</title>{ready.html}'
    answer = Response(page, content_type="text/html; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{slug}.html"'
    return answer


def public_account(session: Session, appid: str) -> WeChatAccount:
    """Raises AccountUnknown, also for the mini-program: nobody follows it."""
    row = live_in_scope(session, appid)
    if row.kind is AccountKind.MINI:
        raise Invalid("小程序没有文章和菜单")
    return row


def _draft() -> Draft:
    way = request.form.get("way", "")
    if way not in {one.value for one in Way}:
        raise Invalid("请选发布或群发")
    return Draft(Way(way), _slugs(), request.form.get("author", ""))


def _slugs() -> list[str]:
    """What was typed in each place, a title or a slug. Raises Invalid for a title of none."""
    typed = [text.strip() for text in request.form.getlist("guide") if text.strip()]
    by_title = {guide.title: guide.slug for guide in guide_choices()}
    unknown = [one for one in typed if one not in by_title]
    if unknown:
        raise Invalid(f"没有“{unknown[0][:40]}”这一篇，请从列表里选")
    return [by_title[one] for one in typed]


def guide_choices() -> Sequence[Guide]:
    return [piece for piece in deps().library.pieces() if isinstance(piece, Guide)]


def _form(account: WeChatAccount, problem: str | None = None) -> str:
    return render_template(
        "console/publication_new.html",
        account=account,
        guides=guide_choices(),
        problem=problem,
        places=rules.MOST_ARTICLES,
        typed=request.form.getlist("guide"),
        author=request.form.get("author") or account.name[: rules.LONGEST_AUTHOR],
        chosen_way=request.form.get("way", Way.PUBLISH.value),
        can_publish=account.can(Capability.PUBLISH),
        can_mass=account.can(Capability.MASS),
    )


def _history(session: Session, publication_id: int) -> list[Step]:
    """Who did what, the oldest first; the small steps of a worker are left out."""
    rows = session.scalars(
        select(AuditEntry)
        .where(
            AuditEntry.subject == f"publication:{publication_id}",
            AuditEntry.action.not_in(WORKERS_STEPS),
        )
        .order_by(AuditEntry.id)
    ).all()
    return [
        Step(row.at, actor_name(session, row.actor), STEPS[row.action.partition(".")[2]])
        for row in rows
    ]


def _text(guide: Guide) -> str:
    """The whole text without marks, paragraph by paragraph."""
    lines = [guide.title, guide.summary, ""]
    for block in json.loads(guide.body_json)["blocks"]:
        if block["kind"] == "heading":
            lines += ["", str(block["text"])]
        for node in block.get("nodes", ()):
            lines.append(_words(node))
    return "\n".join(lines)


def _words(node: dict[str, object]) -> str:
    if node.get("type") == "text":
        return str(node["text"])
    children = node.get("children")
    inner = [_words(child) for child in children] if isinstance(children, list) else []
    return ("\n" if node.get("name") in ("ul", "ol", "table", "tbody") else "").join(inner)
