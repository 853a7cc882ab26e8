"""The one way out to WeChat: pooled connections, time-outs, another base address if set.

An SDK exception carries the request, a request carries the URL, and the URL carries secret,
token and login code. So nothing of urllib3 leaves this module: failures are raised anew,
outside the `except`, with no chain.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from ssl import SSLCertVerificationError
from typing import Any
from urllib.parse import urlencode

import urllib3
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from backend.wechat.redaction import SecretsFilter

WECHAT = "https://api.weixin.qq.com"
CONNECT_SECONDS = 3.0  # design paper wechat.md, "What this means" 3
READ_SECONDS = 5.0
NEVER_AGAIN = urllib3.Retry(False, redirect=False)  # whether to ask again is for others to say


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
        connections: int = 64,
    ) -> None:
        base = urllib3.util.parse_url(base_url.rstrip("/"))
        manager = urllib3.PoolManager(
            maxsize=connections,
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            ca_certs=DEFAULT_CA_BUNDLE_PATH,
        )
        # One host, so its pool itself: choosing a pool anew costs a fifth of a message.
        self._pool = manager.connection_from_host(base.host, base.port, base.scheme)
        self._prefix = base.path or ""
        silence_secrets()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: bytes | None = None,
        timeout: object = None,  # wechatpy passes one; ours always holds
    ) -> Answer:
        """Ask WeChat once. Raises NeverSent or NoAnswer; any HTTP status is an Answer."""
        target = self._target(url, params)
        failure: TransportFailure
        try:
            response = self._pool.urlopen(
                method.upper(),
                target,
                body=data,
                retries=NEVER_AGAIN,
                redirect=False,
                assert_same_host=False,  # a path has no host
            )
        except (ConnectTimeoutError, NewConnectionError) as error:
            failure = NeverSent(type(error).__name__)
        except SSLError as error:
            refused = any(isinstance(cause, SSLCertVerificationError) for cause in error.args)
            failure = NeverSent("CertificateRefused") if refused else NoAnswer("SSLError")
        except HTTPError as error:
            failure = NoAnswer(type(error).__name__)
        else:
            return Answer(response.status, response.data)
        raise failure

    def _target(self, url: str, params: Mapping[str, Any] | None) -> str:
        if not url.startswith(f"{WECHAT}/"):
            raise ValueError("only api.weixin.qq.com is called from here")
        query = f"?{urlencode(params)}" if params else ""
        return f"{self._prefix}{url.removeprefix(WECHAT)}{query}"

    def close(self) -> None:
        self._pool.close()


def silence_secrets() -> None:
    """urllib3 logs each URL at DEBUG; take the secrets out whatever level somebody sets."""
    for name in ("urllib3.connectionpool", "wechatpy.client.base"):
        logger = logging.getLogger(name)
        if not any(isinstance(known, SecretsFilter) for known in logger.filters):
            logger.addFilter(SecretsFilter())
