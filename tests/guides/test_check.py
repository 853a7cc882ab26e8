"""Each fault is planted in a guide that is otherwise in order, and found with file and line."""

from pathlib import Path

import pytest

from backend.guides.check import check_content
from backend.guides.problems import Problem
from tests.guides.writing import BODY, BODY_BEGINS, SENTENCE, content_root, line_with, write_guide


def only_problem(root: Path) -> Problem:
    problems = check_content(root)
    assert len(problems) == 1, problems
    return problems[0]


def test_a_guide_in_order_has_no_problems(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root)

    assert check_content(root) == []


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("孩子1岁13个月了。", "wrong_month"),
        ("满90月龄再看。", "wrong_month"),
        ("从13月5日起。", "wrong_month"),
        ("9～6个月的孩子。", "wrong_month"),
    ],
)
def test_an_age_or_date_that_cannot_be_is_refused(tmp_path: Path, sentence: str, code: str) -> None:
    root = content_root(tmp_path)
    figures = {
        text: "CNS2022"
        for text in ("1岁13个月", "90月龄", "13月5日", "9～6个月")
        if text in sentence
    }
    file = write_guide(root, body=BODY + f"\n{sentence}\n", figures=figures)

    problem = only_problem(root)

    assert (problem.code, problem.line) == (code, line_with(file, sentence))


def test_a_title_whose_age_lies_outside_the_window_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, title="6月龄开始吃饭", age_days=[300, 364], band="6-12m")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("title_age", line_with(file, "age_days"))


def test_a_window_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, age_days=[273, 183])

    assert only_problem(root).code == "fields_invalid"


def test_a_source_that_nobody_wrote_down_is_refused_with_its_line(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, sources=["CNS2022", "HEARSAY"])

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("source_unknown", line_with(file, "sources"))
    assert "HEARSAY" in problem.message


def test_a_source_without_a_year_is_refused_with_its_line(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = root / "facts" / "sources.yaml"
    file.write_text(file.read_text() + "NEW: {title: 某指南, number: 某字1号}\n")
    write_guide(root)

    problem = only_problem(root)

    assert (problem.file, problem.line) == (file, line_with(file, "NEW:"))
    assert "year" in problem.message


@pytest.mark.parametrize("factor", [0, 8])
def test_a_text_that_is_too_short_or_too_long_is_refused(tmp_path: Path, factor: int) -> None:
    root = content_root(tmp_path)
    body = (
        f"## 先怎么做\n\n{SENTENCE}{SENTENCE * 10 * factor}\n\n## 什么时候去看医生\n\n{SENTENCE}\n"
    )
    write_guide(root, body=body)

    assert only_problem(root).code == "length"


def test_two_guides_with_one_id_are_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "first")
    file = write_guide(root, "second")

    problem = only_problem(root)

    assert (problem.code, problem.file, problem.line) == ("duplicate_id", file, 2)


def test_two_guides_with_one_slug_are_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "same", id="M01", age_days=[274, 400])
    write_guide(root, "same", id="M02", age_days=[274, 400], band="1-2y")

    assert {problem.code for problem in check_content(root)} == {"duplicate_slug"}


def test_a_dead_link_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + "\n看[这里](guide:nowhere)。\n")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("dead_link", line_with(file, "nowhere"))


@pytest.mark.parametrize(
    "html", ["<script>alert(1)</script>", "<b>粗</b>", "<!-- 记 -->", "&nbsp;", "<img src=x>"]
)
def test_html_is_refused(tmp_path: Path, html: str) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + f"\n一段{html}\n")

    problems = [problem for problem in check_content(root) if problem.code == "raw_html"]

    assert [problem.line for problem in problems] == [line_with(file, html)]


@pytest.mark.parametrize("markup", ["**没有合上", "[去外面](https://example.com)", "`代码"])
def test_markup_that_a_reader_would_see_is_refused(tmp_path: Path, markup: str) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + f"\n一段{markup}\n")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("markup", line_with(file, markup))


@pytest.mark.parametrize("claim", ["根治", "最佳", "特效", "神奇", "百分之百"])
def test_a_claim_that_nobody_can_keep_is_refused(tmp_path: Path, claim: str) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + f"\n这样做{claim}。\n")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("forbidden_claim", line_with(file, claim))


@pytest.mark.parametrize("brand", ["飞鹤", "安心牌奶粉", "某某®"])
def test_a_brand_is_refused(tmp_path: Path, brand: str) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + f"\n可以买{brand}。\n")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("brand", line_with(file, brand))


def test_a_claim_in_a_title_is_refused_too(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, title="最佳睡眠")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("forbidden_claim", line_with(file, "title:"))


def test_a_figure_without_a_source_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + "\n每天喝600毫升。\n")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("figure_undeclared", line_with(file, "600毫升"))


def test_a_declared_figure_does_not_cover_another_that_ends_alike(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, body=BODY + "\n喝60毫升，不是160毫升。\n", figures={"60毫升": "CNS2022"})

    problem = only_problem(root)

    assert problem.code == "figure_undeclared"
    assert "160" in problem.message


def test_a_wrong_figure_is_refused_on_both_sides(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, body=BODY + "\n每天喝6000毫升。\n", figures={"600毫升": "CNS2022"})

    codes = {problem.code for problem in check_content(root)}

    assert codes == {"figure_undeclared", "figure_unused"}


def test_a_figure_that_points_to_no_source_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + "\n每天喝600毫升。\n", figures={"600毫升": "WST678"})

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("figure_source", line_with(file, "figures:"))


def test_an_amount_in_words_is_refused_because_nobody_can_compare_it(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + "\n每天玩两小时。\n")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("figure_in_words", line_with(file, "两小时"))


def test_the_emergency_number_and_list_numbers_are_no_figures(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, body=BODY + "\n1. 先打120；\n2. 再等医生。\n")

    assert check_content(root) == []


def test_help_before_what_to_do_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    body = BODY.replace("先怎么做", "甲").replace("什么时候去看医生", "先怎么做")
    file = write_guide(root, body=body)

    problem = only_problem(root)

    assert problem.code == "sections"
    assert problem.line <= line_with(file, BODY_BEGINS)


def test_a_guide_in_the_folder_of_another_age_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, band="3-6y")

    assert only_problem(root).code == "wrong_folder"


def test_a_slug_that_cannot_stand_in_an_address_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "辅食 一")

    assert only_problem(root).code == "bad_slug"


def test_a_problem_reads_as_file_line_code(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, band="3-6y")

    assert str(only_problem(root)).startswith(f"{file}:{line_with(file, 'age_days')}: wrong_folder")


def test_a_picture_that_is_not_drawn_or_stands_in_a_sentence_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(
        root, body=BODY + "\n![](picture:nothing)\n\n看图![](picture:sleep-by-age)吧。\n"
    )

    problems = check_content(root)

    assert [(problem.code, problem.line) for problem in problems] == [
        ("dead_link", line_with(file, "nothing")),
        ("picture", line_with(file, "看图")),
    ]


def test_a_sentence_that_nobody_reads_in_one_breath_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + f"\n{'慢慢说' * 21}。\n")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("long_sentence", line_with(file, "慢慢说"))


def test_a_word_of_the_trade_is_refused_with_what_to_say_instead(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, body=BODY + "\n看看患儿的样子。\n")

    problem = only_problem(root)

    assert problem.code == "jargon"
    assert "孩子" in problem.message


def test_a_figure_that_no_table_holds_is_refused(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + "\n每天{milk-of-the-moon}。\n")

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("figure_unknown", line_with(file, "moon"))


def test_a_number_that_stands_in_a_table_is_taken_from_there(tmp_path: Path) -> None:
    """The same number written by hand would stay behind when the table changes."""
    root = content_root(tmp_path)
    write_guide(root, body=BODY + "\n每天500～700毫升。\n", figures={"500～700毫升": "CNS2022"})

    problem = only_problem(root)

    assert problem.code == "figure_in_table"
    assert "milk-6-12m" in problem.message


def test_a_named_figure_needs_its_source_beside_the_text(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    file = write_guide(root, body=BODY + "\n每天{milk-6-12m}。\n", sources=["BPHS3"])

    problem = only_problem(root)

    assert (problem.code, problem.line) == ("figure_source", line_with(file, "milk-6-12m"))


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ("x: {from: feeding/bands/b99/milk/ml, unit: 毫升, sources: [CNS2022]}", "figure_from"),
        ("x: {from: nowhere/a, unit: 毫升, sources: [CNS2022]}", "figure_from"),
        ("x: {from: feeding/bands/b6/texture, unit: 克, sources: [CNS2022]}", "figure_from"),
        ("x: {text: 3天, from: feeding/a, sources: [CNS2022]}", "fields_invalid"),
        ("x: {text: 很多, sources: [CNS2022]}", "fields_invalid"),
        ("x: {text: 3天, sources: [HEARSAY]}", "source_unknown"),
        ("X_Y: {text: 3天, sources: [CNS2022]}", "figure_name"),
        ("milk-6-12m: {text: 3天, sources: [CNS2022]}", "figure_twice"),
        ("x: {text: [", "yaml_invalid"),
    ],
)
def test_a_wrong_entry_of_the_figures_is_refused_with_its_line(
    tmp_path: Path, entry: str, code: str
) -> None:
    root = content_root(tmp_path)
    file = root / "facts" / "figures" / "zz-new.yaml"
    file.write_text(f"# a comment\n{entry}\n")

    problem = only_problem(root)

    assert (problem.file, problem.code) == (file, code)
    assert problem.line in {2, 3}


def test_a_card_is_short_and_lies_with_the_cards(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, id="H01", series="handbook")

    assert {problem.code for problem in check_content(root)} == {"length", "wrong_folder"}


def test_a_card_for_pregnancy_has_weeks_and_no_days(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, gest_weeks=[6, 12])

    assert only_problem(root).code == "fields_invalid"


RECIPE = """id: R01
name: 蛋黄粥
summary: 稠稠的一小碗。
age_days: [213, 365]
texture: 稠糊
ingredients:
  - {food: 鸡蛋黄, amount: 1个}
steps: [煮软, 压碎]
allergens: [鸡蛋]
review: pending
"""


@pytest.mark.parametrize(
    ("before", "after", "code", "line"),
    [
        ("[鸡蛋]", "[]", "allergen_missing", 9),
        ("鸡蛋黄, amount", "蜂蜜, amount", "first_year", 6),
        ("压碎", "<script>", "raw_html", 8),
        ("稠稠的", "最佳的", "forbidden_claim", 3),
        ("[213, 365]", "[365, 213]", "fields_invalid", 1),
        ("[鸡蛋]", "[鹅蛋]", "fields_invalid", 9),
    ],
)
def test_a_wrong_recipe_is_refused_with_file_and_line(
    tmp_path: Path, before: str, after: str, code: str, line: int
) -> None:
    root = content_root(tmp_path)
    file = root / "recipes" / "zhou.yaml"
    file.parent.mkdir()
    file.write_text(RECIPE)
    assert check_content(root) == []
    file.write_text(RECIPE.replace(before, after))

    problem = only_problem(root)

    assert (problem.file, problem.code, problem.line) == (file, code, line)
