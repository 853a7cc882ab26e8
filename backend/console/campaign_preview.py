"""群发 › 看一看: how many families, how they can be reached, and ten as they will be told."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.campaigns.counting import Sampled, families, sample
from backend.campaigns.expecting import Expecting, in_tens
from backend.campaigns.models import Campaign
from backend.campaigns.service import draft_of
from backend.campaigns.words import STATE_TITLES
from backend.console.auth import requires
from backend.console.blueprint import bp
from backend.console.campaigns import (
    as_on_the_phone,
    audience_words,
    campaign_in_scope,
    counted,
    day_of,
    families_now,
)
from backend.console.desk import note_listed
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel.privacy import Unreadable, mask_name
from backend.outbox.templates import YOUR_CHILD
from backend.people.children import NAME


@bp.get("/campaigns/<int:campaign_id>/preview")
@requires(Action.SEE_CAMPAIGNS)
def campaign_preview(campaign_id: int) -> ResponseReturnValue:
    """Counted anew each time; whose masked names were shown stands in the audit log."""
    parts = deps()
    with parts.sessions.begin() as session:
        found = campaign_in_scope(session, campaign_id)
        audience, day = draft_of(found).audience, day_of(found)
        if isinstance(audience, Expecting):
            return _of_expecting(session, found)
        counts = counted(session, found, audience)
        who = families(session, parts.clock, parts.handbook, audience, day)
        ten = sample(session, who)
        note_listed(session, "campaign", (child for one in ten for child in one.children))
        about = audience_words(session, found)
    return render_template(
        "console/campaign_preview.html",
        one=found,
        state=STATE_TITLES[found.state],
        counts=counts,
        audience=about,
        samples=[_worded(found, each) for each in ten],
        day=day,
        name_of=parts.places.name_of,
    )


def _of_expecting(session: Session, found: Campaign) -> str:
    """A number in tens and the words; nobody's name, and no place."""
    return render_template(
        "console/campaign_preview_expecting.html",
        one=found,
        families=in_tens(families_now(session, found), "个"),
        audience=audience_words(session, found),
        phone=as_on_the_phone(found),
        day=day_of(found),
    )


def _worded(found: Campaign, one: Sampled) -> dict[str, object]:
    return as_on_the_phone(found, *(_masked(sealed) for sealed in one.children.values()))


def _masked(sealed: str) -> str:
    try:
        return mask_name(deps().vault.open(sealed, NAME))
    except Unreadable:
        return YOUR_CHILD
