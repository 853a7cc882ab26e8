"""查找: whom a desk looks for, as far as a masked name, a number and the end of a phone tell.

What is typed travels in a form. In the address stands only what the page shows anyway: a full
name is masked first, and of a phone the last four digits stay.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import redirect, request
from flask.typing import ResponseReturnValue

from backend.console.auth import requires
from backend.console.blueprint import back, bp
from backend.console.permissions import Action
from backend.kernel.privacy import mask_name

LONGEST = 30  # characters; a name has fewer
PHONE, PHONE_END = 11, 4  # digits


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


def is_phone_end(who: str) -> bool:
    return len(who) == PHONE_END and who.isdecimal()


def fits(who: str, *, child: str, booking_id: int, phone_ends: Collection[str]) -> bool:
    """Whether a masked name, a booking's number or a guardian's phone is what is looked for."""
    if who.isdecimal():
        return int(who) == booking_id or who in phone_ends
    return child == who or (who.endswith("*") and child.startswith(who.rstrip("*")))


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
