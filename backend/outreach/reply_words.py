"""content/messages/replies.yaml: the sentences of the chat, and the words that mean danger."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from backend.facts.reading import read_model


class ReplyWords(BaseModel):
    """`urgent`: words that are answered with a hospital first. `illness`: with a word of care."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    welcome: str
    nothing: str
    found: str
    of_age: str
    linking: str
    emergency: str
    young_fever: str
    careful: str
    not_a_doctor: str
    urgent: tuple[str, ...] = Field(min_length=1)
    illness: tuple[str, ...]
    fever: tuple[str, ...]
    young: tuple[str, ...]
    young_until_days: int


def load_reply_words(content: Path) -> ReplyWords:
    """Raises ContentError."""
    return read_model(content / "messages" / "replies.yaml", ReplyWords)
