"""家庭: the town says that a child moved away or died; others cannot."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.people.models import Child, Departure, Role
from tests.console.conftest import Enter
from tests.factories import make_booking, make_child, make_parent, make_slot

Sessions = sessionmaker[Session]


@pytest.fixture
def child(sessions: Sessions, centre: int) -> int:
    child = make_child(sessions, parent_id=make_parent(sessions))
    make_booking(sessions, child_id=child, slot_id=make_slot(sessions, centre_id=centre))
    return child


def departure(sessions: Sessions, child: int) -> Departure | None:
    with sessions() as session:
        return session.get_one(Child, child).departure


def test_the_town_says_it_and_takes_it_back(enter: Enter, sessions: Sessions, child: int) -> None:
    officer = enter(Role.TOWN)
    path = f"/families/{child}/departure"
    assert "情况有变化" in officer.page("/families/known")

    page = officer.post_and_read(path, kind="moved", told_by="village")

    assert "已登记为搬离本市" in page
    assert departure(sessions, child) is Departure.MOVED
    assert "撤销登记" in officer.page("/families/known")
    assert "已撤销" in officer.post_and_read(f"{path}/undo")
    assert departure(sessions, child) is None


@pytest.mark.parametrize("fields", [{"kind": "moved"}, {"told_by": "family"}, {"kind": "x"}])
def test_half_a_form_changes_nothing(
    enter: Enter, sessions: Sessions, child: int, fields: dict[str, str]
) -> None:
    answer = enter(Role.CITY).post(f"/families/{child}/departure", **fields)

    assert answer.status_code in (303, 422)
    assert departure(sessions, child) is None


def test_a_clerk_cannot(enter: Enter, sessions: Sessions, child: int) -> None:
    answer = enter(Role.CLERK).post(f"/families/{child}/departure", kind="died", told_by="family")

    assert answer.status_code == 403
    assert departure(sessions, child) is None
