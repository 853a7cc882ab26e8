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
    REVIEW_CONTENT = "review_content"  # sign texts, send them back, withdraw them
    SEE_ROOMS = "see_rooms"  # the directory of nursing rooms
    EDIT_ROOMS = "edit_rooms"
    SEE_STATISTICS = "see_statistics"
    OWN_ACCOUNT = "own_account"


EVERY_DESK = frozenset(
    {
        Action.SEE_BOOKINGS,
        Action.SEE_SLOTS,
        Action.SEE_CONTENT,
        Action.SEE_ROOMS,
        Action.OWN_ACCOUNT,
    }
)
DESK = frozenset({Action.DECIDE_BOOKINGS, Action.REVEAL_NAME, Action.EDIT_SLOTS})

PERMISSIONS: Mapping[Role, frozenset[Action]] = {
    Role.CLERK: EVERY_DESK | DESK,  # of one centre
    # of the town's centres and families
    Role.TOWN: EVERY_DESK
    | DESK
    | {Action.DECIDE_DUPLICATES, Action.EDIT_ROOMS, Action.SEE_STATISTICS},
    Role.CITY: EVERY_DESK
    | DESK
    | {
        Action.DECIDE_DUPLICATES,
        Action.SEE_MESSAGES,
        Action.EDIT_ROOMS,
        Action.SEE_STATISTICS,
    },
    # of a medical office: texts and nothing else; nobody else signs
    Role.REVIEWER: frozenset({Action.SEE_CONTENT, Action.REVIEW_CONTENT, Action.OWN_ACCOUNT}),
}


def may(role: Role, action: Action) -> bool:
    return action in PERMISSIONS[role]
