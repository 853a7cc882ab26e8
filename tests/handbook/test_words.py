"""The words of bits at a child, kept by the database: equal to the rows, whatever was done."""

import itertools
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import and_, delete, or_, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.models import HandbookEntry, ItemBit, ItemDate
from backend.handbook.schedule import Kind
from backend.kernel.clock import city_date
from backend.people.models import Child, DuplicateState
from tests.campaigns.town import SCHEDULE
from tests.factories import MORNING, make_child, make_parent
from tests.handbook.test_race import wait_until_somebody_waits

Sessions = sessionmaker[Session]
TODAY = city_date(MORNING)
ITEMS = [rule.id for rule in SCHEDULE.told]
WORDS = "recorded_doses, recorded_checkups, moved_doses, moved_checkups"


def kept(session: Session, child: int) -> list[set[str]]:
    """The child's four words, as the items whose bits are set."""
    words = session.execute(text(f"SELECT {WORDS} FROM children WHERE id = :id"), {"id": child})
    bits = session.execute(select(ItemBit.item_id, ItemBit.kind, ItemBit.bit)).all()
    kinds = [Kind.VACCINE, Kind.CHECKUP] * 2
    return [
        {item for item, of, bit in bits if of == kind.value and word >> bit & 1}
        for word, kind in zip(words.one(), kinds, strict=True)
    ]


def rows(session: Session, child: int) -> list[set[str]]:
    """The same, read from the tables."""
    return [
        {item for item in session.scalars(query) if item.startswith(f"{kind.value}:")}
        for query in (
            select(HandbookEntry.item_id)
            .join(Child, Child.id == HandbookEntry.child_id)
            .where(
                or_(
                    Child.id == child,
                    and_(
                        Child.duplicate_of_id == child,
                        Child.duplicate_state == DuplicateState.SAME,
                    ),
                )
            ),
            select(ItemDate.item_id).where(ItemDate.child_id == child),
        )
        for kind in (Kind.VACCINE, Kind.CHECKUP)
    ]


def kept_days(session: Session, child: int) -> dict[str, date]:
    """What is due by days of their own, as the child's two arrays say it."""
    days = text("SELECT dose_days::text[], checkup_days::text[] FROM children WHERE id = :id")
    doses, checkups = session.execute(days, {"id": child}).one()
    named = {
        item.item_id: (doses if item.kind == Kind.VACCINE.value else checkups)[item.bit]
        for item in session.scalars(select(ItemBit))
        if len((doses if item.kind == Kind.VACCINE.value else checkups) or ()) > item.bit
    }
    return {item: date.fromisoformat(day) for item, day in named.items() if day != "infinity"}


def own_days(session: Session, child: int) -> dict[str, date]:
    """The same, read from the table."""
    found = select(ItemDate).where(ItemDate.child_id == child, ItemDate.due_on.is_not(None))
    return {
        row.item_id: row.due_on
        for row in session.scalars(found)
        if row.due_on and row.item_id.startswith(("vaccine:", "checkup:"))
    }


def entries(children: Sequence[int], items: Sequence[str]) -> list[HandbookEntry]:
    return [
        HandbookEntry(child_id=child, item_id=item, done_on=TODAY, recorded_at=MORNING)
        for child in children
        for item in items
    ]


def change(session: Session, chance: random.Random, children: Sequence[int]) -> None:
    """One statement of any kind, of one child or several."""
    some = chance.sample(children, chance.randint(1, len(children)))
    items = chance.sample(ITEMS, chance.randint(1, 12))
    if chance.random() < 0.3:
        _is_duplicate(session, children[-1], chance.choice([None, *children[:2]]))
    chance.choice([_record, _rename, _forget, _move, _move_days, _unmove])(session, some, items)
    session.flush()


def _record(session: Session, children: Sequence[int], items: Sequence[str]) -> None:
    _forget(session, children, items)
    session.add_all(entries(children, items))


def _rename(session: Session, children: Sequence[int], items: Sequence[str]) -> None:
    _forget(session, children, ITEMS)
    session.add_all(entries(children, items[:1]))
    session.flush()
    theirs = HandbookEntry.child_id.in_(children)
    session.execute(update(HandbookEntry).where(theirs).values(item_id=items[-1]))


def _move(session: Session, children: Sequence[int], items: Sequence[str]) -> None:
    _unmove(session, children, items)
    days = itertools.cycle([None, TODAY])
    session.add_all(
        ItemDate(child_id=child, item_id=item, due_on=next(days))
        for child in children
        for item in items
    )


def _move_days(session: Session, children: Sequence[int], _items: Sequence[str]) -> None:
    theirs = ItemDate.child_id.in_(children)
    session.execute(update(ItemDate).where(theirs).values(due_on=TODAY + timedelta(days=1)))


def _is_duplicate(session: Session, child: int, first: int | None) -> None:
    state = None if first is None else DuplicateState.SAME
    session.execute(
        update(Child).where(Child.id == child).values(duplicate_of_id=first, duplicate_state=state)
    )


def _forget(session: Session, children: Sequence[int], items: Sequence[str]) -> None:
    session.execute(
        delete(HandbookEntry).where(
            HandbookEntry.child_id.in_(children), HandbookEntry.item_id.in_(items)
        )
    )


def _unmove(session: Session, children: Sequence[int], items: Sequence[str]) -> None:
    session.execute(
        delete(ItemDate).where(ItemDate.child_id.in_(children), ItemDate.item_id.in_(items))
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_words_follow_the_rows_whatever_is_done(sessions: Sessions, seed: int) -> None:
    chance = random.Random(seed)
    parent = make_parent(sessions)
    children = [make_child(sessions, parent_id=parent) for _ in range(4)]

    for _ in range(25):
        with sessions.begin() as session:
            change(session, chance, children)
        with sessions() as session:
            for child in children:
                assert kept(session, child) == rows(session, child)
                assert kept_days(session, child) == own_days(session, child)


def test_what_is_possibly_the_same_child_does_not_wait_for_the_other(committed: Sessions) -> None:
    """A correction locks the one child; to wait for the first could end in a deadlock."""
    parent = make_parent(committed)
    first, second = (make_child(committed, parent_id=parent) for _ in range(2))
    with committed() as busy, committed.begin() as session:
        busy.execute(select(Child.id).where(Child.id == first).with_for_update(key_share=True))
        session.execute(text("SET LOCAL lock_timeout = '50ms'"))
        for state in (DuplicateState.POSSIBLE, DuplicateState.DIFFERENT):
            session.execute(
                update(Child)
                .where(Child.id == second)
                .values(duplicate_of_id=first, duplicate_state=state)
            )


def test_a_second_registration_that_is_deleted_takes_its_records_along(sessions: Sessions) -> None:
    parent = make_parent(sessions)
    first, second = (make_child(sessions, parent_id=parent) for _ in range(2))
    with sessions.begin() as session:
        session.add_all(entries([second], ["vaccine:bcg-1"]))
        _is_duplicate(session, second, first)
    with sessions.begin() as session:
        assert kept(session, first)[0] == {"vaccine:bcg-1"}
        session.execute(delete(Child).where(Child.id == second))

    with sessions() as session:
        assert kept(session, first) == rows(session, first)
        assert not kept(session, first)[0]


def test_without_the_triggers_they_would_not(sessions: Sessions) -> None:
    child = make_child(sessions, parent_id=make_parent(sessions))
    with sessions() as session:  # rolled back
        session.execute(text("ALTER TABLE handbook_entries DISABLE TRIGGER USER"))
        session.add_all(entries([child], ["vaccine:bcg-1"]))
        session.flush()

        assert kept(session, child) != rows(session, child)


def test_the_64th_dose_is_recorded_like_any_other(sessions: Sessions) -> None:
    child = make_child(sessions, parent_id=make_parent(sessions))
    many = [f"vaccine:new-{number:02}" for number in range(70)]
    with sessions() as session:
        session.add_all(entries([child], many))
        session.flush()

        bits = session.execute(select(ItemBit.item_id, ItemBit.bit)).all()
        assert len(rows(session, child)[0]) == 70
        assert len(kept(session, child)[0]) == 63 == len({bit for _, bit in bits})
        session.rollback()


def test_what_is_no_dose_and_no_check_up_has_no_bit(sessions: Sessions) -> None:
    child = make_child(sessions, parent_id=make_parent(sessions))
    with sessions.begin() as session:
        session.add_all(entries([child], [one for one in ITEMS if one.startswith("mother:")]))

    with sessions() as session:
        assert kept(session, child) == [set(), set(), set(), set()]
        assert not session.scalars(select(ItemBit)).all()


def test_two_records_of_a_child_at_once_are_both_in_its_words(committed: Sessions) -> None:
    """Recording locks the child; the words must be right even for a writer who forgets to."""
    child = make_child(committed, parent_id=make_parent(committed))

    def record(item: str) -> None:
        with committed.begin() as session:
            session.add_all(entries([child], [item]))

    with ThreadPoolExecutor(1) as pool, committed() as first:
        first.add_all(entries([child], ["vaccine:bcg-1"]))
        first.flush()
        second = pool.submit(record, "vaccine:hepb-1")
        wait_until_somebody_waits(committed)
        first.commit()
        second.result()

    with committed() as session:
        assert kept(session, child) == rows(session, child)
        assert len(kept(session, child)[0]) == 2
