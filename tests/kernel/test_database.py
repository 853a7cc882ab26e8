"""What the engine says and keeps to itself."""

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from backend.kernel.db import make_engine


def test_the_text_of_a_database_error_holds_nobodys_data(database: str) -> None:
    engine = make_engine(database, pool_size=1)

    with pytest.raises(DBAPIError) as error, engine.connect() as connection:
        connection.execute(select(bindparam("openid", "丁小满\0")))
    engine.dispose()

    assert "丁小满" not in str(error.value)
