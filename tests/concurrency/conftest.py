"""How often a race is run: 5 times in `make test`, 100 times in `make soak` (SOAK=1)."""

import os

import pytest


@pytest.fixture
def races() -> int:
    return 100 if os.environ.get("SOAK") == "1" else 5
