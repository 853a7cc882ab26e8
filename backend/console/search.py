"""查找: whom a desk looks for, as far as a masked name, a number and the end of a phone tell.

What is typed travels in a form. In the address stands only what the page shows anyway: a full
name is masked first, and of a phone the last four digits stay.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from backend.console.auth import requires, viewer
from backend.console.blueprint import back, bp
from backend.console.permissions import Action
from backend.deps import deps
from backend.kernel import audit
from backend.kernel.privacy import mask_name
from backend.people import phones

LONGEST = 30  # characters; a name has fewer
PHONE, PHONE_END = 11, phones.END  # digits


def masked(text: str) -> str:
    """王小一 and 王*一 become 王*一, a family name 王*, a whole phone its last four digits."""
    text = "".join(text.split())[:LONGEST]
    if text.isdecimal() and text.isascii():
        return text[-PHONE_END:] if len(text) >= PHONE else text
    if not text.strip("*"):
        return ""
    if len(text) == 1:
        return f"{text}*"
    return text if "*" in text else mask_name(text)


def fits(
    who: str, *, child: str, booking_ids: Collection[int], phone_ends: Collection[str]
) -> bool:
    """Whether a masked name, a booking's number or a guardian's phone is what is looked for."""
    if who.isdecimal():
        return int(who) in booking_ids or who in phone_ends
    return child == who or (who.endswith("*") and child.startswith(who.rstrip("*")))


def phone_ends(
    session: Session, who: str, page: str, child_ids: Collection[int]
) -> Mapping[int, Collection[str]]:
    """Opened only for who looks for the end of a phone, and that is written down."""
    if len(who) != PHONE_END or not who.isdecimal():
        return {}
    audit.record(
        session,
        deps().clock,
        actor=viewer().actor,
        action="child.searched",
        subject=f"page:{page}",
        detail={"by": "phone_end"},
    )
    return phones.ends_of(session, deps().vault, child_ids)


@bp.post("/look-for")
@requires(Action.SEE_BOOKINGS)
def look_for() -> ResponseReturnValue:
    """The page that asked, with its other filters, and whom it looks for."""
    return redirect(_address(back(), request.form.get("who", "")), 303)


def without_names() -> str | None:
    """The address of this page without what should not stand in one; None if all is well."""
    who = request.args.get("who", "")
    return None if who == masked(who) else _address(request.full_path, who)


def _address(url: str, who: str) -> str:
    asked = urlsplit(url)
    query = [(key, value) for key, value in parse_qsl(asked.query) if key != "who"]
    if kept := masked(who):
        query.append(("who", kept))
    return f"{asked.path}?{urlencode(query)}" if query else asked.path
