"""A small server on loopback: the built preview, the sample's API, and the sandbox's side."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

ITEMS = [
    {"id": 1, "title": "新生儿护理", "date": "2026-03-05"},
    {"id": 2, "title": "辅食添加", "date": "2026-10-12"},
]
SLOW = 5.0  # seconds
TEMPLATES = [
    {"id": "T1", "title": "预约结果通知", "kind": "once"},
    {"id": "T2", "title": "接种提醒", "kind": "once"},
    {"id": "T3", "title": "体检提醒", "kind": "long"},
]


class PhoneServer(ThreadingHTTPServer):
    """What was asked of it, and which phone is chosen."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.chosen = "1"
        self.asked: list[tuple[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def bodies(self, path: str) -> list[Any]:
        """What was posted to a path, oldest first."""
        return [body for asked, body in self.asked if asked == path]


class Handler(SimpleHTTPRequestHandler):
    server: PhoneServer

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        server: PhoneServer = args[2]
        super().__init__(*args, directory=str(server.folder), **kwargs)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        answers = {
            "/api/items": {"items": ITEMS},
            "/api/echo": dict(parse_qs(url.query)),
            "/sandbox/api/phones": {"items": self.phones()},
            "/sandbox/api/overview": {"templates": TEMPLATES},
        }
        if url.path == "/api/slow":
            threading.Event().wait(SLOW)  # longer than anybody waits who gives up
        elif url.path in answers:
            self.answer(answers[url.path])
        elif url.path.startswith("/preview/"):
            self.path = url.path.removeprefix("/preview")
            super().do_GET()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        path = urlsplit(self.path).path
        text = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(text) if text else None
        self.server.asked.append((path, body))
        if path.endswith("/choose"):
            self.server.chosen = path.split("/")[-2]
            self.answer({"id": int(self.server.chosen)})
        elif path == "/sandbox/api/subscriptions":
            self.answer({"results": body["answers"]})
        elif path in ("/sandbox/api/login-codes", "/sandbox/api/phone-codes"):
            self.answer({"code": f"code-{path.split('/')[-1]}-{body['phone']}"})
        elif path == "/api/echo":
            self.answer({"posted": body})
        else:
            self.send_error(404)

    def phones(self) -> list[dict[str, Any]]:
        names = {"1": "妈妈的手机", "2": "爸爸的手机"}
        return [
            {"id": int(id_), "name": name, "openid": f"o{id_}", "chosen": id_ == self.server.chosen}
            for id_, name in names.items()
        ]

    def answer(self, body: Any) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(folder: Path) -> Iterator[PhoneServer]:
    server = PhoneServer(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
