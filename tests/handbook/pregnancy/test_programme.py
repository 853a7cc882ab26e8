"""The files of the pregnancy handbook, and what a day shows of them."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.handbook.pregnancy.board import CheckupStatus, Phase, board
from backend.handbook.pregnancy.dating import Method, day_of_week
from backend.handbook.pregnancy.programme import check_programme, load_programme

CONTENT = Path(__file__).parents[3] / "content"
PROGRAMME = load_programme(CONTENT)
DUE = date(2027, 3, 8)


def on_week(week: int, days: int = 0) -> date:
    return day_of_week(DUE, week) + timedelta(days=days)


def test_the_five_free_checkups_and_their_weeks() -> None:
    windows = [(one.id, one.first_week, one.last_week) for one in PROGRAMME.checkups]

    assert windows == [
        ("anc-1", 0, 12),
        ("anc-2", 16, 20),
        ("anc-3", 21, 24),
        ("anc-4", 28, 36),
        ("anc-5", 37, 40),
    ]


def test_a_window_ends_with_the_last_day_of_its_last_week() -> None:
    first = board(PROGRAMME, DUE, on_week(12, 6), {}).checkups[0]

    assert first.until_date == on_week(12, 6)
    assert first.status is CheckupStatus.DUE
    assert board(PROGRAMME, DUE, on_week(13), {}).checkups[0].status is CheckupStatus.PAST


def test_what_is_done_is_not_the_next_one() -> None:
    done = {"anc-1": on_week(9), "of-another-year": on_week(9)}

    shown = board(PROGRAMME, DUE, on_week(10), done)

    assert shown.checkups[0].status is CheckupStatus.DONE
    assert shown.following is not None
    assert shown.following.checkup.id == "anc-2"


@given(st.integers(-20, 400))
def test_every_day_has_a_board_and_only_one_next_checkup(days: int) -> None:
    shown = board(PROGRAMME, DUE, on_week(0, days), {})

    assert shown.days_left == 280 - days
    assert shown.age.total_days == days
    if shown.following is not None:
        assert shown.following.until_date >= on_week(0, days)
    assert (shown.phase is Phase.SILENT) == (days >= 294)
    assert (shown.phase is Phase.RUNNING) == (days < 280)


def test_a_week_without_a_text_says_nothing_invented() -> None:
    assert board(PROGRAMME, DUE, on_week(14), {}).card is None
    card = board(PROGRAMME, DUE, on_week(11), {}).card
    assert card is not None
    assert card.slug == "ka-nt"


def test_a_card_that_may_not_be_read_is_not_shown() -> None:
    signed = load_programme(CONTENT, guides={"ka-nt"})

    assert [card.slug for card in signed.cards] == ["ka-nt"]
    assert signed.danger.card_slug is None
    assert signed.danger.signs == PROGRAMME.danger.signs  # the signs themselves always stand


def test_what_rests_on_memory_is_said_to() -> None:
    assert not any(PROGRAMME.dating[method].checked for method in Method)
    assert PROGRAMME.movements.told.source == "未核对，以医生为准"
    assert PROGRAMME.danger.told.checked


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("aim_week: 16", "aim_week: 22", "aim_week"),
        ("id: anc-2", "id: anc-9", "id: anc-9"),
        ("movements: fm", "movements: gone", "movements"),
        ("danger_card: ka-weixian-xinhao", "danger_card: gone", "danger_card"),
        ("sources: [HOTLINE2024]", "sources: [GONE]", "GONE"),
        ("id: anc-2", "id: anc-1", "anc-1"),
    ],
)
def test_content_check_names_file_and_line(
    tmp_path: Path, before: str, after: str, line: str
) -> None:
    copy = tmp_path / "content"
    for folder in ("facts", "handbook", "cards"):
        shutil.copytree(CONTENT / folder, copy / folder)
    file = copy / "handbook" / "prenatal.yaml"
    text = file.read_text(encoding="utf-8").replace(before, after, 1)
    file.write_text(text, encoding="utf-8")

    (problem,) = check_programme(copy)

    assert problem.file == file
    assert line in text.splitlines()[problem.line - 1]


def test_the_real_files_are_in_order() -> None:
    assert check_programme(CONTENT) == []
