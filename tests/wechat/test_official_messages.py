"""Template messages, notices and answers: what goes out, what comes back, what is refused."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.kernel.clock import FixedClock
from backend.wechat.client import BadAnswer
from backend.wechat.official import OfficialAccount
from tests.sandbox.running import (
    ACTIVITY,
    BARE,
    CITY,
    CONFIG,
    NEWSPAPER,
    TOWN,
    VACCINE,
)
from tests.wechat.accounts import Accounts, city, refusal, told

ACTIVITY_VALUES = {"thing1": "亲子阅读", "time2": "2026年11月25日 09:30"}
VACCINE_VALUES = {"thing1": "百白破", "phrase2": "待接种"}
TEMPLATE_SEND = "/cgi-bin/message/template/send"
STRANGER = "o" + "x" * 27


def test_a_template_message_reaches_the_chat_and_is_reported(
    accounts: Accounts, official: OfficialAccount
) -> None:
    openid = accounts.openid()
    page = (CONFIG.appid, "pages/home/home")

    msgid = official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES, miniprogram=page)

    (line,) = accounts.chat()["lines"]
    assert (line["kind"], line["title"]) == ("template", ACTIVITY.title)
    assert [field["value"] for field in line["fields"]] == list(ACTIVITY_VALUES.values())
    assert line["miniprogram"] == {"appid": CONFIG.appid, "pagepath": page[1]}
    assert msgid > 0
    assert len(accounts.pushes("TEMPLATESENDJOBFINISH")) == 1


def test_one_client_id_is_one_message_for_ten_minutes(
    accounts: Accounts, official: OfficialAccount, clock: FixedClock
) -> None:
    openid = accounts.openid()

    def send() -> int:
        return official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES, client_id="booking-7")

    first = send()
    assert send() == first
    assert accounts.chat()["total"] == 1
    clock.advance(timedelta(minutes=10, seconds=1))

    assert send() != first


@pytest.mark.parametrize("reception", ["user block", "freq limit"])
def test_what_does_not_arrive_is_told_later(
    accounts: Accounts, official: OfficialAccount, reception: str
) -> None:
    openid = accounts.openid()
    accounts.ask("receptions", appid=CITY.appid, phone=1, reception=reception)

    official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES)

    assert accounts.chat()["total"] == 0
    assert len(accounts.pushes("TEMPLATESENDJOBFINISH")) == 1


WRONG_MESSAGES: list[tuple[dict[str, Any], int]] = [
    ({"openid": STRANGER}, 40003),
    ({"template_id": "short"}, 40036),
    ({"template_id": "x" * 43}, 40037),
    ({"template_id": VACCINE.id}, 40037),
    ({"values": {"thing1": "亲子阅读"}}, 47003),
    ({"values": ACTIVITY_VALUES | {"thing1": "字" * 21}}, 47003),
    ({"values": ACTIVITY_VALUES | {"thing1": "扫码抽奖"}}, 40249),
]


def test_each_wrong_template_message_has_its_code(
    accounts: Accounts, official: OfficialAccount
) -> None:
    good = {"openid": accounts.openid(), "template_id": ACTIVITY.id, "values": ACTIVITY_VALUES}

    codes = told(official.send_template, good, WRONG_MESSAGES)

    assert codes == [errcode for _, errcode in WRONG_MESSAGES]
    assert accounts.chat()["total"] == 0


def test_only_followers_get_template_messages(
    accounts: Accounts, official: OfficialAccount
) -> None:
    openid = accounts.openid(follow=False)

    assert refusal(lambda: official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES)) == 43004


def test_a_banned_template_is_refused_until_it_is_free(
    accounts: Accounts, official: OfficialAccount
) -> None:
    openid = accounts.openid()
    accounts.ask("bans", template_id=ACTIVITY.id, banned=True)
    assert refusal(lambda: official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES)) == 43116
    accounts.ask("bans", template_id=ACTIVITY.id, banned=False)

    assert official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES)


def test_the_daily_number_ends_and_can_be_cleared_ten_times(
    tmp_path: Path, clock: FixedClock
) -> None:
    with city(tmp_path, clock, limits={TEMPLATE_SEND: 1}) as accounts:
        official, openid = accounts.official(), accounts.openid()
        official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES)
        assert official.quota(TEMPLATE_SEND).remain == 0
        code = refusal(lambda: official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES))
        assert code == 45009
        official.clear_quota()

        assert official.quota(TEMPLATE_SEND).used == 0
        assert official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES)
        for _ in range(9):
            official.clear_quota()
        assert refusal(official.clear_quota) == 48006


def test_quotas_of_paths_that_are_not_the_accounts(official: OfficialAccount) -> None:
    assert refusal(lambda: official.quota("cgi-bin/nothing")) == 76021
    assert refusal(lambda: official.quota("/wxa/getwxacodeunlimit")) == 76022


def test_a_foreign_address_is_refused(tmp_path: Path, clock: FixedClock) -> None:
    with city(tmp_path, clock, callers=("10.0.0.1",)) as accounts:
        official, openid = accounts.official(), accounts.openid()

        assert (
            refusal(lambda: official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES)) == 61004
        )


@pytest.mark.parametrize("appid", [BARE.appid, NEWSPAPER.appid, CONFIG.appid])
def test_only_a_certified_service_account_sends(accounts: Accounts, appid: str) -> None:
    official = accounts.official(appid)

    assert refusal(lambda: official.send_template("o", ACTIVITY.id, ACTIVITY_VALUES)) == 48001
    refused = refusal(lambda: official.send_notify("o", VACCINE.id, VACCINE_VALUES))
    assert refused == (45103 if appid == CONFIG.appid else 48001)


def test_the_accounts_templates_in_wechats_form(
    accounts: Accounts, official: OfficialAccount
) -> None:
    (message,) = official.private_templates()
    (notice,) = official.chosen_templates()

    assert (message.id, message.kind) == (ACTIVITY.id, "message")
    assert message.content == "活动名称:{{thing1.DATA}}\n活动时间:{{time2.DATA}}\n"
    assert message.fields == {"thing1": "活动名称", "time2": "活动时间"}
    assert (notice.id, notice.kind) == (VACCINE.id, "once")
    mini = accounts.official(CONFIG.appid).chosen_templates()
    assert {one.id: one.kind for one in mini}["clinic-template-id"] == "long"


def test_a_deleted_template_serves_no_more(accounts: Accounts, official: OfficialAccount) -> None:
    official.delete_template(ACTIVITY.id)

    assert official.private_templates() == []
    openid = accounts.openid()
    assert refusal(lambda: official.send_template(openid, ACTIVITY.id, ACTIVITY_VALUES)) == 40037


def test_a_notice_uses_up_a_consent_and_needs_no_follower(
    accounts: Accounts, official: OfficialAccount
) -> None:
    openid = accounts.openid(follow=False)
    assert refusal(lambda: official.send_notify(openid, VACCINE.id, VACCINE_VALUES)) == 43101
    accounts.ask("subscriptions", phone=1, appid=CITY.appid, answers={VACCINE.id: "accept"})

    official.send_notify(openid, VACCINE.id, VACCINE_VALUES, page="https://example.org/")

    (line,) = accounts.chat()["lines"]
    assert (line["kind"], line["page"]) == ("notify", "https://example.org/")
    assert refusal(lambda: official.send_notify(openid, VACCINE.id, VACCINE_VALUES)) == 43101


WRONG_NOTICES: list[tuple[dict[str, Any], int]] = [
    ({"openid": STRANGER}, 40003),
    ({"template_id": ACTIVITY.id}, 40037),
    ({"values": VACCINE_VALUES | {"phrase2": "不知道"}}, 47003),
    ({"miniprogram": (TOWN.appid, "pages/home/home")}, 40013),
]


def test_each_wrong_notice_has_its_code(accounts: Accounts, official: OfficialAccount) -> None:
    openid = accounts.openid(follow=False)
    accounts.ask("subscriptions", phone=1, appid=CITY.appid, answers={VACCINE.id: "accept"})
    good = {"openid": openid, "template_id": VACCINE.id, "values": VACCINE_VALUES}

    codes = told(official.send_notify, good, WRONG_NOTICES)

    assert codes == [errcode for _, errcode in WRONG_NOTICES]


def test_an_account_answers_only_who_has_just_done_something(
    accounts: Accounts, official: OfficialAccount, clock: FixedClock
) -> None:
    openid = accounts.openid()
    for _ in range(3):
        official.custom_text(openid, "欢迎")
    assert refusal(lambda: official.custom_text(openid, "第四条")) == 45047
    clock.advance(timedelta(minutes=1))
    assert refusal(lambda: official.custom_text(openid, "太晚了")) == 45015
    accounts.ask("texts", phone=1, appid=CITY.appid, text="你好")
    clock.advance(timedelta(hours=47))
    for _ in range(5):
        official.custom_text(openid, "在的")

    assert refusal(lambda: official.custom_text(openid, "第六条")) == 45047
    assert refusal(lambda: official.custom_text(STRANGER, "谁")) == 40003
    assert refusal(lambda: official.custom_text(openid, " ")) == 44004
    assert refusal(lambda: official.custom_text(openid, "字" * 700)) == 45002
    clock.advance(timedelta(hours=2))
    assert refusal(lambda: official.custom_text(openid, "隔天")) == 45015


def test_an_answer_without_what_it_should_hold_is_a_bad_one(
    accounts: Accounts, official: OfficialAccount
) -> None:
    accounts.wechat.fault("/cgi-bin/draft/count", errcode=0)

    with pytest.raises(BadAnswer):
        official.draft_count()


def test_the_same_person_is_somebody_else_for_each_account(accounts: Accounts) -> None:
    assert accounts.openid(appid=CITY.appid) != accounts.openid(appid=TOWN.appid)
