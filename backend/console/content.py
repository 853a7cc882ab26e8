"""内容: the guides and how far their review is. Read only for now."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from backend.console.auth import requires
from backend.console.blueprint import bp
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.errors import NotFound


@bp.get("/content")
@requires(Action.SEE_CONTENT)
def content() -> ResponseReturnValue:
    guides = deps().library.list()
    pending = sum(guide.review == "pending" for guide in guides)
    return render_template("console/content.html", guides=guides, pending=pending)


@bp.get("/<path:_elsewhere>")
@requires(Action.OWN_ACCOUNT)
def nowhere(_elsewhere: str) -> ResponseReturnValue:
    """An address that no page has."""
    raise NotFound


@bp.get("/content/<slug>")
@requires(Action.SEE_CONTENT)
def guide(slug: str) -> ResponseReturnValue:
    return render_template("console/guide.html", guide=deps().library.get(slug))
