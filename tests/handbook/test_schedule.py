"""The handbook's files: true to the programme, and refused with file and line when wrong."""

import shutil
from pathlib import Path

import pytest
import yaml

from backend.handbook.schedule import Kind, Schedule, check_handbook, load_schedule
from backend.handbook.source import HandbookError

CONTENT = Path(__file__).parents[2] / "content"

# Doses by month of cn-nip-2026 (国疾控卫免发〔2026〕16号) with the default of each choice,
# and Jiangsu's varicella: written from the official table, not from our file.
PROGRAMME = {
    0: {"hepb-1", "bcg-1"},
    1: {"hepb-2"},
    2: {"polio-1", "dtap-1"},
    3: {"polio-2"},
    4: {"polio-3", "dtap-2"},
    6: {"hepb-3", "dtap-3", "mpsva-1"},
    8: {"mmr-1", "jel-1"},
    9: {"mpsva-2"},
    12: {"varv-1"},
    18: {"dtap-4", "mmr-2", "hepal-1"},
    24: {"jel-2"},
    36: {"mpsvac-1"},
    48: {"polio-4", "varv-2"},
    72: {"dtap-5", "mpsvac-2"},
}


@pytest.fixture(scope="module")
def schedule() -> Schedule:
    return load_schedule(CONTENT)


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the content that a test may spoil."""
    for folder in ("handbook", "guides", "facts"):
        shutil.copytree(CONTENT / folder, tmp_path / folder)
    return tmp_path


def spoil(content: Path, name: str, old: str, new: str) -> int:
    """Replace the first `old` and return its line."""
    file = content / "handbook" / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_handbook_as_it_stands_has_no_problem() -> None:
    assert check_handbook(CONTENT) == []


def test_every_dose_of_the_programme_stands_at_its_month_once(schedule: Schedule) -> None:
    found: dict[int, set[str]] = {}
    for rule in schedule.rules:
        if rule.kind is Kind.VACCINE:
            found.setdefault(rule.due.months, set()).add(rule.id.removeprefix("vaccine:"))

    assert found == PROGRAMME
    assert schedule.version == "cn-nip-2026"


def test_there_are_thirteen_check_ups(schedule: Schedule) -> None:
    visits = [rule for rule in schedule.rules if rule.kind is Kind.CHECKUP]

    assert len(visits) == 13  # 国家基本公共卫生服务规范（第三版）
    assert all(rule.sections for rule in visits)


def test_of_a_group_of_choices_one_product_is_listed_and_names_the_other(
    schedule: Schedule,
) -> None:
    ids = {rule.id for rule in schedule.rules}
    rule = schedule.rule("vaccine:jel-1")
    assert rule is not None
    lines = [line for section in rule.sections for line in section.lines]

    assert not ids & {"vaccine:jei-1", "vaccine:hepai-1"}
    assert any("乙脑灭活疫苗（4剂）" in line and "只选一种" in line for line in lines)


def test_what_rests_on_memory_says_that_the_clinic_decides(schedule: Schedule) -> None:
    data = yaml.safe_load((CONTENT / "handbook/vaccines.yaml").read_text(encoding="utf-8"))
    for vaccine in data["vaccines"]:
        if all(mark["mark"] == "verified" for mark in vaccine["marks"].values()):
            continue
        for dose in vaccine["doses"]:
            rule = schedule.rule(f"vaccine:{dose['id']}")
            if rule is not None:
                assert "以接种门诊为准" in rule.summary


def test_every_vaccine_and_check_up_names_its_sources(schedule: Schedule) -> None:
    for rule in schedule.rules:
        if rule.kind is not Kind.GUIDE:
            assert rule.sections[-1].heading == "来源"
            assert rule.sections[-1].lines


def test_a_guide_that_may_not_be_shown_is_left_out() -> None:
    shown = load_schedule(CONTENT, guides={"du-dong-kusheng"})

    guides = [rule.guide_slug for rule in shown.rules if rule.kind is Kind.GUIDE]
    assert guides == ["du-dong-kusheng"]


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("schedule.yaml", "months: 6,", "months: 73,", "handbook_invalid"),
        ("schedule.yaml", "months: 6,", "months: -1,", "handbook_invalid"),
        ("schedule.yaml", "slug: du-dong-kusheng", "slug: no-such-guide", "handbook_unknown_guide"),
        ("schedule.yaml", "months: 5,", "months: 1,", "handbook_wrong_age"),
        ("schedule.yaml", "months: 0,", "moths: 0,", "handbook_invalid"),
        ("vaccines.yaml", "months: 18", "months: 181", "handbook_invalid"),
        ("vaccines.yaml", "months: 18", "months: 一岁半", "handbook_invalid"),
        ("checkups.yaml", "target: {months: 3}", "target: {months: 99}", "handbook_invalid"),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_line(
    content: Path, name: str, old: str, new: str, code: str
) -> None:
    line = spoil(content, name, old, new)

    (problem,) = check_handbook(content)

    assert (problem.file.name, problem.line, problem.code) == (name, line, code)


def test_the_same_guide_twice_is_refused_at_its_second_line(content: Path) -> None:
    line = spoil(content, "schedule.yaml", "slug: er-san-yue-taitou", "slug: du-dong-kusheng")

    (problem,) = check_handbook(content)

    assert (problem.code, problem.line) == ("handbook_id_twice", line)


def test_the_same_dose_twice_is_refused(content: Path) -> None:
    spoil(content, "vaccines.yaml", "id: hepb-2", "id: hepb-1")

    assert [problem.code for problem in check_handbook(content)] == ["handbook_id_twice"]


def test_a_missing_or_broken_file_stops_the_start(content: Path) -> None:
    (content / "handbook/checkups.yaml").unlink()
    with pytest.raises(HandbookError, match=r"checkups\.yaml:1: handbook_missing"):
        load_schedule(content)

    line = spoil(content, "vaccines.yaml", "version: cn-nip-2026", "version: [")
    with pytest.raises(HandbookError, match=r"vaccines\.yaml:\d+: handbook_invalid") as caught:
        load_schedule(content)
    assert caught.value.problem.line >= line
