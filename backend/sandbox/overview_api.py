"""All that the page shows, in one answer."""

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from backend.sandbox.accounts_api import chat_of, open_tickets, public_account
from backend.sandbox.people_api import bp, phone_item, phone_of
from backend.sandbox.phones import Phone
from backend.sandbox.state import sandbox

MOST_PHONES = 12  # on the page
MOST_CARDS = 30


@bp.get("/overview")
def overview() -> ResponseReturnValue:
    """`?phone=&account=`; 204 if nothing changed since `?seen=`."""
    here = sandbox()
    version = here.store.version
    if request.args.get("seen", type=int) == version:
        return "", 204
    phone = phone_of(request.args.get("phone"))
    account = public_account(request.args.get("account"))
    chat = chat_of(phone, account)
    chosen = here.phones.get(None).id
    return jsonify(
        version=version,
        phones=[phone_item(one, chosen) for one in here.phones.all()[:MOST_PHONES]],
        phone={"id": phone.id, "high_risk": phone.high_risk, "switch_off": phone.switch_off},
        messages=here.inbox.newest(phone.id, MOST_CARDS, None),
        total=here.inbox.count(phone.id),
        templates=templates_of(phone),
        public={"appid": account.appid, "following": chat["following"]},
        accounts=[
            {"appid": one.appid, "name": one.name, "kind": one.kind, "certified": one.certified}
            for one in here.config.public_accounts()
        ],
        chat=chat,
        tickets=open_tickets(account.appid),
        pushes=here.pushes.log()[:MOST_CARDS],
        faults=here.faults.all(),
    )


def templates_of(phone: Phone) -> list[dict[str, Any]]:
    """The mini-program's notices with what the person may still get of each."""
    here = sandbox()
    openid = here.phones.openid(phone, here.config.appid)
    return [
        {
            "id": template.id,
            "title": template.title,
            "kind": template.kind,
            "balance": here.subscriptions.balance(openid, template.id),
        }
        for template in here.config.templates.values()
    ]
