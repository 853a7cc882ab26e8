"""Two managers decide at once, one doctor asks twice at once: one of each."""

from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.people.models import Role
from backend.rights.handbook_grants.models import GrantState, HandbookGrant
from backend.rights.handbook_grants.rules import GrantDecided, GrantOpen
from tests.concurrency.racing import at_once, kinds
from tests.rights.handbook_grants.scene import Scene

pytestmark = pytest.mark.slow
Sessions = sessionmaker[Session]


def test_one_of_two_managers_decides(committed: Sessions, clock: FixedClock, races: int) -> None:
    scene = Scene(committed, clock)
    town, city = scene.manager, scene.desk(Role.CITY, None)
    for _ in range(races):
        number = scene.ask(desk=scene.desk(Role.CHILD_HEALTH))
        acts = [partial(scene.grant, number, desk=town), partial(scene.refuse, number, desk=city)]

        done, refused = at_once(lambda act: act(), acts)

        assert (len(done), kinds(refused)) == (1, {GrantDecided})
        row = scene.row(number)
        assert row.state is (
            GrantState.GRANTED if row.decided_by == town.staff_id else GrantState.REFUSED
        )


def test_one_request_of_a_doctor_for_a_child(
    committed: Sessions, clock: FixedClock, races: int
) -> None:
    scene = Scene(committed, clock)
    assert scene.child
    for _ in range(races):
        doctor = scene.desk(Role.CHILD_HEALTH)

        made, refused = at_once(lambda who: scene.ask(desk=who), [doctor] * 3)

        assert (len(made), kinds(refused)) == (1, {GrantOpen})
        with committed() as session:
            count = select(func.count()).where(HandbookGrant.staff_id == doctor.staff_id)
            assert session.scalar(count) == 1
