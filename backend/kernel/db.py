"""What every table shares: naming, instants in UTC, states as checked text."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Enum, MetaData, Text, create_engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. Refuses a naive datetime, gives back an aware one in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {datetime: UTCDateTime, int: BigInteger, str: Text}  # noqa: RUF012


def enum_column(kind: type[StrEnum], name: str | None = None) -> Enum:
    """States as text with a CHECK: readable in psql, extended by a plain migration.

    `name` tells two columns of the same kind in one table apart.
    """
    return Enum(
        kind,
        native_enum=False,
        length=40,
        create_constraint=True,
        name=f"{name or kind.__name__.lower()}_known",
        values_callable=lambda states: [state.value for state in states],
    )


# Whose host vanishes without a word is noticed after 10 + 3 x 5 seconds, on both sides: ours for
# a server that is gone; the server's for one of ours, whose locks (a row's, the right to fire)
# it would else keep for the two hours of Linux's own default. Over a socket file none applies.
KEEPALIVES: dict[str, str | int] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "connect_timeout": 5,
}
SERVER_KEEPALIVES = (
    "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
    " -c tcp_user_timeout=25000"
)


def plain_url(url: str) -> str:
    """The URL as psycopg and procrastinate read it: without SQLAlchemy's driver name."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def make_engine(url: str, *, pool_size: int = 5, max_overflow: int = 5) -> Engine:
    """One engine a process. READ COMMITTED; a vanished connection is replaced on use.

    Without JIT: the guesses about lists in JSON would have statements compiled for a second
    that run for a millisecond.

    `lock_timeout` turns a long wait for a row into an error that the web answers with 503. A
    process that hangs, or is stopped, in the middle of a transaction would keep its locks for
    ever: `idle_in_transaction_session_timeout` ends it. An error's text says nothing of the
    values: they are people's, and the text goes into logs (where `logs` leaves out what
    PostgreSQL itself says of a row).
    """
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_pre_ping=False,
        pool_recycle=1800,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={
            "options": "-c lock_timeout=5000 -c idle_in_transaction_session_timeout=120000"
            f" -c timezone=UTC -c jit=off {SERVER_KEEPALIVES}",
            **KEEPALIVES,
        },
    )


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions that write: one transaction, opened where one can see it."""
    return sessionmaker(engine, expire_on_commit=False)


def read_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions that only read: no BEGIN and COMMIT around a single query."""
    return sessionmaker(
        engine.execution_options(isolation_level="AUTOCOMMIT"), expire_on_commit=False
    )
