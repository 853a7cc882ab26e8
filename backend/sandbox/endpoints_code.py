"""Codes to scan: wxa/getwxacodeunlimit of the mini-program, qrcode/create of a 服务号."""

import re
import secrets
from typing import Any
from urllib.parse import quote

from flask import Response, request

from backend.sandbox.endpoints_message import PAGE
from backend.sandbox.errors import WireError
from backend.sandbox.pictures import qr_picture
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, posted

SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
ENVIRONMENTS = frozenset({"release", "trial", "develop"})
SMALLEST, USUAL, LARGEST = 280, 430, 1280  # pixels
SHOWN = 430  # pixels of showqrcode
LONGEST_SECONDS = 2_592_000  # thirty days
USUAL_SECONDS = 60
LONGEST_SCENE = 64  # characters
FOR_EVER = frozenset({"QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE"})
WITH_TEXT = frozenset({"QR_STR_SCENE", "QR_LIMIT_STR_SCENE"})
ACTIONS = FOR_EVER | WITH_TEXT | {"QR_SCENE"}
LARGEST_ID = 2**32 - 1
LARGEST_LASTING_ID = 100_000


@bp.route("/wxa/getwxacodeunlimit", methods=["GET", "POST"])
def getwxacodeunlimit() -> Response:
    """The picture itself; JSON only when something is wrong."""
    account = permitted()
    body = posted()
    scene = body.get("scene")
    if not isinstance(scene, str) or SCENE.fullmatch(scene) is None:
        raise WireError(40169)
    page = code_page(body)
    environment = body.get("env_version", "release")
    if environment not in ENVIRONMENTS:
        raise WireError(40097)
    width = code_width(body)
    clear = flag(body, "is_hyaline", usual=False)
    flag(body, "auto_color", usual=False)
    slow_down(account.appid)
    text = f"weixin://wxacode/{account.appid}/{page}?scene={quote(scene)}&env={environment}"
    form, kind = ("PNG", "image/png") if clear else ("JPEG", "image/jpeg")
    return Response(qr_picture(text, width, form), content_type=kind)  # type: ignore[arg-type]


def code_page(body: dict[str, Any]) -> str:
    """The page that opens, or nothing for the first one. Raises WireError 41030 or 47001."""
    page, check = body.get("page", ""), flag(body, "check_path", usual=True)
    if not isinstance(page, str):
        raise WireError(47001)
    if not page:
        return ""
    known = sandbox().config.pages
    if PAGE.fullmatch(page) is None or (check and known and page not in known):
        raise WireError(41030)
    return page


def code_width(body: dict[str, Any]) -> int:
    """Raises WireError 47001 or 40097."""
    width = body.get("width", USUAL)
    if not isinstance(width, int) or isinstance(width, bool):
        raise WireError(47001)
    if not SMALLEST <= width <= LARGEST:
        raise WireError(40097)
    return width


def flag(body: dict[str, Any], name: str, *, usual: bool) -> bool:
    """Raises WireError 47001."""
    value = body.get(name, usual)
    if not isinstance(value, bool):
        raise WireError(47001)
    return value


def slow_down(appid: str) -> None:
    """Raises WireError 45009 beyond WeChat's 5,000 a minute."""
    here = sandbox()
    minute = here.clock.now().strftime("%Y-%m-%dT%H:%M")
    with here.store.change():
        used = here.store.count(f"wxacode:{appid}", minute)
    if used > here.config.limits.get("codes_per_minute_of_account", 5000):
        raise WireError(45009)


@bp.route("/cgi-bin/qrcode/create", methods=["GET", "POST"])
def qrcode_create() -> Response:
    """A ticket for a picture that, scanned, tells the account its scene."""
    here = sandbox()
    account = permitted()
    body = posted()
    action = body.get("action_name")
    if action not in ACTIONS:
        raise WireError(40053)
    scene = scene_of(str(action), body.get("action_info"))
    seconds = None if action in FOR_EVER else life_of(body)
    ticket = f"gQ{secrets.token_urlsafe(72)[:94]}"
    url = f"http://weixin.qq.com/q/{secrets.token_urlsafe(24)}"
    ends = None if seconds is None else here.clock.now().timestamp() + seconds
    with here.store.change():
        here.store.write(
            "INSERT INTO tickets VALUES (?, ?, ?, ?, ?)", ticket, account.appid, scene, url, ends
        )
    lasting = {} if seconds is None else {"expire_seconds": seconds}
    return answer({"ticket": ticket, "url": url} | lasting)


def scene_of(action: str, info: Any) -> str:
    """Raises WireError 40053."""
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise WireError(40053)
    if action in WITH_TEXT:
        text = scene.get("scene_str")
        if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_SCENE:
            raise WireError(40053)
        return text
    number = scene.get("scene_id")
    most = LARGEST_LASTING_ID if action in FOR_EVER else LARGEST_ID
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= most:
        raise WireError(40053)
    return str(number)


def life_of(body: dict[str, Any]) -> int:
    """Raises WireError 47001 or 40097."""
    seconds = body.get("expire_seconds", USUAL_SECONDS)
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise WireError(47001)
    if not 1 <= seconds <= LONGEST_SECONDS:
        raise WireError(40097)
    return seconds


@bp.get("/cgi-bin/showqrcode")
def showqrcode() -> Response:
    """What mp.weixin.qq.com shows for a ticket; 404 for one that does not exist."""
    row = sandbox().store.row(
        "SELECT url FROM tickets WHERE ticket = ?", request.args.get("ticket", "")
    )
    if row is None:
        return Response(status=404)
    return Response(qr_picture(row["url"], SHOWN), content_type="image/jpg")
