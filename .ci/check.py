"""Everything that is checked without a test: `make check`. Two checks at a time.

A check is a command; it has failed when it ends with another code than 0. What a good one says
is not shown.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable

# The long ones first, so that two processors finish together.
CHECKS: dict[str, Sequence[str]] = {
    "mini-program": ["npm", "run", "--silent", "--prefix", "miniprogram", "check"],
    "types": ["mypy"],
    "lint": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "imports": ["lint-imports", "--no-cache"],
    "templates": [
        "djlint",
        "backend",
        "--lint",
        "--quiet",
        "--profile=jinja",
        "--ignore=J018,H015",
    ],
    "migrations": [PYTHON, ".ci/migrations.py"],
    "content": [PYTHON, "-m", "backend", "content", "check"],
    "wording": [PYTHON, "-m", "backend", "wording", "--check"],
    "links": [PYTHON, ".ci/links.py"],
}


def run(name: str) -> tuple[str, float, int, str]:
    started = time.monotonic()
    result = subprocess.run(CHECKS[name], cwd=ROOT, capture_output=True, text=True, check=False)
    output = result.stdout + result.stderr
    return name, time.monotonic() - started, result.returncode, output


def main(names: Sequence[str]) -> int:
    if unknown := [name for name in names if name not in CHECKS]:
        print(f"no check {', '.join(unknown)}; there are {', '.join(CHECKS)}")
        return 2
    failed = []
    started = time.monotonic()
    with ThreadPoolExecutor(2) as pool:
        for name, seconds, code, output in pool.map(run, names or CHECKS):
            print(f"{'ok  ' if code == 0 else 'FAIL'} {name:<14} {seconds:5.1f} s", flush=True)
            if code != 0:
                failed.append(name)
                print(output)
    print(f"{time.monotonic() - started:.0f} s; failed: {', '.join(failed) or 'nothing'}")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ["NO_COLOR"] = "1"
    sys.exit(main(sys.argv[1:]))
