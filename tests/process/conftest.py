"""Everything here starts processes, one test at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.process.product import Product

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("process")


@pytest.fixture
def make_product(
    make_database: Callable[[], str], tmp_path: Path
) -> Iterator[Callable[..., Product]]:
    """Makes installations on databases of their own; nothing of them stays."""
    made: list[Product] = []

    def make(**settings: Any) -> Product:
        made.append(Product(make_database(), tmp_path, **settings))
        return made[-1]

    yield make
    for product in made:
        product.stop_all()
