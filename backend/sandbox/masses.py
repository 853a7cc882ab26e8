"""Mass sending: who of the followers gets it, who already had four this month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.kernel.clock import Clock, city_date
from backend.sandbox.articles import Articles
from backend.sandbox.chats import Chats
from backend.sandbox.config import Account, SandboxConfig
from backend.sandbox.errors import WireError
from backend.sandbox.phones import Phones
from backend.sandbox.push_format import platform_openid
from backend.sandbox.pushes import Pushes
from backend.sandbox.store import Store

SENT = "send success"
# What may happen to a whole mass message: WeChat's Status of MASSSENDJOBFINISH.
OUTCOMES = (SENT, "send fail", "err(10001)", "err(20001)", "err(20013)", "err(30003)")
REMEMBER_SECONDS = 24 * 3600  # a clientmsgid


@dataclass(frozen=True)
class Delivery:
    """Everything that a mass message passes through."""

    phones: Phones
    chats: Chats
    articles: Articles
    pushes: Pushes


class Masses:
    def __init__(
        self, store: Store, config: SandboxConfig, clock: Clock, delivery: Delivery
    ) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        self._chats = delivery.chats
        self._articles = delivery.articles
        self._phones = delivery.phones
        self._pushes = delivery.pushes

    def spend(self, account: Account, *, to_all: bool) -> None:
        """Count one mass message of the account. Raises WireError 45011 or 45028.

        A 订阅号 has one a day; a 服务号 four to all in a month, and never more than four for
        one person, which `finish` looks after.
        """
        now, limits = self._clock.now(), self._config.limits
        minute = now.strftime("%Y-%m-%dT%H:%M")
        used = self._store.count(f"masses:{account.appid}", minute)
        if used > limits.get("mass_sends_per_minute", 60):
            raise WireError(45011)
        if account.kind == "subscription":
            name, span, most = "mass", city_date(now).isoformat(), 1
        elif to_all:
            name, span, most = "mass", f"{city_date(now):%Y-%m}", self._most_received()
        else:
            return
        if self._store.count(f"{name}:{account.appid}", span) > most:
            raise WireError(45028)

    def remembered(self, account: Account, client_id: str) -> int | None:
        """The job that had this clientmsgid within the last 24 hours."""
        since = self._clock.now().timestamp() - REMEMBER_SECONDS
        known = self._store.once(f"mass:{account.appid}:{client_id}", since)
        return None if known is None else int(known)

    def remember(self, account: Account, client_id: str, job_id: int) -> None:
        key = f"mass:{account.appid}:{client_id}"
        self._store.remember(key, str(job_id), self._clock.now().timestamp())

    def outcome(self, appid: str) -> str:
        return self._store.setting(f"mass:{appid}") or SENT

    def set_outcome(self, appid: str, outcome: str) -> None:
        with self._store.change():
            self._store.set(f"mass:{appid}", outcome)

    def finish(self, job_id: int, appid: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Deliver to those who may get it, and tell the webhook the numbers."""
        followers = self._phones.followers(appid)
        wanted = body["to"]
        targets = [one for one in followers if wanted is None or one in set(wanted)]
        status = str(body["outcome"])
        message, urls = self._message(appid, body)
        received = self._receivers(appid, targets) if status == SENT else []
        for openid in received:
            self._chats.add(openid, str(body["kind"]), message)
        result = {
            "MsgID": job_id,
            "Status": status,
            "TotalCount": len(targets),
            "FilterCount": len(received),
            "SentCount": len(received),
            "ErrorCount": 0,
        }
        more = {
            "CopyrightCheckResult": {"Count": 0, "ResultList": "", "CheckState": 2},
            "ArticleUrlResult": {
                "Count": len(urls),
                "ResultList": {
                    "item": [
                        {"ArticleIdx": place, "ArticleUrl": url}
                        for place, url in enumerate(urls, 1)
                    ]
                },
            },
        }
        self._pushes.put(appid, platform_openid(appid), "MASSSENDJOBFINISH", result | more)
        return result

    def message(self, body: Mapping[str, Any], article_id: str = "") -> dict[str, Any]:
        """A line of the chat for what is sent."""
        if body["kind"] != "mpnews":
            return {"text": body.get("text", ""), "media_id": body.get("media_id", "")}
        cards: Sequence[Mapping[str, Any]] = body["articles"]
        return {
            "article_id": article_id,
            "articles": [
                {name: card.get(name, "") for name in ("title", "digest", "thumb_media_id")}
                for card in cards
            ],
        }

    def _message(self, appid: str, body: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        if body["kind"] != "mpnews" or body["outcome"] != SENT:
            return self.message(body), []
        published = self._articles.publish(appid, body["articles"], "mass")
        urls = [str(article["url"]) for article in published["articles"]]
        return self.message(body, published["article_id"]), urls

    def _receivers(self, appid: str, targets: Sequence[str]) -> list[str]:
        """Without those who block the account, and those who had their four this month."""
        month = f"{city_date(self._clock.now()):%Y-%m}"
        account = self._config.account(appid)
        limited = account is not None and account.kind == "service"
        return [
            openid
            for openid in targets
            if self._chats.reception(openid) != "user block"
            and not (
                limited and self._store.count(f"received:{openid}", month) > self._most_received()
            )
        ]

    def _most_received(self) -> int:
        return self._config.limits.get("mass_received_per_month", 4)
