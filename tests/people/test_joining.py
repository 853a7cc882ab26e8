"""One child, several guardians: invitations, and registrations that turn out to be the same."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import desk
from backend.bookings.rules import QuotaUsedUp
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Conflict, Invalid, NotFound, TooMany
from backend.people import children, joining, rules
from backend.people.models import DuplicateState
from backend.rights.deletion import leave_child
from tests.factories import make_booking, make_parent, make_slots
from tests.people import acts

Sessions = sessionmaker[Session]


@pytest.fixture
def twice(sessions: Sessions, clock: FixedClock) -> tuple[int, int, int, int]:
    """Mother and father registered one child: (mother, father, first, second)."""
    mother, father = acts.parent(sessions), acts.parent(sessions)
    first = acts.register(sessions, clock, mother)
    second = acts.register(sessions, clock, father)
    return mother, father, first, second


def test_staff_find_what_may_be_registered_twice(
    sessions: Sessions, twice: tuple[int, int, int, int]
) -> None:
    _, _, first, second = twice
    with sessions() as session:
        found = joining.possible_duplicates(session, None)
        assert [(one.id, one.duplicate_of_id) for one in found] == [(second, first)]
        assert joining.possible_duplicates(session, "320281001") == found
        assert joining.possible_duplicates(session, "320281104") == []


def test_the_same_child_has_six_sessions_however_often_it_is_registered(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    mother, father, first, second = twice
    slots = make_slots(sessions, 8)
    for number, slot in enumerate(slots[:4], 1):
        make_booking(sessions, child_id=first, slot_id=slot, quota_number=number)
    for number, slot in enumerate(slots[4:], 1):
        make_booking(sessions, child_id=second, slot_id=slot, quota_number=number)

    acts.decide(sessions, clock, second, same=True)

    assert acts.numbers(sessions, first) == [1, 2, 3, 4, 5, 6]
    assert acts.numbers(sessions, second) == []
    assert acts.guardians(sessions, first) == [mother, father]
    assert acts.mine(sessions, father) == [first]
    with pytest.raises(QuotaUsedUp):
        acts.book(sessions, clock, father, first, make_slots(sessions, 1)[0])


def test_a_decision_taken_back_leaves_both_families_as_they_were(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    mother, father, first, second = twice
    slots = make_slots(sessions, 5)
    for number, slot in enumerate(slots[:2], 1):
        make_booking(sessions, child_id=first, slot_id=slot, quota_number=number)
    for number, slot in enumerate(slots[2:], 1):
        make_booking(sessions, child_id=second, slot_id=slot, quota_number=number)

    decision = acts.decide(sessions, clock, second, same=True)
    acts.undo(sessions, clock, decision)

    assert acts.numbers(sessions, first) == [1, 2]
    assert acts.numbers(sessions, second) == [1, 2, 3]
    assert acts.guardians(sessions, first) == [mother]
    assert acts.mine(sessions, father) == [second]
    assert acts.child_row(sessions, second).duplicate_state is DuplicateState.POSSIBLE
    with sessions() as session:
        assert desk.counter_drift(session) == []


def test_a_different_child_books_for_itself(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    _, father, _, second = twice
    slot = make_slots(sessions, 1)[0]
    with pytest.raises(rules.PossibleDuplicate):
        acts.book(sessions, clock, father, second, slot)

    decision = acts.decide(sessions, clock, second, same=False)
    acts.book(sessions, clock, father, second, slot)
    assert acts.numbers(sessions, second) == [1]

    acts.undo(sessions, clock, decision)
    with pytest.raises(rules.PossibleDuplicate):
        acts.book(sessions, clock, father, second, make_slots(sessions, 1)[0])


def test_what_is_decided_is_not_decided_again(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    _, _, first, second = twice
    decision = acts.decide(sessions, clock, second, same=True)

    for child in (second, first, 999_999):
        with pytest.raises(NotFound):
            acts.decide(sessions, clock, child, same=False)
    acts.undo(sessions, clock, decision)
    for again in (decision, 999_999):
        with pytest.raises(NotFound):
            acts.undo(sessions, clock, again)


def test_every_decision_is_in_the_log(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    _, _, first, second = twice
    acts.undo(sessions, clock, acts.decide(sessions, clock, second, same=True))
    acts.decide(sessions, clock, second, same=False)

    with sessions() as session:
        rows = session.scalars(
            select(AuditEntry)
            .where(AuditEntry.subject == f"child:{second}")
            .order_by(AuditEntry.id)
        ).all()
    assert [(row.actor, row.action) for row in rows] == [
        ("staff:1", "child.duplicate.same"),
        ("staff:2", "child.duplicate.undone"),
        ("staff:1", "child.duplicate.different"),
    ]
    assert rows[0].detail == {"other": first}


def test_the_familys_own_invitation_joins_a_doubtful_registration(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    mother, father, first, second = twice
    slots = make_slots(sessions, 2)
    make_booking(sessions, child_id=first, slot_id=slots[0])
    make_booking(sessions, child_id=second, slot_id=slots[1])

    joined = acts.accept(sessions, clock, father, acts.invite(sessions, clock, mother, first))

    assert joined == first
    assert acts.child_row(sessions, second).duplicate_state is DuplicateState.SAME
    assert acts.numbers(sessions, first) == [1, 2]
    assert acts.guardians(sessions, first) == [mother, father]


def test_an_invitation_leaves_other_children_of_the_guest_alone(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, father = acts.parent(sessions), acts.parent(sessions)
    child = acts.register(sessions, clock, mother)
    other = acts.register(sessions, clock, father, name="丁大满")

    acts.accept(sessions, clock, father, acts.invite(sessions, clock, mother, child))

    assert acts.mine(sessions, father) == [child, other]


def test_a_doubtful_registration_invites_nobody(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    _, father, _, second = twice
    with pytest.raises(rules.PossibleDuplicate):
        acts.invite(sessions, clock, father, second)


def test_an_old_code_does_not_lead_into_a_registration_that_was_joined(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    _, father, _, second = twice
    different = acts.decide(sessions, clock, second, same=False)
    code = acts.invite(sessions, clock, father, second)
    acts.undo(sessions, clock, different)
    guest = acts.parent(sessions)

    with pytest.raises(rules.InvitationInvalid):
        acts.accept(sessions, clock, guest, code)
    acts.decide(sessions, clock, second, same=True)
    with pytest.raises(rules.InvitationInvalid):
        acts.accept(sessions, clock, guest, code)
    assert acts.mine(sessions, guest) == []


def test_the_code_of_a_guardian_who_left_opens_nothing(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, father, guest = (acts.parent(sessions) for _ in range(3))
    child = acts.register(sessions, clock, mother)
    acts.accept(sessions, clock, father, acts.invite(sessions, clock, mother, child))
    code = acts.invite(sessions, clock, father, child)
    with sessions.begin() as session:
        leave_child(session, clock, parent_id=father, child_id=child)

    with pytest.raises(rules.InvitationInvalid):
        acts.accept(sessions, clock, guest, code)


def test_a_refused_code_can_still_be_used_by_the_right_person(
    sessions: Sessions, clock: FixedClock
) -> None:
    """Small letters, spaces and dashes are how people write codes."""
    mother, father = acts.parent(sessions), acts.parent(sessions)
    code = acts.invite(sessions, clock, mother, acts.register(sessions, clock, mother))
    with pytest.raises(rules.InvitationInvalid):
        acts.accept(sessions, clock, father, code[:-1])

    acts.accept(sessions, clock, father, f" {code[:4].lower()}-{code[4:]} ")


def test_a_code_ends_at_the_second(sessions: Sessions, clock: FixedClock) -> None:
    mother, father = acts.parent(sessions), acts.parent(sessions)
    code = acts.invite(sessions, clock, mother, acts.register(sessions, clock, mother))
    clock.advance(timedelta(hours=24))
    with pytest.raises(rules.InvitationInvalid):
        acts.accept(sessions, clock, father, code)

    clock.advance(timedelta(seconds=-1))
    acts.accept(sessions, clock, father, code)


def test_after_ten_wrong_codes_even_the_right_one_waits_an_hour(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, father = acts.parent(sessions), acts.parent(sessions)
    code = acts.invite(sessions, clock, mother, acts.register(sessions, clock, mother))
    with sessions.begin() as session:
        for _ in range(10):
            joining.count_wrong_code(session, clock, parent_id=father)

    with pytest.raises(TooMany):
        acts.accept(sessions, clock, father, code)
    clock.advance(timedelta(hours=1))
    acts.accept(sessions, clock, father, code)


def test_a_child_has_eight_guardians_at_most(sessions: Sessions, clock: FixedClock) -> None:
    mother = acts.parent(sessions)
    child = acts.register(sessions, clock, mother)
    for _ in range(7):
        guest = make_parent(sessions)
        acts.accept(sessions, clock, guest, acts.invite(sessions, clock, mother, child))

    with pytest.raises(Invalid):
        acts.accept(
            sessions, clock, make_parent(sessions), acts.invite(sessions, clock, mother, child)
        )


def test_nobody_decides_about_a_registration_that_its_family_deleted(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    _, father, _, second = twice
    with sessions.begin() as session:
        leave_child(session, clock, parent_id=father, child_id=second)

    with pytest.raises(NotFound):
        acts.decide(sessions, clock, second, same=True)


def test_a_joined_registration_that_was_deleted_does_not_come_back(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    _, father, first, second = twice
    decision = acts.decide(sessions, clock, second, same=True)
    with sessions.begin() as session:
        leave_child(session, clock, parent_id=father, child_id=first)

    with pytest.raises(NotFound):
        acts.undo(sessions, clock, decision)
    assert acts.mine(sessions, father) == []


def test_registrations_are_not_parted_when_nobody_would_be_left_for_the_first(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    mother, father, first, second = twice
    decision = acts.decide(sessions, clock, second, same=True)
    with sessions.begin() as session:
        leave_child(session, clock, parent_id=mother, child_id=first)

    with pytest.raises(Conflict):
        acts.undo(sessions, clock, decision)
    assert acts.guardians(sessions, first) == [father]


def test_the_first_to_follow_is_the_one_that_staff_know_to_be_another_child(
    sessions: Sessions, clock: FixedClock
) -> None:
    """Else a third registration could take the place of a child that books already."""
    families = [acts.parent(sessions) for _ in range(4)]
    first, doubtful, different = (acts.register(sessions, clock, one) for one in families[:3])
    acts.decide(sessions, clock, different, same=False)

    with sessions.begin() as session:
        leave_child(session, clock, parent_id=families[0], child_id=first)

    assert acts.child_row(sessions, different).duplicate_of_id is None
    assert acts.child_row(sessions, doubtful).duplicate_of_id == different
    assert acts.child_row(sessions, doubtful).duplicate_state is DuplicateState.POSSIBLE
    late = acts.register(sessions, clock, families[3])
    assert acts.child_row(sessions, late).duplicate_of_id == different


def test_a_joined_registration_is_not_a_child_of_its_own_any_more(
    sessions: Sessions, clock: FixedClock, twice: tuple[int, int, int, int]
) -> None:
    _, father, first, second = twice
    acts.decide(sessions, clock, second, same=True)

    with sessions() as session:
        with pytest.raises(NotFound):
            children.own_child(session, parent_id=father, child_id=second)
        assert children.own_child(session, parent_id=father, child_id=first).id == first
        assert [one.id for one in children.merged_into(session, first)] == [second]
