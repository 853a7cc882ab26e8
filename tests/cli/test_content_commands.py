"""`content new`, `content pictures` and `content book`: what they write, refuse and say."""

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader
from sqlalchemy.orm import Session, sessionmaker

from backend.cli import main
from backend.guides.check import check_content
from backend.guides.loading import load_shelf
from backend.guides.review_models import ReviewDecision, ReviewedText, Verdict
from backend.kernel.db import make_engine, session_factory
from backend.people.models import Role
from tests.conftest import MORNING, ROOT, make_settings
from tests.factories import make_staff
from tests.guides.writing import content_root, write_guide
from tests.process.product import environ_of


def content(*words: object, environ: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["content", *map(str, words)], env=environ)


def new(root: Path, id: str, folder: str, slug: str) -> Result:
    return content("new", id, "--folder", folder, "--slug", slug, "--content", root)


@pytest.mark.parametrize(
    ("id", "folder", "suffix"),
    [
        ("M45", "guides/6-12m", "md"),
        ("N23", "guides/1-2y", "md"),
        ("H31", "cards", "md"),
        ("S05", "services", "md"),
        ("R25", "recipes", "yaml"),
    ],
)
def test_a_new_piece_says_what_must_be_filled_in(
    tmp_path: Path, id: str, folder: str, suffix: str
) -> None:
    root = content_root(tmp_path)

    answer = new(root, id, folder, "xue-he-shui")

    file = root / folder / f"xue-he-shui.{suffix}"
    assert answer.exit_code == 0, answer.output
    assert str(file) in answer.output
    assert "content check" in answer.output
    assert f"id: {id}" in file.read_text(encoding="utf-8")
    assert {problem.file for problem in check_content(root)} == {file}


@pytest.mark.parametrize(
    ("id", "folder", "slug", "says"),
    [
        ("M01", "guides/6-12m", "xin", "M01 已经有了"),
        ("M45", "guides/6-12m", "yi-pian", "yi-pian 已经有了"),
        ("M45", "cards", "xin", "要放在：guides/newborn"),
        ("M45", "guides/7y", "xin", "要放在：guides/newborn"),
        ("H31", "guides/6-12m", "xin", "要放在：cards"),
        ("M45", "guides/../../elsewhere", "xin", "要放在"),
        ("M45", "guides/6-12m", "Xin_1", "小写拼音"),
        ("M45", "guides/6-12m", "../xin", "小写拼音"),
        ("M45", "guides/6-12m", "recipes", "别的页面的网址"),
        ("45", "guides/6-12m", "xin", "编号"),
    ],
)
def test_what_cannot_be_begun_is_said_and_nothing_is_written(
    tmp_path: Path, id: str, folder: str, slug: str, says: str
) -> None:
    root = content_root(tmp_path)
    write_guide(root)
    before = sorted(root.rglob("*"))

    answer = new(root, id, folder, slug)

    assert answer.exit_code == 1
    assert says in answer.output
    assert sorted(root.rglob("*")) == before


def test_pictures_are_named_and_written_for_day_and_night(tmp_path: Path) -> None:
    answer = content("pictures", "--out", tmp_path / "svg")

    assert answer.exit_code == 0
    assert "texture-stages" in answer.output
    assert "从泥糊到家庭饭" in answer.output
    names = {file.name for file in (tmp_path / "svg").iterdir()}
    assert {"texture-stages.svg", "texture-stages-dark.svg"} <= names
    assert len(names) == 2 * len(answer.output.splitlines())


def test_a_book_without_a_database_is_a_draft_and_says_so(tmp_path: Path) -> None:
    out = tmp_path / "book" / "manual.pdf"

    answer = content("book", "manual", "--out", out, "--site", "https://chengyu.example")

    assert answer.exit_code == 0, answer.output
    assert "全部按待审印" in answer.output
    assert "没有印二维码" not in answer.output
    assert "送审稿" in PdfReader(out).pages[0].extract_text().replace(" ", "")
    assert out.stat().st_size < 15_000_000


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["manual", "--no-draft"], "要读数据库"),
        (["manual", "--site", "http://here"], "https://"),
        (["cookery"], "cookery"),
    ],
)
def test_a_book_that_cannot_be_printed_is_refused(
    tmp_path: Path, words: list[str], says: str
) -> None:
    out = tmp_path / "x.pdf"

    answer = content("book", *words, "--out", out)

    assert answer.exit_code != 0
    assert says in answer.output
    assert not out.exists()


def test_the_final_book_holds_what_is_signed_and_nothing_else(
    tmp_path: Path, make_database: Callable[[], str]
) -> None:
    url = make_database()
    environ = environ_of(make_settings(url, public_url="https://chengyu.example"))
    out = tmp_path / "manual.pdf"
    words = ("book", "manual", "--no-draft", "--out", out)
    refused = content(*words, environ=environ)
    title = _sign_the_first(url)

    answer = content(*words, environ=environ)

    assert refused.exit_code == 1
    assert "一篇已审定的都没有" in refused.output
    assert answer.exit_code == 0, answer.output
    assert "1篇，其中0篇待审" in answer.output
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(out.read_bytes())).pages)
    assert title in text
    assert "江阴市妇幼保健院" in text
    assert "送审稿" not in text


def _sign_the_first(url: str) -> str:
    engine = make_engine(url, pool_size=1)
    sessions: sessionmaker[Session] = session_factory(engine)
    staff_id = make_staff(sessions, role=Role.REVIEWER, office="江阴市妇幼保健院")
    guide = next(one for one in load_shelf(ROOT / "content").guides if one.matter.id == "M02")
    with sessions.begin() as session:
        key = {"slug": guide.slug, "content_hash": guide.content_hash}
        session.add(ReviewedText(text=guide.text, kept_at=MORNING, **key))
        session.flush()
        session.add(
            ReviewDecision(
                verdict=Verdict.APPROVED,
                valid_until=date(2099, 1, 1),
                office="江阴市妇幼保健院",
                reviewer="某",
                staff_id=staff_id,
                note="",
                decided_at=MORNING,
                **key,
            )
        )
    engine.dispose()
    return guide.matter.title
