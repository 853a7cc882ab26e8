"""The whole way of a reminder: registered, agreed to, planned, sent, read."""

from collections.abc import Callable
from typing import Any

import requests

from tests.process.product import Product
from tests.process.waiting import eventually

TEMPLATE_ID = "tpl-handbook-reminder"
EIGHT_MONTHS_IN_A_WEEK = "2026-03-30"  # the reminders of eight months are due today


class Family:
    """A phone of the sandbox that uses the API over HTTP."""

    def __init__(self, product: Product) -> None:
        self._product = product
        code = product.ask_sandbox("POST", "login-codes")["code"]
        self._token = self.call("POST", "/sessions", {"code": code})["token"]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        token = getattr(self, "_token", "")
        answer = requests.request(
            method,
            f"{self._product.base}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        assert answer.ok, answer.text
        return answer.json()

    def register_child(self) -> None:
        keys = ("purpose", "version", "hash")
        documents = self.call("GET", "/consents")["documents"]
        wanted = ("privacy", "children")
        accept = [{key: one[key] for key in keys} for one in documents if one["purpose"] in wanted]
        self.call("POST", "/consents", {"accept": accept})
        self.call(
            "POST",
            "/children",
            {
                "name": "丁小满",
                "birth_date": EIGHT_MONTHS_IN_A_WEEK,
                "sex": "f",
                "town_code": "320281001",
                "home_cared": True,
                "relation": "mother",
            },
        )


def test_a_reminder_is_planned_and_arrives_within_the_minute(
    make_product: Callable[..., Product],
) -> None:
    product = make_product()
    product.start("wechat-sandbox", "web", "scheduler", "worker")
    eventually(lambda: product.healthz()[0] == 200)
    family = Family(product)
    product.ask_sandbox("POST", "subscriptions", answers={TEMPLATE_ID: "accept"})
    family.call("POST", "/subscriptions", {"results": {TEMPLATE_ID: "accept"}})
    eventually(lambda: _balance(family) == 1)  # the popup event and the report are one grant
    family.register_child()

    received = eventually(lambda: product.ask_sandbox("GET", "messages")["items"], seconds=90)

    assert [item["template_id"] for item in received] == [TEMPLATE_ID]
    (said,) = eventually(lambda: _settled(family))  # what is due in one week is told at once
    assert said["wechat"] == "sent"
    assert "丁小满有3件事" in said["body"]
    assert "丁小满" not in str(received)
    assert _balance(family) == 0


def _balance(family: Family) -> int:
    templates = family.call("GET", "/subscriptions")["templates"]
    return next(int(t["balance"]) for t in templates if t["template_id"] == TEMPLATE_ID)


def _settled(family: Family) -> list[dict[str, Any]]:
    """The messages, once none of them waits any more."""
    items: list[dict[str, Any]] = family.call("GET", "/messages")["items"]
    return [] if any(item["wechat"] == "waiting" for item in items) else items
