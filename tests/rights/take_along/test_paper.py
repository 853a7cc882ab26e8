"""The book on paper: a PDF that can be read back."""

import io

import pypdf
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.clock import FixedClock
from tests.api.families import Phone
from tests.rights.traces import CLINIC, NAME, child_of, make_family


def test_the_book_says_everything_on_every_page(
    client: FlaskClient, sessions: sessionmaker[Session], clock: FixedClock
) -> None:
    family = make_family(client, sessions, clock)
    path = f"/children/{child_of(family)}/book.pdf"

    answer = family.get(path)

    assert answer.mimetype == "application/pdf"
    assert answer.data == family.get(path).data
    assert answer.headers["Cache-Control"] == "no-store"
    pages = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.data)).pages]
    assert all("以纸质手册和门诊记录为准" in page for page in pages)
    text = "".join("".join(pages).split())
    for said in (
        NAME,
        "2026-03-10",
        "乙肝疫苗第3剂",
        "8月龄体检",
        "8.44公斤",
        "测试嘱咐",
        "通过",
        CLINIC,
        "B2026",
        "3100克",
    ):
        assert said in text


@pytest.mark.parametrize("standard", ["who", "wst423"])
def test_a_child_of_whom_nothing_is_known_has_a_book_too(
    client: FlaskClient, standard: str
) -> None:
    phone = Phone(client)
    answer = phone.get(f"/children/{phone.add_child()['id']}/book.pdf", standard=standard)

    assert answer.status_code == 200
    pages = pypdf.PdfReader(io.BytesIO(answer.data)).pages
    assert "还没有测量记录" in "".join(page.extract_text() for page in pages)
