"""A pregnancy from its due date to its end, and what a family writes down meanwhile."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.pregnancy import entries, service
from backend.handbook.pregnancy.dating import Dating, DueDateOutOfRange, Method
from backend.handbook.pregnancy.models import Pregnancy, PregnancyEntry, State
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from backend.kernel.privacy import Vault
from backend.people.children import Registration, children_of, name_of
from backend.people.models import Purpose, Relation, Sex
from backend.rights.deletion import delete_parent
from backend.rights.withdrawal import withdraw
from tests.factories import MORNING, TOWN, default_vault, make_parent
from tests.handbook.pregnancy.scene import (
    PROGRAMME,
    TODAY,
    begin,
    due_when,
    end,
    plan,
    told,
)

Sessions = sessionmaker[Session]


@pytest.fixture
def vault() -> Vault:
    return default_vault()


def baby(name: str = "双双", sex: Sex = Sex.FEMALE, birth: date = TODAY) -> Registration:
    return Registration(
        name=name,
        birth_date=birth,
        sex=sex,
        gestational_weeks=None,
        town_code=TOWN,
        village_code=None,
        home_cared=True,
        relation=Relation.MOTHER,
    )


def latest(sessions: Sessions, parent: int) -> Pregnancy:
    with sessions() as session:
        found = service.latest(session, parent)
        assert found is not None
        return found


def count(sessions: Sessions, table: type) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_only_one_is_open(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(10))

    dating = Dating(Method.LMP, TODAY - timedelta(days=60))
    with pytest.raises(service.PregnancyOpen), sessions.begin() as session:
        service.begin(session, clock, parent_id=parent, dating=dating, multiple=False)


def test_after_an_end_another_may_begin(sessions: Sessions, clock: FixedClock) -> None:
    parent, first = begin(sessions, clock, due_when(10))
    end(sessions, clock, parent)

    with sessions.begin() as session:
        dating = Dating(Method.LMP, TODAY - timedelta(days=60))
        again = service.begin(session, clock, parent_id=parent, dating=dating, multiple=True)

    assert again.id != first
    assert again.due_date == due_when(8, 4)


def test_a_wrong_date_changes_nothing(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(15))
    plan(sessions, clock)

    dating = Dating(Method.CLINIC, TODAY + timedelta(days=400))
    with pytest.raises(DueDateOutOfRange), sessions.begin() as session:
        service.redate(session, clock, parent_id=parent, dating=dating, multiple=False)

    assert latest(sessions, parent).due_date == due_when(15)
    assert len(told(sessions, parent)) == 1


def test_an_end_asks_nothing_and_twice_is_once(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(15))

    first, second = (end(sessions, clock, parent) for _ in range(2))

    assert (first.id, second.state, second.closed_at) == (second.id, State.ENDED, clock.now())
    assert not {"reason", "why", "kind"} & set(Pregnancy.__table__.columns.keys())


def test_without_one_there_is_nothing_to_end(sessions: Sessions, clock: FixedClock) -> None:
    parent = make_parent(sessions)

    with pytest.raises(service.NoOpenPregnancy):
        end(sessions, clock, parent)


def test_a_mistaken_tap_is_taken_back_within_ten_minutes(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, pregnancy = begin(sessions, clock, due_when(25))
    plan(sessions, clock)
    end(sessions, clock, parent)
    clock.advance(timedelta(minutes=10))

    with sessions.begin() as session:
        back = service.restore(session, clock, parent_id=parent)

    assert (back.id, back.state, back.closed_at) == (pregnancy, State.OPEN, None)
    assert plan(sessions, clock) == 0  # what was said today is not said again
    clock.advance(timedelta(days=7))
    assert plan(sessions, clock) == 1


def test_later_it_stays_ended(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(25))
    end(sessions, clock, parent)
    clock.advance(timedelta(minutes=10, seconds=1))

    with pytest.raises(service.RestoreTooLate), sessions.begin() as session:
        service.restore(session, clock, parent_id=parent)


def test_a_birth_becomes_a_childs_book_and_ends_the_pushes(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    parent, _ = begin(sessions, clock, due_when(38, 2))
    plan(sessions, clock)

    with sessions.begin() as session:
        service.record_birth(session, clock, vault, parent_id=parent, born=[baby()])

    with sessions() as session:
        (child,) = children_of(session, parent)
    assert (name_of(vault, child), child.birth_date, child.gestational_weeks) == ("双双", TODAY, 38)
    assert latest(sessions, parent).state is State.BORN
    clock.advance(timedelta(days=5))
    assert plan(sessions, clock) == 0


def test_twins_get_a_book_each(sessions: Sessions, clock: FixedClock, vault: Vault) -> None:
    parent, _ = begin(sessions, clock, due_when(36))

    with sessions.begin() as session:
        twins = [baby("大宝"), baby("小宝", Sex.MALE, TODAY - timedelta(days=1))]
        service.record_birth(session, clock, vault, parent_id=parent, born=twins)

    with sessions() as session:
        assert [one.gestational_weeks for one in children_of(session, parent)] == [36, 35]


@pytest.mark.parametrize(
    ("born", "refusal"),
    [
        ([], Invalid),
        ([baby(name) for name in "甲乙丙丁戊"], Invalid),
        ([baby(), baby(" 双双 ")], service.SiblingsAlike),
        ([baby(birth=TODAY - timedelta(days=140))], service.BirthOutOfRange),
    ],
)
def test_a_birth_that_cannot_be_changes_nothing(
    sessions: Sessions,
    clock: FixedClock,
    vault: Vault,
    born: list[Registration],
    refusal: type[Exception],
) -> None:
    parent, _ = begin(sessions, clock, due_when(38))

    with pytest.raises(refusal), sessions.begin() as session:
        service.record_birth(session, clock, vault, parent_id=parent, born=born)

    assert latest(sessions, parent).state is State.OPEN
    with sessions() as session:
        assert children_of(session, parent) == []


def test_a_passed_due_date_is_no_birth(sessions: Sessions, clock: FixedClock) -> None:
    parent, _ = begin(sessions, clock, due_when(39))

    for _ in range(60):
        clock.advance(timedelta(days=1))
        plan(sessions, clock)

    assert latest(sessions, parent).state is State.OPEN
    assert told(sessions, parent) == [("pregnancy_week", 40), ("pregnancy_week", 41)]


def test_a_weight_and_a_count_are_sealed_and_read_back(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    parent, _ = begin(sessions, clock, due_when(30))
    start = clock.now() - timedelta(minutes=60)
    with sessions.begin() as session:
        for kg in ("61.04", "61.5"):  # the second puts the first right
            entries.record_weight(
                session, clock, vault, parent_id=parent, day=TODAY, kg=Decimal(kg)
            )
        for number in (8, 9):
            entries.record_movements(
                session,
                clock,
                vault,
                parent_id=parent,
                started_at=start,
                minutes=60,
                count=number,
            )

    with sessions() as session:
        written = entries.diary(session, vault, latest(sessions, parent))
        sealed = session.scalars(select(PregnancyEntry.value_sealed)).all()
    assert written.weights == (entries.Weight(TODAY, Decimal("61.5")),)
    ((number, started),) = [(one.count, one.started_at) for one in written.movements]
    assert (number, started) == (9, start)
    assert all(text is not None and "61.5" not in text for text in sealed)


def test_what_was_written_can_be_taken_back(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    parent, _ = begin(sessions, clock, due_when(30))
    with sessions.begin() as session:
        entries.record_weight(session, clock, vault, parent_id=parent, day=TODAY, kg=Decimal(60))
        entries.record_checkup(
            session, clock, PROGRAMME, parent_id=parent, checkup_id="anc-4", done_on=TODAY
        )
        entries.remove_weight(session, parent_id=parent, day=TODAY)
        entries.undo_checkup(session, PROGRAMME, parent_id=parent, checkup_id="anc-4")

    assert count(sessions, PregnancyEntry) == 0


@pytest.mark.parametrize("day", [TODAY + timedelta(days=1), TODAY - timedelta(days=211)])
def test_a_day_outside_the_pregnancy_is_refused(
    sessions: Sessions, clock: FixedClock, vault: Vault, day: date
) -> None:
    parent, _ = begin(sessions, clock, due_when(30))

    with pytest.raises(entries.EntryDateOutOfRange), sessions.begin() as session:
        entries.record_weight(session, clock, vault, parent_id=parent, day=day, kg=Decimal(60))


def test_impossible_values_are_refused(sessions: Sessions, clock: FixedClock, vault: Vault) -> None:
    parent, _ = begin(sessions, clock, due_when(30))

    with pytest.raises(Invalid), sessions.begin() as session:
        entries.record_weight(session, clock, vault, parent_id=parent, day=TODAY, kg=Decimal(600))
    with pytest.raises(NotFound), sessions.begin() as session:
        entries.record_checkup(
            session, clock, PROGRAMME, parent_id=parent, checkup_id="anc-9", done_on=TODAY
        )
    with pytest.raises(entries.EntryDateOutOfRange), sessions.begin() as session:
        entries.record_movements(
            session,
            clock,
            vault,
            parent_id=parent,
            started_at=clock.now() + timedelta(hours=1),
            minutes=5,
            count=3,
        )


def test_after_the_end_nothing_is_written(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    parent, _ = begin(sessions, clock, due_when(30))
    end(sessions, clock, parent)

    with pytest.raises(service.NoOpenPregnancy), sessions.begin() as session:
        entries.record_weight(session, clock, vault, parent_id=parent, day=TODAY, kg=Decimal(60))


@pytest.mark.parametrize("way", ["consent taken back", "account closed"])
def test_a_right_used_leaves_nothing(
    sessions: Sessions, clock: FixedClock, vault: Vault, way: str
) -> None:
    parent, _ = begin(sessions, clock, due_when(25))
    plan(sessions, clock)
    with sessions.begin() as session:
        entries.record_weight(session, clock, vault, parent_id=parent, day=TODAY, kg=Decimal(60))

    with sessions.begin() as session:
        if way == "account closed":
            delete_parent(session, clock, parent_id=parent)
        else:
            withdraw(session, clock, parent_id=parent, purpose=Purpose.PREGNANCY)

    assert (count(sessions, Pregnancy), count(sessions, PregnancyEntry)) == (0, 0)
    assert told(sessions, parent) == []


def test_it_is_kept_sixty_days_after_its_end_and_half_a_year_after_silence(
    sessions: Sessions, clock: FixedClock
) -> None:
    ended, _ = begin(sessions, clock, due_when(25))
    begin(sessions, clock, due_when(41))
    end(sessions, clock, ended)

    kept = []
    for days in (60, 1, 112, 1):
        clock.advance(timedelta(days=days))
        with sessions.begin() as session:
            service.forget_old(session, clock)
        kept.append(count(sessions, Pregnancy))

    assert kept == [2, 1, 1, 0]


def test_each_act_is_in_the_log_without_a_date_or_a_number(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent, _ = begin(sessions, clock, due_when(25))
    end(sessions, clock, parent)

    with sessions() as session:
        lines = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.action, one.detail) for one in lines] == [
        ("pregnancy.begun", {}),
        ("pregnancy.ended", {}),
    ]
    assert {one.actor for one in lines} == {f"parent:{parent}"}
    assert lines[0].at == MORNING
