"""How often a race is run: 5 times in `make test`, 100 times in `make soak` (SOAK=1)."""

import pytest

from tests.soak import at_full


@pytest.fixture
def races() -> int:
    return at_full(5, 100)
