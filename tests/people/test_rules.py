from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.privacy import Vault
from backend.people import rules
from backend.people.models import Child, DuplicateState, Sex

TODAY = date(2026, 11, 23)
VAULT = Vault({"k1": b"f" * 32}, b"l" * 32)


@given(days=st.integers(0, 7 * 365))
def test_a_child_of_less_than_seven_years_may_be_registered(days: int) -> None:
    rules.check_birth_date(TODAY - timedelta(days=days), TODAY)


@pytest.mark.parametrize(
    "birth", [date(2026, 11, 24), date(2019, 11, 23), date(1990, 1, 1), date(2200, 1, 1)]
)
def test_tomorrow_and_seven_years_ago_are_typing_errors(birth: date) -> None:
    with pytest.raises(rules.BirthDateOutOfRange):
        rules.check_birth_date(birth, TODAY)


def test_who_was_born_on_a_leap_day_turns_seven_on_the_first_of_march() -> None:
    rules.check_birth_date(date(2024, 2, 29), date(2031, 2, 28))
    with pytest.raises(rules.BirthDateOutOfRange):
        rules.check_birth_date(date(2024, 2, 29), date(2031, 3, 1))


@pytest.mark.parametrize("state", [None, DuplicateState.DIFFERENT])
def test_a_child_of_its_own_may_book(state: DuplicateState | None) -> None:
    rules.check_may_book(Child(duplicate_state=state))


def test_a_doubtful_registration_may_not_book() -> None:
    with pytest.raises(rules.PossibleDuplicate):
        rules.check_may_book(Child(duplicate_state=DuplicateState.POSSIBLE))


@given(name=st.text(min_size=1, max_size=50))
def test_an_identity_is_32_bytes_and_tells_sexes_and_days_apart(name: str) -> None:
    one = rules.child_identity(VAULT, name, Sex.MALE, TODAY)

    assert len(one) == 32
    assert one == rules.child_identity(VAULT, f" {name}", Sex.MALE, TODAY)
    assert one != rules.child_identity(VAULT, name, Sex.FEMALE, TODAY)
    assert one != rules.child_identity(VAULT, name, Sex.MALE, TODAY - timedelta(days=1))


def test_without_the_key_an_identity_cannot_be_computed() -> None:
    other = Vault({"k1": b"f" * 32}, b"m" * 32)

    assert rules.child_identity(VAULT, "丁小满", Sex.MALE, TODAY) != rules.child_identity(
        other, "丁小满", Sex.MALE, TODAY
    )


def test_codes_are_eight_letters_that_nobody_misreads() -> None:
    codes = {rules.new_invitation_code() for _ in range(500)}

    assert len(codes) == 500
    assert {len(code) for code in codes} == {8}
    assert not set("".join(codes)) & set("IO01")


@given(code=st.text(alphabet=rules.INVITATION_LETTERS, min_size=8, max_size=8))
def test_a_code_may_be_typed_in_small_letters_and_groups(code: str) -> None:
    assert rules.fold_invitation_code(f" {code[:4].lower()} - {code[4:]}") == code


def test_tokens_are_long_and_never_the_same() -> None:
    tokens = {rules.new_token() for _ in range(200)}

    assert len(tokens) == 200
    assert min(map(len, tokens)) >= 43  # 256 bits
