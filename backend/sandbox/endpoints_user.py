"""cgi-bin/user/info: whether a person follows a public account."""

from typing import Any

from flask import Response, request

from backend.sandbox.errors import WireError
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, caller


@bp.get("/cgi-bin/user/info")
def user_info() -> Response:
    """Without name and picture, which WeChat stopped giving on 2021-12-27."""
    here = sandbox()
    appid = caller()
    if appid != here.config.public_appid:
        raise WireError(48001)  # a mini-program has no followers
    openid = request.args.get("openid", "")
    phone = here.phones.by_openid(openid, appid)
    if phone is None:
        raise WireError(40003)
    unionid = here.phones.unionid(phone)
    union = {"unionid": unionid} if unionid else {}
    followed_at = here.phones.followed_at(openid)
    if followed_at is None:
        return answer({"subscribe": 0, "openid": openid, **union})
    body: dict[str, Any] = {
        "subscribe": 1,
        "openid": openid,
        "subscribe_time": int(followed_at),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_SEARCH",
        "qr_scene": 0,
        "qr_scene_str": "",
    }
    return answer(body | union)
