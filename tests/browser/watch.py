"""What no page may do: complain on the console, fail on the server, talk to other hosts."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError


class Watch:
    """Collects what goes wrong in any page of a browser context."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self._base = base
        self._expected: list[str] = []
        self._complaints: list[str] = []
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("response", self._response)

    def expect(self, pattern: str) -> None:
        """This test provokes complaints that match; they do not count."""
        self._expected.append(pattern)

    @property
    def complaints(self) -> list[str]:
        return [
            text
            for text in self._complaints
            if not any(re.search(pattern, text) for pattern in self._expected)
        ]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self._complaints.append(f"uncaught: {error.error}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._base}/", "data:", "blob:")):
            self._complaints.append(f"request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._complaints.append(f"{response.status} from {response.url}")
