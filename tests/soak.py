"""The hard promises at full numbers (`make soak`), and where their results are kept."""

import json
import os
from pathlib import Path

SOAK = os.environ.get("SOAK") == "1"
RESULTS = Path(__file__).parents[1] / "build" / "soak.json"


def at_full(few: int, full: int) -> int:
    """`full` under `make soak`, `few` in every other run."""
    return full if SOAK else few


def record(promise: str, **numbers: object) -> None:
    """Add the numbers of a promise to build/soak.json; in every other run do nothing."""
    if not SOAK:
        return
    RESULTS.parent.mkdir(exist_ok=True)
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    RESULTS.write_text(json.dumps(known | {promise: numbers}, indent=2, ensure_ascii=False) + "\n")
