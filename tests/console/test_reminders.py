"""提醒预览: numbers for the city, also of a schedule that is to come."""

import io
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from backend.people.models import Role
from tests.console.conftest import Desk, Enter
from tests.factories import make_child, make_parent

STAGES = (Path(__file__).parents[2] / "content" / "handbook" / "schedule.yaml").read_bytes()


@pytest.fixture
def city(enter: Enter, sessions: sessionmaker[Session]) -> Desk:
    make_child(sessions, parent_id=make_parent(sessions), birth_date=date(2026, 5, 30))
    return enter(Role.CITY)


def send(desk: Desk, content: bytes, name: str = "schedule.yaml") -> tuple[int, str]:
    answer = desk.post("/reminders", file=(io.BytesIO(content), name))
    return answer.status_code, answer.get_data(as_text=True)


def test_the_city_sees_what_would_go_in_the_next_days(city: Desk) -> None:
    page = city.page("/reminders")

    assert "乙肝疫苗第3剂 · 提前 7 天 1" in page
    assert "没有提醒" in page


def test_a_candidate_is_compared_and_nothing_is_kept(city: Desk) -> None:
    later = STAGES.replace(b"guomin-bu-duo-bu-ji, months: 5", b"guomin-bu-duo-bu-ji, months: 6")

    status, page = send(city, later)

    assert status == 200
    assert "过敏：不躲也不急 · 阅读 1（现在 0）" in page
    assert "过敏：不躲也不急" not in city.page("/reminders")


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"version: 1\n", "schedule.yaml", "schedule.yaml 第 1 行"),
        (b"x", "passwords.yaml", "只能选这几个文件"),
        (b"x" * 300_001, "schedule.yaml", "太大"),
        (b"\xff\xfe", "schedule.yaml", "不是 UTF-8 文字"),
        (b"[" * 9000, "schedule.yaml", "schedule.yaml 第"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(
    city: Desk, content: bytes, name: str, words: str
) -> None:
    status, page = send(city, content, name)

    assert status == 422
    assert words in page


def test_a_town_does_not_see_it(enter: Enter) -> None:
    assert enter(Role.TOWN).get("/reminders").status_code == 403
