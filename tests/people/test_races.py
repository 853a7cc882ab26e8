"""Where two people of one family can collide, two threads do. Real commits, real PostgreSQL."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk
from backend.bookings.models import Booking
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.people import phones, rules
from backend.people.models import Child, Parent, ParentIdentity, ParentToken
from backend.rights.deletion import delete_parent, leave_child
from tests.concurrency.racing import at_once
from tests.factories import default_vault, make_slot, make_slots
from tests.people import acts

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]
RACES = 5


def together(what: Sequence[Callable[[], Any]]) -> tuple[list[Any], list[Exception]]:
    """Each act in a thread of its own, all at the same moment: (results, refusals)."""
    return at_once(_call, what)


def _call(what: Callable[[], Any]) -> Any:
    return what()


def leave(sessions: Sessions, clock: FixedClock, parent_id: int, child_id: int) -> None:
    with sessions.begin() as session:
        leave_child(session, clock, parent_id=parent_id, child_id=child_id)


def close_account(sessions: Sessions, clock: FixedClock, parent_id: int) -> None:
    with sessions.begin() as session:
        delete_parent(session, clock, parent_id=parent_id)


def family_of_two(sessions: Sessions, clock: FixedClock, name: str) -> tuple[int, int, int]:
    """(mother, father, child)."""
    mother, father = acts.parent(sessions), acts.parent(sessions)
    child = acts.register(sessions, clock, mother, name=name)
    acts.accept(sessions, clock, father, acts.invite(sessions, clock, mother, child))
    return mother, father, child


def test_of_registrations_at_the_same_moment_one_alone_is_the_first(
    committed: Sessions, clock: FixedClock
) -> None:
    parents = [acts.parent(committed) for _ in range(6)]
    for race in range(RACES):
        made, refused = together(
            [partial(acts.register, committed, clock, one, name=f"丁{race}") for one in parents],
        )

        rows = [acts.child_row(committed, child) for child in made]
        first = [row.id for row in rows if row.duplicate_of_id is None]
        assert (len(first), len(made), refused) == (1, 6, [])
        assert {row.duplicate_of_id for row in rows} == {None, first[0]}


def test_one_parent_who_taps_twice_stays_within_twelve(
    committed: Sessions, clock: FixedClock
) -> None:
    mother = acts.parent(committed)
    for number in range(rules.MOST_CHILDREN - 1):
        acts.register(committed, clock, mother, name=f"丁{number}")

    made, refused = together(
        [partial(acts.register, committed, clock, mother, name=f"孙{n}") for n in range(4)],
    )

    assert len(made) == 1
    assert {type(one) for one in refused} == {rules.TooManyChildren}


def test_a_code_that_two_use_at_once_lets_one_in(committed: Sessions, clock: FixedClock) -> None:
    mother = acts.parent(committed)
    child = acts.register(committed, clock, mother)
    for _ in range(RACES):
        guests = [acts.parent(committed) for _ in range(4)]
        code = acts.invite(committed, clock, mother, child)

        let_in, refused = together(
            [partial(acts.accept, committed, clock, guest, code) for guest in guests]
        )

        assert let_in == [child]
        assert {type(one) for one in refused} == {rules.InvitationInvalid}
        winners = set(acts.guardians(committed, child)) & set(guests)
        assert len(winners) == 1
        leave(committed, clock, winners.pop(), child)


def test_the_first_sign_in_from_many_threads_makes_one_parent(
    committed: Sessions, clock: FixedClock
) -> None:
    for race in range(RACES):
        signed_in, refused = together([partial(acts.sign_in, committed, clock, f"o-{race}")] * 6)

        assert refused == []
        assert len({parent for parent, _ in signed_in}) == 1
        assert len({token for _, token in signed_in}) == 6
    with committed() as session:
        parents = set(session.scalars(select(Parent.id)))
        assert parents == set(session.scalars(select(ParentIdentity.parent_id)))
        assert len(parents) == RACES


def test_a_guardian_leaves_while_the_other_books(committed: Sessions, clock: FixedClock) -> None:
    for race, slot in enumerate(make_slots(committed, RACES)):
        mother, father, child = family_of_two(committed, clock, f"丁{race}")

        done, refused = together(
            [
                partial(leave, committed, clock, mother, child),
                partial(acts.book, committed, clock, father, child, slot),
            ],
        )

        assert (len(done), refused) == (2, [])
        assert acts.guardians(committed, child) == [father]
        assert acts.numbers(committed, child) == [1]
    assert_books_balance(committed)


def test_an_account_is_closed_while_the_other_guardian_books(
    committed: Sessions, clock: FixedClock
) -> None:
    """The booking writes a message to both; closing waits for the child: no deadlock."""
    for race, slot in enumerate(make_slots(committed, RACES)):
        mother, father, child = family_of_two(committed, clock, f"丁{race}")

        done, refused = together(
            [
                partial(close_account, committed, clock, mother),
                partial(acts.book, committed, clock, father, child, slot),
            ],
        )

        assert (len(done), refused) == (2, [])
        assert acts.guardians(committed, child) == [father]


def test_a_child_whose_last_guardian_leaves_while_booking_holds_no_place(
    committed: Sessions, clock: FixedClock
) -> None:
    for race in range(RACES):
        mother, slot = acts.parent(committed), make_slot(committed)
        child = acts.register(committed, clock, mother, name=f"丁{race}")

        _, refused = together(
            [
                partial(leave, committed, clock, mother, child),
                partial(acts.book, committed, clock, mother, child, slot),
            ],
        )

        assert {type(one) for one in refused} <= {NotFound}
        assert acts.child_row(committed, child).deleted_at is not None
        with committed() as session:
            states = session.scalars(select(Booking.state).where(Booking.child_id == child))
            assert {state.value for state in states} <= {"cancelled_by_family"}
    assert_books_balance(committed)


def test_when_both_guardians_leave_at_once_the_child_is_forgotten(
    committed: Sessions, clock: FixedClock
) -> None:
    for race in range(RACES):
        mother, father, child = family_of_two(committed, clock, f"丁{race}")

        done, _ = together(
            [partial(leave, committed, clock, one, child) for one in (mother, father)],
        )

        assert len(done) == 2
        assert acts.child_row(committed, child).name_sealed == ""


def test_a_registration_is_never_the_duplicate_of_a_child_deleted_at_that_moment(
    committed: Sessions, clock: FixedClock
) -> None:
    for race in range(2 * RACES):
        mother, father = acts.parent(committed), acts.parent(committed)
        child = acts.register(committed, clock, mother, name=f"丁{race}")

        _, refused = together(
            [
                partial(leave, committed, clock, mother, child),
                partial(acts.register, committed, clock, father, name=f"丁{race}"),
            ],
        )

        assert refused == []
        with committed() as session:
            second = session.scalars(select(Child).where(Child.deleted_at.is_(None))).all()
        assert [one.duplicate_of_id for one in second if one.id > child] == [None]


def test_nobody_signs_in_to_an_account_that_is_being_closed(
    committed: Sessions, clock: FixedClock
) -> None:
    for race in range(2 * RACES):
        parent, _ = acts.sign_in(committed, clock, f"o-{race}")

        _, refused = together(
            [
                partial(close_account, committed, clock, parent),
                partial(acts.sign_in, committed, clock, f"o-{race}"),
            ],
        )

        assert refused == []
    with committed() as session:
        orphans = session.scalars(
            select(ParentToken.parent_id)
            .join(Parent, Parent.id == ParentToken.parent_id)
            .where(Parent.deleted_at.is_not(None))
        )
        assert orphans.all() == []


def test_a_number_that_two_accounts_bring_at_once_belongs_to_one(
    committed: Sessions, clock: FixedClock
) -> None:
    def keep(parent_id: int, phone: str) -> None:
        with committed.begin() as session:
            phones.keep(session, default_vault(), parent_id=parent_id, phone=phone)

    parents = [acts.parent(committed) for _ in range(4)]
    for race in range(RACES):
        _, refused = together([partial(keep, one, f"1380000000{race}") for one in parents])

        assert refused == []
        with committed() as session:
            holders = session.scalars(select(Parent.id).where(Parent.phone_sealed.is_not(None)))
            assert len(holders.all()) == 1


def test_two_clerks_who_decide_at_once_decide_once(committed: Sessions, clock: FixedClock) -> None:
    for race in range(RACES):
        acts.register(committed, clock, acts.parent(committed), name=f"丁{race}")
        second = acts.register(committed, clock, acts.parent(committed), name=f"丁{race}")

        done, refused = together(
            [partial(acts.decide, committed, clock, second, same=same) for same in (True, False)],
        )

        assert len(done) == 1
        assert [type(one) for one in refused] == [NotFound]


def assert_books_balance(sessions: Sessions) -> None:
    with sessions() as session:
        assert desk.counter_drift(session) == []
