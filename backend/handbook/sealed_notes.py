"""Keep, open and forget sealed notes. What they say is the business of who calls."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from backend.handbook.checkup_models import SealedNote
from backend.kernel.clock import Clock
from backend.kernel.privacy import Vault

Row = TypeVar("Row", bound=SealedNote)


class Note(BaseModel):
    """The text behind the seal. A field that a later version drops does not hinder reading."""

    model_config = ConfigDict(extra="ignore", frozen=True)


Kind = TypeVar("Kind", bound=Note)


def keep(  # noqa: PLR0913  # whose, which and what are its facts
    session: Session,
    clock: Clock,
    vault: Vault,
    table: type[SealedNote],
    note: Note,
    *,
    child_id: int,
    parent_id: int,
    **key: str,
) -> None:
    """Write a note, or write it anew. Call with the child locked."""
    facts = {
        "note_sealed": vault.seal(note.model_dump_json(), table.purpose),
        "recorded_by": parent_id,
        "recorded_at": clock.now(),
    }
    session.execute(
        insert(table)
        .values(child_id=child_id, **key, **facts)
        .on_conflict_do_update(index_elements=["child_id", *key], set_=facts)
        .execution_options(synchronize_session=False)
    )


def rows_of(session: Session, table: type[Row], ids: Collection[int]) -> list[Row]:
    """Oldest first: of two notes on the same thing the later one counts."""
    return list(
        session.scalars(
            select(table)
            .where(table.child_id.in_(ids))
            .order_by(table.recorded_at, table.child_id)
            .execution_options(populate_existing=True)
        )
    )


def opened(vault: Vault, row: SealedNote, kind: type[Kind]) -> Kind:
    return kind.model_validate_json(vault.open(row.note_sealed, row.purpose))


def forget(session: Session, table: type[SealedNote], ids: Collection[int], **key: str) -> None:
    """Delete a note; without one this changes nothing."""
    columns: Any = table
    session.execute(
        delete(table)
        .where(table.child_id.in_(ids), *(getattr(columns, name) == key[name] for name in key))
        .execution_options(synchronize_session=False)
    )
