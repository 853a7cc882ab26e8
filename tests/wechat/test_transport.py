"""What left this machine and what did not: the transport in front of small servers."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from backend.wechat.transport import WECHAT, Answer, NeverSent, NoAnswer, Transport

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
URL = f"{WECHAT}/cgi-bin/x"


def read_request(connection: socket.socket) -> None:
    """All of it: head and body come in two pieces now and then."""
    read = b""
    while not read.endswith(b"\r\n\r\n{}"):
        piece = connection.recv(4096)
        assert piece
        read += piece


@contextmanager
def serving(answer: Callable[[socket.socket, int], None]) -> Iterator[tuple[str, list[int]]]:
    """A server that hands each connection to `answer` with its number from 0; what it had."""
    had: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # closed: the test is over
                    return
                had.append(len(had))
                with connection:
                    answer(connection, had[-1])

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", had
        server.shutdown(socket.SHUT_RDWR)


def test_a_connection_is_used_again_while_the_other_side_keeps_it() -> None:
    served: list[int] = []

    def twice(connection: socket.socket, number: int) -> None:
        for _ in range(2):
            read_request(connection)
            served.append(number)
            connection.sendall(OK)

    with serving(twice) as (url, _):
        transport = Transport(url)
        answers = [transport.request("POST", URL, data=b"{}") for _ in range(2)]
        transport.close()

    assert answers == [Answer(200, b"{}")] * 2
    assert served == [0, 0]


def test_a_connection_that_the_other_side_gave_up_is_not_used_again() -> None:
    """Else every first message after a quiet night would be unknown."""
    gone = threading.Event()

    def once(connection: socket.socket, number: int) -> None:
        read_request(connection)
        connection.sendall(OK)
        connection.close()
        if number == 0:
            gone.set()

    with serving(once) as (url, had):
        transport = Transport(url)
        transport.request("POST", URL, data=b"{}")
        assert gone.wait(5)
        assert transport.request("POST", URL, data=b"{}") == Answer(200, b"{}")
        transport.close()

    assert had == [0, 1]


def test_a_request_that_went_out_and_broke_off_has_no_answer() -> None:
    def half(connection: socket.socket, _number: int) -> None:
        read_request(connection)
        connection.sendall(OK[:-1])

    with serving(half) as (url, _), pytest.raises(NoAnswer, match="IncompleteRead"):
        Transport(url).request("POST", URL, data=b"{}")


def test_a_door_that_speaks_no_tls_was_never_sent_anything() -> None:
    def plain(connection: socket.socket, _number: int) -> None:
        connection.recv(4096)
        connection.sendall(OK)

    with serving(plain) as (url, _), pytest.raises(NeverSent):
        Transport(url.replace("http://", "https://")).request("POST", URL, data=b"{}")


def test_nobody_else_is_called() -> None:
    with pytest.raises(ValueError, match=r"only api\.weixin\.qq\.com"):
        Transport("http://127.0.0.1:1").request("GET", "https://example.org/x")
