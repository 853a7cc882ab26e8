"""cgi-bin/menu/*: the menu of a public account, and menus for some of its followers."""

import json
from typing import Any

from flask import Response

from backend.sandbox.config import Account
from backend.sandbox.errors import WireError
from backend.sandbox.menu_rules import Known, checked_buttons
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, ok, posted

RULES = frozenset({"tag_id", "group_id", "client_platform_type"})
DEAD_RULES = frozenset({"sex", "country", "province", "city", "language"})  # no longer matched
MOST_CONDITIONAL = 30


@bp.route("/cgi-bin/menu/create", methods=["GET", "POST"])
def menu_create() -> Response:
    here = sandbox()
    account = permitted()
    buttons = checked_buttons(posted().get("button"), known_to(account))
    with here.store.change():
        here.store.write("DELETE FROM menus WHERE appid = ? AND rule = ''", account.appid)
        _insert(account, buttons, "")
    return ok()


@bp.route("/cgi-bin/menu/addconditional", methods=["GET", "POST"])
def menu_addconditional() -> Response:
    """Answers the number of the menu alone. Raises WireError 65303, 65304, 65305 or 40035."""
    here = sandbox()
    account = permitted()
    body = posted()
    buttons = checked_buttons(body.get("button"), known_to(account))
    rule = body.get("matchrule")
    given = {name: value for name, value in rule.items() if value} if isinstance(rule, dict) else {}
    if not given.keys() - DEAD_RULES:
        raise WireError(65304)
    if given.keys() - DEAD_RULES - RULES:
        raise WireError(40035)
    menus = menus_of(account.appid)
    if not any(not menu["rule"] for menu in menus):
        raise WireError(65303)
    if len(menus) > MOST_CONDITIONAL:
        raise WireError(65305)
    with here.store.change():
        menu_id = _insert(account, buttons, json.dumps(given))
    return answer({"menuid": str(menu_id)})


@bp.route("/cgi-bin/menu/delconditional", methods=["GET", "POST"])
def menu_delconditional() -> Response:
    here = sandbox()
    account = permitted()
    menu_id = str(posted().get("menuid"))
    if not any(str(one["id"]) == menu_id and one["rule"] for one in menus_of(account.appid)):
        raise WireError(65301)
    with here.store.change():
        here.store.write("DELETE FROM menus WHERE id = ?", menu_id)
    return ok()


@bp.get("/cgi-bin/menu/get")
def menu_get() -> Response:
    """Raises WireError 46003 where there is none."""
    menus = menus_of(permitted().appid)
    usual = next((menu for menu in menus if not menu["rule"]), None)
    if usual is None:
        raise WireError(46003)
    special = [
        {"button": menu["buttons"], "matchrule": menu["rule"], "menuid": menu["id"]}
        for menu in menus
        if menu["rule"]
    ]
    body: dict[str, Any] = {"menu": {"button": usual["buttons"], "menuid": usual["id"]}}
    return answer(body | ({"conditionalmenu": special} if special else {}))


@bp.get("/cgi-bin/menu/delete")
def menu_delete() -> Response:
    """All of them, the conditional ones too."""
    here = sandbox()
    account = permitted()
    with here.store.change():
        here.store.write("DELETE FROM menus WHERE appid = ?", account.appid)
    return ok()


def menus_of(appid: str) -> list[dict[str, Any]]:
    """`{id, buttons, rule}`; the rule of the usual menu is empty."""
    rows = sandbox().store.rows("SELECT * FROM menus WHERE appid = ? ORDER BY id", appid)
    return [
        {
            "id": row["id"],
            "buttons": json.loads(row["buttons"]),
            "rule": json.loads(row["rule"]) if row["rule"] else {},
        }
        for row in rows
    ]


def known_to(account: Account) -> Known:
    here = sandbox()

    def is_mini(appid: str) -> bool:
        target = here.config.account(appid)
        return target is not None and not target.public

    return Known(
        media=lambda media_id: here.articles.has_media(account.appid, media_id, cover=False),
        article=lambda article_id: here.articles.published(account.appid, article_id) is not None,
        miniprogram=is_mini,
    )


def _insert(account: Account, buttons: list[dict[str, Any]], rule: str) -> int:
    return sandbox().store.write(
        "INSERT INTO menus (appid, buttons, rule) VALUES (?, ?, ?)",
        account.appid,
        json.dumps(buttons, ensure_ascii=False),
        rule,
    )
