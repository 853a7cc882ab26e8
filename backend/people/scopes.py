"""Where a member of staff may look: a centre, the centres of a town, or the city."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.people.models import Role, Staff

TownCentres = Callable[[str], frozenset[int]]
"""The ids of a town's centres; centres lie above people, so the caller brings it."""


@dataclass(frozen=True)
class Scope:
    """Every query of the console takes one. `centre_ids` None means all centres."""

    role: Role
    centre_ids: frozenset[int] | None
    town_code: str | None

    def holds_centre(self, centre_id: int) -> bool:
        return self.centre_ids is None or centre_id in self.centre_ids


@dataclass(frozen=True)
class Acting:
    """A member of staff who does something, and where they may; `town_code` None is the city."""

    staff_id: int
    scope: Scope

    @property
    def actor(self) -> str:
        return staff_actor(self.staff_id)

    @property
    def town_code(self) -> str | None:
        return self.scope.town_code


def staff_actor(staff_id: int) -> str:
    """How the logs name an account: staff:7."""
    return f"staff:{staff_id}"


def scope_of(staff: Staff, town_centres: TownCentres) -> Scope:
    """The scope of an account; the table's CHECK makes role and place fit."""
    if staff.role is Role.CITY:
        return Scope(staff.role, None, None)
    if staff.role in (Role.REVIEWER, Role.CHILD_HEALTH):  # no centre: they see no booking
        return Scope(staff.role, frozenset(), staff.town_code)
    if staff.town_code is not None:
        return Scope(staff.role, town_centres(staff.town_code), staff.town_code)
    assert staff.centre_id is not None
    return Scope(staff.role, frozenset({staff.centre_id}), None)
