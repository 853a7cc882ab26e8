"""Who may do what: role × action. Where is the scope's business (people.scopes)."""

from collections.abc import Mapping
from enum import StrEnum

from backend.people.models import Role


class Action(StrEnum):
    SEE_BOOKINGS = "see_bookings"
    DECIDE_BOOKINGS = "decide_bookings"  # confirm, decline, attended, missed, cancel, undo
    REVEAL_NAME = "reveal_name"
    SEE_SLOTS = "see_slots"
    EDIT_SLOTS = "edit_slots"
    DECIDE_DUPLICATES = "decide_duplicates"
    SEE_MESSAGES = "see_messages"
    SEE_CONTENT = "see_content"
    OWN_ACCOUNT = "own_account"


EVERYBODY = frozenset(
    {Action.SEE_BOOKINGS, Action.SEE_SLOTS, Action.SEE_CONTENT, Action.OWN_ACCOUNT}
)
DESK = frozenset({Action.DECIDE_BOOKINGS, Action.REVEAL_NAME, Action.EDIT_SLOTS})

PERMISSIONS: Mapping[Role, frozenset[Action]] = {
    Role.CLERK: EVERYBODY | DESK,  # of one centre
    Role.TOWN: EVERYBODY | DESK | {Action.DECIDE_DUPLICATES},  # of the town's centres and families
    Role.CITY: EVERYBODY | DESK | {Action.DECIDE_DUPLICATES, Action.SEE_MESSAGES},
}


def may(role: Role, action: Action) -> bool:
    return action in PERMISSIONS[role]
