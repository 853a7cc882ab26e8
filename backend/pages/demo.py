"""Demo only: the way to the sandbox's pages, and the queue that waits for the morning."""

from urllib.parse import quote

import requests
from flask import Blueprint, Response, abort, jsonify, request

from backend.deps import delivery_of, deps, wechat_parts
from backend.kernel.clock import city_time
from backend.outbox.delivery import deliver
from backend.outbox.hours import is_quiet, next_send_time
from backend.outbox.queries import Wording, queue

bp = Blueprint("demo", __name__)

PASSED_ON = frozenset({"content-type", "cache-control", "location", "etag"})
TIMEOUT = (2, 30)  # seconds to connect, to read
METHODS = ["GET", "POST", "PUT", "DELETE"]
MOST_BATCHES = 20  # of one press of the button


@bp.route("/sandbox/", defaults={"rest": ""}, methods=METHODS)
@bp.route("/sandbox/<path:rest>", methods=METHODS)
def sandbox(rest: str) -> Response:
    """Send a request on to the sandbox process, which listens on this machine only."""
    if ".." in rest.split("/"):  # the other addresses of that process are WeChat's own
        abort(404)
    try:
        answer = requests.request(
            request.method,
            f"{deps().settings.sandbox_url}/sandbox/{quote(rest)}",
            params=request.args.to_dict(flat=False),
            data=request.get_data(),
            headers={"Content-Type": request.content_type or ""},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException:
        return Response("微信沙箱没有回应，请看启动窗口里的提示。", 502, mimetype="text/plain")
    headers = [(k, v) for k, v in answer.headers.items() if k.lower() in PASSED_ON]
    return Response(answer.content, answer.status_code, headers)


@bp.get("/demo/queue")
def show_queue() -> Response:
    """What goes out at the next chance, and whether that is now or in the morning."""
    parts = deps()
    now = parts.clock.now()
    with parts.reads() as session:
        rows = queue(session, parts.clock, Wording(parts.templates, parts.vault))
    return jsonify(
        quiet=is_quiet(now),
        now=city_time(now).isoformat(),
        opens_at=city_time(next_send_time(now)).isoformat(),
        items=[
            {
                "id": row.id,
                "title": row.title,
                "to": row.to,
                "due_at": city_time(row.due_at).isoformat(),
                "state": row.state,
            }
            for row in rows
        ],
    )


@bp.post("/demo/send-now")
def send_now() -> Response:
    """Send what is due although it is night: nobody is woken by a demonstration."""
    sending = delivery_of(deps(), wechat_parts(deps())[1], at_night=True)
    sent = 0
    for _ in range(MOST_BATCHES):
        done = deliver(sending)
        sent += done.sent
        if done.claimed == done.postponed:
            break
    return jsonify(sent=sent)
