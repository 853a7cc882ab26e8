"""Demo only: the way to the sandbox's pages, and the queue that waits for the morning."""

import requests
from flask import Blueprint, Response, request

from backend.deps import deps

bp = Blueprint("demo", __name__)

PASSED_ON = frozenset({"content-type", "cache-control", "location", "etag"})
TIMEOUT = (2, 30)  # seconds to connect, to read
METHODS = ["GET", "POST", "PUT", "DELETE"]


@bp.route("/sandbox/", defaults={"rest": ""}, methods=METHODS)
@bp.route("/sandbox/<path:rest>", methods=METHODS)
def sandbox(rest: str) -> Response:
    """Send a request on to the sandbox process, which listens on this machine only."""
    try:
        answer = requests.request(
            request.method,
            f"{deps().settings.sandbox_url}/sandbox/{rest}",
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
