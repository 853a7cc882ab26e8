"""What is wrong with a file under content/, and where."""

from __future__ import annotations

from pathlib import Path


class ContentError(Exception):
    """A file under content/ that cannot be used. `line` counts from 1."""

    def __init__(self, file: Path, line: int, code: str, message: str) -> None:
        super().__init__(f"{file}:{line}: {code}: {message}")
        self.file = file
        self.line = line
        self.code = code
        self.message = message
