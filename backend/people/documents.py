"""The documents that a guardian agrees to: texts in content/, versioned and hashed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import frontmatter
from pydantic import BaseModel, ConfigDict

from backend.people.models import Purpose


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid")

    purpose: Purpose
    version: str
    title: str


@dataclass(frozen=True)
class Document:
    """`hash` is SHA-256 of the whole file: what exactly a person agreed to."""

    purpose: Purpose
    version: str
    title: str
    hash: str
    markdown: str


Documents = dict[Purpose, Document]


def load_documents(content: Path) -> Documents:
    """Read content/consents/*.md. Raises ValueError naming the file that is wrong."""
    documents: Documents = {}
    for path in sorted((content / "consents").glob("*.md")):
        raw = path.read_text(encoding="utf-8")
        try:
            post = frontmatter.loads(raw)
            front = _Front.model_validate(post.metadata)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        digest = hashlib.sha256(raw.encode()).hexdigest()
        documents[front.purpose] = Document(
            front.purpose, front.version, front.title, digest, post.content
        )
    missing = set(Purpose) - documents.keys()
    if missing:
        raise ValueError(f"{content / 'consents'}: no document for {_names(missing)}")
    return documents


def _names(purposes: Iterable[Purpose]) -> str:
    return ", ".join(sorted(purpose.value for purpose in purposes))
