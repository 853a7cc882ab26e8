"""What granian loads in each of its worker processes."""

import signal
from multiprocessing.util import Finalize

from flask import Flask

from backend.app import create_app
from backend.cli import lifeline
from backend.config import load_settings
from backend.jobs.heartbeats import Beating
from backend.kernel import logs, metrics


def make_app() -> Flask:
    # While it loads, a worker still has the handler of the process it was forked from, which
    # would swallow a request to stop; granian sets the worker's own handler afterwards.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    lifeline.hold()
    logs.configure()
    settings = load_settings()
    app = create_app(settings)
    beating = Beating(settings.database_url, "web", every_seconds=settings.worker_heartbeat_seconds)
    beating.start()
    metrics.serve("web", settings.metrics_host, settings.metrics_port)
    Finalize(None, beating.stop, exitpriority=1)  # granian's processes run no atexit
    return app
