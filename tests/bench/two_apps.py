"""What G2's server loads: an empty Flask view at /hello, the product at every other address."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from backend.cli.wsgi import make_app as make_product

HELLO = "/hello"


class TwoApps:
    """One server, one process, two applications: they differ in nothing else."""

    def __init__(self) -> None:
        hello = Flask("hello")
        hello.add_url_rule(HELLO, view_func=lambda: "hello")
        self._hello = hello.wsgi_app
        self._product = make_product().wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app = self._hello if environ["PATH_INFO"] == HELLO else self._product
        return app(environ, start_response)


def make_app() -> TwoApps:
    return TwoApps()
