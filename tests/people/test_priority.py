"""Priority of a child: asked, granted for a time, refused, ended, taken back, forgotten."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.jobs.purge import purge_expired
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.people import consents, priority
from backend.people.models import Child, DuplicateState, Purpose
from backend.people.priority import PriorityKind, PriorityState
from backend.people.priority_models import PriorityGrant
from backend.people.priority_queries import board, check_in_scope
from backend.people.rules import ConsentNeeded, PossibleDuplicate
from backend.rights.deletion import leave_child
from tests.bookings.family import Family, make_family
from tests.factories import TOWN, default_vault, make_parent
from tests.people import acts, private
from tests.people.private import NEXT_YEAR, OFFICER, ask, give_priority, grant, grants, standing

Sessions = sessionmaker[Session]
Decide = Callable[..., PriorityGrant]
TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)


def decide(sessions: Sessions, clock: FixedClock, act: Decide, number: int, **more: date) -> None:
    with sessions.begin() as session:
        act(session, clock, grant_id=number, actor=OFFICER, **more)


def has_priority(sessions: Sessions, family: Family, day: date) -> bool:
    with sessions() as session:
        return priority.has_priority(session, family.child, day)


def test_a_family_asks_and_the_town_grants_up_to_a_day(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions)
    assert standing(sessions, clock, family.child).state is PriorityState.NONE

    number = ask(sessions, clock, family)
    assert standing(sessions, clock, family.child).state is PriorityState.ASKED
    assert not has_priority(sessions, family, TODAY)

    grant(sessions, clock, number)
    assert standing(sessions, clock, family.child).valid_until == NEXT_YEAR
    assert has_priority(sessions, family, NEXT_YEAR)
    assert not has_priority(sessions, family, NEXT_YEAR + DAY)
    assert private.audited(sessions, family.child) == [
        (f"parent:{family.parent}", "priority.asked"),
        (OFFICER, "priority.granted"),
    ]


@pytest.mark.parametrize("kind", list(PriorityKind))
def test_the_kind_is_sealed_and_its_length_does_not_tell_it(
    sessions: Sessions, clock: FixedClock, kind: PriorityKind
) -> None:
    family, other = make_family(sessions), make_family(sessions)
    number = ask(sessions, clock, family, kind)
    ask(sessions, clock, other, PriorityKind.AUTISM)

    sealed = grants(sessions, family.child)[0].kind_sealed
    assert len(sealed) == len(grants(sessions, other.child)[0].kind_sealed)
    with sessions.begin() as session:
        assert (
            priority.reveal(session, clock, default_vault(), grant_id=number, actor=OFFICER) is kind
        )
    assert private.audited(sessions, family.child)[-1] == (OFFICER, "priority.kind_revealed")
    with sessions() as session:
        told = session.scalars(select(AuditEntry.detail)).all()
    assert kind.value not in str(told)


def test_nothing_is_asked_without_the_consent_of_its_own(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions)
    private.withdraw(sessions, clock, family.parent, Purpose.PRIORITY)

    with pytest.raises(ConsentNeeded) as refused:
        ask(sessions, clock, family)

    assert "优先资格信息说明" in (refused.value.detail or "")
    assert grants(sessions, family.child) == []


def test_asking_again_before_a_decision_changes_the_kind_and_nothing_else(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions)
    first = ask(sessions, clock, family, PriorityKind.AUTISM)
    assert ask(sessions, clock, family, PriorityKind.HARDSHIP) == first

    (row,) = grants(sessions, family.child)
    assert priority.kind_of(default_vault(), row) is PriorityKind.HARDSHIP


def test_who_has_priority_cannot_ask_until_it_has_run_out(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions)
    give_priority(sessions, clock, family, TODAY)
    with pytest.raises(priority.PriorityStands) as refused:
        ask(sessions, clock, family)
    assert "2026年11月23日" in (refused.value.detail or "")

    clock.advance(DAY)
    assert standing(sessions, clock, family.child).state is PriorityState.EXPIRED
    ask(sessions, clock, family)

    assert standing(sessions, clock, family.child).state is PriorityState.ASKED
    old, new = grants(sessions, family.child)
    assert (old.kind_sealed, old.ended_at, new.ended_at) == ("", clock.now(), None)


def test_a_possible_duplicate_asks_nothing(sessions: Sessions, clock: FixedClock) -> None:
    acts.register(sessions, clock, acts.parent(sessions))
    father = acts.parent(sessions)
    second = acts.register(sessions, clock, father)

    with pytest.raises(PossibleDuplicate):
        ask(sessions, clock, Family(father, second))


@pytest.mark.parametrize("until", [TODAY - DAY, date(2029, 11, 24)])
def test_a_term_is_from_today_and_at_most_three_years(
    sessions: Sessions, clock: FixedClock, until: date
) -> None:
    number = ask(sessions, clock, make_family(sessions))

    with pytest.raises(priority.PriorityTerm):
        grant(sessions, clock, number, until)


@pytest.mark.parametrize("until", [TODAY, date(2029, 11, 23)])
def test_the_shortest_and_the_longest_term(
    sessions: Sessions, clock: FixedClock, until: date
) -> None:
    family = make_family(sessions)
    give_priority(sessions, clock, family, until)
    assert has_priority(sessions, family, until)

    number = grants(sessions, family.child)[0].id
    decide(sessions, clock, priority.extend, number, valid_until=NEXT_YEAR)
    assert standing(sessions, clock, family.child).valid_until == NEXT_YEAR


def test_what_was_decided_is_not_decided_again(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    number = ask(sessions, clock, family)
    for early, more in ((priority.end, {}), (priority.extend, {"valid_until": NEXT_YEAR})):
        with pytest.raises(priority.PriorityDecided):
            decide(sessions, clock, early, number, **more)
    decide(sessions, clock, priority.refuse, number)
    assert standing(sessions, clock, family.child).state is PriorityState.REFUSED
    with pytest.raises(priority.PriorityDecided):
        grant(sessions, clock, number)
    with pytest.raises(NotFound), sessions.begin() as session:
        priority.reveal(session, clock, default_vault(), grant_id=number, actor=OFFICER)

    again = ask(sessions, clock, family)
    grant(sessions, clock, again)
    with pytest.raises(priority.PriorityDecided):
        decide(sessions, clock, priority.refuse, again)


def test_what_the_town_ends_is_over_at_once_and_its_kind_forgotten(
    sessions: Sessions, clock: FixedClock
) -> None:
    family = make_family(sessions)
    number = give_priority(sessions, clock, family)

    decide(sessions, clock, priority.end, number)

    assert standing(sessions, clock, family.child).state is PriorityState.ENDED
    assert not has_priority(sessions, family, TODAY)
    assert grants(sessions, family.child)[0].kind_sealed == ""


def test_a_consent_taken_back_ends_it_and_leaves_the_log_alone(
    sessions: Sessions, clock: FixedClock
) -> None:
    family, other = make_family(sessions), make_family(sessions)
    number = give_priority(sessions, clock, family)
    give_priority(sessions, clock, other)

    private.withdraw(sessions, clock, family.parent, Purpose.PRIORITY)

    assert grants(sessions, family.child) == []
    assert has_priority(sessions, other, TODAY)
    assert private.audited(sessions, family.child)[-1] == (
        f"parent:{family.parent}",
        "priority.withdrawn",
    )
    with pytest.raises(NotFound):
        grant(sessions, clock, number)


def test_another_consent_taken_back_leaves_it(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    give_priority(sessions, clock, family)
    private.put_address(sessions, clock, family)

    private.withdraw(sessions, clock, family.parent, Purpose.ADDRESS)

    assert has_priority(sessions, family, TODAY)
    assert private.address(sessions, family.child) is None


@pytest.mark.parametrize("agreed", [True, False])
def test_when_a_guardian_leaves_it_stays_if_another_one_agreed(
    sessions: Sessions, clock: FixedClock, agreed: bool
) -> None:
    mother, father = acts.parent(sessions), acts.parent(sessions)
    family = Family(mother, acts.register(sessions, clock, mother))
    acts.accept(sessions, clock, father, acts.invite(sessions, clock, mother, family.child))
    give_priority(sessions, clock, family)
    private.put_address(sessions, clock, family)
    if not agreed:
        with sessions.begin() as session:  # as if he had never been asked
            for one in consents.given(session, father):
                if one.purpose in {Purpose.PRIORITY, Purpose.ADDRESS}:
                    session.delete(one)

    with sessions.begin() as session:
        leave_child(session, clock, parent_id=mother, child_id=family.child)

    assert has_priority(sessions, family, TODAY) is agreed
    assert (private.address(sessions, family.child) is not None) is agreed


def test_two_registrations_that_are_one_child_keep_it_and_part_with_it(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, father = acts.parent(sessions), acts.parent(sessions)
    first, second = (
        Family(one, acts.register(sessions, clock, one, name=name))
        for one, name in ((mother, "丁小满"), (father, "丁大满"))
    )
    give_priority(sessions, clock, second)
    private.put_address(sessions, clock, second)
    acts_alike(sessions, first.child, second.child)

    decision = acts.decide(sessions, clock, second.child, same=True)
    assert has_priority(sessions, first, TODAY)
    assert private.address(sessions, first.child) == private.STREET

    acts.undo(sessions, clock, decision)
    assert not has_priority(sessions, first, TODAY)
    assert has_priority(sessions, second, TODAY)
    assert private.address(sessions, first.child) is None
    assert private.address(sessions, second.child) == private.STREET


def acts_alike(sessions: Sessions, first: int, second: int) -> None:
    """As if the second had been registered as a possible duplicate of the first."""
    with sessions.begin() as session:
        child = session.get_one(Child, second)
        child.duplicate_of_id, child.duplicate_state = first, DuplicateState.POSSIBLE


def test_what_the_first_family_wrote_since_is_not_given_to_the_second(
    sessions: Sessions, clock: FixedClock
) -> None:
    first, second = make_family(sessions), make_family(sessions)
    private.put_address(sessions, clock, second)
    acts_alike(sessions, first.child, second.child)
    decision = acts.decide(sessions, clock, second.child, same=True)
    clock.advance(DAY)
    private.put_address(sessions, clock, first, "测试路 9 号 1 幢 101 室")

    acts.undo(sessions, clock, decision)

    assert private.address(sessions, first.child) == "测试路 9 号 1 幢 101 室"
    assert private.address(sessions, second.child) is None


def test_a_town_sees_its_own_and_what_ends_within_sixty_days(
    sessions: Sessions, clock: FixedClock
) -> None:
    families = [make_family(sessions) for _ in range(4)]
    asked = ask(sessions, clock, families[0])
    late = give_priority(sessions, clock, families[1])
    soon = give_priority(sessions, clock, families[2], TODAY + timedelta(days=60))
    elsewhere = ask(sessions, clock, make_family(sessions, town_code="320281101"))
    decide(sessions, clock, priority.refuse, ask(sessions, clock, families[3]))

    with sessions() as session:
        town, city = board(session, TOWN, TODAY), board(session, None, TODAY)
        check_in_scope(session, asked, TOWN)
        with pytest.raises(NotFound):
            check_in_scope(session, elsewhere, TOWN)

    assert [row.id for row in town.waiting] == [asked]
    assert [row.id for row in town.ending] == [soon]
    assert [row.id for row in town.standing] == [late]
    assert {row.id for row in city.rows} == {asked, late, soon, elsewhere}


def test_sixty_days_after_its_end_nothing_of_it_is_kept(
    sessions: Sessions, clock: FixedClock
) -> None:
    refused, expired, stands = (make_family(sessions) for _ in range(3))
    decide(sessions, clock, priority.refuse, ask(sessions, clock, refused))
    give_priority(sessions, clock, expired, TODAY)
    give_priority(sessions, clock, stands)

    clock.advance(60 * DAY)
    with sessions.begin() as session:
        assert purge_expired(session, clock)["priority"] == 0
    clock.advance(DAY)
    with sessions.begin() as session:
        assert purge_expired(session, clock)["priority"] == 2

    assert [len(grants(sessions, one.child)) for one in (refused, expired, stands)] == [0, 0, 1]


def test_a_parent_who_never_asked_takes_nothing_back(sessions: Sessions, clock: FixedClock) -> None:
    private.withdraw(sessions, clock, make_parent(sessions), Purpose.PRIORITY)
