"""Documents, a tick each; versions, hashes, taking back."""

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Executable, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from backend.people import consents
from backend.people.consents import Acceptance
from backend.people.documents import Documents, load_documents
from backend.people.models import OF_EVERYBODY, Consent, Parent, Purpose
from backend.people.rules import ConsentNeeded, ConsentOutdated
from tests.bookings.family import DOCUMENTS
from tests.factories import MORNING, make_parent

Sessions = sessionmaker[Session]
BOTH = [Acceptance(one, DOCUMENTS[one].version, DOCUMENTS[one].hash) for one in OF_EVERYBODY]
TEXT = "---\npurpose: {}\nversion: '1'\ntitle: 标题\n---\n\n正文\n"


def give(sessions: Sessions, clock: FixedClock, parent: int, accepted: list[Acceptance]) -> None:
    with sessions.begin() as session:
        consents.give(session, clock, DOCUMENTS, parent_id=parent, accepted=accepted)


def needed(sessions: Sessions, parent: int, documents: Documents = DOCUMENTS) -> set[Purpose]:
    with sessions() as session:
        return set(consents.needed(session, documents, parent))


def test_each_document_has_a_tick_of_its_own(sessions: Sessions, clock: FixedClock) -> None:
    parent = make_parent(sessions)
    assert needed(sessions, parent) == set(OF_EVERYBODY)

    give(sessions, clock, parent, [one for one in BOTH if one.purpose is Purpose.PRIVACY])
    assert needed(sessions, parent) == {Purpose.CHILDREN}
    with sessions() as session, pytest.raises(ConsentNeeded):
        consents.check_given(session, DOCUMENTS, parent)

    give(sessions, clock, parent, BOTH)
    with sessions() as session:
        consents.check_given(session, DOCUMENTS, parent)


def test_agreeing_twice_is_agreeing_once(sessions: Sessions, clock: FixedClock) -> None:
    parent = make_parent(sessions)
    give(sessions, clock, parent, BOTH + BOTH)
    give(sessions, clock, parent, BOTH)

    with sessions() as session:
        assert len(consents.given(session, parent)) == 2


@pytest.mark.parametrize("change", [{"version": "0"}, {"hash": "0" * 64}])
def test_only_the_text_as_it_stands_can_be_agreed_to(
    sessions: Sessions, clock: FixedClock, change: dict[str, Any]
) -> None:
    parent = make_parent(sessions)
    with pytest.raises(ConsentOutdated):
        give(sessions, clock, parent, [BOTH[0], dataclasses.replace(BOTH[1], **change)])

    assert needed(sessions, parent) == set(OF_EVERYBODY)  # not half


def test_a_changed_text_is_asked_for_again(sessions: Sessions, clock: FixedClock) -> None:
    parent = make_parent(sessions)
    give(sessions, clock, parent, BOTH)
    privacy = DOCUMENTS[Purpose.PRIVACY]
    newer = DOCUMENTS | {Purpose.PRIVACY: dataclasses.replace(privacy, hash="1" * 64)}

    assert needed(sessions, parent, newer) == {Purpose.PRIVACY}


def test_what_was_taken_back_stays_as_proof_and_can_be_given_again(
    sessions: Sessions, clock: FixedClock
) -> None:
    parent = make_parent(sessions)
    give(sessions, clock, parent, BOTH)
    with sessions.begin() as session:
        consents.withdraw(session, clock, parent_id=parent, purpose=Purpose.CHILDREN)
    assert needed(sessions, parent) == {Purpose.CHILDREN}

    give(sessions, clock, parent, BOTH)

    assert needed(sessions, parent) == set()
    with sessions() as session:
        rows = [one for one in consents.given(session, parent) if one.purpose is Purpose.CHILDREN]
    assert [row.withdrawn_at is None for row in rows] == [False, True]


def test_a_hash_is_that_of_the_whole_file(tmp_path: Path) -> None:
    folder = tmp_path / "consents"
    folder.mkdir()
    for purpose in Purpose:
        (folder / f"{purpose}.md").write_text(TEXT.format(purpose), encoding="utf-8")
    before = load_documents(tmp_path)

    with (folder / "privacy.md").open("a", encoding="utf-8") as file:
        file.write("一句话。")

    after = load_documents(tmp_path)
    assert before[Purpose.PRIVACY].hash != after[Purpose.PRIVACY].hash
    assert before[Purpose.CHILDREN] == after[Purpose.CHILDREN]


@pytest.mark.parametrize(
    "text", ["ohne Kopf", TEXT.format("research"), TEXT.format("privacy") + "\n---\nx: [\n---"]
)
def test_a_wrong_document_stops_the_start(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "consents"
    folder.mkdir()
    (folder / "one.md").write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match="consents"):
        load_documents(tmp_path)


def changed(chance: random.Random, parents: list[int]) -> Executable:
    """Something that may happen to consents: given, taken back, given again, removed."""
    some, purpose = chance.sample(parents, 2), chance.choice(list(Purpose))
    theirs = (Consent.parent_id.in_(some), Consent.purpose == purpose)
    match chance.choice(["give", "take back", "take back", "remove", "hand over"]):
        case "give":
            rows = [
                {
                    "parent_id": parent,
                    "purpose": chance.choice(list(OF_EVERYBODY)),
                    "version": chance.choice(["1", "2"]),
                    "document_hash": "x",
                    "channel": "test",
                    "given_at": MORNING,
                }
                for parent in some
            ]
            return insert(Consent).values(rows).on_conflict_do_nothing()
        case "take back":
            return update(Consent).where(*theirs).values(withdrawn_at=MORNING)
        case "remove":
            return delete(Consent).where(*theirs)
        case _:
            closed = Consent.withdrawn_at.is_not(None)
            return update(Consent).where(*theirs, closed).values(parent_id=chance.choice(parents))


@pytest.mark.parametrize("seed", range(3))
def test_who_agreed_follows_the_consents_whatever_is_done(sessions: Sessions, seed: int) -> None:
    chance = random.Random(seed)
    parents = [make_parent(sessions, documents=DOCUMENTS) for _ in range(4)]

    for _ in range(60):
        with sessions.begin() as session:
            session.execute(changed(chance, parents))
        with sessions() as session:
            agreed = set(session.scalars(select(Parent.id).where(Parent.agreed)))
            standing = {
                parent for parent in parents if consents.stands_for_everybody(session, parent)
            }
            assert agreed == standing


def test_without_the_trigger_it_would_not(sessions: Sessions) -> None:
    parent = make_parent(sessions, documents=DOCUMENTS)
    with sessions() as session:  # rolled back
        session.execute(text("ALTER TABLE consents DISABLE TRIGGER USER"))
        session.execute(update(Consent).values(withdrawn_at=MORNING))

        assert not consents.stands_for_everybody(session, parent)
        assert session.scalar(select(Parent.id).where(Parent.agreed)) == parent
