"""What a person does with public accounts, and what the page decides about them."""

from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from backend.sandbox.articles import OUTCOMES, REFUSALS
from backend.sandbox.chats import RECEPTIONS
from backend.sandbox.config import Account
from backend.sandbox.endpoints_menu import menus_of
from backend.sandbox.masses import OUTCOMES as MASS_OUTCOMES
from backend.sandbox.people_api import WrongRequest, bp, given, phone_of, text_of
from backend.sandbox.phones import Phone
from backend.sandbox.pictures import qr_picture
from backend.sandbox.push_format import platform_openid
from backend.sandbox.state import sandbox

MOST_LINES = 60
MOST_ARTICLES = 10
MOST_TICKETS = 20
LONGEST_TEXT = 600  # characters that a person writes
CODE_WIDTH = 280  # pixels on the page


def public_account(value: Any) -> Account:
    """The account with this appid, or the first public one. Raises WrongRequest."""
    here = sandbox()
    account = here.config.account(str(value or here.config.public_appid))
    if account is None or not account.public:
        raise WrongRequest("appid")
    return account


def followed(phone: Phone, account: Account) -> str:
    """The openid of somebody who follows. Raises WrongRequest."""
    openid = sandbox().phones.openid(phone, account.appid)
    if sandbox().phones.followed_at(openid) is None:
        raise WrongRequest("phone: does not follow the account")
    return openid


@bp.get("/accounts")
def accounts() -> Response:
    here = sandbox()
    items = [
        {"appid": one.appid, "kind": one.kind, "name": one.name, "certified": one.certified}
        for one in here.config.by_appid.values()
    ]
    return jsonify(items=items)


@bp.post("/follow")
def follow() -> Response:
    """`{phone?, appid?, follow}`: found by searching, or left."""
    body = given()
    phone, wanted = phone_of(body.get("phone")), body.get("follow")
    if not isinstance(wanted, bool):
        raise WrongRequest("follow")
    account = public_account(body.get("appid"))
    if wanted:
        begin_to_follow(phone, account, "", {"EventKey": ""})
    elif sandbox().phones.follow(phone, account.appid, follow=False):
        openid = sandbox().phones.openid(phone, account.appid)
        sandbox().pushes.put(account.appid, openid, "unsubscribe", {"EventKey": ""})
    return jsonify(phone=phone.id, appid=account.appid, follow=wanted)


def begin_to_follow(phone: Phone, account: Account, scene: str, event: dict[str, str]) -> None:
    here = sandbox()
    if not here.phones.follow(phone, account.appid, follow=True):
        return
    openid = here.phones.openid(phone, account.appid)
    here.chats.set_scene(openid, scene)
    here.chats.open_window(openid, "subscribe")
    here.pushes.put(account.appid, openid, "subscribe", event)


@bp.post("/scans")
def scan() -> Response:
    """`{phone?, ticket}`: the ticket of a QR code, or the address that it holds."""
    here, body = sandbox(), given()
    phone, shown = phone_of(body.get("phone")), text_of(body, "ticket")
    row = here.store.row("SELECT * FROM tickets WHERE ? IN (ticket, url)", shown)
    now = here.clock.now().timestamp()
    if row is None or (row["expires_at"] is not None and row["expires_at"] <= now):
        raise WrongRequest("ticket: unknown or over")
    account = public_account(row["appid"])
    openid = here.phones.openid(phone, account.appid)
    scene, ticket = str(row["scene"]), str(row["ticket"])
    new = here.phones.followed_at(openid) is None
    if new:
        event = {"EventKey": f"qrscene_{scene}", "Ticket": ticket}
        begin_to_follow(phone, account, scene, event)
    else:
        here.chats.open_window(openid, "SCAN")
        event = {"EventKey": scene, "Ticket": ticket}
        here.pushes.put(account.appid, openid, "SCAN", event)
    return jsonify(phone=phone.id, appid=account.appid, scene=scene, new=new)


@bp.post("/taps")
def tap() -> Response:
    """`{phone?, appid?, button: [place, place?]}` on the menu, counted from 0."""
    here, body = sandbox(), given()
    account = public_account(body.get("appid"))
    openid = followed(phone_of(body.get("phone")), account)
    menu, button = button_at(account, body.get("button"))
    kind, place = str(button["type"]), {"MenuId": str(menu)}
    if kind == "view":
        here.pushes.put(account.appid, openid, "VIEW", {"EventKey": button["url"]} | place)
    elif kind == "miniprogram":
        event = {"EventKey": button["pagepath"]} | place
        here.pushes.put(account.appid, openid, "view_miniprogram", event)
    elif kind == "click":
        here.chats.open_window(openid, "CLICK")
        here.chats.add(openid, "tap", {"text": button["name"]})
        here.pushes.put(account.appid, openid, "CLICK", {"EventKey": button["key"]})
    elif kind in ("media_id", "view_limited"):
        here.chats.add(openid, "reply", {"media_id": button["media_id"]})
    return jsonify(appid=account.appid, button=button)


def button_at(account: Account, places: Any) -> tuple[int, dict[str, Any]]:
    """The menu's number and one of its buttons that does something. Raises WrongRequest."""
    menu = next((menu for menu in menus_of(account.appid) if not menu["rule"]), None)
    if menu is None or not isinstance(places, list) or not 1 <= len(places) <= 2:
        raise WrongRequest("button")
    buttons, found = menu["buttons"], {}
    for place in places:
        if not isinstance(place, int) or not 0 <= place < len(buttons):
            raise WrongRequest("button")
        found = buttons[place]
        buttons = found.get("sub_button", [])
    if "type" not in found:
        raise WrongRequest("button")
    return int(menu["id"]), found


@bp.post("/texts")
def write_text() -> ResponseReturnValue:
    """`{phone?, appid?, text}`: the person writes; the answer comes into the chat."""
    here, body = sandbox(), given()
    account = public_account(body.get("appid"))
    openid = followed(phone_of(body.get("phone")), account)
    text = text_of(body, "text")
    if len(text) > LONGEST_TEXT:
        raise WrongRequest("text")
    with here.store.change():
        message_id = here.store.number("message")
        here.chats.open_window(openid, "text")
        here.chats.add(openid, "mine", {"text": text})
        more = {"Content": text, "MsgId": str(10**16 + message_id)}
        here.pushes.put_message(account.appid, openid, "text", more)
    return jsonify(appid=account.appid, text=text), 201


@bp.post("/authorizations")
def change_authorization() -> Response:
    """`{phone?, appid?, event: revoke | cancellation, revoked?}`: the person takes back what
    they gave (WeChat's RevokeInfo; 8 is the phone number), or closes their WeChat account.

    The sender is WeChat's own; who it is about stands in OpenID.
    """
    here, body = sandbox(), given()
    event, revoked = body.get("event"), body.get("revoked", "8")
    if event not in ("revoke", "cancellation"):
        raise WrongRequest("event")
    if not isinstance(revoked, str) or not revoked.isdecimal():
        raise WrongRequest("revoked")
    appid = str(body.get("appid") or here.config.appid)
    openid = here.phones.openid(phone_of(body.get("phone")), appid)
    about = {"OpenID": openid, "AppID": appid}
    more = about | ({"RevokeInfo": revoked} if event == "revoke" else {})
    here.pushes.put(appid, platform_openid(appid), f"user_authorization_{event}", more)
    return jsonify(appid=appid, event=event, openid=openid)


@bp.post("/receptions")
def set_reception() -> Response:
    """`{phone?, appid?, reception: ok | user block | freq limit}` of template messages."""
    here, body = sandbox(), given()
    account, reception = public_account(body.get("appid")), body.get("reception")
    known = next((one for one in RECEPTIONS if one == reception), None)
    if known is None:
        raise WrongRequest("reception")
    openid = here.phones.openid(phone_of(body.get("phone")), account.appid)
    here.chats.set_reception(openid, known)
    return jsonify(appid=account.appid, reception=known)


@bp.post("/bans")
def ban_template() -> Response:
    """`{template_id, banned}`: WeChat closes a template (43116)."""
    here, body = sandbox(), given()
    template_id, banned = text_of(body, "template_id"), body.get("banned") is True
    with here.store.change():
        if banned:
            here.store.set(f"banned:{template_id}", "1")
        else:
            here.store.write("DELETE FROM settings WHERE key = ?", f"banned:{template_id}")
    return jsonify(template_id=template_id, banned=banned)


@bp.post("/outcomes")
def set_outcomes() -> Response:
    """`{appid?, publish?, mass?}`: how publications and mass messages end from now on."""
    here, body = sandbox(), given()
    account = public_account(body.get("appid"))
    publish, mass = body.get("publish"), body.get("mass")
    if publish is not None and publish not in OUTCOMES + REFUSALS:
        raise WrongRequest("publish")
    if mass is not None and mass not in MASS_OUTCOMES:
        raise WrongRequest("mass")
    if publish is not None:
        here.articles.set_outcome(account.appid, publish)
    if mass is not None:
        here.masses.set_outcome(account.appid, mass)
    return jsonify(
        publish=here.articles.outcome(account.appid), mass=here.masses.outcome(account.appid)
    )


@bp.post("/jobs")
def finish_jobs() -> Response:
    """Publications and mass messages end now."""
    return jsonify(finished=sandbox().jobs.finish_all())


@bp.get("/chat")
def chat() -> Response:
    """`?phone=&appid=`: the conversation with its menu and the account's articles."""
    account = public_account(request.args.get("appid"))
    return jsonify(chat_of(phone_of(request.args.get("phone")), account))


def chat_of(phone: Phone, account: Account) -> dict[str, Any]:
    here = sandbox()
    openid = here.phones.openid(phone, account.appid)
    menu: list[dict[str, Any]] = next(
        (menu["buttons"] for menu in menus_of(account.appid) if not menu["rule"]), []
    )
    published = here.articles.all_published(account.appid, 0, MOST_ARTICLES)
    return {
        "appid": account.appid,
        "openid": openid,
        "following": here.phones.followed_at(openid) is not None,
        "reception": here.chats.reception(openid),
        "scene": here.chats.scene(openid),
        "lines": here.chats.newest(openid, MOST_LINES),
        "total": here.chats.count(openid),
        "menu": menu,
        "notices": [
            {
                "id": one.id,
                "title": one.title,
                "balance": here.subscriptions.balance(openid, one.id),
            }
            for one in account.templates.values()
            if one.kind != "message"
        ],
        "articles": [
            {"article_id": one["article_id"], "number": number, "title": article["title"]}
            for one in published
            for number, article in enumerate(one["articles"], 1)
            if not article.get("is_deleted")
        ],
        "publish": here.articles.outcome(account.appid),
        "mass": here.masses.outcome(account.appid),
    }


@bp.get("/tickets")
def tickets() -> Response:
    """`?appid=`: the QR codes that can be scanned now, the longest-lived first."""
    return jsonify(items=open_tickets(public_account(request.args.get("appid")).appid))


def open_tickets(appid: str) -> list[dict[str, Any]]:
    here = sandbox()
    rows = here.store.rows(
        "SELECT * FROM tickets WHERE appid = ? AND (expires_at IS NULL OR expires_at > ?)"
        " ORDER BY expires_at IS NOT NULL, expires_at DESC, ticket LIMIT ?",
        appid,
        here.clock.now().timestamp(),
        MOST_TICKETS,
    )
    return [{name: row[name] for name in ("ticket", "url", "scene")} for row in rows]


@bp.get("/codes")
def ticket_picture() -> Response:
    """`?ticket=`: the picture of a QR code, for the page."""
    row = sandbox().store.row(
        "SELECT url FROM tickets WHERE ticket = ?", request.args.get("ticket", "")
    )
    if row is None:
        return Response(status=404)
    return Response(qr_picture(row["url"], CODE_WIDTH), content_type="image/jpeg")


@bp.get("/pictures/<name>")
def picture(name: str) -> Response:
    """What lies behind an address of mmbiz.qpic.cn, or a media id."""
    content = sandbox().articles.picture(name)
    if content is None:
        return Response(status=404)
    kind = "image/png" if content[:4] == b"\x89PNG" else "image/jpeg"
    return Response(content, content_type=kind)
