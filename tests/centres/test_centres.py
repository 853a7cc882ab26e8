"""Set up centres and slots, close and reopen them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from backend.centres import queries, service
from backend.centres.models import Slot, SlotKind, SlotState
from backend.centres.service import NewSlot
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Conflict, Invalid, NotFound
from tests.factories import MORNING, make_centre, make_slot

Sessions = sessionmaker[Session]
HOUR = timedelta(hours=1)
NEW = NewSlot(
    centre_id=0,
    kind=SlotKind.CLASS,
    title="如何添加辅食",
    starts_at=MORNING,
    ends_at=MORNING + HOUR,
    capacity=20,
    age_from_months=4,
    age_to_months=12,
)


def test_a_centre_is_found_in_its_town(sessions: Sessions, clock: FixedClock) -> None:
    with sessions.begin() as session:
        made = service.create_centre(
            session, clock, name=" 青阳中心 ", town_code="320281107", address="测试路2号"
        )
        service.create_centre(
            session, clock, name="别处", town_code="320281001", address="测试路3号"
        )

    with sessions() as session:
        (row,) = queries.centres(session, town="320281107").items
        assert (row.id, row.name) == (made.id, "青阳中心")
        assert queries.centre_ids_of_town(session, "320281107") == {made.id}
        assert len(queries.centres(session).items) == 2
        assert queries.centre(session, made.id).name == "青阳中心"


def test_centres_come_in_pages(sessions: Sessions) -> None:
    ids = [make_centre(sessions) for _ in range(3)]

    with sessions() as session:
        first = queries.centres(session, limit=2)
        second = queries.centres(session, after=first.next, limit=2)

    assert [row.id for row in first.items + second.items] == ids
    assert second.next is None


def test_centres_of_the_own_town_come_first_on_every_page(sessions: Sessions) -> None:
    here, far, own = (make_centre(sessions, town_code=f"3202811{n}") for n in ("03", "12", "08"))
    more = make_centre(sessions, town_code="320281108")

    with sessions() as session:
        pages = [queries.centres(session, own_town="320281108", limit=1)]
        while (after := pages[-1].next) is not None:
            pages.append(queries.centres(session, own_town="320281108", after=after, limit=1))

    assert [row.id for page in pages for row in page.items] == [own, more, here, far]


def test_two_centres_of_one_name_and_one_without_a_name_are_refused(
    sessions: Sessions, clock: FixedClock
) -> None:
    facts: dict[str, Any] = {"town_code": "320281001", "address": "测试路1号"}
    with sessions.begin() as session:
        service.create_centre(session, clock, name="中心", **facts)

    with pytest.raises(Conflict), sessions.begin() as session:
        service.create_centre(session, clock, name="中心", **facts)
    with pytest.raises(Invalid), sessions.begin() as session:
        service.create_centre(session, clock, name=" ", **facts)


def test_a_slot_is_offered_and_logged(sessions: Sessions, clock: FixedClock) -> None:
    centre = make_centre(sessions)
    with sessions.begin() as session:
        new = replace(NEW, centre_id=centre)
        slot = service.create_slot(session, clock, new, actor="staff:3").id

    with sessions() as session:
        day = date(2026, 11, 23)
        (row,) = queries.slots_of_centres(session, {centre}, day, day)
        entry = session.scalars(select(AuditEntry)).one()
    assert (row.id, row.kind_title, row.taken, row.state) == (slot, "家长课堂", 0, SlotState.OPEN)
    assert (entry.actor, entry.action, entry.subject) == ("staff:3", "slot.created", f"slot:{slot}")


def test_slots_of_other_centres_and_days_are_left_out(sessions: Sessions) -> None:
    here = make_centre(sessions)
    mine = make_slot(sessions, centre_id=here, starts_at=MORNING)
    make_slot(sessions, centre_id=here, starts_at=MORNING + timedelta(days=1))
    other = make_slot(sessions, starts_at=MORNING)
    day = date(2026, 11, 23)

    with sessions() as session:
        assert [row.id for row in queries.slots_of_centres(session, {here}, day, day)] == [mine]
        assert [row.id for row in queries.slots_of_centres(session, None, day, day)] == [
            mine,
            other,
        ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "  "},
        {"ends_at": MORNING},
        {"ends_at": MORNING + 13 * HOUR},
        {"capacity": 0},
        {"capacity": 501},
        {"age_from_months": -1},
        {"age_from_months": 12},
        {"age_to_months": 37},
    ],
)
def test_a_slot_that_cannot_be_is_refused(
    sessions: Sessions, clock: FixedClock, wrong: dict[str, Any]
) -> None:
    new = replace(NEW, **({"centre_id": make_centre(sessions)} | wrong))

    with pytest.raises(Invalid) as refusal, sessions.begin() as session:
        service.create_slot(session, clock, new, actor="staff:3")
    assert refusal.value.detail


def test_a_slot_of_an_unknown_centre_is_not_found(sessions: Sessions, clock: FixedClock) -> None:
    with pytest.raises(NotFound), sessions.begin() as session:
        service.create_slot(session, clock, NEW, actor="staff:3")


def test_a_slot_is_closed_once_and_reopened_once(sessions: Sessions, clock: FixedClock) -> None:
    slot = make_slot(sessions)
    with sessions.begin() as session:
        service.close_slot(session, clock, slot_id=slot, actor="staff:3")
    with pytest.raises(Conflict), sessions.begin() as session:
        service.close_slot(session, clock, slot_id=slot, actor="staff:4")
    with sessions.begin() as session:
        service.reopen_slot(session, clock, slot_id=slot, actor="staff:3")

    with sessions() as session:
        assert session.get_one(Slot, slot).state is SlotState.OPEN
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["slot.closed", "slot.reopened"]
    with pytest.raises(NotFound), sessions.begin() as session:
        service.close_slot(session, clock, slot_id=10**12, actor="staff:3")


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("capacity_range", {"capacity": 501}),
        ("taken_within_capacity", {"taken": -1}),
        ("ends_after_start", {"ends_at": MORNING}),
        ("age_range", {"age_to_months": 37}),
        ("slotstate_known", {"state": "half-open"}),
        ("slotkind_known", {"kind": "party"}),
    ],
)
def test_the_database_refuses_such_a_slot_too(
    sessions: Sessions, constraint: str, values: dict[str, Any]
) -> None:
    slot = make_slot(sessions, starts_at=MORNING)
    column, value = next(iter(values.items()))

    with pytest.raises(IntegrityError, match=constraint), sessions.begin() as session:
        session.connection().exec_driver_sql(
            f"UPDATE slots SET {column} = %(value)s WHERE id = %(id)s", {"value": value, "id": slot}
        )
