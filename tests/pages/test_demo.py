"""The way to the sandbox's pages leads to them and to nothing else of that process."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.app import create_app
from backend.kernel.clock import FixedClock
from tests.conftest import make_settings
from tests.fakes import FakeLogin


class Echo(BaseHTTPRequestHandler):
    """Says which address it was asked for."""

    def do_GET(self) -> None:
        said = self.path.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def client(
    database: str, clock: FixedClock, sessions: sessionmaker[Session]
) -> Iterator[FlaskClient]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    settings = make_settings(database, mode="demo", sandbox_url=address)
    app = create_app(settings, clock=clock, sessions=sessions, login=FakeLogin())
    yield app.test_client()
    server.shutdown()
    server.server_close()


def test_a_request_is_sent_on(client: FlaskClient) -> None:
    answer = client.get("/sandbox/api/messages?phone=3")

    assert answer.get_data(as_text=True) == "/sandbox/api/messages?phone=3"


@pytest.mark.parametrize(
    "path", ["/sandbox/../cgi-bin/token", "/sandbox/api/../../cgi-bin/token", "/sandbox/.."]
)
def test_a_way_out_of_the_pages_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_address_that_is_written_in_code_twice_stays_as_it_is(client: FlaskClient) -> None:
    answer = client.get("/sandbox/%252e%252e/cgi-bin/token")

    assert answer.get_data(as_text=True) == "/sandbox/%252e%252e/cgi-bin/token"
