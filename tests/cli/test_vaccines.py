"""`python -m backend vaccines`: an answer for people, one for programs, and a sentence on error."""

import json

import pytest
from click.testing import CliRunner, Result

from backend.cli import main

CHILD = ("--birth", "2025-01-31", "--on", "2025-03-05")


def vaccines(*words: str) -> Result:
    return CliRunner().invoke(main, ["vaccines", *words])


def test_a_program_reads_every_dose_with_its_rule_and_source() -> None:
    answer = vaccines(*CHILD, "--given", "hepb-1:2025-01-31", "--json")

    assert answer.exit_code == 0
    read = json.loads(answer.stdout)
    assert read["version"] == "cn-nip-2026"
    doses = {dose["id"]: dose for dose in read["doses"]}
    assert doses["hepb-1"]["status"] == "given"
    assert doses["hepb-2"]["status"] == "due"
    assert doses["hepb-2"]["earliest"] == "2025-02-28"
    assert doses["hepb-2"]["recommended_by"] is None
    assert doses["jei-1"]["earliest"] is None
    assert doses["bcg-1"]["recommended_by"] == "2025-04-29"
    assert {*doses["bcg-1"]} == {
        "id",
        "status",
        "earliest",
        "recommended_by",
        "reason",
        "source",
    }
    assert "hpv-1" not in doses


def test_every_option_reaches_the_engine() -> None:
    answer = vaccines(
        *("--birth", "2020-01-10", "--on", "2021-01-10", "--sex", "f", "--had-varicella"),
        *("--mother-hbsag", "positive", "--birth-weight", "1800"),
        *("--immunoglobulin", "2020-12-10", "--given", "hepb-1:2020-01-10", "--json"),
    )

    doses = {dose["id"]: dose for dose in json.loads(answer.stdout)["doses"]}
    assert doses["hpv-1"]["status"] == "upcoming"
    assert doses["varv-1"]["status"] == "closed"
    assert doses["hepb-4"]["status"] == "upcoming"
    assert doses["mmr-1"]["earliest"] == "2021-03-10"


def test_people_read_a_line_for_each_dose_with_reason_and_source() -> None:
    answer = vaccines(*CHILD, "--given", "bcg-1:2025-01-31")

    assert answer.exit_code == 0
    assert "卡介苗（bcg-1）  已打" in answer.stdout
    assert "乙肝疫苗第2剂（hepb-2）  还没到" in answer.stdout
    assert "以纸质手册和门诊记录为准" in answer.stdout
    assert "来源：国家免疫规划疫苗儿童免疫程序及说明" in answer.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--birth"),
        (("--birth", "2025-01-31"), "--on"),
        (("--birth", "20250131", "--on", "2025-03-05"), "--birth 的日期"),
        (("--birth", "2025-02-30", "--on", "2025-03-05"), "--birth 的日期"),
        (("--birth", "2025-01-31", "--on", "2025-01-30"), "早于出生日期"),
        ((*CHILD, "--sex", "x"), "--sex"),
        ((*CHILD, "--given", "hepb-1"), "--given"),
        ((*CHILD, "--given", "hepb-1:then"), "hepb-1 的日期"),
        ((*CHILD, "--given", "flu-1:2025-03-01"), "flu-1"),
        ((*CHILD, "--given", "hepb-1:2025-03-06"), "晚于推算的日期"),
        ((*CHILD, "--given", "hepb-1:2025-02-01", "--given", "hepb-1:2025-02-02"), "两次"),
        ((*CHILD, "--given", "hepb-1:2025-02-02", "--given", "hepb-2:2025-02-01"), "早于"),
        ((*CHILD, "--immunoglobulin", "2025-01-01"), "免疫球蛋白"),
        ((*CHILD, "--mother-hbsag", "maybe"), "--mother-hbsag"),
        ((*CHILD, "--birth-weight", "2.5"), "--birth-weight"),
        ((*CHILD, "--birth-weight", "0"), "出生体重"),
    ],
)
def test_bad_input_gets_one_sentence_and_the_code_two(words: tuple[str, ...], says: str) -> None:
    answer = vaccines(*words)

    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1
    assert says in answer.stderr
