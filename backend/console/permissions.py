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
    REVIEW_RATINGS = "review_ratings"  # what WeChat's check was not sure of
    SEE_PLACES = "see_places"  # 设置: centres, rooms, teachers, closures, the calendar
    EDIT_PLACES = "edit_places"
    EDIT_CONTRACTS = "edit_contracts"  # institutions, and what a town buys of them
    EDIT_CALENDAR = "edit_calendar"  # the city's own table of days
    SEE_PRIORITY = "see_priority"  # who asked for priority, who has it until when
    GRANT_PRIORITY = "grant_priority"  # decide about it, and look at the kind
    OWN_VISITS = "own_visits"  # a teacher's home visits, with the address around each
    BOOK_ON_BEHALF = "book_on_behalf"  # 代约: for a family without a smartphone
    SEE_POLICY = "see_policy"  # 规则: what holds when, of the city and the towns
    EDIT_POLICY = "edit_policy"
    EDIT_TOWN_RULE = "edit_town_rule"
    SEE_STATEMENTS = "see_statements"  # 结算: of the own institution, town or city
    PREPARE_STATEMENTS = "prepare_statements"  # draw up, correct, submit: the institution's side
    DECIDE_STATEMENTS = "decide_statements"  # accept, send back; sees what needs a look
    PAY_STATEMENTS = "pay_statements"
    READ_HANDBOOKS = "read_handbooks"  # ask for a grant, and read under it
    DECIDE_HANDBOOK_GRANTS = "decide_handbook_grants"  # approve, refuse, end
    SEE_HANDBOOK_LOG = "see_handbook_log"  # who looked at what, and take it along
    SEE_CAMPAIGNS = "see_campaigns"  # 群发: one message to many families
    WRITE_CAMPAIGNS = "write_campaigns"  # also pause and cancel
    APPROVE_CAMPAIGNS = "approve_campaigns"  # what somebody else has written
    SEE_ACCOUNTS = "see_accounts"  # 公众号: of the own town, or all
    EDIT_ACCOUNTS = "edit_accounts"
    SEE_OPERATION = "see_operation"  # 运行: queue, errors, processes, pauses
    STOP_SENDING = "stop_sending"  # pause and resume an account or a template
    OWN_ACCOUNT = "own_account"


EVERY_DESK = frozenset(
    {
        Action.SEE_BOOKINGS,
        Action.SEE_SLOTS,
        Action.SEE_CONTENT,
        Action.SEE_ROOMS,
        Action.SEE_PLACES,
        Action.OWN_ACCOUNT,
    }
)
DESK = frozenset({Action.DECIDE_BOOKINGS, Action.REVEAL_NAME, Action.EDIT_SLOTS})
PLACES = frozenset({Action.EDIT_PLACES, Action.EDIT_CONTRACTS})
ACCOUNTS = frozenset({Action.SEE_ACCOUNTS, Action.EDIT_ACCOUNTS})
STATEMENTS = frozenset({Action.SEE_STATEMENTS, Action.PREPARE_STATEMENTS})
CAMPAIGNS = frozenset({Action.SEE_CAMPAIGNS, Action.WRITE_CAMPAIGNS})

PERMISSIONS: Mapping[Role, frozenset[Action]] = {
    Role.CLERK: EVERY_DESK | DESK | STATEMENTS | {Action.OWN_VISITS},  # of one centre
    # of the town's centres and families
    Role.TOWN: EVERY_DESK
    | DESK
    | PLACES
    | ACCOUNTS
    | STATEMENTS
    | CAMPAIGNS
    | {Action.DECIDE_STATEMENTS}
    | {Action.DECIDE_DUPLICATES, Action.EDIT_ROOMS, Action.SEE_STATISTICS, Action.REVIEW_RATINGS}
    | {Action.BOOK_ON_BEHALF, Action.SEE_POLICY, Action.EDIT_TOWN_RULE}
    | {Action.SEE_PRIORITY, Action.GRANT_PRIORITY, Action.DECIDE_HANDBOOK_GRANTS},
    Role.CITY: EVERY_DESK
    | DESK
    | PLACES
    | CAMPAIGNS
    | ACCOUNTS
    | {Action.APPROVE_CAMPAIGNS}
    | {Action.SEE_STATEMENTS, Action.DECIDE_STATEMENTS, Action.PAY_STATEMENTS}
    | {
        Action.EDIT_CALENDAR,
        Action.SEE_POLICY,
        Action.EDIT_POLICY,
        Action.DECIDE_DUPLICATES,
        Action.SEE_MESSAGES,
        Action.EDIT_ROOMS,
        Action.SEE_STATISTICS,
        Action.REVIEW_RATINGS,
        Action.SEE_PRIORITY,
        Action.DECIDE_HANDBOOK_GRANTS,
        Action.SEE_HANDBOOK_LOG,
        Action.SEE_OPERATION,
        Action.STOP_SENDING,
    },
    # of a medical office: texts and nothing else; nobody else signs
    Role.REVIEWER: frozenset({Action.SEE_CONTENT, Action.REVIEW_CONTENT, Action.OWN_ACCOUNT}),
    # of a medical institution: one child's handbook at a time, and nothing else
    Role.CHILD_HEALTH: frozenset({Action.READ_HANDBOOKS, Action.OWN_ACCOUNT}),
}


def may(role: Role, action: Action) -> bool:
    return action in PERMISSIONS[role]
