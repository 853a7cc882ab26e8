"""What we send fits WeChat's rules for template fields, whatever it is made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.outbox.fields import UnfitValue, fit, width
from backend.sandbox.field_rules import RULES


def test_a_thing_of_forty_characters_ends_in_an_ellipsis_at_twenty() -> None:
    assert fit("thing1", "江阴市" * 14) == "江阴市" * 6 + "江" + "…"
    assert len(fit("thing1", "江阴市" * 14)) == 20


def test_twenty_characters_stay_as_they_are() -> None:
    assert fit("thing4", "一" * 20) == "一" * 20


def test_line_breaks_and_control_characters_become_blanks() -> None:
    assert fit("thing1", "上午\n九点\t到\u200b场\x07") == "上午 九点 到 场"


def test_a_digit_in_a_name_becomes_a_star() -> None:
    assert fit("name1", "3号") == "*号"


def test_a_character_outside_the_basic_plane_counts_two() -> None:
    fitted = fit("thing1", "😀" * 11)

    assert width(fitted) <= 20
    assert fitted.endswith("…")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("thing1", ""),
        ("thing1", " \n\u3000"),
        ("phrase1", "超过了五个字"),
        ("phrase1", "Ok"),
        ("time1", "下午三点"),
        ("time1", "25:00"),
        ("date1", "2026-11-23"),
        ("date1", "2026年2月30日"),
        ("number1", "三"),
        ("number1", "1" * 33),
        ("character_string1", "预约号"),
        ("thing", "没有编号"),
        ("video1", "没有这一种"),
    ],
)
def test_what_cannot_be_made_to_fit_is_refused_without_repeating_it(field: str, value: str) -> None:
    with pytest.raises(UnfitValue) as refusal:
        fit(field, value)

    assert field in str(refusal.value)
    assert not value.strip() or value not in str(refusal.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phrase1", "已确认"),
        ("time1", "15:01"),
        ("time1", "2026年11月23日 15:01"),
        ("date1", "2026年11月23日"),
        ("name1", "欧阳一一"),
        ("number1", "12.5"),
        ("character_string1", "A-12 b"),
        ("letter1", "ABC"),
        ("symbol1", "!?"),
        ("amount1", "9.90元"),
        ("phone_number1", "0510-86861111"),
        ("car_number1", "苏B12345"),
    ],
)
def test_what_fits_is_left_alone(field: str, value: str) -> None:
    assert fit(field, value) == value


@given(st.sampled_from(sorted(RULES)), st.text(max_size=60))
def test_whatever_passes_here_passes_at_wechat(kind: str, text: str) -> None:
    try:
        value = fit(f"{kind}1", text)
    except UnfitValue:
        return

    assert value.strip()
    assert RULES[kind](value)


@given(st.text(min_size=1))
def test_any_visible_text_fits_a_thing(text: str) -> None:
    if not text.isprintable() or not text.strip():
        return

    assert 1 <= width(fit("thing1", text)) <= 20
