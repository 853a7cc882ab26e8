"""知晓率 in the console: the formula with its numbers, by town and month, for town and city."""

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from backend.app import parts_of
from backend.kernel.clock import FixedClock
from backend.people.models import Role
from tests.console.conftest import Desk, Enter, enter, open_sign_in
from tests.factories import MORNING, TOWN, make_parent
from tests.knowledge.writing import answer_all, set_town

__all__ = ["enter"]  # the fixture

Sessions = sessionmaker[Session]
OTHER_TOWN = "320281100"


@pytest.fixture
def sampled(app: Flask, sessions: Sessions, clock: FixedClock) -> None:
    """Ten families of one town know 9 of 10 each, one of another town knows nothing."""
    questions = parts_of(app).questions
    for town, wrong, families in ((TOWN, 1, 10), (OTHER_TOWN, 10, 1)):
        for _ in range(families):
            quiz = answer_all(sessions, clock, questions, make_parent(sessions), wrong=wrong)
            set_town(sessions, quiz, town)


@pytest.fixture
def city(enter: Enter) -> Desk:
    return enter(Role.CITY, login="city")


def table(desk: Desk, query: str = "") -> list[list[str]]:
    response = desk.get(f"/knowledge.csv{query}")
    assert response.status_code == 200
    assert response.content_type.startswith("text/csv")
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig"))))


@pytest.mark.usefixtures("sampled")
def test_the_formula_stands_there_with_its_numbers(city: Desk) -> None:
    page = city.page("/knowledge")

    assert "知晓率 = 抽样套题中答对的题数 ÷ 抽样套题中作答的题数" in page
    assert "答对 90 题 ÷ 作答 110 题 = <strong>81.8%</strong>（11 个家庭）" in page
    assert "没有写明怎样计算" in page
    assert "90.0%" in page  # of the first town
    assert "样本不足" in page  # of the other


@pytest.mark.usefixtures("sampled")
def test_the_question_most_often_wrong_leads_to_its_guide(city: Desk) -> None:
    page = city.page("/knowledge")

    assert "11月答错最多的题" in page
    assert "宝宝第一口辅食，选哪样好？" in page
    assert "11 个家庭答" in page
    assert "/console/content/man-liuyue-tian-fushi" in page


@pytest.mark.usefixtures("sampled")
def test_the_town_sees_its_own_and_nothing_of_others(enter: Enter) -> None:
    officer = enter(Role.TOWN)

    page = officer.page("/knowledge")

    assert "答对 90 题 ÷ 作答 100 题 = <strong>90.0%</strong>（10 个家庭）" in page
    assert 'name="town"' not in page
    assert {line[1] for line in table(officer)[1:-1]} == {"澄江街道", "合计"}
    assert officer.get(f"/knowledge?town={OTHER_TOWN}").status_code == 404
    assert officer.get(f"/knowledge.csv?town={OTHER_TOWN}").status_code == 404


@pytest.mark.usefixtures("sampled")
def test_month_and_town_stay_in_the_address(city: Desk) -> None:
    page = city.page(f"/knowledge?month=2026-10&town={OTHER_TOWN}")

    assert '<option value="2026-10" selected>' in page
    assert f'<option value="{OTHER_TOWN}" selected>' in page
    assert f"/console/knowledge.csv?month=2026-10&amp;town={OTHER_TOWN}" in page
    assert "这一年还没有抽样结果" in page  # the families answered in November


@pytest.mark.parametrize("month", ["2026-13", "x", "2027-01", "1999-12", "2026-11-01", ""])
def test_a_month_that_cannot_be_is_this_month(city: Desk, month: str) -> None:
    assert '<option value="2026-11" selected>' in city.page(f"/knowledge?month={month}")


@pytest.mark.usefixtures("sampled")
def test_an_earlier_months_sample_stays_on_the_page_of_a_later_one(
    city: Desk, sessions: Sessions, clock: FixedClock
) -> None:
    clock.set(MORNING + timedelta(days=30))
    city.remember(open_sign_in(sessions, "city", at=clock.now()))

    page = city.page("/knowledge")

    assert "2026年12月：0 个家庭，样本不足" in page
    assert "90.0" in page


@pytest.mark.usefixtures("sampled")
def test_the_table_for_excel_says_what_the_page_says(city: Desk) -> None:
    lines = table(city)

    assert lines[0] == ["月份", "街镇", "家庭数", "答对题数", "作答题数", "知晓率（%）"]
    november = {line[1]: line[2:] for line in lines if line[0] == "2026-11"}
    assert november["澄江街道"] == ["10", "90", "100", "90.0"]
    assert november["合计"] == ["11", "90", "110", "81.8"]
    assert [line for line in november.values() if line[3] == "样本不足"] == [
        ["1", "", "", "样本不足"]
    ]
    assert lines[-1][0] == "说明"


def test_before_the_first_answer_the_page_says_so(city: Desk) -> None:
    page = city.page("/knowledge")

    assert "这一年还没有抽样结果" in page
    assert "知晓率 = " in page


def test_a_centre_does_not_see_the_rate(enter: Enter) -> None:
    clerk = enter(Role.CLERK)

    assert clerk.get("/knowledge").status_code == 403
    assert clerk.get("/knowledge.csv").status_code == 403
    assert "知晓率" not in clerk.page("/account")


def test_town_and_city_find_it_in_the_menu(city: Desk) -> None:
    assert 'href="/console/knowledge"' in city.page("/account")
