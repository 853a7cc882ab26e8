"""Pictures, drafts and published articles of the public accounts."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from backend.kernel.clock import Clock
from backend.sandbox.push_format import platform_openid
from backend.sandbox.pushes import Pushes
from backend.sandbox.store import Store

PICTURES = "http://mmbiz.qpic.cn/sandbox/"
GOOD, RUNNING, DELETED = 0, 1, 5  # publish_status
OUTCOMES = (0, 2, 3, 4)  # how a publication may end: well, 原创 failed, failed, not approved
REFUSALS = (53503, 53504, 53505)  # what `submit` may say instead


class Articles:
    def __init__(self, store: Store, clock: Clock, pushes: Pushes) -> None:
        self._store = store
        self._clock = clock
        self._pushes = pushes

    def add_media(self, appid: str, kind: str, content: bytes) -> tuple[str, str]:
        """Keep a picture for ever; its media id and address."""
        media_id, url = _id(), f"{PICTURES}{secrets.token_urlsafe(16)}/0"
        with self._store.change():
            self._store.write(
                "INSERT INTO media VALUES (?, ?, ?, ?, ?)", media_id, appid, kind, url, content
            )
        return media_id, url

    def has_media(self, appid: str, media_id: str, *, cover: bool) -> bool:
        """Whether a picture is there. A cover may be a small one (`thumb`)."""
        row = self._store.row(
            "SELECT kind FROM media WHERE media_id = ? AND appid = ?", media_id, appid
        )
        return row is not None and (row["kind"] == "image" or (cover and row["kind"] == "thumb"))

    def picture(self, name: str) -> bytes | None:
        """The picture behind an address, or behind a media id."""
        row = self._store.row(
            "SELECT content FROM media WHERE url = ? OR media_id = ?", f"{PICTURES}{name}/0", name
        )
        return None if row is None else bytes(row["content"])

    def add_draft(self, appid: str, articles: list[dict[str, Any]]) -> str:
        media_id, now = _id(), self._clock.now().timestamp()
        with self._store.change():
            self._store.write(
                "INSERT INTO drafts (media_id, appid, articles, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?)",
                media_id,
                appid,
                _json(articles),
                now,
                now,
            )
        return media_id

    def draft(self, appid: str, media_id: object) -> dict[str, Any] | None:
        row = self._store.row(
            "SELECT * FROM drafts WHERE media_id = ? AND appid = ?", str(media_id), appid
        )
        return None if row is None else _read(dict(row))

    def drafts(self, appid: str, offset: int, count: int) -> list[dict[str, Any]]:
        rows = self._store.rows(
            "SELECT * FROM drafts WHERE appid = ? ORDER BY updated_at DESC, id DESC"
            " LIMIT ? OFFSET ?",
            appid,
            count,
            offset,
        )
        return [_read(dict(row)) for row in rows]

    def count_drafts(self, appid: str) -> int:
        row = self._store.row("SELECT COUNT(*) AS n FROM drafts WHERE appid = ?", appid)
        return 0 if row is None else int(row["n"])

    def change_draft(self, media_id: str, articles: list[dict[str, Any]]) -> None:
        with self._store.change():
            self._store.write(
                "UPDATE drafts SET articles = ?, updated_at = ? WHERE media_id = ?",
                _json(articles),
                self._clock.now().timestamp(),
                media_id,
            )

    def delete_draft(self, media_id: str) -> None:
        with self._store.change():
            self._store.write("DELETE FROM drafts WHERE media_id = ?", media_id)

    def publish(self, appid: str, articles: list[dict[str, Any]], way: str) -> dict[str, Any]:
        """Give articles their addresses. `way`: publish, or mass (not in the list of those)."""
        addressed = [
            article | {"url": f"http://mp.weixin.qq.com/s/{secrets.token_urlsafe(16)}"}
            for article in articles
        ]
        article_id = _id()
        self._store.write(
            "INSERT INTO articles (article_id, appid, articles, way, at) VALUES (?, ?, ?, ?, ?)",
            article_id,
            appid,
            _json(addressed),
            way,
            self._clock.now().timestamp(),
        )
        return {"article_id": article_id, "articles": addressed}

    def published(self, appid: str, article_id: object) -> dict[str, Any] | None:
        row = self._store.row(
            "SELECT * FROM articles WHERE article_id = ? AND appid = ? AND way = 'publish'",
            str(article_id),
            appid,
        )
        return None if row is None else _read(dict(row))

    def any_article(self, article_id: str, number: int) -> dict[str, Any] | None:
        """One article of any account, by its place from 1; for the page."""
        row = self._store.row("SELECT * FROM articles WHERE article_id = ?", article_id)
        articles = [] if row is None else _read(dict(row))["articles"]
        return articles[number - 1] if 1 <= number <= len(articles) else None

    def all_published(self, appid: str, offset: int, count: int) -> list[dict[str, Any]]:
        rows = self._store.rows(
            "SELECT * FROM articles WHERE appid = ? AND way = 'publish'"
            " ORDER BY id DESC LIMIT ? OFFSET ?",
            appid,
            count,
            offset,
        )
        return [_read(dict(row)) for row in rows]

    def count_published(self, appid: str) -> int:
        row = self._store.row(
            "SELECT COUNT(*) AS n FROM articles WHERE appid = ? AND way = 'publish'", appid
        )
        return 0 if row is None else int(row["n"])

    def delete_published(self, article_id: str, index: int) -> None:
        """Take the article at `index` (from 1) off the net, or all of them with 0."""
        row = self._store.row("SELECT * FROM articles WHERE article_id = ?", article_id)
        articles = [] if row is None else _read(dict(row))["articles"]
        for place, article in enumerate(articles, 1):
            if index in (0, place):
                article["is_deleted"] = True
        with self._store.change():
            self._store.write(
                "UPDATE articles SET articles = ? WHERE article_id = ?", _json(articles), article_id
            )

    def outcome(self, appid: str) -> int:
        """How this account's publications end; set on the page."""
        return int(self._store.setting(f"publish:{appid}") or GOOD)

    def set_outcome(self, appid: str, outcome: int) -> None:
        with self._store.change():
            self._store.set(f"publish:{appid}", str(outcome))

    def finish(self, job_id: int, appid: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """End a publication as was decided when it began, and tell the webhook."""
        status = int(body["outcome"])
        result: dict[str, Any] = {"publish_id": str(job_id), "publish_status": status}
        if status == GOOD:
            published = self.publish(appid, body["articles"], "publish")
            urls = [article["url"] for article in published["articles"]]
            result["article_id"] = published["article_id"]
            result["article_detail"] = {
                "count": len(urls),
                "item": [{"idx": place, "article_url": url} for place, url in enumerate(urls, 1)],
            }
        else:
            result["fail_idx"] = [1]
        event = {"PublishEventInfo": result}
        self._pushes.put(appid, platform_openid(appid), "PUBLISHJOBFINISH", event)
        return result


def _id() -> str:
    return secrets.token_urlsafe(48)[:64]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _read(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"articles": json.loads(row["articles"])}
