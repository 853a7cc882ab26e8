"""Stars and words: once, checked before anybody reads them, and averaged from five on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings import rating_check, rating_queries, ratings, service
from backend.bookings.attendance_models import Rating, RatingCheck
from backend.bookings.rating_check import CheckImpossible, CheckUnavailable, Verdict
from backend.bookings.ratings import AlreadyRated, CannotRate, RatingDecided
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Invalid, NotFound
from backend.people.models import Guardian, Relation
from tests.bookings.family import Family, act, make_family
from tests.bookings.visit import confirmed, rate, row
from tests.factories import APPID, MORNING, default_vault, make_centre, make_parent, make_slot

Sessions = sessionmaker[Session]
DAY = timedelta(days=1)


@dataclass
class FakeCheck:
    """WeChat as the check sees it. `script`: what happens to the next texts; `asked`: those."""

    script: list[Verdict | Exception] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def check(self, openid: str, text: str) -> Verdict:
        self.before()
        self.asked.append((openid, text))
        answer = self.script.pop(0) if self.script else Verdict.PASS
        if isinstance(answer, Exception):
            raise answer
        return answer


def attended(sessions: Sessions, clock: FixedClock, family: Family, slot: int) -> int:
    booking = confirmed(sessions, clock, family, slot)
    clock.set(MORNING + 3 * DAY)
    act(sessions, clock, service.mark_attended, booking)
    return booking


@pytest.fixture
def family(sessions: Sessions) -> Family:
    return make_family(sessions)


@pytest.fixture
def booking(sessions: Sessions, clock: FixedClock, family: Family) -> int:
    return attended(sessions, clock, family, make_slot(sessions))


def check(sessions: Sessions, fake: FakeCheck) -> int:
    return rating_check.check_waiting(sessions, default_vault(), fake, APPID)


def state(sessions: Sessions, booking: int) -> RatingCheck:
    found: Rating = row(sessions, Rating, booking)
    return found.check_state


def test_stars_alone_need_no_check(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    rate(sessions, clock, family.parent, booking, 5)

    assert state(sessions, booking) is RatingCheck.PASSED
    assert check(sessions, FakeCheck()) == 0


def test_words_are_sealed_and_wait(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    rate(sessions, clock, family.parent, booking, 4, " 老师很耐心 ")

    found = row(sessions, Rating, booking)
    assert "耐心" not in found.words_sealed
    assert found.check_state is RatingCheck.WAITING
    with sessions() as session:
        assert rating_queries.shown_words(session, None) == []


@pytest.mark.parametrize(
    ("answer", "after", "settled"),
    [
        (Verdict.PASS, RatingCheck.PASSED, 1),
        (Verdict.REVIEW, RatingCheck.REVIEW, 1),
        (Verdict.RISKY, RatingCheck.HIDDEN, 1),
        (CheckImpossible("61010"), RatingCheck.REVIEW, 1),
        (CheckUnavailable("no answer"), RatingCheck.WAITING, 0),
    ],
)
def test_each_opinion_has_its_way(
    sessions: Sessions,
    clock: FixedClock,
    family: Family,
    booking: int,
    answer: Verdict | Exception,
    after: RatingCheck,
    settled: int,
) -> None:
    rate(sessions, clock, family.parent, booking, 4, "老师很耐心")
    fake = FakeCheck([answer])

    assert check(sessions, fake) == settled

    assert state(sessions, booking) is after
    assert [text for _, text in fake.asked] == ["老师很耐心"]
    assert check(sessions, FakeCheck()) == 1 - settled  # what is settled is not asked again


def test_words_that_changed_while_wechat_was_thinking_wait_again(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    rate(sessions, clock, family.parent, booking, 4, "很好")
    fake = FakeCheck(
        [Verdict.PASS],
        before=lambda: rate(sessions, clock, family.parent, booking, 4, "加微信领奶粉"),
    )

    assert check(sessions, fake) == 0

    assert state(sessions, booking) is RatingCheck.WAITING


def test_when_wechat_does_not_answer_the_others_are_not_tried(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    other, slot = make_family(sessions), make_slot(sessions)
    waiting = confirmed(sessions, clock, other, slot)
    booking = attended(sessions, clock, family, slot)
    act(sessions, clock, service.mark_attended, waiting)
    rate(sessions, clock, family.parent, booking, 4, "很好")
    rate(sessions, clock, other.parent, waiting, 4, "也好")
    fake = FakeCheck([CheckUnavailable("down")])

    assert check(sessions, fake) == 0
    assert len(fake.asked) == 1
    assert check(sessions, FakeCheck()) == 2


def test_a_writer_without_wechat_goes_to_a_person(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    rate(sessions, clock, family.parent, booking, 4, "很好")
    fake = FakeCheck()

    assert rating_check.check_waiting(sessions, default_vault(), fake, "another-appid") == 1

    assert fake.asked == []
    assert state(sessions, booking) is RatingCheck.REVIEW


def test_once_by_one_guardian_changed_within_a_day_only(
    sessions: Sessions, clock: FixedClock, family: Family, booking: int
) -> None:
    father = make_parent(sessions)
    with sessions.begin() as session:
        session.add(
            Guardian(
                child_id=family.child, parent_id=father, relation=Relation.FATHER, since=MORNING
            )
        )
    rate(sessions, clock, family.parent, booking, 2, "等了很久")
    check(sessions, FakeCheck())

    rate(sessions, clock, family.parent, booking, 4)
    found = row(sessions, Rating, booking)
    assert (found.stars, found.words_sealed, found.check_state) == (4, None, RatingCheck.PASSED)
    with pytest.raises(AlreadyRated):
        rate(sessions, clock, father, booking, 1)
    clock.advance(DAY + timedelta(minutes=1))
    with pytest.raises(AlreadyRated):
        rate(sessions, clock, family.parent, booking, 5)


def test_only_what_was_attended_only_for_thirty_days_only_by_the_family(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    slot = make_slot(sessions)
    booking = confirmed(sessions, clock, family, slot)
    with pytest.raises(CannotRate):
        rate(sessions, clock, family.parent, booking, 5)
    clock.set(MORNING + 3 * DAY)
    act(sessions, clock, service.mark_attended, booking)
    with pytest.raises(NotFound):
        rate(sessions, clock, make_family(sessions).parent, booking, 5)
    with pytest.raises(Invalid):
        rate(sessions, clock, family.parent, booking, 5, "长" * 301)
    clock.advance(31 * DAY)
    with pytest.raises(CannotRate):
        rate(sessions, clock, family.parent, booking, 5)


def test_a_person_decides_once_on_what_wechat_was_not_sure_of(
    sessions: Sessions, clock: FixedClock, family: Family
) -> None:
    centre = make_centre(sessions)
    booking = attended(sessions, clock, family, make_slot(sessions, centre_id=centre))
    rate(sessions, clock, family.parent, booking, 4, "很好")
    check(sessions, FakeCheck([Verdict.REVIEW]))

    with sessions.begin() as session:
        assert [one.booking_id for one in rating_queries.to_review(session, {centre})] == [booking]
        assert rating_queries.to_review(session, {centre + 1}) == []
        with pytest.raises(NotFound):
            ratings.decide(session, booking_id=booking, show=True, centre_ids={centre + 1})
        ratings.decide(session, booking_id=booking, show=True, centre_ids={centre})
    with sessions.begin() as session, pytest.raises(RatingDecided):
        ratings.decide(session, booking_id=booking, show=False, centre_ids={centre})

    assert state(sessions, booking) is RatingCheck.PASSED


def test_an_average_is_shown_from_five_ratings_on(sessions: Sessions, clock: FixedClock) -> None:
    centre = make_centre(sessions)
    slot = make_slot(sessions, centre_id=centre, capacity=20)
    families = [make_family(sessions) for _ in range(5)]
    bookings = [confirmed(sessions, clock, one, slot) for one in families]
    clock.set(MORNING + 3 * DAY)
    shown = []
    for number, (one, booking) in enumerate(zip(families, bookings, strict=True)):
        act(sessions, clock, service.mark_attended, booking)
        rate(sessions, clock, one.parent, booking, 1 + number)
        with sessions() as session:
            (average,) = rating_queries.averages_by_centre(session, {centre})
        shown.append((average.count, average.stars))

    assert shown == [(1, None), (2, None), (3, None), (4, None), (5, 3.0)]
    with sessions() as session:
        assert rating_queries.averages_by_teacher(session, {centre}) == []  # nobody was named
