"""The sandbox as an app and as a process."""

import contextlib
import signal

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from backend.kernel.clock import Clock, SystemClock
from backend.sandbox import (
    endpoints_code,
    endpoints_custom,
    endpoints_draft,
    endpoints_login,
    endpoints_mass,
    endpoints_material,
    endpoints_menu,
    endpoints_message,
    endpoints_notify,
    endpoints_publish,
    endpoints_quota,
    endpoints_template,
    endpoints_text,
    endpoints_token,
    endpoints_user,
    overview_api,
    page,
    people_api,
    wire,
)
from backend.sandbox.config import SandboxConfig, refuse_production
from backend.sandbox.state import EXTENSION, Sandbox

LARGEST_BODY = 11 * 1024 * 1024  # bytes; a picture has ten million at most
# Importing these puts their routes onto wire.bp, or onto people_api.bp.
ENDPOINTS = (
    overview_api,
    endpoints_code,
    endpoints_custom,
    endpoints_draft,
    endpoints_login,
    endpoints_mass,
    endpoints_material,
    endpoints_menu,
    endpoints_message,
    endpoints_notify,
    endpoints_publish,
    endpoints_quota,
    endpoints_template,
    endpoints_text,
    endpoints_token,
    endpoints_user,
)


class QuietHandler(WSGIRequestHandler):
    """Writes no access log: URLs hold secrets and tokens."""

    disable_nagle_algorithm = True

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def create_sandbox(config: SandboxConfig, clock: Clock) -> Flask:
    """A sandbox that is ready to answer; `app.extensions["wechat_sandbox"].close()` ends it.

    Raises SandboxRefused in production.
    """
    refuse_production()
    app = Flask("backend.sandbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions[EXTENSION] = Sandbox(config, clock)
    app.register_blueprint(wire.bp)
    app.register_blueprint(people_api.bp)
    app.register_blueprint(page.bp)
    return app


def listen(app: Flask, port: int) -> BaseWSGIServer:
    """A server on 127.0.0.1 that takes connections from now on; port 0 takes a free one."""
    return make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler)


def serve(config: SandboxConfig, clock: Clock | None = None) -> None:
    """Answer on 127.0.0.1 until the process is stopped. Raises SandboxRefused in production."""
    app = create_sandbox(config, clock or SystemClock())
    server = listen(app, config.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both ways to stop end the same
    try:
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    finally:
        server.server_close()
        app.extensions[EXTENSION].close()
