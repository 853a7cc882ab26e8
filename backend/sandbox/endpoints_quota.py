"""cgi-bin/openapi/quota/get and cgi-bin/clear_quota: how much is left, and starting anew."""

from flask import Response

from backend.kernel.clock import city_date
from backend.sandbox.errors import WireError
from backend.sandbox.rights import RIGHTS, account_of, calls_today, counter, daily_limit
from backend.sandbox.state import sandbox
from backend.sandbox.wire import bp, caller, ok, posted

CLEARS_A_MONTH = 10


@bp.route("/cgi-bin/openapi/quota/get", methods=["GET", "POST"])
def quota_get() -> Response:
    account = account_of(caller())
    path = posted().get("cgi_path")
    right = RIGHTS.get(path) if isinstance(path, str) else None
    if right is None or not isinstance(path, str):
        raise WireError(76021)
    if (account.kind, account.certified) not in right.accounts:
        raise WireError(76022)
    limit, used = daily_limit(path), calls_today(account.appid, path)
    return ok(quota={"daily_limit": limit, "used": used, "remain": limit - used})


@bp.route("/cgi-bin/clear_quota", methods=["GET", "POST"])
def clear_quota() -> Response:
    """Raises WireError 40013 for another account, 48006 from the eleventh time in a month."""
    here = sandbox()
    appid = caller()
    if posted().get("appid") != appid:
        raise WireError(40013)
    today = city_date(here.clock.now())
    with here.store.change():
        times = here.store.count(f"clear:{appid}", today.strftime("%Y-%m"))
        if times > CLEARS_A_MONTH:
            raise WireError(48006)
        here.store.forget_counts([counter(appid, path) for path in RIGHTS], today.isoformat())
    return ok()
