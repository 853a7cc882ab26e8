"""What a person does with a phone, asked for by the page and by the preview's `wx`."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from backend.sandbox.errors import ERRORS
from backend.sandbox.faults import WrongFault, fault_from
from backend.sandbox.inbox import iso
from backend.sandbox.phones import NoSuchPhone, Phone
from backend.sandbox.state import sandbox
from backend.sandbox.subscriptions import RequestFailed

bp = Blueprint("people", __name__, url_prefix="/sandbox/api")

LONGEST_NAME = 20
MOST_MESSAGES = 10_000
LARGEST_NUMBER = 10_000


class WrongRequest(Exception):
    """The page or the preview sent something that cannot be; the text names the field."""


@bp.errorhandler(NoSuchPhone)
def no_such_phone(_error: NoSuchPhone) -> ResponseReturnValue:
    return jsonify(error="no such phone or account"), 404


@bp.errorhandler(WrongRequest)
@bp.errorhandler(WrongFault)
def wrong_request(error: Exception) -> ResponseReturnValue:
    return jsonify(error=f"wrong or missing: {error}"), 422


@bp.errorhandler(RequestFailed)
def request_failed(error: RequestFailed) -> ResponseReturnValue:
    return jsonify(errCode=error.code, errMsg=error.message), 400


def given() -> dict[str, Any]:
    """The JSON body; none is an empty one. Raises WrongRequest."""
    body = request.get_json(force=True, silent=True) if request.get_data().strip() else {}
    if not isinstance(body, dict):
        raise WrongRequest("body")
    return body


def phone_of(value: Any) -> Phone:
    """The phone with this id, or the chosen one. Raises NoSuchPhone or WrongRequest."""
    if value is None or value == "":
        return sandbox().phones.get(None)
    try:
        return sandbox().phones.get(int(value))
    except (TypeError, ValueError):
        raise WrongRequest("phone") from None


def text_of(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise WrongRequest(name)
    return value.strip()


def phone_item(phone: Phone, chosen_id: int) -> dict[str, Any]:
    openid = sandbox().phones.openid(phone, sandbox().config.appid)
    return {"id": phone.id, "name": phone.name, "openid": openid, "chosen": phone.id == chosen_id}


@bp.get("/phones")
def phones() -> Response:
    here = sandbox()
    chosen = here.phones.get(None).id
    return jsonify(items=[phone_item(phone, chosen) for phone in here.phones.all()])


@bp.post("/phones")
def add_phone() -> ResponseReturnValue:
    name = text_of(given(), "name")
    if len(name) > LONGEST_NAME:
        raise WrongRequest("name")
    phone = sandbox().phones.add(name)
    return jsonify(phone_item(phone, sandbox().phones.get(None).id)), 201


@bp.post("/phones/<int:phone_id>/choose")
def choose_phone(phone_id: int) -> Response:
    phone = sandbox().phones.choose(phone_id)
    return jsonify(phone_item(phone, phone.id))


@bp.post("/phones/<int:phone_id>/state")
def set_phone_state(phone_id: int) -> Response:
    """`{high_risk?, switch_off?}`: WeChat blocks the person; the person wants no messages."""
    phone, body = sandbox().phones.get(phone_id), given()
    high_risk = body.get("high_risk", phone.high_risk) is True
    switch_off = body.get("switch_off", phone.switch_off) is True
    sandbox().phones.set_state(phone, high_risk=high_risk, switch_off=switch_off)
    return jsonify(id=phone.id, high_risk=high_risk, switch_off=switch_off)


@bp.post("/login-codes")
def login_code() -> ResponseReturnValue:
    return _code("login")


@bp.post("/phone-codes")
def phone_code() -> ResponseReturnValue:
    return _code("phone")


def _code(kind: str) -> ResponseReturnValue:
    here, body = sandbox(), given()
    appid = str(body.get("appid") or here.config.appid)
    return jsonify(code=here.phones.new_code(phone_of(body.get("phone")), appid, kind)), 201


@bp.post("/subscriptions")
def subscribe() -> Response:
    """`{phone?, answers, appid?}`; without an appid, to a request of the mini-program."""
    body = given()
    answers, appid = body.get("answers"), body.get("appid")
    if not isinstance(answers, dict):
        raise WrongRequest("answers")
    phone = phone_of(body.get("phone"))
    return jsonify(results=sandbox().subscriptions.answer(phone, answers, appid))


@bp.post("/refusals")
def refuse_in_settings() -> Response:
    """`{phone?, template_id}`: turned off in the phone's settings."""
    body = given()
    template_id = _template_id(body)
    sandbox().subscriptions.refuse_in_settings(phone_of(body.get("phone")), template_id)
    return jsonify(template_id=template_id, balance=0)


@bp.post("/balances")
def set_balance() -> Response:
    """`{phone?, template_id, balance}` without telling the webhook, for tests."""
    here, body = sandbox(), given()
    template_id, balance = _template_id(body), _number(body, "balance")
    phone = phone_of(body.get("phone"))
    here.subscriptions.set_balance(
        here.phones.openid(phone, here.config.appid), template_id, balance
    )
    return jsonify(phone=phone.id, template_id=template_id, balance=balance)


@bp.post("/crowd")
def crowd() -> ResponseReturnValue:
    """`{count, template_id, balance}`: many phones with permissions at once, for load tests."""
    here, body = sandbox(), given()
    template_id = _template_id(body)
    count, balance = _number(body, "count"), _number(body, "balance")
    items = []
    with here.store.change():
        for number in range(count):
            phone = here.phones.add(f"测试手机{number + 1}")
            openid = here.phones.openid(phone, here.config.appid)
            here.subscriptions.set_balance(openid, template_id, balance)
            items.append({"id": phone.id, "openid": openid})
    return jsonify(items=items), 201


def _number(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_NUMBER:
        raise WrongRequest(name)
    return value


def _template_id(body: dict[str, Any]) -> str:
    template_id = text_of(body, "template_id")
    if template_id not in sandbox().config.templates:
        raise WrongRequest("template_id")
    return template_id


@bp.get("/messages")
def messages() -> Response:
    """`?phone=` an id, `all`, or the chosen one; `&limit=&before=` for older ones."""
    asked = request.args.get("phone")
    phone_id = None if asked == "all" else phone_of(asked).id
    limit = min(request.args.get("limit", 100, type=int), MOST_MESSAGES)
    before = request.args.get("before", None, type=int)
    return jsonify(
        items=sandbox().inbox.newest(phone_id, limit, before), total=sandbox().inbox.count(phone_id)
    )


@bp.route("/faults", methods=["GET"])
def faults() -> Response:
    return jsonify(items=sandbox().faults.all())


@bp.post("/faults")
def add_fault() -> ResponseReturnValue:
    path, fault, times = fault_from(given())
    return jsonify(id=sandbox().faults.add(path, fault, times)), 201


@bp.delete("/faults")
def clear_faults() -> ResponseReturnValue:
    sandbox().faults.clear()
    return "", 204


@bp.delete("/faults/<int:fault_id>")
def clear_fault(fault_id: int) -> ResponseReturnValue:
    sandbox().faults.clear(fault_id)
    return "", 204


@bp.post("/tokens/expire")
def expire_tokens() -> ResponseReturnValue:
    """Every access token is over, as after two hours."""
    sandbox().tokens.expire_all()
    return "", 204


@bp.get("/pushes")
def pushes() -> Response:
    return jsonify(items=sandbox().pushes.log())


@bp.get("/calls")
def calls() -> Response:
    """`?path=`: what was asked of WeChat, oldest first."""
    path = request.args.get("path")
    rows = sandbox().store.rows(
        "SELECT * FROM calls WHERE ? IS NULL OR path = ? ORDER BY id", path, path
    )
    return jsonify(items=[{**dict(row), "at": iso(row["at"])} for row in rows])


@bp.get("/errors")
def errors() -> Response:
    return jsonify(items=[{"errcode": code, "errmsg": text} for code, text in ERRORS.items()])
