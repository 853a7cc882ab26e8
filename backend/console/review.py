"""One text at the reviewer's desk: as a parent sees it, its figures, its past, the decision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.console import notices, words
from backend.console.auth import requires, viewer
from backend.console.blueprint import bp, sentence
from backend.console.content import desk_now, seen_in, signer, undo_of, until_asked
from backend.console.permissions import Action
from backend.console.preview import preview_of
from backend.deps import deps
from backend.guides import reviewing
from backend.guides.differences import DiffLine, differences
from backend.guides.review_desk import Taken, history, kept_texts
from backend.guides.review_models import Verdict
from backend.guides.review_notes import ReviewNotes, read_notes
from backend.guides.reviewing import Seen, Signed, source_on
from backend.guides.versions import Text, words_of, words_of_kept
from backend.kernel.clock import city_date
from backend.kernel.errors import DomainError, Invalid

NOTES = Path("docs") / "content-review.md"  # beside content/ in a clone
VERDICT_TITLES = {
    Verdict.APPROVED: "审定通过",
    Verdict.RETURNED: "退回修改",
    Verdict.WITHDRAWN: "撤下",
}
NOW = "现在的稿子"


@dataclass(frozen=True)
class Version:
    """One version that can be compared, with what was last decided about it."""

    content_hash: str
    title: str
    words: str


@bp.get("/content/<slug>")
@requires(Action.SEE_CONTENT)
def guide(slug: str) -> ResponseReturnValue:
    return _page(slug, None)


def _page(slug: str, refused: tuple[str, str] | None) -> ResponseReturnValue:
    """`refused`: which form was refused, and why; what was typed stays."""
    shelf, today = deps().current_library.shelf, city_date(deps().clock.now())
    source = source_on(shelf, slug)
    with deps().reads() as session:
        row = desk_now(session).row(source, shelf.facts)
        past = history(session, slug)
        versions = _versions(session, source, past)
    before = _before(versions, row.shown.content_hash if row.shown else None)
    page = render_template(
        "console/guide.html",
        row=row,
        source=source,
        preview=preview_of(source, shelf),
        notes=_notes().about(row.id),
        common_notes=_notes().everywhere,
        past=past,
        before=before,
        changes=differences(before.words, versions[-1].words) if before else [],
        versions=versions,
        verdict_titles=VERDICT_TITLES,
        may_sign=viewer().may(Action.REVIEW_CONTENT),
        default_until=reviewing.default_until(today),
        first_until=today + reviewing.SHORTEST,
        last_until=reviewing.latest_until(today),
        refused=refused,
        typed=request.form,
    )
    return page, 200 if refused is None else 422


def _notes() -> ReviewNotes:
    return read_notes(Path(deps().settings.content_dir).parent / NOTES)


def _versions(session: Session, source: Text, past: list[Taken]) -> list[Version]:
    """The versions that were kept, the oldest first, and the text as it is now."""
    facts = deps().current_library.shelf.facts
    newest = {taken.decision.content_hash: taken for taken in reversed(past)}
    kept = [
        Version(
            text.content_hash,
            _version_title(newest[text.content_hash]),
            words_of_kept(source.file, text.text, facts),
        )
        for text in kept_texts(session, source.slug)
        if text.content_hash != source.content_hash
    ]
    return [*kept, Version(source.content_hash, NOW, words_of(source, facts))]


def _version_title(taken: Taken) -> str:
    decision = taken.decision
    verdict = VERDICT_TITLES[decision.verdict]
    return f"{words.long_day(decision.decided_on)} {decision.office} {verdict}"


def _before(versions: list[Version], shown: str | None) -> Version | None:
    """What the text of today is compared with: the version families read, else the last one."""
    older = versions[:-1]
    named = [version for version in older if version.content_hash == shown]
    return (named or older)[-1] if older else None


@bp.get("/content/<slug>/versions")
@requires(Action.SEE_CONTENT)
def text_versions(slug: str) -> ResponseReturnValue:
    """Any two versions beside each other; the last two unless the address says which."""
    shelf = deps().current_library.shelf
    source = source_on(shelf, slug)
    with deps().reads() as session:
        row = desk_now(session).row(source, shelf.facts)
        versions = _versions(session, source, history(session, slug))
    known = {version.content_hash: version for version in versions}
    new = known.get(request.args.get("to", ""), versions[-1])
    old = known.get(request.args.get("from", ""), versions[max(len(versions) - 2, 0)])
    changes: list[DiffLine] = differences(old.words, new.words)
    return render_template(
        "console/text_versions.html", row=row, versions=versions, old=old, new=new, changes=changes
    )


@bp.post("/content/<slug>/approve")
@requires(Action.REVIEW_CONTENT)
def approve_text(slug: str) -> ResponseReturnValue:
    try:
        signed = _approve(slug)
    except DomainError as error:
        return _page(slug, ("approve", sentence(error)))
    return _decided("审定通过，正式环境马上显示", undo=undo_of([signed]))


def _approve(slug: str) -> Signed:
    with deps().sessions.begin() as session:
        return reviewing.approve(
            session,
            deps().clock,
            _seen(slug),
            by=signer(),
            valid_until=until_asked(),
            note=request.form.get("note", ""),
        )


@bp.post("/content/<slug>/return")
@requires(Action.REVIEW_CONTENT)
def send_text_back(slug: str) -> ResponseReturnValue:
    try:
        with deps().sessions.begin() as session:
            seen, note = _seen(slug), request.form.get("note", "")
            reviewing.send_back(session, deps().clock, seen, by=signer(), note=note)
    except DomainError as error:
        return _page(slug, ("return", sentence(error)))
    return _decided("已退回，写给作者的话记下了")


@bp.post("/content/<slug>/withdraw")
@requires(Action.REVIEW_CONTENT)
def withdraw_text(slug: str) -> ResponseReturnValue:
    try:
        with deps().sessions.begin() as session:
            seen, note = _seen(slug), request.form.get("note", "")
            reviewing.withdraw(session, deps().clock, seen, by=signer(), note=note)
    except DomainError as error:
        return _page(slug, ("withdraw", sentence(error)))
    return _decided("已撤下，正式环境马上不再显示")


def _seen(slug: str) -> Seen:
    """What the form says was read: a version of this text, or Invalid or TextChanged is raised."""
    seen = seen_in(request.form.get("seen", ""))
    if seen.source.slug != slug:
        raise Invalid
    return seen


def _decided(text: str, *, undo: str | None = None) -> ResponseReturnValue:
    """Back to the text, whose page now tells of the decision."""
    deps().current_library.look_again()
    notices.done(text, undo=undo)
    assert request.view_args is not None
    return redirect(url_for("console.guide", slug=request.view_args["slug"]), 303)
