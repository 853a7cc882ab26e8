"""Node and the mini-program's own tools, as a developer would call them."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MINIPROGRAM = ROOT / "miniprogram"
SAMPLE = Path(__file__).parent / "sample" / "app"


def node_path() -> str:
    """NODE, or node of the PATH, or the one that `make setup` put into .venv."""
    found = os.environ.get("NODE") or shutil.which("node") or ROOT / ".venv" / "bin" / "node"
    return str(found)


def run_node(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a script of miniprogram/; its output is text, its exit code is not checked."""
    return subprocess.run(
        [node_path(), MINIPROGRAM / script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def build(app: Path, out: Path) -> None:
    """Build a mini-program into a browser page. Raises AssertionError with what is wrong."""
    done = run_node("preview/build.mjs", app, out)
    assert done.returncode == 0, done.stdout + done.stderr


def call_each(module: str, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
    """What functions of a module of the product give back, called with values alone.

    `module`: below miniprogram/app, without .ts. Raises AssertionError with what went wrong.
    """
    done = subprocess.run(
        [node_path(), Path(__file__).parent / "call_each.cjs", MINIPROGRAM, module],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    results: list[Any] = json.loads(done.stdout)
    return results
