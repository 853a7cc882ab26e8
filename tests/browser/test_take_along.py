"""A parent takes the book along: a code for the doctor, a paper, a file that comes back."""

import json
from pathlib import Path

import requests
from playwright.sync_api import expect

from tests.browser.families import EIGHT_MONTHS, Parent, add_phone
from tests.browser.house import House
from tests.browser.looks import faint_words, overflowing
from tests.browser.pages import App, page_url


def test_from_the_code_for_the_doctor_to_a_file_that_comes_back(
    app_window: App, house: House, tmp_path: Path
) -> None:
    app = app_window
    parent = Parent.of_phone(house.base, add_phone(house.base, "带走手册的妈妈"))
    child = parent.register("苏小禾")["id"]
    parent.call("PUT", f"/children/{child}/handbook/vaccine:hepb-1", {"done_on": EIGHT_MONTHS})
    with app.page.expect_response("**/doctor-links") as asked:
        app.open(page_url("take-along", child=child), phone=parent.phone)
    assert asked.value.ok
    with app.page.expect_response(
        lambda answer: answer.request.method == "POST" and "doctor-links" in answer.url
    ) as made:
        app.press("给医生看")
    expect(app.shown.get_by_label("给医生看的二维码")).to_be_visible()
    expect(app.shown.get_by_role("timer")).to_contain_text("分")
    assert (overflowing(app.page), faint_words(app.page)) == ([], [])

    path = "/d/" + made.value.json()["url"].rpartition("/")[2]
    doctor = app.page.context.new_page()
    doctor.goto(house.base + path)
    expect(doctor.get_by_role("heading", name="苏*")).to_be_visible()
    assert (overflowing(doctor), faint_words(doctor)) == ([], [])
    doctor.close()
    app.press("马上收回")
    expect(app.shown.get_by_role("list", name="谁什么时候看过")).to_contain_text("有人打开看过")
    assert requests.get(house.base + path, timeout=10).status_code == 404

    app.press("打开 PDF")
    expect(app.page.get_by_role("link", name="打开 PDF 文件")).to_be_visible()
    app.page.get_by_role("button", name="关闭").tap()
    app.press("转发数据文件")
    app.page.get_by_role("button", name="发送").tap()
    file = tmp_path / "copy.json"
    file.write_text(json.dumps(parent.call("GET", f"/children/{child}/export")), encoding="utf-8")
    parent.call("DELETE", f"/children/{child}/handbook/vaccine:hepb-1")
    with app.page.expect_file_chooser() as chooser:
        app.press("选文件")
    chooser.value.set_files(file)
    expect(app.shown.get_by_text("要添加 1 条")).to_be_visible()
    app.press("确认导入")
    expect(app.shown.get_by_text("导入好了")).to_be_visible()
    assert (overflowing(app.page), faint_words(app.page)) == ([], [])
