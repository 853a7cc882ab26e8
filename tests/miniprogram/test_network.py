"""Whether the phone is offline: its own word, and what came of requests since."""

import pytest

from tests.miniprogram.tools import call_each

MODULE = "services/network"
ASKED_BEFORE = 0


@pytest.mark.parametrize("connected", [True, False])
def test_what_was_asked_before_the_phones_word_does_not_overrule_it(*, connected: bool) -> None:
    """An answer may lie in a queue while the network goes, a failure while it comes back."""
    *_, offline = call_each(
        MODULE,
        [
            ("toldByPhone", [connected]),
            ("reached", [not connected, ASKED_BEFORE]),
            ("isOffline", []),
        ],
    )

    assert offline is not connected


def test_what_was_asked_after_it_does() -> None:
    _, since, _, offline, _, again = call_each(
        MODULE,
        [
            ("toldByPhone", [False]),
            ("asking", []),
            ("reached", [True, 1]),
            ("isOffline", []),
            ("reached", [False, 1]),
            ("isOffline", []),
        ],
    )

    assert (since, offline, again) == (1, False, True)
