"""Accounts of staff: who comes in, for how long, and where they may look."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.audit import AuditEntry
from backend.kernel.clock import FixedClock
from backend.kernel.errors import Conflict, NotFound
from backend.people import staff, staff_keeping
from backend.people.models import Role, Staff
from backend.people.scopes import scope_of
from tests.concurrency.racing import at_once
from tests.factories import make_centre

Sessions = sessionmaker[Session]
PASSWORD = "lange-genug-1"


@pytest.fixture
def clerk(sessions: Sessions, clock: FixedClock) -> int:
    return create(sessions, clock, "  Wang.Li ", Role.CLERK, centre_id=make_centre(sessions))


def create(
    sessions: Sessions,
    clock: FixedClock,
    login: str,
    role: Role,
    *,
    password: str = PASSWORD,
    centre_id: int | None = None,
    town_code: str | None = None,
    office: str | None = None,
) -> int:
    with sessions.begin() as session:
        return staff.create_staff(
            session,
            clock,
            login=login,
            name="王丽",
            password=password,
            role=role,
            centre_id=centre_id,
            town_code=town_code,
            office=office,
        ).id


def sign_in(
    sessions: Sessions, clock: FixedClock, password: str = PASSWORD, login: str = "wang.li"
) -> str:
    with sessions.begin() as session:
        staff.begin_try(session, clock, login=login)
    with sessions.begin() as session:
        return staff.sign_in(session, clock, login=login, password=password)


def who(sessions: Sessions, clock: FixedClock, key: str) -> int | None:
    with sessions.begin() as session:
        found = staff.staff_by_key(session, clock, key)
        return None if found is None else found.id


def test_a_login_may_be_written_in_any_case(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    assert who(sessions, clock, sign_in(sessions, clock, login=" WANG.li")) == clerk


def test_unknown_wrong_and_disabled_look_the_same(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    with sessions.begin() as session:
        session.get_one(Staff, clerk).disabled_at = clock.now()
    for login, password in (
        ("nobody", PASSWORD),
        ("wang.li", "wrong-password"),
        ("wang.li", PASSWORD),
        ("wang.li", "x" * 10_000),
    ):
        with pytest.raises(staff.WrongLogin):
            sign_in(sessions, clock, password, login)


def test_the_sixth_password_in_a_quarter_of_an_hour_is_not_looked_at(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    for _ in range(5):
        with pytest.raises(staff.WrongLogin):
            sign_in(sessions, clock, "wrong-password")

    with pytest.raises(staff.TooManyTries):
        sign_in(sessions, clock)
    clock.advance(timedelta(minutes=15))
    assert who(sessions, clock, sign_in(sessions, clock)) == clerk


def test_a_right_password_forgets_the_wrong_ones(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(staff.WrongLogin):
                sign_in(sessions, clock, "wrong-password")
        sign_in(sessions, clock)


@pytest.mark.slow
def test_tries_at_the_same_moment_count_one_by_one(committed: Sessions, clock: FixedClock) -> None:
    def attempt(login: str) -> None:
        with committed.begin() as session:
            staff.begin_try(session, clock, login=login)

    let_through, refused = at_once(attempt, ["wang.li"] * 12)

    assert len(let_through) == 5
    assert {type(one) for one in refused} == {staff.TooManyTries}


def test_a_desk_that_was_left_is_signed_out_after_half_an_hour(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    key = sign_in(sessions, clock)
    for _ in range(3):
        clock.advance(timedelta(minutes=29))
        assert who(sessions, clock, key) == clerk

    clock.advance(timedelta(minutes=30))
    assert who(sessions, clock, key) is None


def test_even_a_busy_desk_signs_in_anew_after_twelve_hours(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    key = sign_in(sessions, clock)
    for _ in range(12 * 3 - 1):
        clock.advance(timedelta(minutes=20))
        assert who(sessions, clock, key) == clerk

    clock.advance(timedelta(minutes=20))
    assert who(sessions, clock, key) is None


def test_signing_out_and_disabling_take_effect_at_once(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    first, second = sign_in(sessions, clock), sign_in(sessions, clock)
    with sessions.begin() as session:
        staff.sign_out(session, clock, key=first)
    assert who(sessions, clock, first) is None
    assert who(sessions, clock, second) == clerk

    with sessions.begin() as session:
        session.get_one(Staff, clerk).disabled_at = clock.now()
    assert who(sessions, clock, second) is None


def test_a_new_password_ends_every_other_sign_in(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    here, elsewhere = sign_in(sessions, clock), sign_in(sessions, clock)

    with sessions.begin() as session:
        staff.change_password(
            session, clock, staff_id=clerk, old=PASSWORD, new="auch-lang-genug", keep=here
        )

    assert who(sessions, clock, here) == clerk
    assert who(sessions, clock, elsewhere) is None
    with pytest.raises(staff.WrongLogin):
        sign_in(sessions, clock)
    sign_in(sessions, clock, "auch-lang-genug")


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ("wrong-password", "auch-lang-genug", staff.WrongPassword),
        (PASSWORD, "kurz", staff.WeakPassword),
        (PASSWORD, "x" * 129, staff.WeakPassword),
    ],
)
def test_a_password_is_not_changed_by_a_guess_or_into_a_weak_one(
    sessions: Sessions,
    clock: FixedClock,
    clerk: int,
    old: str,
    new: str,
    refusal: type[Exception],
) -> None:
    with sessions() as session, pytest.raises(refusal):
        staff.change_password(session, clock, staff_id=clerk, old=old, new=new, keep="")

    sign_in(sessions, clock)


def test_a_login_that_is_taken_or_a_place_that_does_not_fit_is_refused(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    with pytest.raises(Conflict) as taken:
        create(sessions, clock, "WANG.LI", Role.CITY)
    assert taken.value.detail == "已经有这个账号"
    with pytest.raises(Conflict) as nowhere:
        create(sessions, clock, "town", Role.TOWN)
    assert "范围与角色不符" in (nowhere.value.detail or "")
    with pytest.raises(staff.WeakPassword):
        create(sessions, clock, "same-as-login", Role.CITY, password="same-as-login")


def test_a_reviewer_has_an_office_and_nobody_else(sessions: Sessions, clock: FixedClock) -> None:
    reviewer = create(sessions, clock, "li", Role.REVIEWER, office=" 市妇幼保健院 ")
    with sessions() as session:
        kept = session.get_one(Staff, reviewer)
        scope = scope_of(kept, lambda _: frozenset({1}))
    assert (kept.office, scope.centre_ids, scope.town_code) == ("市妇幼保健院", frozenset(), None)

    for office in (None, "  "):
        with pytest.raises(Conflict) as missing:
            create(sessions, clock, "wang", Role.REVIEWER, office=office)
        assert "单位" in (missing.value.detail or "")
    with pytest.raises(Conflict) as needless:
        create(sessions, clock, "wang", Role.CITY, office="市妇幼保健院")
    assert "只有审定人" in (needless.value.detail or "")
    with pytest.raises(Conflict):
        create(sessions, clock, "wang", Role.REVIEWER, office="某院", town_code="320281001")


def test_a_doctor_of_an_institution_works_in_a_town_or_in_the_city(
    sessions: Sessions, clock: FixedClock
) -> None:
    for number, town in enumerate(("320281001", None)):
        made = create(
            sessions, clock, f"er{number}", Role.CHILD_HEALTH, office="某院", town_code=town
        )
        with sessions() as session:
            scope = scope_of(session.get_one(Staff, made), lambda _: frozenset({1}))
        assert (scope.centre_ids, scope.town_code) == (frozenset(), town)  # no booking is theirs
    with pytest.raises(Conflict):
        create(sessions, clock, "er", Role.CHILD_HEALTH, town_code="320281001")


def test_only_hashes_of_passwords_and_keys_are_kept(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    key = sign_in(sessions, clock)

    with sessions() as session:
        kept = session.execute(
            text("SELECT password_hash, key_hash FROM staff JOIN staff_sessions ON staff_id = id")
        ).one()
    assert kept.password_hash.startswith("$argon2id$")
    assert key.encode() not in bytes(kept.key_hash)


def test_a_scope_is_a_centre_a_town_or_the_city() -> None:
    def town_centres(code: str) -> frozenset[int]:
        return {"320281001": frozenset({1, 2})}[code]

    clerk = scope_of(Staff(role=Role.CLERK, centre_id=7), town_centres)
    town = scope_of(Staff(role=Role.TOWN, town_code="320281001"), town_centres)
    city = scope_of(Staff(role=Role.CITY), town_centres)

    assert [clerk.holds_centre(7), clerk.holds_centre(1)] == [True, False]
    assert [town.holds_centre(1), town.holds_centre(7)] == [True, False]
    assert (city.centre_ids, city.holds_centre(7)) == (None, True)


def test_a_forgotten_password_is_replaced_and_opens_a_locked_login(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    key = sign_in(sessions, clock)
    for _ in range(5):
        with pytest.raises(staff.WrongLogin):
            sign_in(sessions, clock, "forgotten-it")

    with sessions.begin() as session:
        staff_keeping.reset_password(session, clock, login="Wang.Li", password="ganz-neues-wort")

    assert who(sessions, clock, key) is None
    assert who(sessions, clock, sign_in(sessions, clock, "ganz-neues-wort")) == clerk
    with sessions() as session, pytest.raises(NotFound):
        staff_keeping.reset_password(session, clock, login="nobody", password="ganz-neues-wort")


def test_who_leaves_is_out_at_once_and_an_old_sign_in_does_not_come_back(
    sessions: Sessions, clock: FixedClock, clerk: int
) -> None:
    key = sign_in(sessions, clock)
    with sessions.begin() as session:
        staff_keeping.disable(session, clock, login="wang.li")
    assert who(sessions, clock, key) is None
    with pytest.raises(staff.WrongLogin):
        sign_in(sessions, clock)
    with sessions() as session:
        (line,) = staff_keeping.accounts(session)
    assert (line.login, line.signed_in_at, line.disabled_at) == (
        "wang.li",
        clock.now(),
        clock.now(),
    )

    with sessions.begin() as session:
        staff_keeping.enable(session, clock, login="wang.li")

    assert who(sessions, clock, key) is None
    assert who(sessions, clock, sign_in(sessions, clock)) == clerk
    with sessions() as session:
        acts = session.scalars(select(AuditEntry.action).where(AuditEntry.actor == "operator"))
        assert list(acts) == ["staff.disabled", "staff.enabled"]
