"""What is paid and what is not, by hand and by law; and the same again by SQL."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.bookings import settlement
from backend.bookings.money import MOST_FEN, in_capitals, read_yuan, yuan, yuan_number
from backend.bookings.settlement import DEDUCTIONS, REASON_TITLES, Attended, Reason, Terms, settle
from backend.centres.place_models import ContractUnit
from backend.kernel.clock import CITY
from backend.kernel.errors import Invalid

TERMS = Terms(date(2026, 1, 1), date(2026, 12, 31), ContractUnit.SESSION, 8000, None)
BY_FAMILY = replace(TERMS, unit=ContractUnit.FAMILY)
STARTS = datetime(2026, 11, 5, 10, tzinfo=CITY)
HOUR = timedelta(hours=1)
GOOD = Attended(
    booking_id=1,
    child=1,
    day=date(2026, 11, 5),
    starts_at=STARTS,
    ends_at=STARTS + HOUR,
    birth_date=date(2025, 5, 5),
    under_months=36,
    quota_number=1,
    by_phone=True,
)


def later(hours: int, **changes: object) -> Attended:
    """Another session of the day, so many hours later."""
    starts_at = STARTS + hours * HOUR
    values = {"booking_id": 1 + hours, "starts_at": starts_at, "ends_at": starts_at + HOUR}
    return replace(GOOD, **(values | changes))  # type: ignore[arg-type]


def reasons(terms: Terms, *attended: Attended) -> list[Reason | None]:
    return [verdict.reason for verdict in settle(terms, attended)]


def test_a_session_with_everything_in_order_is_paid_at_the_price() -> None:
    (verdict,) = settle(TERMS, [GOOD])

    assert (verdict.reason, verdict.amount_fen) == (None, 8000)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"day": date(2025, 12, 31)}, Reason.OUTSIDE_CONTRACT),
        ({"day": date(2027, 1, 1)}, Reason.OUTSIDE_CONTRACT),
        ({"elsewhere": True}, Reason.ALREADY_SETTLED),
        ({"closed": True}, Reason.CLOSED_CENTRE),
        ({"certified": False}, Reason.TEACHER_NOT_CERTIFIED),
        ({"birth_date": date(2026, 11, 6)}, Reason.NOT_BORN),
        ({"birth_date": date(2023, 11, 5)}, Reason.OVER_AGE),
        ({"quota_number": None}, Reason.OVER_QUOTA),
        ({"by_phone": False}, Reason.NO_GUARDIAN_CONFIRMATION),
    ],
)
def test_each_thing_that_is_wrong_has_its_reason(wrong: dict[str, object], reason: Reason) -> None:
    (verdict,) = settle(TERMS, [replace(GOOD, **wrong)])  # type: ignore[arg-type]

    assert (verdict.reason, verdict.amount_fen) == (reason, 0)


def test_the_last_day_under_three_is_paid() -> None:
    assert reasons(TERMS, replace(GOOD, birth_date=date(2023, 11, 6))) == [None]


def test_who_is_born_on_the_31st_turns_three_on_the_last_day_of_a_shorter_month() -> None:
    child = replace(GOOD, birth_date=date(2025, 8, 31), under_months=3, day=date(2025, 11, 30))
    terms = replace(TERMS, valid_from=date(2025, 1, 1))

    assert reasons(terms, child) == [Reason.OVER_AGE]
    assert reasons(terms, replace(child, day=date(2025, 11, 29))) == [None]


def test_of_two_sessions_at_one_time_the_earlier_is_paid() -> None:
    overlap = replace(GOOD, booking_id=2, starts_at=STARTS + HOUR / 2, ends_at=STARTS + 2 * HOUR)

    assert reasons(TERMS, overlap, GOOD) == [None, Reason.DUPLICATE]


def test_of_two_sessions_at_one_time_the_one_that_the_guardian_confirmed_is_paid() -> None:
    unsure = replace(GOOD, by_phone=False)
    overlap = replace(GOOD, booking_id=2, starts_at=STARTS + HOUR / 2, ends_at=STARTS + 2 * HOUR)

    assert reasons(TERMS, unsure, overlap) == [Reason.DUPLICATE, None]


def test_what_stands_in_a_signed_statement_goes_before_everything() -> None:
    settled = replace(GOOD, booking_id=2, starts_at=STARTS + HOUR / 2, frozen=True)

    found = settle(TERMS, [GOOD], elsewhere=[settled])

    assert [verdict.reason for verdict in found] == [Reason.DUPLICATE]


def test_one_after_the_other_is_no_duplicate() -> None:
    assert reasons(TERMS, GOOD, later(1)) == [None, None]


def test_other_children_at_the_same_time_are_no_duplicates() -> None:
    assert reasons(TERMS, GOOD, replace(GOOD, booking_id=2, child=2)) == [None, None]


def test_by_family_a_child_is_paid_once_a_month() -> None:
    found = settle(BY_FAMILY, [later(5), GOOD, later(3), replace(GOOD, booking_id=9, child=2)])

    assert {one.booking_id: one.amount_fen for one in found} == {1: 8000, 4: 0, 6: 0, 9: 8000}
    assert {one.reason for one in found} == {None}


def test_by_family_what_is_deducted_does_not_carry_the_amount() -> None:
    found = settle(BY_FAMILY, [replace(GOOD, by_phone=False), later(3)])

    assert [one.amount_fen for one in found] == [0, 8000]


def test_the_ceiling_cuts_in_the_order_of_time() -> None:
    terms = replace(TERMS, ceiling_fen=20_000)

    assert reasons(terms, later(4), GOOD, later(2)) == [None, None, Reason.ABOVE_CEILING]


def test_what_other_months_have_paid_counts_for_the_ceiling() -> None:
    terms = replace(TERMS, ceiling_fen=20_000)

    (found,) = settle(terms, [GOOD], spent_fen=12_001)
    assert found.reason is Reason.ABOVE_CEILING
    (found,) = settle(terms, [GOOD], spent_fen=12_000)
    assert found.reason is None


def test_by_family_the_ceiling_leaves_no_child_half_paid() -> None:
    terms = replace(BY_FAMILY, ceiling_fen=8000)
    other = later(2, child=2, booking_id=20)
    again = later(4, child=2, booking_id=21)

    assert reasons(terms, GOOD, other, again, later(6)) == [
        None,
        Reason.ABOVE_CEILING,
        Reason.ABOVE_CEILING,
        None,
    ]


SESSIONS = st.builds(
    Attended,
    booking_id=st.integers(1, 10_000),
    child=st.integers(1, 4),
    day=st.dates(date(2025, 12, 30), date(2027, 1, 2)),
    starts_at=st.integers(0, 40).map(lambda n: STARTS + n * HOUR / 2),
    ends_at=st.just(STARTS),
    birth_date=st.dates(date(2022, 1, 1), date(2026, 12, 1)),
    under_months=st.sampled_from([6, 36]),
    quota_number=st.sampled_from([None, 1, 2]),
    by_phone=st.booleans(),
    closed=st.booleans(),
    certified=st.booleans(),
    frozen=st.booleans(),
    elsewhere=st.booleans(),
).map(lambda one: replace(one, ends_at=one.starts_at + HOUR))
MONTHS = st.lists(SESSIONS, max_size=20, unique_by=lambda one: one.booking_id)
ANY_TERMS = st.builds(
    Terms,
    valid_from=st.just(TERMS.valid_from),
    valid_until=st.just(TERMS.valid_until),
    unit=st.sampled_from(ContractUnit),
    price_fen=st.integers(1, 10_000),
    ceiling_fen=st.one_of(st.none(), st.integers(10_000, 60_000)),
)


@given(month=MONTHS, terms=ANY_TERMS, spent=st.integers(0, 30_000))
def test_every_session_has_one_verdict_and_never_more_than_the_price(
    month: list[Attended], terms: Terms, spent: int
) -> None:
    found = settle(terms, month, spent_fen=spent)

    assert sorted(one.booking_id for one in found) == sorted(one.booking_id for one in month)
    assert all(0 <= one.amount_fen <= terms.price_fen for one in found)
    assert all(one.amount_fen == 0 for one in found if one.reason is not None)
    if terms.ceiling_fen is not None:
        assert sum(one.amount_fen for one in found) <= max(0, terms.ceiling_fen - spent)


@given(month=MONTHS, terms=ANY_TERMS, seed=st.randoms())
def test_the_order_in_which_sessions_are_looked_at_changes_nothing(
    month: list[Attended], terms: Terms, seed: object
) -> None:
    shuffled = list(month)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]

    assert settle(terms, month) == settle(terms, shuffled)


@given(month=MONTHS)
def test_no_child_is_paid_for_two_places_at_once(month: list[Attended]) -> None:
    paid = {one.booking_id for one in settle(TERMS, month) if one.reason is None}
    held = [one for one in month if one.booking_id in paid]

    for one in held:
        for other in held:
            apart = one.ends_at <= other.starts_at or other.ends_at <= one.starts_at
            assert one is other or one.child != other.child or apart


@given(month=MONTHS)
def test_by_family_a_child_costs_the_price_once_or_nothing(month: list[Attended]) -> None:
    amounts: dict[int, int] = {}
    children = {one.booking_id: one.child for one in month}
    for one in settle(BY_FAMILY, month):
        child = children[one.booking_id]
        amounts[child] = amounts.get(child, 0) + one.amount_fen

    assert set(amounts.values()) <= {0, 8000}


def test_every_reason_has_a_chinese_sentence_and_a_short_title() -> None:
    assert set(DEDUCTIONS) == set(REASON_TITLES) == set(Reason)
    for sentence in (*DEDUCTIONS.values(), *REASON_TITLES.values()):
        assert any("\u4e00" <= letter <= "\u9fff" for letter in sentence)


@pytest.mark.parametrize(
    ("fen", "text", "capitals"),
    [
        (0, "0.00", "零元整"),
        (5, "0.05", "伍分"),
        (50, "0.50", "伍角整"),
        (10_205, "102.05", "壹佰零贰元零伍分"),
        (10_250, "102.50", "壹佰零贰元伍角整"),
        (1_000_000, "10,000.00", "壹万元整"),
        (1_010_000, "10,100.00", "壹万零壹佰元整"),
        (10_000_500, "100,005.00", "壹拾万零伍元整"),
        (1_234_567_89, "1,234,567.89", "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"),
        (10_000_000_100, "100,000,001.00", "壹亿零壹元整"),
        (-8000, "-80.00", "负捌拾元整"),
    ],
)
def test_money_is_shown_in_yuan_and_in_capitals(fen: int, text: str, capitals: str) -> None:
    assert yuan(fen) == text
    assert in_capitals(fen) == capitals
    assert yuan_number(fen) * 100 == fen


@given(fen=st.integers(-MOST_FEN, MOST_FEN).filter(bool))
def test_what_is_shown_is_read_back(fen: int) -> None:
    assert read_yuan(yuan(fen)) == fen
    assert read_yuan(f" {yuan(fen)}元") == fen


@pytest.mark.parametrize("wrong", ["", "x", "0", "0.00", "1.005", "NaN", "Infinity", "1e99", "三"])
def test_what_is_no_amount_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid):
        read_yuan(wrong)


@given(fen=st.integers(0, 10**14))
def test_capitals_read_like_a_number(fen: int) -> None:
    text = in_capitals(fen)

    assert "零零" not in text
    assert text.endswith(("整", "分"))
    assert not text.startswith("零") or fen == 0


def test_a_month_is_over_on_the_first_of_the_next() -> None:
    with pytest.raises(settlement.MonthNotOver):
        settlement.check_month_over(date(2026, 11, 1), date(2026, 11, 30))
    settlement.check_month_over(date(2026, 11, 1), date(2026, 12, 1))


def test_a_note_is_short_and_there() -> None:
    assert settlement.check_note(" 缺签到表 ") == "缺签到表"
    for wrong in ("  ", "长" * 501):
        with pytest.raises(Invalid):
            settlement.check_note(wrong)


def test_a_correction_keeps_a_session_between_nothing_and_its_price() -> None:
    settlement.check_correction(8000, 8000, -8000)
    settlement.check_correction(8000, 0, 8000)
    for paid, amount in ((8000, 1), (0, -1), (0, 8001)):
        with pytest.raises(settlement.CorrectionTooMuch):
            settlement.check_correction(8000, paid, amount)
