"""内容: every text with its review, and many of them signed at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.console import notices
from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp, row_id
from backend.console.permissions import Action
from backend.deps import deps
from backend.guides import reviewing
from backend.guides.review_desk import (
    PILE_TITLES,
    SHELVES,
    Desk,
    Pile,
    ReviewRow,
    count,
    read_desk,
    review_rows,
)
from backend.guides.reviewing import CannotTakeBack, Seen, Signed, Signer, WrongValidity
from backend.kernel.clock import city_date
from backend.kernel.errors import Forbidden, Invalid, NotFound

LONGEST_SEARCH = 60
BOOKS = frozenset({"manual", "nutrition", "handbook"})  # the 96 pieces of the city's outline


@dataclass(frozen=True)
class ContentFilter:
    """What the address asks for; None and empty mean: all."""

    series: str | None = None
    state: Pile | None = None
    q: str = ""

    def address(self, **changes: str | None) -> dict[str, str | None]:
        """The filter as it stands in an address, with changes; what is usual is left out."""
        state = self.state.value if self.state else None
        return {"series": self.series, "state": state, "q": self.q or None} | changes


@dataclass(frozen=True)
class Shelf:
    """One tab: a series and how much of it is signed."""

    key: str | None
    title: str
    signed: int
    total: int


@bp.get("/content")
@requires(Action.SEE_CONTENT)
def content() -> ResponseReturnValue:
    which = asked()
    with deps().reads() as session:
        rows = review_rows(deps().current_library.shelf, desk_now(session))
    in_series = [row for row in rows if which.series in (None, row.shelf) and _found(row, which.q)]
    today = city_date(deps().clock.now())
    return render_template(
        "console/content.html",
        rows=[row for row in in_series if which.state in (None, row.pile)],
        which=which,
        tabs=_tabs(rows),
        counts=count(in_series),
        everywhere=count(rows),
        books=_shelf(None, "", [row for row in rows if row.shelf in BOOKS]),
        pile_titles=PILE_TITLES,
        may_sign=viewer().may(Action.REVIEW_CONTENT),
        default_until=reviewing.default_until(today),
        first_until=today + reviewing.SHORTEST,
        last_until=reviewing.latest_until(today),
    )


def asked() -> ContentFilter:
    args = request.args
    series, state = args.get("series", ""), args.get("state", "")
    return ContentFilter(
        series=series if series in SHELVES else None,
        state=Pile(state) if state in PILE_TITLES else None,
        q=args.get("q", "").strip()[:LONGEST_SEARCH],
    )


def desk_now(session: Session) -> Desk:
    grace = timedelta(days=deps().settings.review_grace_days)
    return read_desk(session, deps().clock, grace)


def _found(row: ReviewRow, typed: str) -> bool:
    """Every word typed stands in what the list knows of a text."""
    known = " ".join((row.id, row.slug, row.title, row.summary, *row.tags)).casefold()
    return all(word in known for word in typed.casefold().split())


def _tabs(rows: list[ReviewRow]) -> list[Shelf]:
    tabs = [_shelf(None, "全部", rows)]
    for key, title in SHELVES.items():
        tabs.append(_shelf(key, title, [row for row in rows if row.shelf == key]))
    return tabs


def _shelf(key: str | None, title: str, rows: list[ReviewRow]) -> Shelf:
    return Shelf(key, title, sum(row.is_signed for row in rows), len(rows))


@bp.post("/content/approve")
@requires(Action.REVIEW_CONTENT)
def approve_texts() -> ResponseReturnValue:
    """Sign those that are ticked until one day, all or none."""
    texts = [seen_in(token) for token in request.form.getlist("text")]
    if not texts:
        raise Invalid("请先勾选要审定的文章")
    with deps().sessions.begin() as session:
        signed = reviewing.approve_all(
            session, deps().clock, texts, by=signer(), valid_until=until_asked()
        )
    deps().current_library.look_again()
    notices.done(f"{len(signed)} 篇审定通过，正式环境马上显示", undo=undo_of(signed))
    return redirect(back(), 303)


@bp.post("/content/take-back")
@requires(Action.REVIEW_CONTENT)
def take_back_approvals() -> ResponseReturnValue:
    """A slip of the hand, taken back from the notice that told of it."""
    try:
        ids = [row_id(number) for number in request.args.getlist("decision")]
    except ValueError as error:
        raise CannotTakeBack from error
    with deps().sessions.begin() as session:
        reviewing.take_back(session, deps().clock, ids, by=signer())
    deps().current_library.look_again()
    notices.done("已撤销，记录里写明“误点撤销”")
    return redirect(back(), 303)


def signer() -> Signer:
    """Who signs. Raises Forbidden for an account without an office."""
    if not viewer().office:
        raise Forbidden
    return Signer(viewer().staff_id, viewer().name, viewer().office or "")


def seen_in(token: str) -> Seen:
    """`slug:hash:decision` of a form: what was on the page when it was read.

    Raises Invalid, NotFound, or TextChanged.
    """
    slug, _, rest = token.partition(":")
    content_hash, _, decision = rest.partition(":")
    if not (decision.isascii() and decision.isdecimal()):
        raise Invalid
    return reviewing.seen_on(deps().current_library.shelf, slug, content_hash, int(decision))


def until_asked() -> date:
    try:
        return date.fromisoformat(request.form.get("valid_until", ""))
    except ValueError as error:
        raise WrongValidity from error


def undo_of(signed: list[Signed]) -> str | None:
    """The way back, where nothing but fresh approvals would be taken back."""
    if not all(one.fresh for one in signed):
        return None
    ids = [one.decision_id for one in signed]
    return url_for("console.take_back_approvals", decision=ids)


@bp.get("/<path:_elsewhere>")
@requires(Action.OWN_ACCOUNT)
def nowhere(_elsewhere: str) -> ResponseReturnValue:
    """An address that no page has."""
    raise NotFound
