"""What is shown of a change, and that nothing of it is lost."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from backend.guides.differences import Change, DiffLine, differences
from backend.guides.loading import load_shelf
from backend.guides.review_notes import notes_in, read_notes
from backend.guides.versions import words_of, words_of_kept
from tests.guides.writing import content_root, write_guide

LINES = st.lists(
    st.sampled_from(["甲。", "乙，丙。", "乙，丁。", "5毫升。", "6毫升；再看。"]), max_size=6
)


def said(line: DiffLine) -> list[tuple[str, str]]:
    return [(part.change.value, part.text) for part in line.parts]


def test_only_the_clause_that_changed_is_marked() -> None:
    (line,) = differences("先洗手，每天5毫升，慢慢来。", "先洗手，每天6毫升，慢慢来。")

    assert line.change is Change.CHANGED
    assert said(line) == [
        ("same", "先洗手，"),
        ("removed", "每天5毫升，"),
        ("added", "每天6毫升，"),
        ("same", "慢慢来。"),
    ]


def test_long_equal_stretches_are_counted_not_shown() -> None:
    before = "\n".join(f"第{letter}句没有变。" for letter in "一二三四五六七八")

    found = differences(before, before + "\n多了一句。")

    assert [line.change.value for line in found] == ["skipped", "same", "added"]
    assert found[0].count == 7


def test_equal_texts_have_no_difference_and_empty_lines_are_none() -> None:
    assert differences("甲。\n\n乙。", "甲。\n乙。\n") == []


def test_another_sentence_is_not_called_a_changed_one() -> None:
    found = differences("多喝水。", "早点睡，别着急。")

    assert [line.change.value for line in found] == ["removed", "added"]


def test_a_line_is_compared_with_the_one_that_is_like_it() -> None:
    found = differences(
        "先这样。\n发热、叫不醒，去医院。", "先这样。\n脸肿，打120。\n发热、没精神，去医院。"
    )

    assert [line.change.value for line in found] == ["same", "added", "changed"]


@given(before=LINES, after=LINES)
def test_both_texts_can_be_read_out_of_their_differences(
    before: list[str], after: list[str]
) -> None:
    found = differences("\n".join(before), "\n".join(after))

    if before == after:
        assert found == []
        return
    for kept, lines in ((Change.REMOVED, before), (Change.ADDED, after)):
        read = "".join(
            part.text for line in found for part in line.parts if part.change in (Change.SAME, kept)
        )
        hidden = sum(line.count for line in found if line.change is Change.SKIPPED)
        if not hidden:
            assert read == "".join(lines)


def test_a_version_is_compared_in_the_words_of_a_reader(tmp_path: Path) -> None:
    root = content_root(tmp_path)
    write_guide(root, "later", id="M02", body="[先看这篇](guide:yi-pian)，**别急**。\n")
    write_guide(root, "yi-pian", id="M01", figures={"6个月": "expert"}, body="满6个月。\n")
    shelf = load_shelf(root)
    first, second = sorted(shelf.guides, key=lambda one: one.matter.id)

    assert "数字 6个月：没有见到来源" in words_of(first, shelf.facts)
    assert words_of(second, shelf.facts).endswith("先看这篇，别急。\n")
    assert words_of_kept(first.file, first.text, shelf.facts) == words_of(first, shelf.facts)


def test_a_kept_text_that_cannot_be_read_any_more_is_shown_as_it_was(tmp_path: Path) -> None:
    shelf = load_shelf(content_root(tmp_path))

    assert words_of_kept(Path("guides/x/y.md"), "没有说明的旧稿", shelf.facts) == "没有说明的旧稿"


def test_questions_to_the_experts_are_found_by_the_piece(tmp_path: Path) -> None:
    notes = notes_in(
        "# 清单\n\n- 说明\n\n## 每篇都有的\n\n- 都看\n\n## 手册\n\n"
        "### M05 读懂哭声\n- 体温\n- 顺序\n\n### N01 奶\n- 奶量\n\n## 尾\n- 不算\n"
    )

    assert notes.about("M05") == ("体温", "顺序")
    assert notes.about("N01") == ("奶量",)
    assert notes.about("M06") == ()
    assert notes.everywhere == ("都看",)
    assert read_notes(tmp_path / "none.md").everywhere == ()
