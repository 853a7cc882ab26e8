"""The list of endpoints in docs/sandbox.md is the list of endpoints."""

from pathlib import Path

from backend.sandbox.rights import RIGHTS
from tests.sandbox.running import Talk

DOCUMENT = Path(__file__).parents[2] / "docs/sandbox.md"


def endpoints(talk: Talk) -> set[str]:
    rules = talk.client.application.url_map.iter_rules()
    return {rule.rule for rule in rules if rule.endpoint.startswith("wire.")}


def test_every_endpoint_is_documented(talk: Talk) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert [path for path in sorted(endpoints(talk)) if f"`{path[1:]}`" not in text] == []


def test_every_right_is_one_of_an_endpoint(talk: Talk) -> None:
    assert RIGHTS.keys() <= endpoints(talk)
