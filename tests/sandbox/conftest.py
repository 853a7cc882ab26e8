"""A sandbox at ten in the morning, whose clock stands still until a test moves it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from backend.kernel.clock import CITY, FixedClock
from backend.sandbox.config import SandboxConfig
from tests.sandbox.running import Talk, config_in, opened


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 23, 10, tzinfo=CITY))


@pytest.fixture
def config(tmp_path: Path) -> SandboxConfig:
    return config_in(tmp_path)


@pytest.fixture
def talk(config: SandboxConfig, clock: FixedClock) -> Iterator[Talk]:
    with opened(config, clock) as client:
        yield Talk(client, config)
