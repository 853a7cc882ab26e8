"""`python -m backend timeline`: the plan of a child from the command line."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.cli import main

CONTENT = Path(__file__).parents[2] / "content"


def timeline(*args: str) -> Result:
    return CliRunner().invoke(main, ["timeline", *args])


def test_the_whole_plan_is_printed_for_a_person() -> None:
    done = timeline("--birth", "2026-05-30")

    assert done.exit_code == 0
    assert "2026-11-30  接种  乙肝疫苗第3剂" in done.output
    assert "2026-11-23（提前 7 天）、2026-11-29（前一天）" in done.output
    assert "以纸质手册和门诊记录为准" in done.output


def test_the_whole_plan_is_data_for_a_program() -> None:
    plan = json.loads(timeline("--birth", "2026-01-01", "--json").output)

    items = {item["id"]: item for item in plan["items"]}
    assert (plan["birth"], plan["version"]) == ("2026-01-01", "cn-nip-2026")
    # day 28 and one month, here day 31, are one group
    assert items["checkup:m1"]["group"] == items["vaccine:hepb-2"]["group"] == "2026-01-29"
    assert items["vaccine:hepb-2"]["reminders"][0] == {"on": "2026-01-22", "say": "ahead"}
    assert items["guide:di-yi-kou-nai"]["group"] is None
    told = {one["id"] for message in plan["messages"] for one in message["items"]}
    assert told == set(items)


def test_a_wrong_date_says_what_to_write() -> None:
    done = timeline("--birth", "30.5.2026")

    assert done.exit_code == 2
    assert "请写成 2026-11-23" in done.output


@pytest.fixture
def next_content(tmp_path: Path) -> Path:
    """Our content with one guide a month later."""
    for part in ("handbook", "facts", "guides"):
        shutil.copytree(CONTENT / part, tmp_path / part)
    file = tmp_path / "handbook" / "schedule.yaml"
    text = file.read_text(encoding="utf-8")
    moved = text.replace(
        "{slug: guomin-bu-duo-bu-ji, months: 5,", "{slug: guomin-bu-duo-bu-ji, months: 6,"
    )
    assert moved != text
    file.write_text(moved, encoding="utf-8")
    return tmp_path


def test_a_schedule_that_is_to_come_is_compared(next_content: Path) -> None:
    same = timeline("--birth", "2026-05-30", "--compare", str(CONTENT))
    other = timeline("--birth", "2026-05-30", "--compare", str(next_content))

    assert same.output == "没有不同\n"
    assert [line[0] for line in other.output.splitlines()] == ["-", "+"]
    assert "2026-10-30" in other.output
