"""`python -m backend growth`: every row comes back, in its place, with z and label."""

import csv
import io

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.cli import main

HEAD = "indicator,sex,age_days,measured_lying_or_standing,weight_kg,lenhei_cm,head_cm"

NOT_APPLICABLE = [
    "wfa,m,0,,,,",  # missing
    "wfa,m,,,3.5,,",
    "bfa,m,100,l,6,,",
    "wfa,x,0,,3.5,,",  # unknown
    "xfa,m,0,,3.5,,",
    "lhfa,m,100,x,,60,",
    "wfa,m,zero,,3.5,,",  # no number
    "wfa,m,0,,abc,,",
    "wfa,m,0,,nan,,",
    "wfa,m,0,,1e999,,",
    "wfa,m,0,,-3,,",
    "wfa,m,0,,1_0,,",
    "bfa,m,0,,3,1e-200,",
    "wfa,m,-1,,3.5,,",  # out of range
    "hcfa,m,1900,,,,50",
    "wfl,m,100,l,3,44,",
    "wfl,m,800,l,12,84,",
    "wfa,m,0",  # too short
    "wfa,m,0,,3.5,,,50",  # too long: which column is which?
]


def growth(text: str | bytes, *words: str) -> Result:
    return CliRunner().invoke(main, ["growth", *words], input=text)


def added(answer: Result) -> list[tuple[str, str]]:
    assert answer.exit_code == 0, answer.output
    return [(row["z"], row["label"]) for row in csv.DictReader(io.StringIO(answer.stdout))]


def test_rows_are_scored_by_both_standards() -> None:
    rows = f"{HEAD}\nwfa,m,0,,3.5,,\nlhfa,f,731,l,,86.4,\nbfa,m,800,h,13.2,88,\nhcfa,f,365,,,,45\n"

    assert growth(rows).stdout.splitlines()[0] == f"{HEAD},z,label"
    assert growth(rows).stdout.splitlines()[1] == "wfa,m,0,,3.5,,,0.0000,中"
    assert growth(rows).stdout == growth(rows, "--standard", "wst423").stdout
    assert added(growth(rows, "--standard", "who")) == [
        ("0.3098", "-1SD～+1SD"),  # ((3.5/3.3464)^0.3487 - 1) / (0.3487 × 0.14602)
        ("-0.0093", "-1SD～+1SD"),  # 85.7 standing; ((85.7/85.7299) - 1) / 0.03764
        ("0.8513", "-1SD～+1SD"),  # 17.0455; ((17.0455/15.9306)^-0.5402 - 1) / …
        ("0.0780", "-1SD～+1SD"),
    ]


@pytest.mark.parametrize("standard", ["who", "wst423"])
def test_what_cannot_be_scored_is_not_applicable_and_harms_no_other_row(standard: str) -> None:
    good = "wfa,f,30,,4.2,,"
    rows = "\n".join(f"{good}\n{row}" for row in NOT_APPLICABLE)

    answer = added(growth(f"{HEAD}\n{rows}\n", "--standard", standard))

    assert answer[1::2] == [("", "不适用")] * len(NOT_APPLICABLE)
    assert answer[0][0] != ""
    assert answer[0::2] == [answer[0]] * len(NOT_APPLICABLE)


def test_a_file_from_a_spreadsheet_is_read() -> None:
    """BOM, CRLF, other order, other columns, capitals, an empty line, a comma at the end."""
    rows = (
        "\ufeffNo,Sex,Indicator,age_days,weight_kg,lenhei_cm,head_cm,measured_lying_or_standing,名字\r\n"
        '1,F,WFA,0,3.3,,,,"甲,乙"\r\n'
        "\r\n"
        "2,m,wfa, 0 ,3.5,,,,丙,\r\n"
    )

    assert growth(rows).stdout.splitlines() == [
        "No,Sex,Indicator,age_days,weight_kg,lenhei_cm,head_cm,measured_lying_or_standing,名字,z,label",
        '1,F,WFA,0,3.3,,,,"甲,乙",0.0000,中',
        "",
        "2,m,wfa, 0 ,3.5,,,,丙,0.0000,中,",
    ]


def test_bytes_of_another_encoding_go_through() -> None:
    rows = f"{HEAD},名字\nwfa,m,0,,3.5,,,甲\n".encode("gb18030")

    lines = growth(rows).stdout_bytes.splitlines()

    assert lines[1] == b"wfa,m,0,,3.5,,," + "甲".encode("gb18030") + ",0.0000,中".encode()


def test_what_was_written_can_be_scored_again() -> None:
    first = growth(f"{HEAD}\nwfa,m,0,,3.5,,\nwfa,m,0,,,,\n")

    assert growth(first.stdout).stdout == first.stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "第一行要有这几列"),
        ("a,b\n1,2\n", "第一行要有这几列"),
        (HEAD.replace(",head_cm", ""), "现在缺：head_cm"),
        (f"{HEAD},sex\n", "第一行里有重复的列，请删去一个：sex"),
        (f'{HEAD}\nwfa,m,0,,3.5,,"{"x" * 140_000}\n', "行读不出来"),
    ],
)
def test_another_head_is_refused_in_one_sentence(text: str, says: str) -> None:
    answer = growth(text)

    assert answer.exit_code == 2
    assert says in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


@settings(max_examples=30)
@given(st.lists(st.lists(st.text("wfalhcb mf0123.5-", max_size=4), min_size=1, max_size=9)))
def test_order_and_number_of_rows_stay(rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([HEAD.split(","), *rows])
    answer = growth(text.getvalue())

    assert answer.exit_code == 0
    came = list(csv.reader(io.StringIO(answer.stdout)))[1:]
    assert [row[:7] for row in came] == [(row + [""] * 7)[:7] for row in rows]
