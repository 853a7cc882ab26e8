"""cgi-bin/token and cgi-bin/stable_token."""

import hmac
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from backend.sandbox.errors import WireError
from backend.sandbox.state import sandbox
from backend.sandbox.wire import answer, bp, posted


@bp.get("/cgi-bin/token")
def token() -> Response:
    appid = check_credentials(request.args)
    fresh, life = sandbox().tokens.plain(appid)
    return answer({"access_token": fresh, "expires_in": life})


@bp.route("/cgi-bin/stable_token", methods=["GET", "POST"])
def stable_token() -> Response:
    body = posted()
    appid = check_credentials(body)
    force = body.get("force_refresh", False)
    if not isinstance(force, bool):
        raise WireError(47001)
    current, life = sandbox().tokens.stable(appid, force=force)
    return answer({"access_token": current, "expires_in": life})


def check_credentials(given: Mapping[str, Any]) -> str:
    """The appid, if grant type, appid, secret and address are right. Raises WireError."""
    if given.get("grant_type") != "client_credential":
        raise WireError(40002)
    appid = check_secret(given)
    allowed = sandbox().config.ip_whitelist
    if allowed is not None and request.remote_addr not in allowed:
        address = request.remote_addr
        raise WireError(40164, f": invalid ip {address} ipv6 ::ffff:{address}, not in whitelist")
    return appid


def check_secret(given: Mapping[str, Any]) -> str:
    """Raises WireError 41002, 41004, 40013 or 40125."""
    appid, secret = given.get("appid"), given.get("secret")
    if not appid:
        raise WireError(41002)
    if not secret:
        raise WireError(41004)
    account = sandbox().config.account(str(appid))
    if account is None:
        raise WireError(40013)
    if not hmac.compare_digest(str(secret).encode(), account.secret.encode()):
        raise WireError(40125)
    return str(appid)
