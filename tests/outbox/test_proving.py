"""What WeChat would refuse is refused when it is saved; what is saved is never refused (47003)."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.outbox.forms import Form, FormField, fields_as_json, fields_from_json
from backend.outbox.merged import SAMPLE_CHILDREN
from backend.outbox.proving import LONG, SHORT, FormRefused, check_form, offered_texts, preview
from backend.outbox.values import FactKind
from backend.sandbox.field_rules import RULES, check
from backend.sandbox.templates import Template as AtWeChat
from backend.sandbox.templates import TemplateField
from tests.outbox.scene import TEMPLATES
from tests.soak import at_full

SENT = [name for name in TEMPLATES if TEMPLATES[name].wechat is not None]
GOOD = {
    "thing": [
        "{title}",
        "恢复：{title}",
        "请带好疫苗本",
        "{starts_at:short}",
        "{starts_at:date}见",
    ],
    "number": ["12", "3.5"],
    "letter": ["ABC"],
    "symbol": ["!?"],
    "character_string": ["A-12"],
    "time": ["{starts_at:time}", "09:30"],
    "date": ["{starts_at:date}", "{starts_at:time}"],
    "amount": ["0元"],
    "phone_number": ["0510-86861111"],
    "car_number": ["苏B12345"],
    "name": ["{child}", "王老师", "{title}"],
    "phrase": ["已确认"],
}
TOO_LONG = {
    "thing": ["一" * 21, "一" * 18 + "{title}", "活动在{starts_at:time}请准时到"],
    "number": ["1" * 33],
    "letter": ["A" * 33],
    "symbol": ["!" * 6],
    "character_string": ["{title}1234567890"],
    "time": ["2026年12月31日 23:59:59"],
    "date": ["2026年12月31日 23:59:59"],
    "amount": ["12345678901元"],
    "phone_number": ["1" * 18],
    "car_number": ["苏B123456789"],
    "name": ["一二三四五六七八九十一", "一二三四五六七八{child}"],
    "phrase": ["已经确认成功", "{title}"],
}
WRONG_ALPHABET = {
    "number": ["一", "-1", "{title}"],
    "letter": ["a1", "中", "{title}"],
    "symbol": ["a", "{title}"],
    "character_string": ["编号", "{child}", "{starts_at:time}"],
    "time": ["下午三点", "{starts_at:short}", "{starts_at:date}", "{title}"],
    "date": ["2026-10-01", "2026年2月30日", "{starts_at:short}", "{title}"],
    "amount": ["100", "¥1.234", "{title}"],
    "phone_number": ["电话", "{title}"],
    "car_number": ["没有车", "{title}"],
    "phrase": ["ok", "已确认!", "{child}"],
    "thing": ["{title}（已取消）", "{title}{centre}", "{title} {starts_at:time}"],
    "name": ["{title}老师"],
}
WRONG_ANYWHERE = [
    "", " ", "上午\n九点", "上午\u2028九点", "{title}\n", "\x07铃", "上午\u200b九点",
    "{nobody}", "{address}", "{booking_id}", "{starts_at:long}", "{title:short}", "{starts_at}",
    "{title.x}", "{title!r}", "{", "{}", "{0}",
]  # fmt: skip


def of(*fields: FormField, title: str = "预约通知") -> Form:
    return Form("id", title, "once", fields)


def field(name: str, text: str, *values: str) -> FormField:
    return FormField(name, "标签", text, {}, values)


def refusal(name: str, form: Form) -> str:
    with pytest.raises(FormRefused) as refused:
        check_form(TEMPLATES, name, form)
    return str(refused.value.detail)


def bad_forms() -> Iterator[Form]:
    """Each kind of field with each way to be wrong."""
    for kind in RULES:
        good = field(f"{kind}1", GOOD[kind][0])
        wrong = [*TOO_LONG[kind], *WRONG_ALPHABET[kind], *WRONG_ANYWHERE]
        for text in wrong:
            yield of(field(f"{kind}1", text))
        yield of(good, FormField(f"{kind}2", "第二个", ""))  # a field that is missing
        yield of(FormField(f"{kind}1", "标签", good.text, {"nobody": good.text}))
        yield of(field(f"{kind}1", "晚上", "上午", "下午"))  # an enum with another value
        yield of(field(f"{kind}1", "{title}", "上午", "下午"))
        yield of(field(kind, good.text))  # a name without its number
    for name in ("first", "remark", "keyword1", "video1", "THING1", "thing1.DATA", ""):
        yield of(field(name, "预约"))
    yield of()


BAD = list(bad_forms())


def test_there_are_enough_of_them() -> None:
    assert len(BAD) >= 200


@pytest.mark.parametrize("form", BAD, ids=lambda form: "-".join(f.name for f in form.fields))
def test_a_bad_template_is_refused_with_the_field_named(form: Form) -> None:
    said = refusal("booking_confirmed", form)

    assert not form.fields or any(f"“{one.label}”" in said for one in form.fields), said


@pytest.mark.parametrize("kind", GOOD)
def test_what_is_right_passes(kind: str) -> None:
    for text in GOOD[kind]:
        check_form(TEMPLATES, "booking_confirmed", of(field(f"{kind}1", text)))


@pytest.mark.parametrize("name", SENT)
def test_the_forms_of_the_file_pass(name: str) -> None:
    check_form(TEMPLATES, name, of(*TEMPLATES[name].own_fields()))


def test_an_enum_takes_what_wechat_lists_and_nothing_else() -> None:
    check_form(TEMPLATES, "booking_confirmed", of(field("enum1", "上午", "上午", "下午")))
    said = refusal("booking_confirmed", of(field("enum1", "晚上", "上午", "下午")))
    assert said == "“标签”（enum1）只能是：上午、下午"


def test_another_wording_is_proved_as_well() -> None:
    wrong = FormField("thing1", "提醒", "{item_title}", {"eve": "明天\n记得"})
    assert "不能换行" in refusal("handbook_reminder", of(wrong))
    kind = FormField("date1", "日期", "{due_date:date}", {"several": "{titles}"})
    assert "只能是一个日期" in refusal("handbook_reminder", of(kind))


def test_the_due_date_of_a_pregnancy_is_not_sent_by_any_form() -> None:
    said = refusal("pregnancy_week", of(field("date1", "{due_date:date}")))
    assert "不发到微信" in said


def test_the_preview_shows_the_shortest_and_the_longest() -> None:
    form = of(field("thing1", "{title}"), FormField("time2", "时间", "{starts_at:time}"))
    assert preview(TEMPLATES, "booking_confirmed", form, SHORT, {}) == [
        ("标签", "园"),
        ("时间", "2026年1月1日 00:00"),
    ]
    real = {"title": "一" * 30}
    assert preview(TEMPLATES, "booking_confirmed", form, LONG, real)[0] == ("标签", "一" * 19 + "…")


def test_a_form_survives_the_database() -> None:
    fields = (FormField("thing1", "提醒", "{item_title}", {"eve": "明天"}, ("甲",)),)
    assert fields_from_json(fields_as_json(fields)) == fields


DAYS = (date(2000, 1, 1), date(2099, 12, 31))
INSTANTS = st.datetimes(*(datetime.combine(day, time()) for day in DAYS)).map(
    lambda moment: f"{moment.replace(microsecond=0).isoformat()}+08:00"
)
REAL: dict[FactKind, st.SearchStrategy[Any]] = {
    FactKind.TEXT: st.none() | st.text(max_size=60) | st.sampled_from(["亲子律动", "3楼", "\n"]),
    FactKind.NUMBER: st.integers(0, 2**53),
    FactKind.MOMENT: INSTANTS,
    FactKind.DAY: st.dates(*DAYS).map(str),
}


@st.composite
def messages(draw: st.DrawFn) -> tuple[str, Form, dict[str, Any], str | None]:
    """A message of any real shape, and a form that may pass the save or not."""
    name = draw(st.sampled_from(SENT))
    template = TEMPLATES[name]
    kinds = st.sampled_from(sorted(RULES))
    likely = [*(text for texts in GOOD.values() for text in texts), *offered_texts(template)]
    texts = st.sampled_from(likely) | st.builds(
        str.__add__, st.text(max_size=8), st.sampled_from(likely)
    )
    wordings = st.dictionaries(st.sampled_from(sorted(template.variants)), texts, max_size=2)
    fields = [
        FormField(
            f"{draw(kinds)}{number}",
            "标签",
            draw(texts),
            draw(wordings) if template.variants else {},
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    facts = {fact: draw(REAL[kind]) for fact, kind in template.facts.items()}
    return (
        name,
        of(*fields),
        draw(st.sampled_from(template.shapes(facts))),
        draw(st.none() | st.text(min_size=1, max_size=30)),
    )


@settings(max_examples=at_full(200, 5_000), deadline=None)
@given(messages())
def test_what_passes_the_save_never_gets_47003(
    message: tuple[str, Form, dict[str, Any], str | None],
) -> None:
    name, form, said, child = message
    try:
        check_form(TEMPLATES, name, form)
    except FormRefused:
        return
    names = {} if child is None else dict.fromkeys(SAMPLE_CHILDREN, child)
    data, _ = TEMPLATES.render_wechat(name, said, child, names, form)

    there = AtWeChat(
        "id", "标题", tuple(TemplateField(f.name, f.label, f.values) for f in form.fields)
    )
    check(there, {name: {"value": text} for name, text in data.items()})
