import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sandbox.field_rules import FieldRefused, check
from backend.sandbox.templates import Template, TemplateField

GOOD = {
    "thing1": ["澄江街道·王老师 10:00", "a" * 20],
    "number1": ["12", "3.5", "1" * 32],
    "letter1": ["abc", "Z" * 32],
    "symbol1": ["!?", "+-*"],
    "character_string1": ["JY-2026/11#7", "x" * 32],
    "time1": ["15:01", "2026年10月1日 15:01", "09:00~10:30", "2026年2月28日 8:05"],
    "date1": ["2026年10月1日", "2026年10月1日 15:01", "2026年10月1日~2026年10月3日"],
    "amount1": ["¥100", "￥9.90元", "100元"],
    "phone_number1": ["0510-86861111", "+86 13800000001"],
    "car_number1": ["苏B12345"],
    "name1": ["张小小", "Anna Maria"],
    "phrase1": ["已确认", "待确认中"],
}
BAD = {
    "thing1": ["一" * 21, "\t", "a\u0007b"],
    "number1": ["1" * 33, "-1", "一", "1."],
    "letter1": ["a1", "Z" * 33, "中"],
    "symbol1": ["!?!?!?", "a"],
    "character_string1": ["编号7", "x" * 33],
    "time1": ["24:00", "9点", "2026/10/1 15:01", "1:2~3:4~5:6", "2026年2月30日 08:00"],
    "date1": ["2026-10-01", "10月1日", "2026年2月29日"],
    "amount1": ["100", "¥12345678901", "¥1.234"],
    "phone_number1": ["1" * 18, "电话"],
    "car_number1": ["苏B123456789"],
    "name1": ["一二三四五六七八九十一", "a" * 21, "张3"],
    "phrase1": ["已经确认成功", "ok", "已确认!"],
    "unknown1": ["什么都不行"],
}
GOOD_CASES = [(name, value) for name, values in GOOD.items() for value in values]
BAD_CASES = [(name, value) for name, values in BAD.items() for value in values]


def of(name: str, *values: str) -> Template:
    return Template("id", "标题", (TemplateField(name, "标签", values),))


@pytest.mark.parametrize(("name", "value"), GOOD_CASES)
def test_wechats_own_examples_pass(name: str, value: str) -> None:
    assert check(of(name), {name: {"value": value}}) == {name: value}


@pytest.mark.parametrize(("name", "value"), BAD_CASES)
def test_what_wechat_refuses_is_refused(name: str, value: str) -> None:
    with pytest.raises(FieldRefused, match=rf"data\.{name}\.value"):
        check(of(name), {name: {"value": value}})


def test_an_enum_takes_only_its_own_values() -> None:
    template = of("enum1", "上午", "下午")

    assert check(template, {"enum1": {"value": "上午"}})
    with pytest.raises(FieldRefused):
        check(template, {"enum1": {"value": "晚上"}})


@given(st.dictionaries(st.sampled_from(list(GOOD)), st.none() | st.text() | st.integers()))
def test_no_value_breaks_the_rules_themselves(data: dict[str, object]) -> None:
    template = Template("id", "标题", tuple(TemplateField(name, "标签") for name in GOOD))
    with pytest.raises(FieldRefused):
        check(template, data)
