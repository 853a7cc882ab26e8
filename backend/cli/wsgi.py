"""What granian loads in each of its worker processes."""

import signal

from flask import Flask

from backend.app import create_app
from backend.cli import lifeline
from backend.config import load_settings
from backend.kernel import logs


def make_app() -> Flask:
    # While it loads, a worker still has the handler of the process it was forked from, which
    # would swallow a request to stop; granian sets the worker's own handler afterwards.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    lifeline.hold()
    logs.configure()
    return create_app(load_settings())
