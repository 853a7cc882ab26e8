"""A pregnancy of two parents: a code, the same for both, an end for both at once, a way out."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from backend.handbook.pregnancy import entries, service, sharing
from backend.handbook.pregnancy.dating import Dating, Method
from backend.handbook.pregnancy.models import Pregnancy, State
from backend.kernel.clock import FixedClock
from backend.kernel.errors import TooMany
from backend.kernel.privacy import Vault
from backend.people import consents, joining
from backend.people.models import Guardian, Purpose, Relation
from backend.people.rules import INVITATION_LIFE, InvitationInvalid
from backend.rights.withdrawal import withdraw
from tests.factories import default_vault, make_parent
from tests.handbook.pregnancy.scene import (
    DOCUMENTS,
    PROGRAMME,
    TODAY,
    begin,
    due_when,
    end,
    plan,
    share,
    told,
)
from tests.handbook.pregnancy.test_service import baby

Sessions = sessionmaker[Session]
WEEK_25 = [("pregnancy_week", 25)]


@pytest.fixture
def vault() -> Vault:
    return default_vault()


def open_of(sessions: Sessions, parent: int) -> int | None:
    with sessions() as session:
        last = service.latest(session, parent)
        return None if last is None or last.state is not State.OPEN else last.id


def test_both_see_the_same_and_either_records(sessions: Sessions, clock: FixedClock) -> None:
    mother, pregnancy = begin(sessions, clock, due_when(25))
    father = share(sessions, clock, mother)

    assert open_of(sessions, father) == open_of(sessions, mother) == pregnancy
    with sessions.begin() as session:
        entries.record_checkup(
            session, clock, PROGRAMME, parent_id=father, checkup_id="anc-1", done_on=TODAY
        )
    with sessions() as session:
        seen = service.open_one(session, mother)
        assert entries.diary(session, default_vault(), seen).checkups == {"anc-1": TODAY}
        assert sharing.sharing_of(session, seen, mother) == sharing.Sharing(True, True)
        assert sharing.sharing_of(session, seen, father) == sharing.Sharing(False, True)


def test_both_are_told_each_by_consents_of_their_own(sessions: Sessions, clock: FixedClock) -> None:
    mother, _ = begin(sessions, clock, due_when(25))
    father = share(sessions, clock, mother)
    assert plan(sessions, clock) == 2
    assert told(sessions, mother) == told(sessions, father) == WEEK_25

    other, _ = begin(sessions, clock, due_when(25))
    silent = share(sessions, clock, other)
    with sessions.begin() as session:
        consents.withdraw(session, clock, parent_id=silent, purpose=Purpose.PRIVACY)

    assert plan(sessions, clock) == 1
    assert (told(sessions, other), told(sessions, silent)) == (WEEK_25, [])


@pytest.mark.parametrize("who", ["mother", "father"])
def test_one_tap_of_either_stops_what_is_said_to_both(
    sessions: Sessions, clock: FixedClock, who: str
) -> None:
    mother, _ = begin(sessions, clock, due_when(25))
    father = share(sessions, clock, mother)
    plan(sessions, clock)

    end(sessions, clock, mother if who == "mother" else father)

    assert told(sessions, mother) == told(sessions, father) == []
    assert open_of(sessions, mother) is open_of(sessions, father) is None
    assert plan(sessions, clock) == 0


def test_either_takes_a_mistaken_end_back_unless_the_other_began_anew(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, pregnancy = begin(sessions, clock, due_when(25))
    father = share(sessions, clock, mother)

    def restore(parent: int) -> None:
        with sessions.begin() as session:
            service.lock_parents(session, parent)
            service.restore(session, clock, parent_id=parent)

    end(sessions, clock, mother)
    restore(father)
    assert open_of(sessions, mother) == open_of(sessions, father) == pregnancy

    end(sessions, clock, father)
    with sessions.begin() as session:
        dating = Dating(Method.CLINIC, due_when(9))
        service.begin(session, clock, parent_id=father, dating=dating, multiple=False)
    with pytest.raises(service.PartnerHasAnother):
        restore(mother)


def test_a_birth_makes_the_book_of_both(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    mother, _ = begin(sessions, clock, due_when(38))
    father = share(sessions, clock, mother)
    with sessions.begin() as session:
        born = [baby("端木小满", birth=TODAY)]
        (child,) = service.record_birth(session, clock, vault, parent_id=mother, born=born)

    with sessions() as session:
        rows = session.execute(
            select(Guardian.parent_id, Guardian.relation).where(Guardian.child_id == child.id)
        )
        assert {row.parent_id: row.relation for row in rows} == {
            mother: Relation.MOTHER,
            father: Relation.FATHER,
        }
    assert plan(sessions, clock) == 0


def test_who_does_not_agree_to_what_guardians_do_gets_no_book(
    sessions: Sessions, clock: FixedClock, vault: Vault
) -> None:
    mother, _ = begin(sessions, clock, due_when(38))
    father = share(sessions, clock, mother)
    with sessions.begin() as session:
        consents.withdraw(session, clock, parent_id=father, purpose=Purpose.CHILDREN)
    with sessions.begin() as session:
        born = [baby("端木小满", birth=TODAY)]
        service.record_birth(session, clock, vault, parent_id=mother, born=born)

    with sessions() as session:
        assert session.scalars(select(Guardian.parent_id)).all() == [mother]


@pytest.mark.parametrize("who", ["mother", "father"])
def test_the_partner_leaves_or_is_left_and_hears_nothing_more(
    sessions: Sessions, clock: FixedClock, who: str
) -> None:
    mother, pregnancy = begin(sessions, clock, due_when(25))
    father = share(sessions, clock, mother)
    plan(sessions, clock)

    with sessions.begin() as session:
        sharing.leave(session, clock, parent_id=mother if who == "mother" else father)

    assert (told(sessions, mother), told(sessions, father)) == (WEEK_25, [])
    assert (open_of(sessions, mother), open_of(sessions, father)) == (pregnancy, None)
    with pytest.raises(service.NoOpenPregnancy):
        end(sessions, clock, father)


def test_the_openers_no_deletes_it_for_both_the_partners_leaves(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, pregnancy = begin(sessions, clock, due_when(25))
    father = share(sessions, clock, mother)
    with sessions.begin() as session:
        withdraw(session, clock, parent_id=father, purpose=Purpose.PREGNANCY)
    assert (open_of(sessions, mother), open_of(sessions, father)) == (pregnancy, None)

    share(sessions, clock, mother)
    plan(sessions, clock)
    with sessions.begin() as session:
        withdraw(session, clock, parent_id=mother, purpose=Purpose.PREGNANCY)
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Pregnancy)) == 0


def test_a_code_is_good_once_for_a_day_and_while_it_is_open(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, _ = begin(sessions, clock, due_when(25))

    def code() -> str:
        with sessions.begin() as session:
            return sharing.invite(session, clock, parent_id=mother, relation=Relation.MOTHER)[0]

    def join(typed: str, parent: int | None = None) -> None:
        who = parent or make_parent(sessions, documents=DOCUMENTS)
        with sessions.begin() as session:
            sharing.join(session, clock, parent_id=who, code=typed, relation=Relation.FATHER)

    old, ended, used = code(), code(), code()
    own, _ = begin(sessions, clock, due_when(9))
    with pytest.raises(sharing.OwnPregnancyOpen):
        join(used, own)
    join(used)
    with pytest.raises(InvitationInvalid):
        join(used)
    with pytest.raises(sharing.PartnerThere):
        join(ended)
    with pytest.raises(sharing.PartnerThere):
        code()
    clock.advance(INVITATION_LIFE)
    with pytest.raises(InvitationInvalid):
        join(old)


def test_a_code_of_one_that_ended_is_not_good_any_more_and_guessing_is_stopped(
    sessions: Sessions, clock: FixedClock
) -> None:
    mother, _ = begin(sessions, clock, due_when(25))
    with sessions.begin() as session:
        code, _ = sharing.invite(session, clock, parent_id=mother, relation=Relation.MOTHER)
    end(sessions, clock, mother)
    father = make_parent(sessions, documents=DOCUMENTS)
    with sessions.begin() as session, pytest.raises(InvitationInvalid):
        sharing.join(session, clock, parent_id=father, code=code, relation=Relation.FATHER)

    for _ in range(10):
        with sessions.begin() as session:
            joining.count_wrong_code(session, clock, parent_id=father)
    with sessions.begin() as session, pytest.raises(TooMany):
        sharing.join(session, clock, parent_id=father, code=code, relation=Relation.FATHER)


def test_only_who_opened_it_invites(sessions: Sessions, clock: FixedClock) -> None:
    mother, _ = begin(sessions, clock, due_when(25))
    father = share(sessions, clock, mother)

    with sessions.begin() as session, pytest.raises(sharing.NotTheOpener):
        sharing.invite(session, clock, parent_id=father, relation=Relation.FATHER)
