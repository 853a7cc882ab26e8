"""What granian loads in each of its worker processes."""

from flask import Flask

from backend.app import create_app
from backend.cli import lifeline
from backend.config import load_settings
from backend.kernel import logs


def make_app() -> Flask:
    lifeline.hold()
    logs.configure()
    return create_app(load_settings())
