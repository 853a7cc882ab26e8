"""Families that are there before a test begins, made through the sandbox and the API."""

from dataclasses import dataclass
from typing import Any

import requests

from tests.process.waiting import eventually

TIMEOUT = 30
EIGHT_MONTHS = "2026-03-15"  # at the clock's start, 2026-11-23
CHENGJIANG = "320281001"
CLASS = "辅食怎么开始"  # every Tuesday at every centre of the demonstration, for 3 to 12 months


def sandbox(base: str, method: str, route: str, **body: Any) -> Any:
    """The JSON of an answer of the sandbox's own API."""
    url = f"{base}/sandbox/api/{route}"
    answer = requests.request(method, url, json=body or None, timeout=TIMEOUT)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def add_phone(base: str, name: str) -> int:
    """A new phone in the sandbox; its id."""
    return int(sandbox(base, "POST", "phones", name=name)["id"])


def phone_called(base: str, name: str) -> int:
    """The id of a phone that the sandbox has from its start."""
    phones = sandbox(base, "GET", "phones")["items"]
    return int(next(phone["id"] for phone in phones if phone["name"] == name))


def received(base: str, phone: int) -> list[dict[str, Any]]:
    """What WeChat has delivered to a phone, newest first."""
    items: list[dict[str, Any]] = sandbox(base, "GET", f"messages?phone={phone}")["items"]
    return items


@dataclass
class Parent:
    """A parent signed in with a phone of the sandbox."""

    base: str
    phone: int
    token: str

    @classmethod
    def of_phone(cls, base: str, phone: int) -> "Parent":
        code = sandbox(base, "POST", "login-codes", phone=phone)["code"]
        answer = requests.post(f"{base}/api/v1/sessions", json={"code": code}, timeout=TIMEOUT)
        answer.raise_for_status()
        return cls(base, phone, answer.json()["token"])

    def call(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        """The JSON of an answer of the API; raises requests.HTTPError for a refusal."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if key:
            headers["Idempotency-Key"] = key
        answer = requests.request(
            method, f"{self.base}/api/v1{path}", json=body, headers=headers, timeout=TIMEOUT
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def agree(self, *purposes: str) -> None:
        """Accept documents as they stand; without names, the two that everybody needs."""
        documents = self.call("GET", "/consents")["documents"]
        keys = ("purpose", "version", "hash")
        wanted = purposes or ("privacy", "children")
        accept = [{key: one[key] for key in keys} for one in documents if one["purpose"] in wanted]
        self.call("POST", "/consents", {"accept": accept})

    def register(self, name: str, **changes: Any) -> dict[str, Any]:
        """A child of eight months in 澄江街道, cared for at home."""
        self.agree()
        body = {
            "name": name,
            "birth_date": EIGHT_MONTHS,
            "sex": "f",
            "town_code": CHENGJIANG,
            "home_cared": True,
            "relation": "mother",
        }
        child: dict[str, Any] = self.call("POST", "/children", {**body, **changes})
        return child

    def book(self, child: int, title: str = CLASS) -> dict[str, Any]:
        """Ask for the first session of this title that the child may book in 澄江街道."""
        centre = self.call("GET", f"/centres?town={CHENGJIANG}")["items"][0]["id"]
        slots = self.call("GET", f"/slots?child_id={child}&centre_id={centre}")["items"]
        slot = next(one for one in slots if one["title"] == title and one["bookable"])
        body = {"child_id": child, "slot_id": slot["id"]}
        booking: dict[str, Any] = self.call("POST", "/bookings", body, key=f"{child}-{slot['id']}")
        return booking

    def subscribe(self, *names: str) -> None:
        """Accept these templates (our names, at most three), and let the server know."""
        templates = self.call("GET", "/subscriptions")["templates"]
        answers = {one["template_id"]: "accept" for one in templates if one["name"] in names}
        results = sandbox(self.base, "POST", "subscriptions", phone=self.phone, answers=answers)
        self.call("POST", "/subscriptions", results)

    def balance_becomes(self, name: str, balance: int) -> None:
        """Wait until our ledger says so."""

        def reached() -> bool:
            templates = self.call("GET", "/subscriptions")["templates"]
            return any(t["name"] == name and t["balance"] == balance for t in templates)

        eventually(reached)

    def template_id(self, name: str) -> str:
        templates = self.call("GET", "/subscriptions")["templates"]
        return str(next(one["template_id"] for one in templates if one["name"] == name))

    def message(self, kind: str, wechat: str) -> dict[str, Any]:
        """Wait for a message of this kind whose way through WeChat has come to this state."""

        def found() -> dict[str, Any] | None:
            items = self.call("GET", "/messages")["items"]
            return next((m for m in items if m["kind"] == kind and m["wechat"] == wechat), None)

        message = eventually(found)
        assert message is not None
        return message
