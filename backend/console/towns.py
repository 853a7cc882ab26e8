"""The towns that the viewer may see, and the one in the address."""

from __future__ import annotations

from flask import request

from backend.centres.places import Town
from backend.console.auth import viewer
from backend.deps import deps
from backend.kernel.errors import NotFound


def own_towns() -> list[Town]:
    own = viewer().scope.town_code
    return [town for town in deps().places if own in (None, town.code)]


def town_choices() -> list[tuple[str, str]]:
    """Code and name of each, for a list to choose from."""
    return [(town.code, town.name) for town in own_towns()]


def town_asked() -> str | None:
    """None where no town is asked for. Raises NotFound for one that the viewer may not see."""
    code = request.args.get("town") or None
    if code is not None and code not in {town.code for town in own_towns()}:
        raise NotFound
    return code
