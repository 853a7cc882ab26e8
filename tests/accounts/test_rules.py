"""What a code of WeChat says about an account, and what a clerk is told to do."""

from datetime import datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.accounts import rules
from backend.accounts.models import AccountKind, Capability
from backend.accounts.rules import Following
from backend.accounts.scenes import LinkScenes
from backend.kernel.clock import CITY
from tests.conftest import MORNING

FOR_PERSONS = (Capability.TEMPLATE, Capability.NOTIFY)


@pytest.mark.parametrize(
    ("capability", "errcode", "said"),
    [
        (Capability.TEMPLATE, 0, True),
        (Capability.TEMPLATE, 48001, False),
        (Capability.NOTIFY, 45103, False),
        (Capability.MASS, -1, None),
        (Capability.MASS, 45009, None),
        (Capability.MENU, 46003, True),
        (Capability.PUBLISH, 46003, None),
        (Capability.USERS, 40003, True),
        (Capability.SCAN, 40003, None),
    ],
)
def test_a_code_says_yes_no_or_nothing(
    capability: Capability, errcode: int, said: bool | None
) -> None:
    assert rules.decided(capability, errcode) is said


@given(st.sampled_from(AccountKind), st.sampled_from(Capability), st.booleans())
def test_only_a_certified_service_account_speaks_to_one_person(
    kind: AccountKind, capability: Capability, certified: bool
) -> None:
    lawful = rules.lawful(kind, capability, certified=certified)

    if kind is AccountKind.MINI:
        assert not lawful
    elif capability in FOR_PERSONS:
        assert lawful is (kind is AccountKind.SERVICE and certified)
    else:
        assert lawful


@given(st.permutations(range(6)), st.integers(1, 6))
def test_following_is_known_in_whatever_order_it_is_told(order: list[int], acts: int) -> None:
    """Acts alternate: subscribe at 0, unsubscribe at 1, …; pushes arrive in any order."""
    known: Following | None = None
    for act in (one for one in order if one < acts):
        moment = MORNING + timedelta(minutes=act)
        told = rules.after_leaving if act % 2 else partial(rules.after_coming, anew=True)
        known = told(known, moment)

    assert known is not None
    assert (known.left_at is not None) is (acts % 2 == 0)


def test_a_scan_says_that_somebody_follows_and_not_since_when() -> None:
    later = MORNING + timedelta(minutes=1)

    assert rules.after_coming(Following(MORNING), later, anew=False) == Following(MORNING)
    assert rules.after_coming(None, later, anew=False) == Following(later)
    gone = Following(MORNING, MORNING)
    assert rules.after_coming(gone, later, anew=False) == Following(later)


def test_refused_keys_are_told_with_what_to_do() -> None:
    sentence = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 65e-1"

    assert rules.trouble(None, None) is None
    assert rules.trouble(0, None) is None
    assert "AppID" in str(rules.trouble(40013, None))
    assert "AppSecret" in str(rules.trouble(40125, None))
    assert str(rules.trouble(40164, rules.ip_in(sentence))).endswith("加上 203.0.113.7")
    assert "公网地址" in str(rules.trouble(40164, None))
    assert "40243" not in str(rules.trouble(40243, None))
    assert "50002" in str(rules.trouble(50002, None))


def test_a_scene_is_ours_or_it_is_not() -> None:
    scenes = LinkScenes("s" * 32)
    scene = scenes.make(b"r" * 16)

    assert len(scene) <= 64
    assert scenes.made(scene)
    assert not LinkScenes("t" * 32).made(scene)
    for other in ("", "poster-7", "L.", scene[:-1], scene + "x", scene.replace("L.", "M.")):
        assert not scenes.made(other)
    assert "s" * 32 not in repr(scenes)


@pytest.mark.parametrize(
    ("now", "night"),
    [((27, 2, 29), (26, 2, 30)), ((27, 2, 30), (27, 2, 30)), ((27, 23, 59), (27, 2, 30))],
)
def test_a_comparison_is_due_at_half_past_two_in_the_city(
    now: tuple[int, int, int], night: tuple[int, int, int]
) -> None:
    asked = datetime(2026, 11, *now, tzinfo=CITY)
    assert rules.last_night(asked) == datetime(2026, 11, *night, tzinfo=CITY)


@pytest.mark.parametrize(
    ("errcode", "until"),
    [
        (None, (27, 22, 1)),
        (-1, (27, 22, 1)),
        (45011, (27, 22, 1)),
        (45009, (28, 0, 0)),
        (48001, (28, 0, 0)),
    ],
)
def test_a_days_number_comes_back_at_midnight_and_anything_else_in_a_minute(
    errcode: int | None, until: tuple[int, int, int]
) -> None:
    now = datetime(2026, 11, 27, 22, tzinfo=CITY)
    assert rules.wait_after(errcode, now) == datetime(2026, 11, *until, tzinfo=CITY)
