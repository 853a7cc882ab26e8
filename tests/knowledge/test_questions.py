"""Files of questions: read with their figures, and refused with file and line."""

from pathlib import Path
from typing import Any

import pytest

from backend.facts.errors import ContentError
from backend.facts.figures import load_facts
from backend.knowledge.check import check_questions
from backend.knowledge.rules import Band
from tests.guides.writing import line_with
from tests.knowledge.writing import BAND, GUIDE, entry, facts_root, read_quiz, write_quiz


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return facts_root(tmp_path)


def problems(root: Path, *slugs: str) -> list[ContentError]:
    def wording(text: str) -> list[tuple[str, str]]:
        return [("forbidden_claim", "不能这样说")] if "根治" in text else []

    found = check_questions(root, load_facts(root), slugs or {GUIDE}, wording)
    return [one for one in found if one.code != "too_few_questions"]


def test_a_question_is_read_with_its_figures_and_sources(root: Path) -> None:
    write_quiz(root, entry(options=["{milk}", "果汁"]))

    (question,) = read_quiz(root).of_band(BAND)

    assert question.explanation.startswith("满6月龄后")
    assert question.options == ("500毫升", "果汁")
    assert [source.title for source in question.sources] == ["中国居民膳食指南（2022）"]


def test_no_question_at_all_is_no_reason_not_to_start(root: Path) -> None:
    assert read_quiz(root).of_band(BAND) == []


def test_a_question_is_hidden_with_its_guide(root: Path) -> None:
    write_quiz(root, entry(1), entry(2, guide="hai-mei-shen"))

    assert [one.id for one in read_quiz(root).of_band(BAND)] == ["q6-01"]
    assert read_quiz(root).get("q6-02") is None
    assert read_quiz(root, {GUIDE, "hai-mei-shen"}).get("q6-02") is not None


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"explanation": "满{no-such}后要加含铁的泥糊。"}, "figure_unknown", "explanation:"),
        ({"explanation": "满{ Solids }后要加含铁的泥糊。"}, "figure_unknown", "explanation:"),
        ({"explanation": "满6个月后要加含铁的泥糊。"}, "figure_undeclared", "explanation:"),
        ({"question": "宝宝8个月了，先加什么？"}, "figure_undeclared", "question:"),
        ({"options": ["果汁", "2勺米粉"]}, "figure_undeclared", "2勺米粉"),
        ({"figures": {"6个月": "CNS2022"}}, "figure_unused", "6个月:"),
        ({"answer": 0}, "answer_out_of_range", "answer:"),
        ({"answer": 4}, "answer_out_of_range", "answer:"),
        ({"options": ["果汁", "米粉", "果汁 "]}, "options_alike", "果汁 '"),
        ({"options": ["米粉", "以上都对"]}, "option_by_place", "以上都对"),
        ({"sources": ["NOSUCH"]}, "source_unknown", "sources:"),
        ({"options": ["米粉"]}, "fields_invalid", "options:"),
        ({"options": list("甲乙丙丁戊")}, "fields_invalid", "options:"),
        ({"sources": []}, "fields_invalid", "sources:"),
        ({"answers": 1}, "fields_invalid", "answers:"),
    ],
)
def test_a_wrong_question_is_refused_with_file_and_line(
    root: Path, changes: dict[str, Any], code: str, words: str
) -> None:
    file = write_quiz(root, entry(**changes))

    with pytest.raises(ContentError) as refused:
        read_quiz(root)

    error = refused.value
    assert (error.file, error.code) == (file, code)
    near = line_with(file, words)
    assert error.line in {near, near + 1}  # of a list, its first line
    assert [one.code for one in problems(root)][:1] == [code]


def test_a_number_of_its_own_is_declared_with_its_source(root: Path) -> None:
    told = "满6个月后要加含铁的泥糊，不舒服打120。"

    write_quiz(root, entry(explanation=told, figures={"6个月": "CNS2022"}))
    assert read_quiz(root).get("q6-01") is not None

    write_quiz(root, entry(explanation=told, figures={"6个月": "expert"}))
    assert read_quiz(root).get("q6-01") is not None

    write_quiz(root, entry(explanation=told, figures={"6个月": "WST678"}))
    assert [one.code for one in problems(root)] == ["figure_source"]


def test_part_of_a_declared_number_is_not_declared(root: Path) -> None:
    write_quiz(
        root, entry(explanation="满16个月和6个月的宝宝都要吃。", figures={"6个月": "expert"})
    )

    assert ["16个月" in one.message for one in problems(root)] == [True]


def test_an_id_stands_for_one_question_in_all_files(root: Path) -> None:
    write_quiz(root, entry(1), entry(2))
    write_quiz(root, entry(2), band=Band.TO_2_YEARS)

    found = problems(root)
    assert [one.code for one in found] == ["duplicate_id"]
    with pytest.raises(ContentError, match="duplicate_id"):
        read_quiz(root)


def test_a_file_is_named_after_its_band(root: Path) -> None:
    write_quiz(root, entry(), name="toddlers")

    assert [one.code for one in problems(root)] == ["quiz_band"]


def test_the_check_goes_on_after_the_first_problem_and_knows_the_guides(root: Path) -> None:
    file = write_quiz(
        root,
        entry(1, answer=9),
        entry(2, guide="mei-you"),
        entry(3, explanation="吃这个就能根治。"),
    )
    (root / "quiz" / "2-3y.yaml").write_text("band: [", encoding="utf-8")

    found = problems(root)

    assert {one.code for one in found} == {
        "answer_out_of_range",
        "dead_link",
        "forbidden_claim",
        "yaml_invalid",
    }
    (dead,) = [one for one in found if one.code == "dead_link"]
    assert (dead.file, dead.line) == (file, line_with(file, "mei-you"))


def test_each_band_needs_ten_questions(root: Path) -> None:
    write_quiz(root)  # twelve
    write_quiz(root, *(entry(n, id=f"q1-{n}") for n in range(9)), band=Band.TO_2_YEARS)

    found = check_questions(root, load_facts(root), {GUIDE}, lambda text: ())

    short = {one.file.stem for one in found}
    assert short == {band.value for band in Band} - {BAND.value}
