"""WeChat's manners on the wire: HTTP 200 with errcode and rid, faults, the log of calls."""

import json
import secrets
import socket
import time
from typing import Any

from flask import Blueprint, Response, g, request

from backend.sandbox.errors import WireError
from backend.sandbox.faults import Fault
from backend.sandbox.state import sandbox

bp = Blueprint("wire", __name__)

JSON = "application/json; encoding=utf-8"


def answer(body: dict[str, Any], content_type: str = JSON) -> Response:
    g.errcode = body.get("errcode")
    return Response(json.dumps(body, ensure_ascii=False), content_type=content_type)


def ok(**more: Any) -> Response:
    return answer({"errcode": 0, "errmsg": "ok", **more})


@bp.errorhandler(WireError)
def refuse(error: WireError) -> Response:
    sentence = f"{error.errmsg} rid: {rid()}"
    return answer({"errcode": error.errcode, "errmsg": sentence} | error.fields)


def rid() -> str:
    """The id of a request by which WeChat's support finds it."""
    moment = int(sandbox().clock.now().timestamp())
    return f"{moment:08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"


def posted() -> dict[str, Any]:
    """The JSON body, whatever its declared type. Raises WireError 43002, 44002 or 47001."""
    if request.method != "POST":
        raise WireError(43002)
    raw = request.get_data()
    if not raw.strip():
        raise WireError(44002)
    try:
        body = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise WireError(47001)
    return body


def caller() -> str:
    """The appid whose access token came with the request. Raises WireError."""
    return sandbox().tokens.appid_of(request.args.get("access_token", ""))


@bp.before_request
def suffer() -> Response | None:
    """A fault that stands in for the endpoint."""
    g.errcode = None
    g.fault = sandbox().faults.strike(request.path)
    fault: Fault | None = g.fault
    if fault is None:
        return None
    if fault.drop == "before":
        return Response(status=503)
    if fault.http_status is not None:
        return Response(status=fault.http_status)
    if fault.errcode is not None:
        return refuse(WireError(fault.errcode))
    return None


@bp.after_request
def finish(response: Response) -> Response:
    """Log the call; hold the answer back or lose it, if a fault says so."""
    here = sandbox()
    with here.store.change():
        here.store.write(
            "INSERT INTO calls (path, status, errcode, at) VALUES (?, ?, ?, ?)",
            request.path,
            response.status_code,
            g.errcode,
            here.clock.now().timestamp(),
        )
    fault: Fault | None = g.fault
    if fault is not None and fault.delay_ms:
        time.sleep(fault.delay_ms / 1000)
    if fault is not None and fault.drop:
        hang_up()
    return response


@bp.teardown_request
def let_the_next_one_in(_error: BaseException | None) -> None:
    openid = g.pop("one_openid", None)
    if openid is not None:
        sandbox().one_per_person.leave(openid)


def alone_for(openid: str) -> None:
    """Until this request is answered no other may speak to that person. Raises WireError."""
    sandbox().one_per_person.enter(openid)
    g.one_openid = openid


def hang_up() -> None:
    """Close the connection under the server's hands, so that no answer goes out."""
    connection: socket.socket | None = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
