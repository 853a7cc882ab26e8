"""What is answered for a dose: its state, its days, and which rule of which document says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Status(StrEnum):
    GIVEN = "given"
    DUE = "due"
    OVERDUE = "overdue"
    UPCOMING = "upcoming"
    CLOSED = "closed"
    NOT_CHOSEN = "not_chosen"


@dataclass(frozen=True)
class Because:
    """One rule in a sentence, and the keys of the documents it stands in."""

    text: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Floor:
    """A day before which a rule gives no dose."""

    day: date
    because: Because


@dataclass(frozen=True)
class DoseAnswer:
    """`earliest` is None where the programme does not say: then the reason asks the clinic.

    For a dose that was given it is the day from which it might have been: how early it was can
    be seen. `recommended_by` is None where the programme names no latest age. `documents` are
    the titles behind the keys in `because`. Sentences are joined when they are read, since a
    city's doses are counted by their days alone.
    """

    id: str
    title: str
    status: Status
    earliest: date | None
    recommended_by: date | None
    because: tuple[Because, ...]
    documents: Mapping[str, str] = field(repr=False)

    @property
    def reason(self) -> str:
        """Which rules say so, in Chinese."""
        return "；".join(dict.fromkeys(one.text for one in self.because))

    @property
    def source(self) -> str:
        """The documents in which those rules stand, each once."""
        keys = dict.fromkeys(key for one in self.because for key in one.sources)
        return "；".join(self.documents[key] for key in keys if key in self.documents)
