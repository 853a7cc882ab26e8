"""cgi-bin/user/*: who follows a public account, and how a person came to it."""

from typing import Any

from flask import Response, request

from backend.sandbox.errors import WireError
from backend.sandbox.rights import permitted
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, posted

MOST_AT_ONCE = 100


@bp.get("/cgi-bin/user/info")
def user_info() -> Response:
    """Without name and picture, which WeChat stopped giving on 2021-12-27."""
    return answer(_info(permitted().appid, request.args.get("openid", "")))


@bp.route("/cgi-bin/user/info/batchget", methods=["GET", "POST"])
def users_info() -> Response:
    """A hundred people at most; an id of nobody refuses them all.

    Raises WireError 47001, 40031, 40032 (the two from memory) or 40003.
    """
    appid = permitted().appid
    given = posted().get("user_list")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise WireError(47001)
    if not given:
        raise WireError(40031)
    if len(given) > MOST_AT_ONCE:
        raise WireError(40032)
    return answer({"user_info_list": [_info(appid, one.get("openid")) for one in given]})


def _info(appid: str, openid: object) -> dict[str, Any]:
    here = sandbox()
    if not isinstance(openid, str):
        raise WireError(40003)
    phone = here.phones.by_openid(openid, appid)
    if phone is None:
        raise WireError(40003)
    unionid = here.phones.unionid(phone)
    union = {"unionid": unionid} if unionid else {}
    followed_at = here.phones.followed_at(openid)
    if followed_at is None:
        return {"subscribe": 0, "openid": openid, **union}
    scene = here.chats.scene(openid)
    body: dict[str, Any] = {
        "subscribe": 1,
        "openid": openid,
        "subscribe_time": int(followed_at),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE" if scene else "ADD_SCENE_SEARCH",
        "qr_scene": int(scene) if scene.isdecimal() and len(scene) <= 10 else 0,
        "qr_scene_str": scene,
    }
    return body | union


@bp.get("/cgi-bin/user/get")
def user_get() -> Response:
    """The followers after `next_openid`, ten thousand at a time. Raises WireError 40003."""
    here = sandbox()
    everybody = here.phones.followers(permitted().appid)
    after = request.args.get("next_openid", "")
    if after and after not in everybody:
        raise WireError(40003)
    start = everybody.index(after) + 1 if after else 0
    part = everybody[start : start + here.config.limits["openids_a_page"]]
    body: dict[str, Any] = {"total": len(everybody), "count": len(part)}
    data = {"data": {"openid": part}} if part else {}
    return answer(body | data | {"next_openid": part[-1] if part else ""})
