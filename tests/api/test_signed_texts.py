"""In production families read exactly what is signed, from every process, at once."""

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from backend.app import create_app, parts_of
from backend.cli.content_status import status
from backend.guides import reviewing
from backend.guides.review_desk import read_desk
from backend.guides.reviewing import Seen, Signer, source_on
from backend.kernel.clock import FixedClock
from backend.people.models import Role
from tests.conftest import make_settings
from tests.factories import make_staff
from tests.fakes import FakeLogin
from tests.guides.writing import CONTENT

Sessions = sessionmaker[Session]
SLUG, TITLE = "man-liuyue-tian-fushi", "6月龄开始加辅食"
UNTIL = date(2027, 11, 23)
GRACE = timedelta(days=90)
Start = Callable[[], "Process"]


class Process:
    """One web process of a city, which asks for decisions whenever it is asked."""

    def __init__(self, app: Flask) -> None:
        self.parts = parts_of(app)
        self._client = app.test_client()

    def guide(self, slug: str = SLUG) -> dict[str, object] | None:
        self.parts.current_library.look_again()
        answer = self._client.get(f"/api/v1/guides/{slug}")
        assert answer.status_code in (200, 404)
        found: dict[str, object] | None = answer.get_json() if answer.status_code == 200 else None
        return found

    def listed(self) -> list[str]:
        self.parts.current_library.look_again()
        items = self._client.get("/api/v1/guides").get_json()["items"]
        return [item["slug"] for item in items]

    def reminded(self) -> dict[str, str]:
        self.parts.current_library.look_again()
        rules = self.parts.handbook.rules
        return {rule.guide_slug: rule.title for rule in rules if rule.guide_slug}


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CONTENT, tmp_path / "content"))


@pytest.fixture
def start(sessions: Sessions, clock: FixedClock, content: Path) -> Start:
    settings = make_settings(
        "unused",
        mode="production",
        public_url="https://chengyu.example",
        wechat_api_base="https://chengyu.example",
        content_dir=str(content),
    )
    return lambda: Process(create_app(settings, clock=clock, sessions=sessions, login=FakeLogin()))


class Office:
    """The reviewers, at the desk of one process."""

    def __init__(self, sessions: Sessions, clock: FixedClock) -> None:
        staff_id = make_staff(sessions, role=Role.REVIEWER, office="测试妇幼保健院")
        self._by = Signer(staff_id, "测试员", "测试妇幼保健院")
        self._sessions, self._clock = sessions, clock

    def _seen(self, process: Process, slug: str) -> Seen:
        with self._sessions() as session:
            newest = read_desk(session, self._clock, GRACE).newest.get(slug, 0)
        return Seen(source_on(process.parts.current_library.shelf, slug), newest)

    def approve(self, process: Process, slug: str = SLUG) -> None:
        seen = self._seen(process, slug)
        with self._sessions.begin() as session:
            reviewing.approve(session, self._clock, seen, by=self._by, valid_until=UNTIL)

    def withdraw(self, process: Process) -> None:
        seen = self._seen(process, SLUG)
        with self._sessions.begin() as session:
            reviewing.withdraw(session, self._clock, seen, by=self._by, note="有新标准")


@pytest.fixture
def office(sessions: Sessions, clock: FixedClock) -> Office:
    return Office(sessions, clock)


def edit(content: Path) -> None:
    """An author changes the title, the summary and the text."""
    file = content / "guides" / "6-12m" / f"{SLUG}.md"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(TITLE, "没有审过的题目").replace("照喂", "改喂"), encoding="utf-8")


def test_nothing_is_shown_until_it_is_signed_and_then_by_every_process(
    start: Start, office: Office
) -> None:
    one, other = start(), start()
    assert (one.listed(), one.guide(), one.reminded()) == ([], None, {})

    office.approve(one)

    for process in (one, other):
        assert process.listed() == [SLUG]
        guide = process.guide()
        assert guide is not None
        assert guide["review"] == "reviewed"
        assert guide["signed"] == {
            "office": "测试妇幼保健院",
            "on": "2026-11-23",
            "until": "2027-11-23",
        }
        assert process.reminded() == {SLUG: TITLE}


def test_an_edited_file_waits_and_the_signed_version_stays_also_in_the_handbook(
    start: Start, office: Office, content: Path
) -> None:
    before = start()
    office.approve(before)
    signed = before.guide()
    edit(content)

    after = start()

    assert after.guide() == signed
    assert after.reminded() == {SLUG: TITLE}
    office.approve(after)
    assert after.reminded() == {SLUG: "没有审过的题目"}
    assert before.guide() == signed  # its own file until it is started anew; signed as well


def test_a_signature_that_runs_out_is_said_and_later_the_text_is_gone(
    start: Start, office: Office, clock: FixedClock
) -> None:
    process = start()
    office.approve(process)

    seen = []
    for days in (365, 1, 89, 1):  # the last day, the next one, the last of the grace, the next
        clock.advance(timedelta(days=days))
        guide = process.guide()
        seen.append((guide["review"] if guide else None, SLUG in process.reminded()))

    assert seen == [("reviewed", True), ("due", True), ("due", True), (None, False)]


def test_a_withdrawn_text_is_gone_at_once_everywhere(start: Start, office: Office) -> None:
    one, other = start(), start()
    office.approve(one)
    assert other.guide() is not None

    office.withdraw(other)

    for process in (one, other):
        assert (process.guide(), process.listed(), process.reminded()) == (None, [], {})


def test_an_operator_is_told_how_far_the_review_is_and_what_is_due(
    start: Start, office: Office, clock: FixedClock, content: Path
) -> None:
    process = start()
    office.approve(process)
    office.approve(process, "jigan-ni")
    quiet = list(status(process.parts))
    assert "已审 2" in quiet[0]
    assert quiet[-1] == "60 天内到期或已经到期 0 篇"

    clock.advance(timedelta(days=310))
    said = list(status(process.parts))

    assert "快到期 2" in said[0]
    assert said[-3:] == [
        "60 天内到期或已经到期 2 篇：",
        f"  2027-11-23 N06 {TITLE}（测试妇幼保健院）",
        "  2027-11-23 R03 鸡肝泥（测试妇幼保健院）",
    ]
    edit(content)
    assert "正式环境现在显示 2 篇，其中 1 篇是以前审定的版本" in list(status(start().parts))
