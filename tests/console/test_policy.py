"""规则: the city's rules and the towns', seen, previewed, and added for a day to come."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from backend.bookings.models import BookingPolicy, TownRule
from backend.bookings.policies import NAMES, policy_at
from backend.bookings.rules import Policy
from backend.kernel.clock import FixedClock
from backend.people.models import Role
from tests.console.conftest import Desk, Enter
from tests.factories import TOWN, make_policy

Sessions = sessionmaker[Session]


def fields(**changes: object) -> dict[str, object]:
    """What the form holds when nothing of it was touched."""
    policy = Policy()
    now = {name: getattr(policy, name) for name in NAMES if name != "reconfirm_hours"}
    rest = {"effective_from": "2026-12-01", "note": "试行", "reconfirm_hours": ""}
    return now | rest | {"year_kind": "calendar"} | changes


def rows(sessions: Sessions) -> int:
    with sessions() as session:
        return len(session.scalars(select(BookingPolicy)).all())


def test_a_new_rule_is_shown_in_words_before_it_is_kept(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    city = enter(Role.CITY)

    answer = city.post("/policy", step="preview", **fields(max_open=3, reconfirm_hours=24))
    page = answer.get_data(as_text=True)

    assert "最多同时有几个没开始的预约：2 个 → 3 个" in page
    assert "再次确认就让给候补：不要求 → 24 小时" in page
    assert "就这样定下" in page
    assert rows(sessions) == 1

    page = city.post_and_read("/policy", step="save", **fields(max_open=3))

    assert "2026-12-01 零点起生效" in page
    assert "将生效" in page
    assert "测试员：试行" in page
    with sessions() as session:
        assert policy_at(session, clock.now()).max_open == 2
        assert policy_at(session, clock.now() + timedelta(days=8)).max_open == 3


def test_what_cannot_be_kept_is_a_sentence_on_the_form(enter: Enter, sessions: Sessions) -> None:
    city = enter(Role.CITY)

    for changes, said in (
        ({}, "没有要改的"),
        ({"max_open": 9}, "最多同时有几个没开始的预约：应为 1–6 个"),
        ({"max_open": 3, "effective_from": "2026-11-23"}, "生效时间要在以后"),
        ({"max_open": 3, "effective_from": "2030-01-01"}, "日期太远"),
        ({"max_open": "x"}, "请检查标出的几项"),
        ({"max_open": 3, "note": " "}, "请写明原因"),
    ):
        answer = city.post("/policy", step="save", **fields(**changes))
        assert answer.status_code == 422
        assert said in answer.get_data(as_text=True), said
    assert rows(sessions) == 1


def test_the_history_says_which_rules_hold_now(enter: Enter, sessions: Sessions) -> None:
    make_policy(sessions, max_open=3)

    page = enter(Role.CITY).page("/policy")

    assert "现行" in page
    assert "已过" in page
    assert "最初的规则" in page
    assert "3 个" in page


def test_a_town_decides_for_itself_alone(
    enter: Enter, sessions: Sessions, clock: FixedClock
) -> None:
    town = enter(Role.TOWN)
    assert "都接待外街镇的家庭" in town.page("/policy")
    assert "就这样定下" not in town.page("/policy")

    page = town.post_and_read(
        "/policy/town", serves="no", effective_from="2026-11-24", back="/console/policy"
    )

    assert "只接待本街镇" in page
    with sessions() as session:
        (rule,) = session.scalars(select(TownRule)).all()
        assert (rule.town_code, rule.serves_other_towns) == (TOWN, False)
        assert rule.effective_from > clock.now()
    again = town.post_and_read(
        "/policy/town", serves="yes", effective_from="2026-11-24", back="/console/policy"
    )
    assert "这个时间已有一条规则" in again
    assert "请选择从哪天起" in town.post_and_read("/policy/town", back="/console/policy")


def test_only_the_city_sets_the_citys_rules(enter: Enter, clerk: Desk) -> None:
    assert enter(Role.TOWN).post("/policy", **fields(max_open=3)).status_code == 403
    assert enter(Role.CITY).post("/policy/town", serves="no").status_code == 403
    assert clerk.get("/policy").status_code == 403
