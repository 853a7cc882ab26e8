"""The small commands: what they say and how they end."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from backend.kernel.db import make_engine, session_factory
from tests.conftest import ROOT, make_settings
from tests.factories import make_centre
from tests.process.product import environ_of


def backend(*words: str, environ: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code and everything said."""
    result = subprocess.run(
        [sys.executable, "-m", "backend", *words],
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def test_the_schema_is_brought_up_to_date_and_checked(make_database: Callable[[], str]) -> None:
    environ = environ_of(make_settings(make_database()))

    assert backend("db", "check", environ=environ)[0] == 0
    assert backend("db", "upgrade", environ=environ)[0] == 0


def test_health_says_what_does_not_live(make_database: Callable[[], str]) -> None:
    environ = environ_of(make_settings(make_database()))

    assert backend("health", environ=environ) == (1, "down: worker, scheduler\n")
    gone = {**environ, "BACKEND_DATABASE_URL": "postgresql+psycopg://postgres@/x?host=/nowhere"}
    assert backend("health", environ=gone) == (1, "down: database\n")


@pytest.mark.parametrize("command", ["web", "scheduler", "worker", "wechat-sandbox"])
def test_a_missing_variable_stops_the_start_and_is_named(command: str) -> None:
    environ = environ_of(make_settings("postgresql+psycopg://postgres@/x"))
    del environ["BACKEND_SECRET_KEY"]

    code, said = backend(command, environ=environ)

    assert code == 1
    assert "BACKEND_SECRET_KEY" in said
    assert "Traceback" not in said


def test_the_sandbox_does_not_start_in_production() -> None:
    environ = environ_of(make_settings("postgresql+psycopg://postgres@/x"))
    production = {
        "BACKEND_MODE": "production",
        "BACKEND_PUBLIC_URL": "https://example.com",
        "BACKEND_WECHAT_API_BASE": "https://api.weixin.qq.com",
    }

    code, said = backend("wechat-sandbox", environ={**environ, **production})

    assert code == 1
    assert "production" in said


def test_a_clerk_is_added_with_a_password_that_is_shown_once(
    make_database: Callable[[], str],
) -> None:
    url = make_database()
    environ = environ_of(make_settings(url))
    engine = make_engine(url, pool_size=1)
    centre = str(make_centre(session_factory(engine)))
    engine.dispose()
    words = ["staff", "add", "wang", "--name", "王", "--role", "clerk"]

    code, password = backend(*words, "--centre", centre, environ=environ)
    without_centre = backend(*words, environ=environ)
    nowhere = backend(*words, "--centre", "99", environ=environ)

    assert code == 0
    assert len(password.strip()) >= 12
    assert without_centre[0] == 1
    assert nowhere[0] == 1
    assert "99" in nowhere[1]


def test_a_reviewer_is_made_with_an_office_and_the_state_of_the_review_is_told(
    make_database: Callable[[], str],
) -> None:
    environ = environ_of(make_settings(make_database()))
    words = ["staff", "add", "li", "--name", "李", "--role", "reviewer"]

    without_office = backend(*words, environ=environ)
    made = backend(*words, "--office", "市妇幼保健院", environ=environ)
    told = backend("content", "status", environ=environ)

    assert (without_office[0], made[0], told[0]) == (1, 0, 0)
    assert "单位" in without_office[1]
    assert "待审" in told[1]
    assert "60 天内到期或已经到期 0 篇" in told[1]


def test_content_that_is_wrong_is_named(tmp_path: Path) -> None:
    subprocess.run(["cp", "-r", str(ROOT / "content"), str(tmp_path)], check=True)
    assert backend("content", "check", str(tmp_path / "content"))[0] == 0
    guide = next((tmp_path / "content" / "guides").glob("*/*.md"))
    guide.write_text(guide.read_text().replace("review: pending", "review: done"))
    lines = tmp_path / "content" / "growth" / "wst423_sd.csv"
    lines.write_text(lines.read_text().replace("wfa,m,0,2.4,2.7,", "wfa,m,0,2.7,2.4,"))

    code, said = backend("content", "check", str(tmp_path / "content"))

    assert code == 1
    assert guide.name in said
    assert "七条线没有从小到大" in said
