"""What a parent keeps of the library."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.guides import marks
from backend.guides.marks import MOST_FAVOURITES, TooManyFavourites
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from tests.factories import make_parent

KNOWN = {"a", "b", "c"} | {f"n{number}" for number in range(MOST_FAVOURITES + 1)}


@pytest.fixture
def parent(sessions: sessionmaker[Session]) -> int:
    return make_parent(sessions)


@pytest.fixture
def session(sessions: sessionmaker[Session], parent: int) -> Iterator[Session]:
    with sessions.begin() as opened:
        yield opened


def test_the_latest_favourite_comes_first_and_twice_is_once(
    session: Session, clock: FixedClock, parent: int
) -> None:
    for slug in ("a", "b", "a"):
        marks.keep_favourite(session, clock, KNOWN, parent_id=parent, slug=slug)
        clock.advance(timedelta(minutes=1))

    assert marks.favourites(session, parent_id=parent) == ["b", "a"]


def test_a_favourite_that_is_dropped_stays_read(
    session: Session, clock: FixedClock, parent: int
) -> None:
    marks.keep_favourite(session, clock, KNOWN, parent_id=parent, slug="a")
    marks.mark_read(session, clock, KNOWN, parent_id=parent, slug="a")

    marks.drop_favourite(session, parent_id=parent, slug="a")

    assert marks.favourites(session, parent_id=parent) == []
    assert marks.read_slugs(session, parent_id=parent) == ["a"]


def test_dropping_what_was_never_read_leaves_nothing(
    session: Session, clock: FixedClock, parent: int
) -> None:
    marks.keep_favourite(session, clock, KNOWN, parent_id=parent, slug="a")

    marks.drop_favourite(session, parent_id=parent, slug="a")
    marks.drop_favourite(session, parent_id=parent, slug="never-there")

    assert marks.favourites(session, parent_id=parent) == []
    assert marks.read_slugs(session, parent_id=parent) == []


def test_a_piece_that_is_not_shown_cannot_be_marked(
    session: Session, clock: FixedClock, parent: int
) -> None:
    for mark in (marks.keep_favourite, marks.mark_read):
        with pytest.raises(NotFound):
            mark(session, clock, KNOWN, parent_id=parent, slug="hidden")


def test_the_shelf_of_favourites_has_an_end(
    session: Session, clock: FixedClock, parent: int
) -> None:
    for number in range(MOST_FAVOURITES):
        marks.keep_favourite(session, clock, KNOWN, parent_id=parent, slug=f"n{number}")

    marks.keep_favourite(session, clock, KNOWN, parent_id=parent, slug="n0")
    with pytest.raises(TooManyFavourites):
        marks.keep_favourite(session, clock, KNOWN, parent_id=parent, slug="a")
