"""One Chromium: the one of CHROMIUM, the system's, or the one that Playwright has installed."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Error, sync_playwright

# A shared machine's /dev/shm may be small, and none of Chromium's own errands are wanted.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-sync",
]


class NoChromium(Exception):
    """There is no browser to test with; the text says what to do."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser. Raises NoChromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        except Error as error:
            raise NoChromium(
                f"Chromium ({path or 'of Playwright'}) does not start: put its path into CHROMIUM,"
                f" or let `make test` install one.\n{error}"
            ) from error
        yield running
        running.close()
