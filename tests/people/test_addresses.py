"""The address for home visits: sealed, the family's own, gone with its consent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from backend.people import addresses
from backend.people.models import Purpose
from backend.people.rules import ConsentNeeded
from tests.bookings.family import Family, make_family
from tests.people import private
from tests.people.private import STREET, put_address

Sessions = sessionmaker[Session]


def test_an_address_is_kept_sealed_and_changed(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    put_address(sessions, clock, family, f"  {STREET}\n ")
    assert private.address(sessions, family.child) == STREET
    assert STREET not in str(private.sealed_addresses(sessions))

    put_address(sessions, clock, family, "测试路 9 号 1 幢 101 室")
    assert private.address(sessions, family.child) == "测试路 9 号 1 幢 101 室"
    assert (
        private.audited(sessions, family.child) == [(f"parent:{family.parent}", "address.put")] * 2
    )


def test_it_is_kept_with_a_consent_of_its_own_only(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    put_address(sessions, clock, family)
    private.withdraw(sessions, clock, family.parent, Purpose.ADDRESS)

    assert private.sealed_addresses(sessions) == []
    with pytest.raises(ConsentNeeded) as refused:
        put_address(sessions, clock, family)
    assert "上门地址信息说明" in (refused.value.detail or "")


@pytest.mark.parametrize("text", ["", "    ", "六号", "路" * 101])
def test_what_leads_to_no_door_is_refused(sessions: Sessions, clock: FixedClock, text: str) -> None:
    with pytest.raises(Invalid):
        put_address(sessions, clock, make_family(sessions), text)


def test_removing_twice_is_removing_once(sessions: Sessions, clock: FixedClock) -> None:
    family = make_family(sessions)
    put_address(sessions, clock, family)

    for _ in range(2):
        with sessions.begin() as session:
            addresses.remove(session, clock, child_id=family.child, actor="parent:1")

    assert [what for _, what in private.audited(sessions, family.child)] == [
        "address.put",
        "address.removed",
    ]


def test_another_family_writes_nothing(sessions: Sessions, clock: FixedClock) -> None:
    mine, other = make_family(sessions), make_family(sessions)

    with pytest.raises(NotFound):
        put_address(sessions, clock, Family(mine.parent, other.child))


@given(known=st.booleans())
def test_a_home_visit_needs_a_door(known: bool) -> None:
    if known:
        addresses.check_address(known)
    else:
        with pytest.raises(addresses.AddressNeeded, match="address_needed"):
            addresses.check_address(known)
