"""The mini-program's preview, built when it is missing or older than its sources."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MINIPROGRAM = Path(__file__).parents[2] / "miniprogram"
BUILT = ".built"  # written last: a build that was cut off counts for nothing


class PreviewNotBuilt(Exception):
    """The text says why, with the compiler's own words."""


def build_if_stale(miniprogram: Path = MINIPROGRAM) -> bool:
    """Build miniprogram/preview/dist unless it is newer than every source; say if it did.

    Raises PreviewNotBuilt.
    """
    built = miniprogram / "preview" / "dist" / BUILT
    newest = max(path.stat().st_mtime_ns for path in _sources(miniprogram))
    if built.exists() and built.stat().st_mtime_ns >= newest:
        return False
    node = _node()
    if node is None:
        raise PreviewNotBuilt("node is missing: make setup")
    result = subprocess.run(
        [node, "preview/build.mjs"], cwd=miniprogram, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise PreviewNotBuilt(result.stdout + result.stderr)
    built.touch()
    return True


def _sources(miniprogram: Path) -> Iterator[Path]:
    """Every file and folder that decides about the result; a folder changes with its entries."""
    yield miniprogram / "package-lock.json"
    for top in (miniprogram / "app", miniprogram / "preview"):
        for folder, folders, files in os.walk(top):
            folders[:] = [name for name in folders if name not in {"dist", "node_modules"}]
            # preview/ itself holds dist/, which comes and goes.
            if Path(folder) != miniprogram / "preview":
                yield Path(folder)
            yield from (Path(folder, name) for name in files)


def _node() -> str | None:
    """Node beside this Python (set-up puts it there where the machine's is missing or old)."""
    beside = Path(sys.executable).parent
    return shutil.which("node", path=f"{beside}{os.pathsep}{os.environ.get('PATH', '')}")
