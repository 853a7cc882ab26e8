"""Signing, sending back, withdrawing: what stands afterwards, and what is refused."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.guides import reviewing
from backend.guides.current import CurrentLibrary
from backend.guides.loading import Shelf, load_shelf
from backend.guides.review_desk import Pile, count, history, kept_texts, read_desk, review_rows
from backend.guides.review_models import ReviewDecision, ReviewedText, Verdict
from backend.guides.reviewing import Seen, Signed, Signer, seen_on, source_on
from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import NotFound
from backend.people.models import Role
from tests.concurrency.racing import at_once
from tests.factories import make_staff
from tests.guides.writing import CONTENT, content_root, write_guide

Sessions = sessionmaker[Session]
GRACE = timedelta(days=90)
TODAY = date(2026, 11, 23)
A_YEAR = date(2027, 11, 23)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = content_root(tmp_path)
    write_guide(folder, "yi", id="M01")
    write_guide(folder, "er", id="M02")
    (folder / "recipes").mkdir()
    shutil.copy(CONTENT / "recipes" / "jigan-ni.yaml", folder / "recipes")
    return folder


@pytest.fixture
def by(sessions: Sessions) -> Signer:
    return make_signer(sessions)


def make_signer(sessions: Sessions) -> Signer:
    staff_id = make_staff(sessions, role=Role.REVIEWER, office="测试妇幼保健院")
    return Signer(staff_id, "测试员", "测试妇幼保健院")


class Office:
    """One reviewer with one set of files before the eyes."""

    def __init__(self, sessions: Sessions, clock: FixedClock, shelf: Shelf, by: Signer) -> None:
        self.sessions, self.clock, self.shelf, self.by = sessions, clock, shelf, by

    def seen(self, slug: str = "yi") -> Seen:
        with self.sessions() as session:
            newest = read_desk(session, self.clock, GRACE).newest.get(slug, 0)
        return seen_on(self.shelf, slug, source_on(self.shelf, slug).content_hash, newest)

    def approve(self, slug: str = "yi", until: date = A_YEAR, note: str = "") -> Signed:
        seen = self.seen(slug)
        with self.sessions.begin() as session:
            return reviewing.approve(
                session, self.clock, seen, by=self.by, valid_until=until, note=note
            )

    def send_back(self, slug: str = "yi", note: str = "请写明出处") -> None:
        seen = self.seen(slug)
        with self.sessions.begin() as session:
            reviewing.send_back(session, self.clock, seen, by=self.by, note=note)

    def withdraw(self, slug: str = "yi", note: str = "先撤下") -> None:
        seen = self.seen(slug)
        with self.sessions.begin() as session:
            reviewing.withdraw(session, self.clock, seen, by=self.by, note=note)

    def take_back(self, *ids: int, by: Signer | None = None) -> None:
        with self.sessions.begin() as session:
            reviewing.take_back(session, self.clock, ids, by=by or self.by)

    def pile(self, slug: str = "yi") -> Pile:
        with self.sessions() as session:
            desk = read_desk(session, self.clock, GRACE)
        return desk.row(source_on(self.shelf, slug), self.shelf.facts).pile

    def production(self) -> CurrentLibrary:
        """What a web process of a city would show."""
        return CurrentLibrary(
            self.shelf, show_pending=False, grace=GRACE, reads=self.sessions, clock=self.clock
        )


@pytest.fixture
def office(sessions: Sessions, clock: FixedClock, root: Path, by: Signer) -> Office:
    return Office(sessions, clock, load_shelf(root), by)


def edited(office: Office, root: Path, old: str = "抱一抱", new: str = "摇一摇") -> Office:
    """The same office after an author changed the text `yi`."""
    file = root / "guides" / "6-12m" / "yi.md"
    file.write_text(file.read_text().replace(old, new))
    return Office(office.sessions, office.clock, load_shelf(root), office.by)


def test_an_approval_keeps_the_text_the_office_the_day_and_who(office: Office) -> None:
    office.approve(note="看过原件")

    with office.sessions() as session:
        (taken,) = history(session, "yi")
        (kept,) = kept_texts(session, "yi")
        entry = session.scalars(select(AuditEntry).where(AuditEntry.subject == "text:yi")).one()
    decision = taken.decision
    assert (decision.verdict, decision.valid_until) == (Verdict.APPROVED, A_YEAR)
    assert (decision.office, decision.reviewer) == ("测试妇幼保健院", "测试员")
    assert (decision.decided_on, decision.note) == (TODAY, "看过原件")
    assert kept.text == source_on(office.shelf, "yi").text
    assert (entry.action, entry.actor) == ("text.approved", f"staff:{office.by.staff_id}")


def test_a_recipe_is_signed_as_a_guide_is(office: Office) -> None:
    office.approve("jigan-ni")

    assert office.pile("jigan-ni") is Pile.REVIEWED


@pytest.mark.parametrize(
    ("until", "allowed"),
    [
        (TODAY, False),
        (TODAY + timedelta(days=1), True),
        (date(2029, 11, 23), True),
        (date(2029, 11, 24), False),
    ],
)
def test_a_signature_lasts_from_a_day_to_three_years(
    office: Office, until: date, allowed: bool
) -> None:
    if allowed:
        office.approve(until=until)
        return
    with pytest.raises(reviewing.WrongValidity):
        office.approve(until=until)


def test_the_usual_signature_lasts_a_year_also_from_a_leap_day() -> None:
    assert reviewing.default_until(date(2028, 2, 29)) == date(2029, 2, 28)


def test_a_text_that_changed_meanwhile_is_not_signed(office: Office, root: Path) -> None:
    before = office.seen()
    later = edited(office, root)

    with pytest.raises(reviewing.TextChanged):
        seen_on(later.shelf, "yi", before.source.content_hash, 0)
    with pytest.raises(NotFound):
        seen_on(later.shelf, "there-is-none", before.source.content_hash, 0)


def test_nobody_decides_over_a_decision_that_he_has_not_seen(office: Office) -> None:
    seen = office.seen()
    office.send_back()

    acts: list[Callable[[Session], object]] = [
        lambda session: reviewing.approve(
            session, office.clock, seen, by=office.by, valid_until=A_YEAR
        ),
        lambda session: reviewing.send_back(session, office.clock, seen, by=office.by, note="x"),
        lambda session: reviewing.withdraw(session, office.clock, seen, by=office.by, note="x"),
    ]
    for act in acts:
        with pytest.raises(reviewing.DecidedMeanwhile), office.sessions.begin() as session:
            act(session)
    assert office.pile() is Pile.RETURNED


@pytest.mark.parametrize("note", ["", "  \n", "长" * 1001])
def test_a_refusal_says_why_in_no_more_than_a_page(office: Office, note: str) -> None:
    office.approve()
    with pytest.raises(reviewing.NoteNeeded):
        office.send_back(note=note)
    with pytest.raises(reviewing.NoteNeeded):
        office.withdraw(note=note)
    assert office.pile() is Pile.REVIEWED


def test_only_what_was_signed_can_be_withdrawn(office: Office) -> None:
    with pytest.raises(reviewing.NothingSigned):
        office.withdraw()
    office.send_back()
    with pytest.raises(reviewing.NothingSigned):
        office.withdraw()


def test_several_are_signed_together_or_none(office: Office) -> None:
    texts = [office.seen("yi"), office.seen("er")]
    office.send_back("er")

    with pytest.raises(reviewing.DecidedMeanwhile), office.sessions.begin() as session:
        reviewing.approve_all(session, office.clock, texts, by=office.by, valid_until=A_YEAR)
    assert office.pile("yi") is Pile.PENDING

    with office.sessions.begin() as session:
        again = [office.seen("yi"), office.seen("er")]
        reviewing.approve_all(session, office.clock, again, by=office.by, valid_until=A_YEAR)
    assert (office.pile("yi"), office.pile("er")) == (Pile.REVIEWED, Pile.REVIEWED)


def test_a_slip_of_the_hand_is_taken_back_and_stays_in_the_records(office: Office) -> None:
    signed = office.approve()
    assert signed.fresh

    office.take_back(signed.decision_id)

    assert office.pile() is Pile.WITHDRAWN
    with office.sessions() as session:
        notes = [taken.decision.note for taken in history(session, "yi")]
    assert notes == ["误点撤销", ""]


def test_what_is_taken_back_is_ones_own_fresh_and_the_last_word(office: Office) -> None:
    signed = office.approve()
    with pytest.raises(reviewing.CannotTakeBack):
        office.take_back(signed.decision_id, by=make_signer(office.sessions))
    with pytest.raises(reviewing.CannotTakeBack):
        office.take_back(signed.decision_id + 1)

    renewed = office.approve(until=A_YEAR + timedelta(days=1))
    assert not renewed.fresh
    for old in (signed, renewed):
        with pytest.raises(reviewing.CannotTakeBack):
            office.take_back(old.decision_id)

    other = office.approve("er")
    office.clock.advance(timedelta(minutes=10))
    with pytest.raises(reviewing.CannotTakeBack):
        office.take_back(other.decision_id)


def test_taking_back_a_new_version_leaves_the_older_signed_one(office: Office, root: Path) -> None:
    office.approve()
    later = edited(office, root)
    signed = later.approve()
    assert "摇一摇" in later.production().get().get("yi").html

    later.take_back(signed.decision_id)

    assert "抱一抱" in later.production().get().get("yi").html


def test_withdrawing_takes_away_every_version_that_was_ever_signed(
    office: Office, root: Path
) -> None:
    office.approve()
    later = edited(office, root)
    later.approve()

    later.withdraw()

    assert "yi" not in later.production().get()
    assert office.pile() is Pile.WITHDRAWN


def test_an_older_version_on_show_can_be_withdrawn_though_the_new_one_is_pending(
    office: Office, root: Path
) -> None:
    office.approve()
    later = edited(office, root)

    later.withdraw()

    assert "yi" not in later.production().get()
    assert later.pile() is Pile.PENDING


def test_the_version_signed_last_is_shown_also_when_both_were_signed_on_one_day(
    office: Office, root: Path
) -> None:
    office.approve()
    second = edited(office, root)
    second.approve()
    third = edited(second, root, "摇一摇", "亲一亲")

    assert "摇一摇" in third.production().get().get("yi").html


def test_a_signed_text_whose_source_is_gone_is_left_out_and_nothing_else(
    office: Office, root: Path
) -> None:
    sources = root / "facts" / "sources.yaml"
    before = sources.read_text(encoding="utf-8")
    sources.write_text(before + "GONE2020: {title: 一份旧文件, year: 2020}\n", encoding="utf-8")
    write_guide(root, "yi", id="M01", sources=["GONE2020"])
    signed = edited(office, root)
    signed.approve("yi")
    signed.approve("er")
    sources.write_text(before, encoding="utf-8")

    write_guide(root, "yi", id="M01")
    later = edited(signed, root, "抱一抱", "亲一亲")

    assert later.production().get().slugs == {"er"}


def test_the_piles_of_the_desk_add_up(office: Office) -> None:
    office.approve("yi", until=TODAY + timedelta(days=61))
    office.send_back("er")
    with office.sessions() as session:
        rows = review_rows(office.shelf, read_desk(session, office.clock, GRACE))

    assert [row.id for row in rows] == ["M01", "M02", "R03"]
    counts = count(rows)
    assert (counts[Pile.REVIEWED], counts[Pile.RETURNED], counts[Pile.PENDING]) == (1, 1, 1)
    assert sum(counts.values()) == 3


@pytest.mark.parametrize(
    ("days", "pile"),
    [
        (0, Pile.REVIEWED),
        (40, Pile.REVIEWED),
        (41, Pile.SOON),
        (100, Pile.SOON),
        (101, Pile.DUE),
        (190, Pile.DUE),
        (191, Pile.EXPIRED),
    ],
)
def test_a_signature_grows_old(office: Office, days: int, pile: Pile) -> None:
    office.approve(until=TODAY + timedelta(days=100))

    office.clock.advance(timedelta(days=days))

    assert office.pile() is pile


@pytest.mark.slow
def test_of_two_offices_at_the_same_moment_one_is_told(
    committed: Sessions, clock: FixedClock, root: Path
) -> None:
    office = Office(committed, clock, load_shelf(root), make_signer(committed))
    seen = office.seen()

    def decide(number: int) -> None:
        with committed.begin() as session:
            if number % 2:
                reviewing.send_back(session, clock, seen, by=office.by, note="再看看")
            else:
                reviewing.approve(session, clock, seen, by=office.by, valid_until=A_YEAR)

    went_through, refused = at_once(decide, range(8))

    assert len(went_through) == 1
    assert {type(one) for one in refused} == {reviewing.DecidedMeanwhile}
    with committed() as session:
        assert len(session.scalars(select(ReviewDecision)).all()) == 1
        assert len(session.scalars(select(ReviewedText)).all()) == 1
