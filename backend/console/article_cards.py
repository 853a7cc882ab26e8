"""公众号 › 文章 › 卡片: title, author, digest and cover of an article before it is published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, row_id, sentence
from backend.console.campaigns import seen_version
from backend.console.permissions import Action
from backend.console.preview import PICTURES
from backend.console.publications import public_account
from backend.deps import deps
from backend.guides.pieces import Guide
from backend.kernel.errors import DomainError, NotFound
from backend.outreach import cards, covers, publishing, rules
from backend.outreach.article_html import MARK, article_html
from backend.outreach.covers import Keep
from backend.outreach.models import Publication, PublicationState
from backend.outreach.rules import Card, CardRefused

UPLOADS = frozenset({"console.save_article_card"})
LARGEST_UPLOAD = covers.LARGEST_BYTES + 64 * 1024  # bytes; the picture and what is around it
OURS, KEPT, DRAWN, SENT = "ours", "kept", "drawn", "sent"
KEEPS = {Keep.START: "上面（左边）", Keep.MIDDLE: "中间", Keep.END: "下面（右边）"}
LONGEST = {
    "title": rules.LONGEST_TITLE,
    "digest": rules.LONGEST_DIGEST,
    "author": rules.LONGEST_AUTHOR,
}
STYLE = re.compile(r' style="[^"]*"')
PLACE = re.compile(rf'src="{MARK}([a-z0-9-]+)"')


@dataclass(frozen=True)
class Typed:
    """What stands in the form. `chosen`: which cover, as the radio buttons say it."""

    title: str
    digest: str
    author: str
    chosen: str
    keep: str = Keep.MIDDLE.value

    @classmethod
    def of(cls, card: Card) -> Typed:
        chosen = OURS if card.cover is None else f"{KEPT}:{card.cover}"
        return cls(card.title, card.digest, card.author, chosen)


@bp.get("/settings/wechat-accounts/<appid>/publications/<int:publication_id>/articles/<slug>")
@requires(Action.SEE_ACCOUNTS)
def article_card(appid: str, publication_id: int, slug: str) -> ResponseReturnValue:
    return _page(appid, publication_id, slug)


@bp.post("/settings/wechat-accounts/<appid>/publications/<int:publication_id>/articles/<slug>")
@requires(Action.EDIT_ACCOUNTS)
def save_article_card(appid: str, publication_id: int, slug: str) -> ResponseReturnValue:
    """Save what was typed, or (`own`) what the guide says itself."""
    parts = deps()
    try:
        with parts.sessions.begin() as session:
            public_account(session, appid)
            one = publishing.locked(session, publication_id, [appid])
            publishing.check_seen(one, seen_version())
            if "own" in request.form:
                card = rules.own_card(_guide(one, slug), one.author)
            else:
                form = request.form
                card = Card(form.get("title", ""), form.get("digest", ""), form.get("author", ""))
                rules.checked_card(card)  # before a picture is unpacked
                card = Card(card.title, card.digest, card.author, _cover(session, appid))
            cards.change_card(session, parts.clock, one, slug, card, staff_id=viewer().staff_id)
    except CardRefused as error:
        return _page(appid, publication_id, slug, error), 422
    notices.done("已恢复成指南原来的" if "own" in request.form else "已保存，下面是发布后的样子")
    there = url_for("console.article_card", appid=appid, publication_id=publication_id, slug=slug)
    return redirect(there, 303)


@bp.get(
    "/settings/wechat-accounts/<appid>/publications/<int:publication_id>/articles/<slug>/cover.jpg"
)
@requires(Action.SEE_ACCOUNTS)
def article_cover(appid: str, publication_id: int, slug: str) -> ResponseReturnValue:
    """As it will be sent."""
    with deps().reads() as session:
        public_account(session, appid)
        one = publishing.found(session, publication_id, [appid])
        chosen = rules.card_of(cards.article_of(one, slug), one.author).cover
        kept = None if chosen is None else cards.cover(session, appid, chosen)
    if kept is not None:
        return _jpeg(kept)
    return _jpeg(_own_cover(deps().library.find(slug)))


@bp.get("/settings/wechat-accounts/<appid>/covers/<int:cover_id>.jpg")
@requires(Action.SEE_ACCOUNTS)
def kept_cover(appid: str, cover_id: int) -> ResponseReturnValue:
    with deps().reads() as session:
        public_account(session, appid)
        kept = cards.cover(session, appid, cover_id)
    if kept is None:
        raise NotFound
    return _jpeg(kept)


@bp.get("/settings/wechat-accounts/covers/<name>.jpg")
@requires(Action.SEE_ACCOUNTS)
def drawn_cover(name: str) -> ResponseReturnValue:
    return _jpeg(_drawn(name))


def _cover(session: Session, appid: str) -> int | None:
    """The number of the cover that was chosen; a new one is kept. Raises CardRefused."""
    chosen, _, which = request.form.get("cover", "").partition(":")
    if chosen == OURS:
        return None
    if chosen == KEPT:
        try:
            return row_id(which)
        except ValueError as error:
            raise CardRefused("请选一张封面", "cover") from error
    if chosen == DRAWN:
        jpeg = _drawn(which)
    elif chosen == SENT:
        jpeg = covers.cover_from(_sent(), _keep())
    else:
        raise CardRefused("请选一张封面", "cover")
    return cards.keep_cover(session, deps().clock, appid, jpeg, staff_id=viewer().staff_id)


def _sent() -> bytes:
    file = request.files.get("file")
    return file.read(covers.LARGEST_BYTES + 1) if file else b""


def _keep() -> Keep:
    try:
        return Keep(request.form.get("keep", Keep.MIDDLE.value))
    except ValueError as error:
        raise CardRefused("请选保留图片的哪一部分", "cover") from error


def _drawn(name: str) -> bytes:
    """Raises NotFound for no such drawing, CardRefused where none can be made."""
    picture = deps().library.pictures.get(name)
    if picture is None:
        raise NotFound
    jpeg = covers.drawn_cover(picture)
    if jpeg is None:
        raise CardRefused("这台服务器没有装画图的组件（book），不能用插图做封面", "cover")
    return jpeg


def _own_cover(guide: Guide | None) -> bytes:
    """What stands there when nobody has chosen: the guide's first drawing, or our ground."""
    pictures = deps().library.pictures
    names = () if guide is None else guide.pictures
    drawn = (covers.drawn_cover(pictures[name]) for name in names if name in pictures)
    return next(drawn, None) or covers.cover_of(None)


def _guide(one: Publication, slug: str) -> Guide:
    """Raises NotFound, also for a guide that may not be shown any more."""
    cards.article_of(one, slug)
    guide = deps().library.find(slug)
    if guide is None:
        raise NotFound
    return guide


def _jpeg(data: bytes) -> Response:
    return Response(data, content_type="image/jpeg")


def _page(appid: str, publication_id: int, slug: str, problem: DomainError | None = None) -> str:
    with deps().reads() as session:
        account = public_account(session, appid)
        one = publishing.found(session, publication_id, [appid])
        offered = cards.covers_to_choose(session, appid)
    guide = _guide(one, slug)
    card = rules.card_of(cards.article_of(one, slug), one.author)
    form = request.form
    typed = (
        Typed.of(card)
        if problem is None
        else Typed(
            form.get("title", ""),
            form.get("digest", ""),
            form.get("author", ""),
            form.get("cover", ""),
            form.get("keep", Keep.MIDDLE.value),
        )
    )
    open_ = one.state is PublicationState.DRAFT and viewer().may(Action.EDIT_ACCOUNTS)
    return render_template(
        "console/article_card.html",
        account=account,
        one=one,
        slug=slug,
        guide=guide,
        first=one.articles[0]["slug"] == slug,
        card=card,
        typed=typed,
        open=open_,
        own=rules.own_card(guide, one.author),
        way=rules.WAY_TITLES[one.way],
        state=rules.STATE_TITLES[one.state],
        longest=LONGEST,
        problem=problem and sentence(problem),
        wrong=getattr(problem, "field", ""),
        offered=_with_chosen(offered, card.cover),
        drawings=list(deps().library.pictures.values()) if covers.can_draw() else [],
        keeps=KEEPS,
        text=_text(guide),
    )


def _with_chosen(offered: Sequence[int], chosen: int | None) -> list[int]:
    """The cover in use is offered however old it is."""
    return [*offered, *([] if chosen is None or chosen in offered else [chosen])]


def _text(guide: Guide) -> Markup:
    """The text as WeChat gets it, in the console's own look: its page allows no inline styles."""
    html = article_html(guide.html, frozenset(deps().library.pictures))
    plain = PLACE.sub(rf'src="{PICTURES}\1.svg"', STYLE.sub("", html))
    # nh3 has let only our few tags through
    return Markup(plain)  # noqa: S704
