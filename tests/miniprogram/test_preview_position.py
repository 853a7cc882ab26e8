"""The preview's phone says where it is as WeChat would, and opens a place on a map."""

import pytest
from playwright.sync_api import expect

from tests.miniprogram.conftest import Phone
from tests.miniprogram.test_preview import CALLS, failure, outcome, press

pytestmark = pytest.mark.browser


def test_a_position_is_rough_and_given_only_when_allowed(phone: Phone) -> None:
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"latitude": 31.91234, "longitude": 120.28765})
    page = phone.open(CALLS)

    press(page, "where")
    question = page.get_by_role("dialog", name="位置")
    expect(question).to_contain_text("用来算有多远")
    question.get_by_role("button", name="允许").tap()
    found = outcome(page, "where")
    assert (found["latitude"], found["longitude"]) == (31.91, 120.29)

    page.reload()
    press(page, "where")
    question.get_by_role("button", name="拒绝").tap()
    assert failure(page, "where")["errMsg"] == "getFuzzyLocation:fail auth deny"
    press(page, "where")  # who refused is not asked again
    assert failure(page, "where")["errMsg"] == "getFuzzyLocation:fail auth deny"


def test_a_place_is_opened_on_the_map_of_wechat(phone: Phone) -> None:
    page = phone.open(CALLS)

    press(page, "map")

    assert outcome(page, "map")["errMsg"] == "openLocation:ok"
    expect(page.get_by_role("dialog", name="地图")).to_contain_text("31.9, 120.3")
