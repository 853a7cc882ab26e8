"""A family copies its vaccination book: date, place, batch; then what follows, and undo."""

import re

from playwright.sync_api import expect

from tests.browser.families import Parent, add_phone
from tests.browser.house import House
from tests.browser.pages import App, page_url, starting

CLINIC = "澄江街道接种门诊"


def test_a_dose_is_copied_put_right_and_leads_to_the_next(app_window: App, house: House) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "补记接种的妈妈"))
    parent.register("澹台小雨")  # born on 15 March 2026, eight months ago
    app = app_window
    app.open(page_url("handbook"), phone=parent.phone)
    app.follow(starting("接种本"))
    expect(app.text(re.compile("漏打只补缺的剂次，不重来"))).to_be_visible()

    app.press(starting("乙肝疫苗，"))
    app.follow(starting("接种：第1剂"))
    app.choose_date("接种日期", "2026-03-15")
    app.shown.get_by_role("textbox", name="接种门诊，选填").fill(CLINIC)
    app.shown.get_by_role("textbox", name="疫苗批号，选填，接种证上有").fill("B20260301")
    app.press("记录打过了")
    expect(app.text("2026年3月15日 已完成")).to_be_visible()
    expect(app.text(f"接种门诊：{CLINIC}")).to_be_visible()
    app.press("到时在微信里提醒我")  # of the next one, while it is on the page
    app.answer_wechat(accept=True)
    parent.balance_becomes("handbook_reminder", 1)
    expect(app.button("到时在微信里提醒我")).to_have_count(0)

    app.follow(starting("接种：乙肝疫苗第2剂"))
    expect(
        app.text(re.compile("^依据：.*与上一剂间隔不少于28天|^依据：满1月龄可打"))
    ).to_be_visible()
    app.choose_date("接种日期", "2026-03-20")
    app.press(f"用上次的门诊：{CLINIC}")
    app.press("记录打过了")
    expect(app.text(re.compile("打早了"))).to_be_visible()
    expect(app.text("这一剂的情况程序没有写全，请拿接种证给接种门诊看一看。")).to_be_visible()
    app.press("修改记录")
    app.choose_date("接种日期", "2026-11-20")
    app.press("保存修改")
    expect(app.text(re.compile("打早了"))).to_have_count(0)
    expect(app.link(starting("接种：乙肝疫苗第3剂，2027年1月19日 起"))).to_be_visible()
    app.press("撤销完成")
    expect(app.button("记录打过了")).to_be_visible()


def test_the_other_product_and_a_fact_change_what_is_to_come(app_window: App, house: House) -> None:
    parent = Parent.of_phone(house.base, add_phone(house.base, "问得细的妈妈"))
    child = parent.register("宇文小舟", birth_date="2026-03-01")["id"]
    app = app_window
    app.open(page_url("item", id="vaccine:jel-1"), phone=parent.phone)
    app.shown.get_by_role("switch", name=starting("换成乙脑灭活疫苗")).tap()
    app.press("记录打了乙脑灭活疫苗")
    expect(app.heading("乙脑灭活疫苗第1剂")).to_be_visible()
    app.press("撤销完成")
    expect(app.heading("乙脑减毒活疫苗第1剂")).to_be_visible()

    app.open(page_url("vaccine-facts", child=child), phone=parent.phone)
    app.shown.get_by_role("radio", name="阳性").tap()
    app.shown.get_by_role("textbox", name="出生体重，克").fill("1900")
    app.press("保存")
    expect(app.heading("要做的事")).to_be_visible()  # saved: it has left the page
    app.open(page_url("vaccines"), phone=parent.phone)
    app.press(starting("乙肝疫苗，已记 0 剂，共 4 剂"))
    expect(app.link(starting("接种：第4剂"))).to_be_visible()
