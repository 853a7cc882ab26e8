"""Lists and lines of check-ups and screenings: pure, as the phone makes them."""

from typing import Any

from tests.miniprogram.tools import call_each

CLINIC = "utils/clinic"
OUTCOME = {"kind": "clinic", "title": "x", "text": "x", "steps": ["x"]}


def screening(name: str, *, reached: bool = True, talked: str | None = None) -> dict[str, Any]:
    answered = {
        "answers": {},
        "answered_on": "2026-11-23",
        "talked_on": talked,
        "outcome": OUTCOME,
    }
    return {
        "id": name,
        "title": name,
        "reached": reached,
        "questions": [],
        "answered": answered if talked is not None or name == "m3" else None,
    }


def test_both_columns_of_a_child_born_early_stand_first_with_their_ages() -> None:
    fit = {
        "basis": "corrected",
        "actual_months": 8,
        "corrected_months": 6,
        "screening_id": "m6",
        "by_actual_id": "m8",
        "note": "",
    }
    items = [
        screening("m3"),
        screening("m6"),
        screening("m8", talked="2026-11-24"),
        screening("m12", reached=False),
    ]

    found, age = call_each(
        CLINIC, [("screeningList", [{"items": items, "fit": fit}]), ("ageLine", [fit])]
    )

    assert [(row["id"], row["basis"]) for row in found["now"]] == [
        ("m6", "按矫正月龄"),
        ("m8", "按出生日期"),
    ]
    assert [row["state"] for row in found["now"]] == ["还没有填", "已和门诊谈过"]
    assert [row["state"] for row in found["earlier"]] == ["请联系儿保门诊"]
    assert found["later"] == "m12"
    assert age == "实足 8 个月，矫正 6 个月，按矫正月龄看"


def test_numbers_and_words_are_taken_as_they_were_typed() -> None:
    calls = [("typedNumber", [text]) for text in ("", " 118 ", "11.8", "一百")]

    nothing, whole, broken, words = call_each(CLINIC, calls)  # JSON has no NaN: it becomes null

    assert (nothing, whole, broken, words) == (None, 118, None, None)
    (line,) = call_each(CLINIC, [("oneLine", ["多叫名字\n 再看看 "])])
    assert line == "多叫名字 再看看"
    result = {
        "place": "",
        "haemoglobin": 112,
        "teeth": 0,
        "hearing": "",
        "vision": "",
        "advice": "",
    }
    (lines,) = call_each(CLINIC, [("resultLines", [result])])
    assert [one["text"] for one in lines] == ["112 克/升", "0 颗"]
