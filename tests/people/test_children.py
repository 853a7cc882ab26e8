"""Registering children: who is the same, who is too many, who may look."""

from datetime import date

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.people import children, rules
from backend.people.models import Sex
from tests.factories import default_vault
from tests.people import acts

Sessions = sessionmaker[Session]


@pytest.mark.parametrize("name", ["丁 小满", "丁·小满", "丁\u3000小满", "丁小满 "])
def test_a_keyboard_does_not_make_another_child(
    sessions: Sessions, clock: FixedClock, name: str
) -> None:
    first = acts.register(sessions, clock, acts.parent(sessions))
    second = acts.register(sessions, clock, acts.parent(sessions), name=name)

    assert acts.child_row(sessions, second).duplicate_of_id == first


@pytest.mark.parametrize(
    "change", [{"name": "丁大满"}, {"sex": Sex.MALE}, {"birth_date": date(2026, 3, 11)}]
)
def test_another_name_sex_or_birthday_is_another_child(
    sessions: Sessions, clock: FixedClock, change: dict[str, object]
) -> None:
    acts.register(sessions, clock, acts.parent(sessions))
    second = acts.register(sessions, clock, acts.parent(sessions), **change)

    assert acts.child_row(sessions, second).duplicate_of_id is None


def test_even_the_same_parent_does_not_register_a_child_twice_unnoticed(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother = acts.parent(sessions)
    first = acts.register(sessions, clock, mother)

    assert acts.child_row(sessions, acts.register(sessions, clock, mother)).duplicate_of_id == first


def test_a_third_registration_points_at_the_first(sessions: Sessions, clock: FixedClock) -> None:
    first, _, third = (acts.register(sessions, clock, acts.parent(sessions)) for _ in range(3))
    assert acts.child_row(sessions, third).duplicate_of_id == first


def test_a_parent_registers_twelve_children_at_most(sessions: Sessions, clock: FixedClock) -> None:
    mother = acts.parent(sessions)
    for number in range(rules.MOST_CHILDREN):
        acts.register(sessions, clock, mother, name=f"丁{number}")

    with pytest.raises(rules.TooManyChildren):
        acts.register(sessions, clock, mother, name="丁十三")


def test_a_strangers_child_looks_like_no_child(sessions: Sessions, clock: FixedClock) -> None:
    child = acts.register(sessions, clock, acts.parent(sessions))
    stranger = acts.parent(sessions)

    with sessions() as session:
        for unknown in (child, 999_999):
            with pytest.raises(NotFound):
                children.own_child(session, parent_id=stranger, child_id=unknown)


def test_a_name_is_sealed_and_opens_for_its_family(sessions: Sessions, clock: FixedClock) -> None:
    row = acts.child_row(sessions, acts.register(sessions, clock, acts.parent(sessions)))

    assert row.name_sealed.startswith("k1:")
    assert "丁小满" not in row.name_sealed
    assert children.name_of(default_vault(), row) == "丁小满"
    assert "丁小满" not in repr(row)
