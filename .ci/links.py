"""Every relative link in a Markdown file of ours leads to a file or a heading that exists."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("http://", "https://", "mailto:")
NOT_OURS = {".git", ".venv", "node_modules", "var", "build", "content"}  # content checks itself


def our_files() -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in NOT_OURS]
        yield from (Path(folder, name) for name in files if name.endswith(".md"))


def anchors(file: Path) -> set[str]:
    """Headings as they are linked to: lower case, words joined by hyphens."""
    titles = HEADING.findall(file.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def dead_links(file: Path) -> Iterator[str]:
    text = CODE.sub("", file.read_text(encoding="utf-8"))
    for target in LINK.findall(text):
        if target.startswith(ELSEWHERE):
            continue
        path, _, anchor = target.partition("#")
        place = (file.parent / path).resolve() if path else file
        if not place.exists():
            yield f"{file.relative_to(ROOT)}: {target}: no such file"
        elif anchor and place.suffix == ".md" and anchor not in anchors(place):
            yield f"{file.relative_to(ROOT)}: {target}: no such heading"


def main() -> int:
    dead = [line for file in our_files() for line in dead_links(file)]
    print("\n".join(dead))
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
