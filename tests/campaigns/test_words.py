"""What a campaign may say, and when: pure."""

from datetime import date, datetime, timedelta

import pytest

from backend.campaigns import words
from backend.campaigns.audience import (
    Audience,
    AudienceInvalid,
    first_birth_before,
    in_words,
    last_birth_reaching,
    make_audience,
    read_audience,
)
from backend.campaigns.models import CampaignState
from backend.campaigns.words import CampaignTextRefused, CampaignTimeWrong, Text, make_text
from backend.handbook.schedule import Age
from backend.kernel.ages import age_months
from backend.kernel.clock import CITY
from tests.campaigns.town import GUIDE, NOON, RULES, SCHEDULE

MORNING = datetime(2026, 11, 23, 10, 30, tzinfo=CITY)


def problem(headline: str = "周六补种", sentence: str = "带上接种证。", guide: str = GUIDE) -> str:
    try:
        words.check_text(make_text(headline, sentence, guide), RULES.words, RULES.guides)
    except CampaignTextRefused as error:
        return error.detail or ""
    return ""


def test_plain_words_about_a_guide_may_go_out() -> None:
    assert problem() == ""
    assert make_text(" 一\n二 ", "三", GUIDE) == Text("一 二", "三", GUIDE)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"headline": "字" * 21}, "标题要 1～20 字"),
        ({"headline": " "}, "标题要 1～20 字"),
        ({"sentence": "字" * 121}, "正文要 1～120 字"),
        ({"sentence": "吃了它百分之百有效"}, "不能这样说：百分之百"),
        ({"sentence": "飞鹤奶粉到货"}, "不能写牌子：飞鹤"),
        ({"headline": "会员优惠"}, "不能做推广：优惠"),
        ({"sentence": "请打 0510-86861234"}, "不能留网址、电话或微信：0510-86861234"),
        ({"sentence": "见 https://x.example"}, "不能留网址、电话或微信"),
        ({"guide": "no-such-guide"}, "请选一篇家长现在能读到的指南"),
    ],
)
def test_what_sells_promises_or_leads_elsewhere_is_refused(
    changes: dict[str, str], said: str
) -> None:
    assert said in problem(**changes)


def test_an_hour_is_by_day_ahead_and_near() -> None:
    words.check_planned(NOON, MORNING)
    words.check_planned(MORNING.replace(minute=0), MORNING)  # the hour that has begun: now

    for wrong in (
        NOON.replace(hour=9),
        NOON.replace(hour=21),
        NOON + timedelta(days=1, hours=-5),
        NOON + timedelta(days=61),
    ):
        with pytest.raises(CampaignTimeWrong):
            words.check_planned(wrong, MORNING)
    with pytest.raises(CampaignTimeWrong):
        words.planned(date(2026, 11, 24), 7)
    assert words.planned(date(2026, 11, 24), 20).hour == 20


def test_a_cancelled_campaign_leads_nowhere_and_a_draft_never_runs() -> None:
    assert words.NEXT_STATES[CampaignState.CANCELLED] == frozenset()
    for state, following in words.NEXT_STATES.items():
        assert (CampaignState.RUNNING in following) <= (
            state in (CampaignState.APPROVED, CampaignState.PAUSED)
        )


def test_an_audience_says_what_is_wrong_with_it_and_survives_being_stored() -> None:
    whole = make_audience(
        towns=["320281001"],
        from_months=6,
        to_months=18,
        centre={"centre_id": 3, "how": "attended"},
        dose="vaccine:mmr-1",
        checkup="any",
        sessions_below=3,
        no_quiz_this_month=True,
    )
    assert read_audience(whole.model_dump(mode="json")) == whole
    with pytest.raises(AudienceInvalid) as refusal:
        make_audience(from_months=12, to_months=12)
    assert refusal.value.detail == "月龄要从小到大"
    for wrong in ({"sessions_below": 7}, {"sex": "f"}, {"from_months": -1}):
        with pytest.raises(AudienceInvalid):
            make_audience(**wrong)
    with pytest.raises(ValueError, match="version"):
        read_audience({"version": 2})


def test_an_audience_is_said_in_words() -> None:
    audience = Audience(to_months=6, dose="any", checkup="checkup:m6", sessions_below=6)

    said = dict(in_words(audience, SCHEDULE, str, str))

    assert said["街镇"] == "全市"
    assert said["月龄"] == "0～6 月龄（不含满 6 月龄），按发送那天算"
    assert said["疫苗"] == "任何一剂过了应种日期 14 天还没有记录"
    assert said["体检"] == "6月龄体检到了时间还没有记录"
    assert dict(in_words(Audience(), SCHEDULE, str, str)) == {"街镇": "全市", "月龄": "不限"}


def test_births_at_the_ends_of_months_are_counted_as_ages_are() -> None:
    days = [date(2026, 2, 27) + timedelta(days=n) for n in range(8)] + [date(2024, 2, 29)]
    for day in days:
        for months in (0, 1, 6, 12, 35):
            youngest = last_birth_reaching(Age(months=months), day)
            assert age_months(youngest, day) >= months
            assert age_months(youngest + timedelta(days=1), day) < months
            assert first_birth_before(Age(months=months), day) == youngest + timedelta(days=1)
