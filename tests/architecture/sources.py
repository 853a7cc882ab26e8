"""Our own Python files, read once, for rules about how they are written."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("backend", "migrations", "tests", ".ci")
FEATURES = (
    "people",
    "outbox",
    "accounts",
    "centres",
    "guides",
    "bookings",
    "handbook",
    "knowledge",
    "rights",
)


@dataclass(frozen=True)
class Source:
    path: str  # from the root of the clone
    text: str
    tree: ast.Module


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the product and its tests."""
    found = []
    for folder in FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            found.append(Source(str(file.relative_to(ROOT)), text, ast.parse(text)))
    return tuple(found)


def below(*folders: str) -> Iterator[Source]:
    for source in sources():
        if source.path.startswith(tuple(f"{folder}/" for folder in folders)):
            yield source


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git holds, whoever owns the folder."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    names = [name for name in listing.stdout.split("\0") if name]
    return tuple(name for name in names if (ROOT / name).exists())


def dotted(node: ast.expr) -> str:
    """`a.b.c` of a chain of names; the empty string for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        head = dotted(node.value)
        return f"{head}.{node.attr}" if head else ""
    return ""
