"""How migrations run. The command line gives the address; there is no alembic.ini."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.schema import SchemaItem

import backend.accounts.models
import backend.bookings.attendance_models
import backend.bookings.cancellation_models
import backend.bookings.models
import backend.bookings.settlement_models
import backend.bookings.sign_models
import backend.bookings.waiting_models
import backend.campaigns.models
import backend.centres.models
import backend.guides.models
import backend.guides.review_models
import backend.handbook.checkup_models
import backend.handbook.diary.models
import backend.handbook.growth_models
import backend.handbook.models
import backend.handbook.pregnancy.models
import backend.jobs.models
import backend.kernel.audit
import backend.knowledge.models
import backend.outbox.models
import backend.outreach.models
import backend.people.models
import backend.people.priority_models
import backend.rights.handbook_grants.models
import backend.rights.take_along.doctor_models
import backend.wechat.tokens  # noqa: F401
from backend.kernel.db import Base, UTCDateTime

ItemKind = Literal[
    "schema",
    "table",
    "column",
    "index",
    "unique_constraint",
    "foreign_key_constraint",
    "check_constraint",
]


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column type as the plain one, so that a revision needs no import of ours."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def include_object(
    item: SchemaItem, name: str | None, kind: ItemKind, reflected: bool, other: SchemaItem | None
) -> bool:
    """procrastinate's tables are made by a migration and looked after by procrastinate."""
    table = getattr(item, "table", item)
    return not str(getattr(table, "name", "")).startswith("procrastinate_")


def run() -> None:
    engine = create_engine(context.config.attributes["url"], poolclass=NullPool)
    with engine.connect() as connection:
        # A migration that must wait for a lock would stop all traffic behind it: give up instead.
        connection.execute(text("SET lock_timeout = '4s'"))
        connection.execute(text("SET statement_timeout = '30s'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            include_object=include_object,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
