"""sns/jscode2session and wxa/business/getuserphonenumber: codes that serve once."""

import base64
import secrets

from flask import Response, request

from backend.sandbox.endpoints_token import check_secret
from backend.sandbox.errors import WireError
from backend.sandbox.phones import Phone
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, caller, ok, posted

CODE_USED = 40163


@bp.get("/sns/jscode2session")
def jscode2session() -> Response:
    """Answers text/plain, as WeChat does."""
    here = sandbox()
    appid = check_secret(request.args)
    if request.args.get("grant_type") != "authorization_code":
        raise WireError(40002)
    code = request.args.get("js_code")
    if not code:
        raise WireError(41008)
    phone = here.phones.redeem(code, appid, "login", CODE_USED)
    slow_down("login", phone)
    if phone.high_risk:
        raise WireError(40226)
    session_key = base64.b64encode(secrets.token_bytes(16)).decode()
    body = {"session_key": session_key, "openid": here.phones.openid(phone, appid)}
    unionid = here.phones.unionid(phone)
    return answer(body | ({"unionid": unionid} if unionid else {}), "text/plain")


@bp.route("/wxa/business/getuserphonenumber", methods=["GET", "POST"])
def getuserphonenumber() -> Response:
    here = sandbox()
    appid = caller()
    body = posted()
    if not body.get("code"):
        raise WireError(40029)
    openid = body.get("openid")
    if openid is not None and here.phones.by_openid(openid, appid) is None:
        raise WireError(40003)
    phone = here.phones.redeem(body["code"], appid, "phone", 40029)
    slow_down("phone", phone)
    if openid is not None and openid != here.phones.openid(phone, appid):
        raise WireError(40003)
    watermark = {"timestamp": int(here.clock.now().timestamp()), "appid": appid}
    return ok(
        phone_info={
            "phoneNumber": phone.number,
            "purePhoneNumber": phone.number,
            "countryCode": "86",
            "watermark": watermark,
        }
    )


def slow_down(what: str, phone: Phone) -> None:
    """Raises WireError 45011 from the 101st time in a minute for one person."""
    here = sandbox()
    minute = here.clock.now().strftime("%Y-%m-%dT%H:%M")
    with here.store.change():
        used = here.store.count(f"{what}:{phone.id}", minute)
    if used > here.config.limits["codes_per_minute"]:
        raise WireError(45011)
