"""What parents type must lead them to the piece: at least 95 of 100 times in the first three."""

import time
from pathlib import Path

import pytest
import yaml

from backend.guides.library import Library
from backend.guides.loading import load_library

CONTENT = Path(__file__).parents[2] / "content"
QUERIES: dict[str, list[str]] = {
    str(typed): wanted
    for typed, wanted in yaml.safe_load(
        Path(__file__).with_name("queries.yaml").read_text(encoding="utf-8")
    ).items()
}
RIGHT = 0.95
FIRST = 3


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library(CONTENT, show_pending=True)


def test_the_list_is_long_enough_and_names_pieces_that_exist(library: Library) -> None:
    assert len(QUERIES) >= 60
    assert {slug for wanted in QUERIES.values() for slug in wanted} <= library.slugs


def test_what_parents_type_finds_the_piece(library: Library) -> None:
    missed = {
        typed: [hit.piece.slug for hit in library.search(typed)[:FIRST]]
        for typed, wanted in QUERIES.items()
        if not {hit.piece.slug for hit in library.search(typed)[:FIRST]} & set(wanted)
    }

    assert len(missed) <= (1 - RIGHT) * len(QUERIES), missed


def test_a_search_over_the_whole_library_costs_little(library: Library) -> None:
    """The goal is 2 ms of CPU (see docs/measures.md); this only notices a tenfold mistake."""
    for typed in QUERIES:
        library.search(typed)
    started = time.process_time()
    for typed in QUERIES:
        library.search(typed)

    assert (time.process_time() - started) / len(QUERIES) < 0.02
