"""The messages in content/ and how they are put into words."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.outbox.templates import (
    Templates,
    UnknownTemplate,
    WrongTemplates,
    load_templates,
)
from backend.outbox.values import MissingFact
from backend.sandbox.field_rules import check
from backend.sandbox.templates import Template, TemplateField

FILE = Path(__file__).parents[2] / "content/messages/templates.yaml"
LONG_CENTRE = "江阴市澄江街道中山社区科学育儿指导与亲子活动服务中心（人民路总部一号楼二层东侧）"
BOOKING = {
    "booking_id": 7,
    "slot_id": 3,
    "title": "亲子律动",
    "kind_title": "亲子活动",
    "starts_at": "2026-11-27T14:00:00+08:00",
    "ends_at": "2026-11-27T15:00:00+08:00",
    "centre": LONG_CENTRE,
    "address": "人民路1号",
    "reason": None,
    "waiting_id": 5,
    "until": "2026-11-25T12:00:00+08:00",
    "before": "2026-11-27T09:00:00+08:00",
    "room": "二楼律动室",
    "cost": "这次只作提醒",
    "result": "维持未到场",
    "answer": None,
}
HANDBOOK = {"item_id": "vaccine:hepb-1", "item_title": "乙肝疫苗第1剂", "due_date": "2026-11-27"}


@pytest.fixture(scope="module")
def templates() -> Templates:
    return load_templates(FILE)


def test_a_centre_with_a_name_of_forty_characters_is_cut_for_wechat_and_whole_in_the_app(
    templates: Templates,
) -> None:
    assert len(LONG_CENTRE) >= 40

    data, _ = templates.render_wechat("booking_confirmed", BOOKING, "王小一")
    words = templates.render_in_app("booking_confirmed", BOOKING, "王小一")

    assert data["thing4"] == LONG_CENTRE[:19] + "…"
    assert LONG_CENTRE in words.body


def test_wechat_gets_the_childs_name_masked_and_the_app_in_full(templates: Templates) -> None:
    data, _ = templates.render_wechat("booking_confirmed", BOOKING, "王小一")
    words = templates.render_in_app("booking_confirmed", BOOKING, "王小一")

    assert data["thing2"] == "王*一"
    assert "小" not in "".join(data.values())
    assert words.body.startswith("王小一的“亲子律动”已确认：11月27日（周五）14:00，")


def test_times_and_days_are_written_as_the_city_writes_them(templates: Templates) -> None:
    booking, _ = templates.render_wechat("booking_confirmed", BOOKING, "王一")
    handbook, _ = templates.render_wechat("handbook_reminder", HANDBOOK, "王一")
    at_utc = BOOKING | {"starts_at": "2026-11-27T16:30:00+00:00"}

    assert booking["time3"] == "2026年11月27日 14:00"
    assert handbook["date3"] == "2026年11月27日"
    late, _ = templates.render_wechat("booking_confirmed", at_utc, "王一")
    assert late["time3"] == "2026年11月28日 00:30"


def test_a_reminder_is_said_in_the_wording_of_its_message(templates: Templates) -> None:
    """A message from before there were two is said in the first one."""
    said = {
        wording: templates.render_in_app("booking_reminder", BOOKING | facts, "王小一").body
        for wording, facts in (
            ("none", {}),
            ("plain", {"wording": "plain"}),
            ("cost", {"wording": "cost"}),
        )
    }
    tip, _ = templates.render_wechat("booking_reminder", BOOKING | {"wording": "cost"}, "王一")

    assert said["none"] == said["plain"] != said["cost"]
    assert "公共经费" in said["cost"]
    assert tip["thing5"] == "没取消也没来，会用掉一次免费指导"
    assert len(tip) == 5


def test_a_page_carries_its_facts_encoded(templates: Templates) -> None:
    facts = HANDBOOK | {"child_id": 12}

    _, page = templates.render_wechat("handbook_reminder", facts, "王一")

    assert page == "pages/item/item?id=vaccine%3Ahepb-1&child=12"


def item(title: str, day: str, say: str = "ahead") -> dict[str, str]:
    return {"item_id": f"vaccine:{title}", "item_title": title, "due_date": day, "say": say}


SIX_MONTHS = [
    item("乙肝疫苗第3剂", "2026-11-30"),
    item("百白破疫苗第3剂", "2026-11-30"),
    item("6月龄体检", "2026-12-01"),
    item("6月龄开始加辅食", "2026-11-30", "card"),
]


def told_of(*children: tuple[int, list[dict[str, str]]]) -> dict[str, Any]:
    return {"children": [{"child_id": one, "items": items} for one, items in children]}


def test_several_things_of_one_child_are_listed_and_counted_first_where_room_is_short(
    templates: Templates,
) -> None:
    facts = told_of((12, SIX_MONTHS)) | {"child_id": 12}

    words = templates.render_in_app("handbook_reminder", facts, "王小一")
    data, page = templates.render_wechat("handbook_reminder", facts, "王小一")

    assert words.body == (
        "王小一有4件事：乙肝疫苗第3剂（11月30日）、百白破疫苗第3剂（11月30日）、"
        "6月龄体检（12月1日）、读一读“6月龄开始加辅食”。以纸质手册和门诊记录为准。"
    )
    assert data["thing1"] == "4项：乙肝疫苗第3剂、百白破疫苗第3剂…"
    assert (data["thing2"], data["date3"]) == ("王*一", "2026年11月30日")
    assert page == "pages/handbook/handbook?child=12"


def test_twins_are_named_each_before_its_own_things(templates: Templates) -> None:
    facts = told_of((1, SIX_MONTHS[:1]), (2, SIX_MONTHS[:1]))
    names = {1: "王小一", 2: "王小二"}

    words = templates.render_in_app("handbook_reminder", facts, None, names)
    data, page = templates.render_wechat("handbook_reminder", facts, None, names)

    assert words.body == (
        "王小一：乙肝疫苗第3剂（11月30日）；王小二：乙肝疫苗第3剂（11月30日）。"
        "以纸质手册和门诊记录为准。"
    )
    assert (data["thing1"], data["thing2"]) == ("2项：乙肝疫苗第3剂", "王*一、王*二")
    assert page == "pages/handbook/handbook"


@pytest.mark.parametrize(
    ("say", "words"),
    [("ahead", "时间是"), ("eve", "就在"), ("open", "还没有记录"), ("card", "读一读")],
)
def test_one_thing_is_said_in_its_own_way(templates: Templates, say: str, words: str) -> None:
    facts = told_of((1, [item("卡介苗", "2026-11-30", say)])) | {"child_id": 1}

    rendered = templates.render_in_app("handbook_reminder", facts, "王小一")

    assert words in rendered.body
    assert rendered.page == "pages/item/item?id=vaccine%3A%E5%8D%A1%E4%BB%8B%E8%8B%97&child=1"


def test_a_child_that_is_gone_from_a_message_about_several_has_no_name(
    templates: Templates,
) -> None:
    facts = told_of((1, SIX_MONTHS[:1]), (2, SIX_MONTHS[:1]))

    assert "宝宝：" in templates.render_in_app("handbook_reminder", facts, None, {1: "王小一"}).body


def test_a_reason_that_nobody_gave_is_a_dash_and_never_empty(templates: Templates) -> None:
    data, _ = templates.render_wechat("booking_declined", BOOKING, "王一")

    assert data["thing4"] == "—"


def test_text_that_looks_like_a_format_is_only_text(templates: Templates) -> None:
    facts = BOOKING | {"title": "{child.__class__} {0} %s <b>", "reason": "{reason}"}

    words = templates.render_in_app("booking_declined", facts, "王一")

    assert "{child.__class__} {0} %s <b>" in words.body
    assert "{reason}" in words.body


def test_a_child_without_a_name_is_your_baby(templates: Templates) -> None:
    assert templates.render_in_app("booking_confirmed", BOOKING, None).body.startswith("宝宝的")


@pytest.mark.parametrize("facts", [{}, BOOKING | {"starts_at": "soon"}, {"title": "x"}])
def test_a_message_without_its_facts_says_which_is_missing(
    templates: Templates, facts: dict[str, Any]
) -> None:
    with pytest.raises(MissingFact):
        templates.render_wechat("booking_confirmed", facts, "王一")


def test_a_template_that_is_not_there_is_named(templates: Templates) -> None:
    with pytest.raises(UnknownTemplate, match="no_such"):
        templates.render_in_app("no_such", {}, None)


def test_every_template_passes_the_strict_sandbox_with_the_longest_facts(
    templates: Templates,
) -> None:
    facts = BOOKING | HANDBOOK | {"reason": LONG_CENTRE * 3, "title": "\n" + LONG_CENTRE}
    facts["item_title"] = facts["card"] = LONG_CENTRE
    facts |= {"week": 41, "days_left": -7, "aim_date": "2026-12-31", "until_date": "2027-01-31"}
    facts |= {"headline": "字" * 20, "sentence": LONG_CENTRE * 3, "guide": "xin-bu-ke"}
    for name in templates:
        form = templates[name].wechat
        if form is None:
            continue
        fields = tuple(TemplateField(key, field.label) for key, field in form.fields.items())
        data, _ = templates.render_wechat(name, facts, LONG_CENTRE)

        sent = {key: {"value": value} for key, value in data.items()}
        assert check(Template("id", form.title, fields), sent) == data


def test_what_a_family_did_itself_stays_in_the_app(templates: Templates) -> None:
    assert templates["booking_requested"].wechat is None


def entry(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "title": "测试",
        "body": "{title}",
        "facts": {"title": "text", "at": "moment"},
        "wechat": {
            "title": "测试通知",
            "why": "测试",
            "fields": {"thing1": {"label": "事项", "text": "{title}"}},
        },
    }
    return whole | changes


def form(**fields: str) -> dict[str, Any]:
    return {
        "title": "测试通知",
        "why": "测试",
        "fields": {name: {"label": "项", "text": text} for name, text in fields.items()},
    }


def write(folder: Path, raw: Any) -> Path:
    path = folder / "templates.yaml"
    path.write_text(raw if isinstance(raw, str) else yaml.safe_dump(raw), encoding="utf-8")
    return path


def test_a_template_of_the_right_shape_loads(tmp_path: Path) -> None:
    assert list(load_templates(write(tmp_path, {"ok": entry()}))) == ["ok"]


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("- a\n- b", "by name"),
        ("a: [", "templates.yaml"),
        ({"a": entry(body="{centre}")}, "centre"),
        ({"a": entry(body="{at}")}, "at"),
        ({"a": entry(body="{title.__class__}")}, "plain names"),
        ({"a": entry(body="{title!r}")}, "plain names"),
        ({"a": entry(body="{")}, "a"),
        ({"a": entry(colour="red")}, "colour"),
        ({"a": entry(page="/pages/x/x")}, "page"),
        ({"a": entry(page="https://example.org")}, "page"),
        ({"a": entry(facts={"title": "picture"})}, "facts"),
        ({"a": entry(title="")}, "title"),
        ({"a": entry(wechat=form(video1="{title}"))}, "video1"),
        ({"a": entry(wechat=form(phrase1="{title}"))}, "phrase1"),
        ({"a": entry(wechat=form(time1="{at:short}"))}, "time1"),
        ({"a": entry(wechat=form(thing1="  "))}, "thing1"),
    ],
)
def test_a_wrong_file_stops_the_start_and_says_where(tmp_path: Path, raw: Any, says: str) -> None:
    with pytest.raises(WrongTemplates, match=says):
        load_templates(write(tmp_path, raw))


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(WrongTemplates):
        load_templates(tmp_path / "templates.yaml")
