"""The console of the centres, the towns and the city: plain pages under /console."""

from flask import Blueprint, Flask

from backend.console import auth
from backend.console.blueprint import csrf
from backend.console.blueprint import make_blueprint as make_blueprint

PREFIX = "/console"


def install(app: Flask) -> None:
    """Sign-in, CSRF and the pages.

    Only the console checks CSRF tokens: the API has bearer tokens, the webhook signatures, and
    neither looks at a cookie.
    """
    app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)  # lives as long as the sign-in
    csrf.init_app(app)
    auth.install(app)
    blueprint: Blueprint = make_blueprint()
    app.register_blueprint(blueprint, url_prefix=PREFIX)
