"""The console of the centres, the towns and the city: plain pages under /console."""

from flask import Flask

from backend.console import (  # each page module hangs its pages on `bp`  # noqa: F401
    account,
    account_menus,
    appeals,
    article_cards,
    auth,
    bookings,
    campaign_preview,
    campaign_write,
    campaigns,
    check_in,
    content,
    day,
    day_print,
    departures,
    families,
    feeds,
    handbook_grants,
    handbook_log,
    handbook_reading,
    handbooks,
    knowledge,
    known_families,
    message_templates,
    messages,
    my_visits,
    no_shows,
    nursing_rooms,
    on_behalf,
    operation,
    paper_confirmations,
    policy,
    priority,
    publications,
    ratings,
    reach,
    reminders,
    requests,
    review,
    room_sheets,
    search,
    settings,
    settings_calendar,
    settings_closures,
    settings_contracts,
    settings_rooms,
    settings_teachers,
    signs,
    slot_edit,
    slot_series,
    slot_undo,
    slot_week,
    slots,
    statement_files,
    statement_lines,
    statement_signs,
    statements,
    waiting,
    wechat_accounts,
)
from backend.console.blueprint import bp, csrf

PREFIX = "/console"


def install(app: Flask) -> None:
    """Sign-in, CSRF and the pages.

    Only the console checks CSRF tokens: the API has bearer tokens, the webhook signatures, and
    neither looks at a cookie.
    """
    app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # lives as long as the sign-in
    csrf.init_app(app)
    auth.install(app)
    app.register_blueprint(bp, url_prefix=PREFIX)
