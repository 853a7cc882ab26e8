"""What the phones have received: every accepted message once, with its time of arrival."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.kernel.clock import Clock, city_time
from backend.sandbox.config import SandboxConfig
from backend.sandbox.phones import Phone
from backend.sandbox.store import Store


class Inbox:
    def __init__(self, store: Store, config: SandboxConfig, clock: Clock) -> None:
        self._store = store
        self._config = config
        self._clock = clock

    def put(
        self,
        phone: Phone,
        openid: str,
        template_id: str,
        values: Mapping[str, str],
        page: str | None,
    ) -> int:
        """Deliver to a phone, inside the caller's `change`; the msgid."""
        return self._store.write(
            "INSERT INTO messages (phone_id, openid, template_id, data, page, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            phone.id,
            openid,
            template_id,
            json.dumps(dict(values), ensure_ascii=False),
            page,
            self._clock.now().timestamp(),
        )

    def newest(self, phone_id: int | None, limit: int, before: int | None) -> list[dict[str, Any]]:
        """Messages of one phone, or of all, newest first, older than the msgid `before`."""
        rows = self._store.rows(
            "SELECT * FROM messages WHERE (? IS NULL OR phone_id = ?) AND (? IS NULL OR id < ?)"
            " ORDER BY id DESC LIMIT ?",
            phone_id,
            phone_id,
            before,
            before,
            limit,
        )
        return [self._item(dict(row)) for row in rows]

    def count(self, phone_id: int | None = None) -> int:
        row = self._store.row(
            "SELECT COUNT(*) AS n FROM messages WHERE ? IS NULL OR phone_id = ?",
            phone_id,
            phone_id,
        )
        return 0 if row is None else int(row["n"])

    def _item(self, row: dict[str, Any]) -> dict[str, Any]:
        template = self._config.templates.get(row["template_id"])
        labels = {field.name: field.label for field in template.fields} if template else {}
        return {
            "id": row["id"],
            "phone": row["phone_id"],
            "template_id": row["template_id"],
            "title": template.title if template else "",
            "fields": [
                {"name": name, "label": labels.get(name, name), "value": value}
                for name, value in json.loads(row["data"]).items()
            ],
            "page": row["page"],
            "received_at": iso(row["received_at"]),
        }


def iso(moment: float) -> str:
    """An instant on the city's clock, to the millisecond, with +08:00."""
    return city_time(datetime.fromtimestamp(moment, UTC)).isoformat(timespec="milliseconds")
