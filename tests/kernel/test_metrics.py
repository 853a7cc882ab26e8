"""What Prometheus reads: several processes as one, bounded labels, rules that name real things."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session, sessionmaker

from backend.config import Settings
from backend.jobs.gauges import look_into
from backend.jobs.measuring import measured
from backend.kernel import metrics
from backend.kernel.clock import FixedClock
from backend.outbox.messenger import POLICIES, code_label
from tests.outbox.scene import family, tell

ROOT = Path(__file__).parents[2]
SCRAPED = """
import os, socket, sys, time, urllib.request
from backend.kernel import metrics
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
if sys.argv[1] == "child":
    metrics.count_request("GET", "/api/v1/guides", 200, 0.002)
    if os.fork() == 0:
        metrics.count_request("GET", "/api/v1/guides", 200, 0.002)
        os._exit(0)
    os.wait()
metrics.serve("web", "127.0.0.1", port)
while True:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            print(answer.read().decode())
        break
    except OSError:
        time.sleep(0.02)
"""


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_processes_are_scraped_as_one(tmp_path: Path) -> None:
    """Two processes count into one folder; one of them tells of both."""
    environ = {**os.environ, metrics.MULTIPROCESS: str(tmp_path)}
    told = subprocess.run(  # our own interpreter
        [sys.executable, "-c", SCRAPED, "child"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    wanted = ("chengyu_", "#")
    text = "\n".join(line for line in told.splitlines() if line.startswith(wanted)) + "\n"
    samples = {
        (sample.name, sample.labels.get("route")): sample.value
        for family_ in text_string_to_metric_families(text)
        for sample in family_.samples
    }
    assert samples["chengyu_requests_total", "/api/v1/guides"] == 2


def test_without_the_setting_nothing_listens(settings: Settings) -> None:
    assert settings.metrics_port is None
    assert settings.metrics_host == "127.0.0.1"


def test_requests_are_counted_by_pattern(client: FlaskClient) -> None:
    labels = {"method": "GET", "route": "-", "status": "4xx"}
    before = value("chengyu_requests_total", **labels)
    client.get("/api/v1/no-such-thing/13800000000")
    assert value("chengyu_requests_total", **labels) == before + 1
    assert "13800000000" not in generate_latest(REGISTRY).decode()


def test_a_task_is_counted_however_it_ends() -> None:
    def fail() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        measured("purge", fail)()
    measured("purge", lambda: None)()
    assert value("chengyu_jobs_total", task="purge", outcome="failed") >= 1
    assert value("chengyu_jobs_total", task="purge", outcome="done") >= 1


def test_codes_that_we_do_not_know_are_one_label() -> None:
    assert {code_label(code) for code in (None, 1, 999_999)} == {"none", "other"}
    known = {code for policy in POLICIES.values() for code in policy.codes}
    assert {code_label(code) for code in known} == {str(code) for code in known}


def test_the_queue_is_read_when_asked(sessions: sessionmaker[Session], clock: FixedClock) -> None:
    parent_id, child_id, _ = family(sessions)
    tell(sessions, clock, parent_id, child_id)
    found = {
        metric.name: metric for metric in look_into(sessions, clock, stalled_seconds=30).collect()
    }
    assert set(found) == set(metrics.GAUGES)
    assert [sample.value for sample in found["chengyu_queue_due"].samples] == [1]
    assert found["chengyu_tasks_missed"].samples[0].value > 0


def test_a_database_out_of_reach_leaves_the_others() -> None:
    def gone() -> list[Metric]:
        raise OSError

    assert list(metrics.Look(gone).collect()) == []


def test_every_alert_asks_for_a_metric_that_exists() -> None:
    rules = yaml.safe_load((ROOT / "docs/alerts.yaml").read_text(encoding="utf-8"))
    known = set(metrics.GAUGES)
    for family_ in REGISTRY.collect():
        names = {family_.name + end for end in ("_total", "_bucket", "_count", "_sum")}
        known |= names if family_.name.startswith("chengyu_") else set()
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in (ROOT / "docs/operations.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    }
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len(alerts) > 10
    for rule in alerts:
        asked = set(re.findall(r"chengyu_[a-z_]+", rule["expr"]))
        assert asked, rule["alert"]
        assert asked <= known, rule["alert"]
        page, _, section = rule["annotations"]["runbook"].partition("#")
        assert page == "docs/operations.md"
        assert section in headings, rule["alert"]
