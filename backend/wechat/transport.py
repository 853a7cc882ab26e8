"""The one way out to WeChat: kept connections, time-outs, another base address if set.

http.client itself, for two reasons. Whether a request may have left this machine decides
whether a message may be sent again, so connecting and asking are two steps here; and a pool of a
library costs as much for each message as everything else on the wire (docs/measures.md, P2).

An exception carries the request, a request carries the URL, and the URL carries secret, token
and login code. So nothing of them leaves this module: failures are raised anew, outside the
`except`, with no chain.
"""

import logging
import select
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from backend.wechat.redaction import SecretsFilter

WECHAT = "https://api.weixin.qq.com"
CONNECT_SECONDS = 3.0  # design paper wechat.md, "What this means" 3
READ_SECONDS = 5.0
# wechatpy sends none; ours says what the body is.
HEADERS = {"Content-Type": "application/json"}


class TransportFailure(Exception):
    """No usable answer. The text is the name of what happened, never an address."""


class NeverSent(TransportFailure):
    """No connection: the request certainly did not leave this machine."""


class NoAnswer(TransportFailure):
    """The request was (perhaps partly) sent, and no complete answer came back."""


@dataclass(frozen=True)
class Answer:
    """What came back. `content` is the body as bytes; its declared type is not to be trusted."""

    status_code: int
    content: bytes


class Transport:
    """Stands where wechatpy keeps its `requests.Session`; safe to share between threads."""

    def __init__(
        self,
        base_url: str = WECHAT,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        connections: int = 128,
    ) -> None:
        base = urlsplit(base_url.rstrip("/"))
        self._host, self._port, self._prefix = base.hostname or "", base.port, base.path
        self._tls = (
            ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
            if base.scheme == "https"
            else None
        )
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._connections = connections
        self._idle: deque[HTTPConnection] = deque()
        silence_secrets()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        content_type: str | None = None,
        timeout: object = None,  # wechatpy passes one; ours always holds
    ) -> Answer:
        """Ask WeChat once. Raises NeverSent or NoAnswer; any HTTP status is an Answer."""
        target = self._target(url, params)
        connection = self._connected()
        failure: NoAnswer
        headers = HEADERS if content_type is None else {"Content-Type": content_type}
        try:
            connection.request(method.upper(), target, body=data, headers=headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.read())
        except (OSError, HTTPException) as error:
            failure = NoAnswer(type(error).__name__)
        else:
            self._keep(connection)
            return answer
        connection.close()
        raise failure

    def _connected(self) -> HTTPConnection:
        """A connection that is open, one that was kept or a new one. Raises NeverSent."""
        while self._idle:
            try:
                kept = self._idle.pop()
            except IndexError:  # another thread had it
                break
            if _is_open(kept):
                return kept
            kept.close()
        connection = self._new()
        failure: NeverSent
        try:
            connection.connect()
        except ssl.SSLCertVerificationError:
            failure = NeverSent("CertificateRefused")
        except OSError as error:
            failure = NeverSent(type(error).__name__)
        else:
            connection.sock.settimeout(self._read_seconds)
            return connection
        connection.close()
        raise failure

    def _new(self) -> HTTPConnection:
        seconds = self._connect_seconds
        if self._tls is None:
            return HTTPConnection(self._host, self._port, timeout=seconds)
        return HTTPSConnection(self._host, self._port, timeout=seconds, context=self._tls)

    def _keep(self, connection: HTTPConnection) -> None:
        if connection.sock is not None and len(self._idle) < self._connections:
            self._idle.append(connection)
        else:  # the server closes after this answer, or there are enough
            connection.close()

    def _target(self, url: str, params: Mapping[str, Any] | None) -> str:
        if not url.startswith(f"{WECHAT}/"):
            raise ValueError("only api.weixin.qq.com is called from here")
        query = f"?{urlencode(params)}" if params else ""
        return f"{self._prefix}{url.removeprefix(WECHAT)}{query}"

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


def _is_open(connection: HTTPConnection) -> bool:
    """Whether the other side has not hung up: then there is something to read, the end."""
    if connection.sock is None:
        return False
    waiting = select.poll()
    waiting.register(connection.sock, select.POLLIN)
    return not waiting.poll(0)


def silence_secrets() -> None:
    """wechatpy and urllib3 log URLs at DEBUG; take the secrets out whatever level is set."""
    for name in ("urllib3.connectionpool", "wechatpy.client.base"):
        logger = logging.getLogger(name)
        if not any(isinstance(known, SecretsFilter) for known in logger.filters):
            logger.addFilter(SecretsFilter())
