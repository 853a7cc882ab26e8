"""`staff`: made, listed, a new password, closed; wrong places are told with the right ones."""

from collections.abc import Callable

import pytest

from backend.cli.staff import NewAccount, add_staff, close_account, listed, reset_password
from backend.kernel.errors import Conflict
from backend.people.models import Role
from tests.conftest import make_settings


def test_an_account_is_made_listed_and_closed(make_database: Callable[[], str]) -> None:
    settings = make_settings(make_database())
    first = add_staff(settings, NewAccount("Zhou", "周庄镇", Role.TOWN, town="320281108"))
    second = reset_password(settings, "zhou")
    close_account(settings, "zhou")

    (line,) = listed(settings)

    assert first != second
    login, role, place, seen, state, name, office = line.split("\t")
    assert (login, role, place, name, office) == ("zhou", "town", "town 320281108", "周庄镇", "")
    assert seen == "never signed in"
    assert state.startswith("disabled ")
    for wrong, sentence in (
        (NewAccount("x", "X", Role.TOWN, town="320281999"), "320281108 周庄镇"),
        (NewAccount("x", "X", Role.CLERK), "--centre 写中心的编号"),
    ):
        with pytest.raises(Conflict) as refusal:
            add_staff(settings, wrong)
        assert sentence in (refusal.value.detail or "")
