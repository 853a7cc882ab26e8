"""A request, its decision and its end, on the real database."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.jobs.purge import HANDBOOK_GRANTS_STAY, purge_expired
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound, TooMany
from backend.people.models import (
    Child,
    Departure,
    DuplicateState,
    Guardian,
    Purpose,
    Relation,
    Role,
)
from backend.rights.deletion import leave_child
from backend.rights.departing import depart
from backend.rights.handbook_grants import finding, rules, service
from backend.rights.handbook_grants.models import GrantState, HandbookGrant
from backend.rights.handbook_grants.rules import ASK_STANDS, BookPage
from backend.rights.withdrawal import withdraw
from tests.factories import MORNING, TOWN, default_vault, make_child, make_parent
from tests.people import acts
from tests.rights.handbook_grants.scene import OTHER_TOWN, Scene, documents

Sessions = sessionmaker[Session]
READ = "child.handbook_read"


@pytest.fixture
def scene(sessions: Sessions, clock: FixedClock) -> Scene:
    return Scene(sessions, clock)


def test_a_grant_opens_one_book_from_its_approval_until_it_ends_by_itself(
    scene: Scene, clock: FixedClock
) -> None:
    number = scene.ask(hours=1)
    with pytest.raises(rules.GrantOver):
        scene.look(number)
    clock.advance(timedelta(hours=5))  # nobody loses time by a slow approval
    scene.grant(number, reason="核对过随访名单")

    looked = scene.look(number)

    assert (looked.book.child.id, looked.doctor) == (scene.child, None)
    (entry,) = scene.log(READ)
    assert (entry.actor, entry.subject) == (scene.doctor.actor, f"child:{scene.child}")
    assert entry.detail == {"grant": number, "page": "growth", "purpose": "follow_up"}
    clock.advance(timedelta(hours=1))
    with pytest.raises(rules.GrantOver):
        scene.look(number)
    assert len(scene.log(READ)) == 1  # what opened nothing is no look


def test_each_look_is_written_down_with_its_page(scene: Scene) -> None:
    number = scene.granted()

    for page in BookPage:
        scene.look(number, page=page)

    assert [one.detail["page"] for one in scene.log(READ)] == list(BookPage)


def test_what_ran_out_makes_room_for_a_new_request(scene: Scene, clock: FixedClock) -> None:
    first = scene.granted()
    with pytest.raises(rules.GrantOpen):
        scene.ask()
    clock.advance(timedelta(hours=4))

    second = scene.ask()

    over = scene.row(first)
    assert (over.state, over.closed_by) == (GrantState.ENDED, "system")
    assert over.closed_at == MORNING + timedelta(hours=4)
    clock.advance(ASK_STANDS)
    with pytest.raises(rules.GrantDecided):
        scene.grant(second)
    scene.ask()
    assert scene.row(second).state is GrantState.WITHDRAWN


def test_a_request_is_decided_once_by_the_childs_town_or_the_city(scene: Scene) -> None:
    number = scene.ask()
    with pytest.raises(NotFound):
        scene.grant(number, desk=scene.desk(Role.TOWN, OTHER_TOWN))
    with pytest.raises(Invalid):
        scene.refuse(number, reason=" ")

    scene.refuse(number, desk=scene.desk(Role.CITY, None))

    assert (scene.row(number).state, scene.row(number).reason) == (
        GrantState.REFUSED,
        "没有家长同意",
    )
    with pytest.raises(rules.GrantDecided):
        scene.grant(number)
    with pytest.raises(rules.GrantOver):
        scene.look(number)
    assert [one.action for one in scene.log("handbook_grant.asked", "handbook_grant.refused")] == [
        "handbook_grant.asked",
        "handbook_grant.refused",
    ]


def test_nobody_grants_to_oneself(scene: Scene) -> None:
    number = scene.ask()

    with pytest.raises(rules.OwnGrant):
        scene.grant(number, desk=scene.doctor)


def test_a_doctor_of_another_town_finds_no_child_and_a_childs_move_ends_the_reading(
    scene: Scene, sessions: Sessions
) -> None:
    with pytest.raises(rules.HandbookNotFound):
        scene.ask(desk=scene.desk(Role.CHILD_HEALTH, OTHER_TOWN))
    number = scene.granted()
    with pytest.raises(NotFound):
        scene.look(number, desk=scene.desk(Role.CHILD_HEALTH))  # another's grant
    with sessions.begin() as session:
        session.get_one(Child, scene.child).town_code = OTHER_TOWN

    with pytest.raises(NotFound):
        scene.look(number)


def test_either_side_and_the_family_end_it_and_it_opens_nothing_any_more(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    def own(session: Session, number: int) -> None:
        service.end_own(session, clock, desk=scene.doctor, grant_id=number)

    def manager(session: Session, number: int) -> None:
        service.end_for(session, clock, desk=scene.manager, grant_id=number)

    def family(session: Session, number: int) -> None:
        service.object_to(
            session, clock, parent_id=scene.parent, child_id=scene.child, grant_id=number
        )

    closed_by = []
    for end in (own, manager, family):
        number = scene.granted()
        with sessions.begin() as session:
            end(session, number)
        row = scene.row(number)
        assert (row.state, row.closed_at) == (GrantState.ENDED, MORNING)
        closed_by.append(row.closed_by)
        with pytest.raises(rules.GrantOver):
            scene.look(number)
    assert closed_by == [scene.doctor.actor, scene.manager.actor, f"parent:{scene.parent}"]
    with sessions.begin() as session:
        family(session, number)  # twice is once
        with pytest.raises(rules.GrantOver):
            own(session, number)
    other = make_parent(sessions, documents=documents())
    make_child(sessions, parent_id=other)
    with sessions.begin() as session, pytest.raises(NotFound):
        service.object_to(session, clock, parent_id=other, child_id=scene.child, grant_id=number)


def moved(session: Session, scene: Scene) -> None:
    depart(session, scene.clock, parent_id=scene.parent, child_id=scene.child, kind=Departure.MOVED)


def died(session: Session, scene: Scene) -> None:
    depart(session, scene.clock, parent_id=scene.parent, child_id=scene.child, kind=Departure.DIED)


def unagreed(session: Session, scene: Scene) -> None:
    withdraw(session, scene.clock, parent_id=scene.parent, purpose=Purpose.CHILDREN)


@pytest.mark.parametrize("leave", [moved, died, unagreed])
def test_a_child_that_left_or_whose_consent_is_gone_is_read_no_more(
    scene: Scene, sessions: Sessions, leave: Callable[[Session, Scene], None]
) -> None:
    number, waiting = scene.granted(), scene.ask(desk=scene.desk(Role.CHILD_HEALTH))
    with sessions.begin() as session:
        leave(session, scene)

    assert scene.row(number).state is GrantState.ENDED
    assert scene.row(waiting).state is GrantState.WITHDRAWN
    with pytest.raises(rules.GrantOver):
        scene.look(number)
    with pytest.raises(rules.HandbookClosed):
        scene.ask()


def test_a_grant_that_slipped_through_is_refused_at_the_look_and_at_the_decision(
    scene: Scene, sessions: Sessions
) -> None:
    """As if the family's no had come between: nothing but the row tells of an approval."""
    number, waiting = scene.granted(), scene.ask(desk=scene.desk(Role.CHILD_HEALTH))
    with sessions.begin() as session:
        child = session.get_one(Child, scene.child)
        child.departure, child.departed_at = Departure.MOVED, MORNING

    with pytest.raises(rules.HandbookClosed):
        scene.look(number)
    with pytest.raises(rules.HandbookClosed):
        scene.grant(waiting)
    assert scene.log(READ) == []


def test_another_guardian_who_agrees_lets_it_be_asked_again(
    scene: Scene, sessions: Sessions
) -> None:
    father = make_parent(sessions, documents=documents())
    with sessions.begin() as session:
        session.add(
            Guardian(
                child_id=scene.child, parent_id=father, relation=Relation.FATHER, since=MORNING
            )
        )
    number = scene.granted()
    with sessions.begin() as session:
        unagreed(session, scene)
    assert scene.row(number).state is GrantState.ENDED  # one no is enough

    assert scene.look(scene.granted()).book.child.id == scene.child


def test_a_second_registration_that_was_joined_opens_nothing(
    scene: Scene, sessions: Sessions
) -> None:
    number, first = scene.granted(), make_child(sessions)
    with sessions.begin() as session:
        child = session.get_one(Child, scene.child)
        child.duplicate_of_id, child.duplicate_state = first, DuplicateState.SAME

    with pytest.raises(rules.HandbookClosed):
        scene.look(number)
    with pytest.raises(rules.HandbookNotFound):
        scene.ask(desk=scene.desk(Role.CHILD_HEALTH))


def test_the_rows_go_with_the_child_and_the_looks_stay_accounted_for(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    number = scene.granted()
    scene.look(number)
    with sessions.begin() as session:
        leave_child(session, clock, parent_id=scene.parent, child_id=scene.child)

    with sessions() as session:
        assert session.get(HandbookGrant, number) is None
    assert len(scene.log(READ)) == 1
    with pytest.raises(NotFound):
        scene.look(number)


def test_old_grants_are_deleted_three_years_after_their_end(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    scene.granted()
    clock.advance(timedelta(hours=4) + HANDBOOK_GRANTS_STAY)
    with sessions.begin() as session:
        assert purge_expired(session, clock)["handbook_grants"] == 0
    clock.advance(timedelta(seconds=1))
    with sessions.begin() as session:
        assert purge_expired(session, clock)["handbook_grants"] == 1


def test_a_child_is_found_by_the_whole_name_or_the_number_with_the_birth_date(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    parent = acts.parent(sessions)
    child = acts.register(sessions, clock, parent, name="欧阳 小满")
    birth = acts.child_row(sessions, child).birth_date

    def find(who: str, on: date = birth, town: str | None = TOWN) -> int | None:
        with sessions() as session:
            desk = service.Desk(scene.doctor.staff_id, town)
            return finding.find_child(session, default_vault(), desk=desk, who=who, birth_date=on)

    assert {find("欧阳小满"), find(f" {child} "), find("欧阳小满", town=None)} == {child}
    for who, on, town in (
        ("欧阳小", birth, TOWN),
        ("欧*满", birth, TOWN),
        ("欧阳小满", birth + timedelta(days=1), TOWN),
        (str(child), birth + timedelta(days=1), TOWN),
        ("欧阳小满", birth, OTHER_TOWN),
        ("9" * 30, birth, TOWN),
    ):
        assert find(who, on, town) is None, (who, on, town)
    twice = acts.register(sessions, clock, acts.parent(sessions), name="欧阳小满")
    with pytest.raises(finding.SeveralChildren):  # the father registered it too
        find("欧阳小满")
    assert (find(str(child)), find(str(twice))) == (child, twice)


def test_tries_are_counted_so_that_nobody_guesses(
    scene: Scene, sessions: Sessions, clock: FixedClock
) -> None:
    def try_once() -> None:
        with sessions.begin() as session:
            finding.count_try(session, clock, scene.doctor)

    for _ in range(finding.TRIES):
        try_once()
    with pytest.raises(TooMany):
        try_once()
    clock.advance(finding.WITHIN)
    try_once()
