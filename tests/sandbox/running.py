"""A sandbox for tests, in this process or behind a real port, and somebody for it to push to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask.testing import FlaskClient

from backend.kernel.clock import Clock
from backend.sandbox.config import Account, SandboxConfig
from backend.sandbox.server import create_sandbox, listen
from backend.sandbox.state import EXTENSION, Sandbox
from backend.sandbox.templates import Template, TemplateField

BOOKING = Template(
    "booking-result-template-id",
    "预约结果通知",
    (
        TemplateField("thing1", "服务项目"),
        TemplateField("time2", "预约时间"),
        TemplateField("phrase3", "预约结果"),
    ),
)
REMINDER = Template("reminder-template-id", "育儿提醒", (TemplateField("thing1", "提醒事项"),))
SAME_TITLE = Template("reminder-twin-id", "育儿提醒", (TemplateField("thing1", "提醒事项"),))
CLINIC = Template("clinic-template-id", "就诊提醒", (TemplateField("thing1", "事项"),), kind="long")
NEWS = Template("news-template-id", "活动通知", (TemplateField("thing1", "活动"),))

ACTIVITY = Template(
    "activity-template-id-of-the-city-0123456789",
    "活动报名通知",
    (TemplateField("thing1", "活动名称"), TemplateField("time2", "活动时间")),
    kind="message",
)
VACCINE = Template(
    "vaccine-notice-template-id-of-the-city-0001",
    "接种提醒",
    (TemplateField("thing1", "疫苗"), TemplateField("phrase2", "状态", ("待接种", "已接种"))),
)
CITY = Account(
    "wxcityservice0001",
    "service",
    "某市育儿",
    secret="c" * 32,
    token="citytoken",
    aes_key="CITYefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    templates={one.id: one for one in (ACTIVITY, VACCINE)},
)
TOWN = Account("wxtownservice0001", "service", "甲镇育儿")
BARE = Account("wxtownservice0002", "service", "乙镇育儿", certified=False)
NEWSPAPER = Account("wxsubscription001", "subscription", "育儿报")

CONFIG = SandboxConfig(
    port=0,
    var_dir=Path("unused"),
    appid="wxminiprogram0001",
    secret="0123456789abcdef0123456789abcdef",
    token="pushtoken",
    aes_key="abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    webhook_url="http://127.0.0.1:9/wechat/{appid}",
    templates={t.id: t for t in (BOOKING, REMINDER, SAME_TITLE, CLINIC, NEWS)},
    pages=("pages/bookings/bookings", "pages/home/home"),
    push_retry_seconds=0.01,
)
DATA = {"thing1": "入户指导", "time2": "2026年11月25日 09:30", "phrase3": "已确认"}


def until(condition: Callable[[], Any], seconds: float = 10) -> Any:
    """Wait until the condition holds and return what it gave."""
    end = time.monotonic() + seconds
    while not (result := condition()):
        assert time.monotonic() < end, "the condition never held"
        time.sleep(0.005)
    return result


@contextmanager
def opened(config: SandboxConfig, clock: Clock) -> Iterator[FlaskClient]:
    """A sandbox in this process; its memory stays in `config.var_dir`."""
    app = create_sandbox(config, clock)
    try:
        with app.test_client() as client:
            yield client
    finally:
        state_of(client).close()


def state_of(client: FlaskClient) -> Sandbox:
    sandbox: Sandbox = client.application.extensions[EXTENSION]
    return sandbox


@contextmanager
def running(config: SandboxConfig, clock: Clock) -> Iterator[str]:
    """A sandbox behind a free port of 127.0.0.1; gives its address."""
    app = create_sandbox(config, clock)
    server = listen(app, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions[EXTENSION].close()


@dataclass
class Webhook:
    """What our own webhook would have heard. `answers` are used up first, then `success`."""

    url: str = ""
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Webhook]:
    webhook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            webhook.heard.append((dict(parse_qsl(urlsplit(self.path).query)), body))
            status, answer = webhook.answers.pop(0) if webhook.answers else (200, b"success")
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    webhook.url = f"http://127.0.0.1:{server.server_port}/wechat/{{appid}}"
    try:
        yield webhook
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Talk:
    """Short words for what WeChat's callers and people do."""

    client: FlaskClient
    config: SandboxConfig

    def token(self, appid: str | None = None) -> str:
        answer = self.stable_token(appid=appid or self.config.appid)
        return str(answer["access_token"])

    def stable_token(self, **changes: Any) -> dict[str, Any]:
        body = {
            "grant_type": "client_credential",
            "appid": self.config.appid,
            "secret": self.config.secret,
        }
        return self._json(self.client.post("/cgi-bin/stable_token", json=body | changes))

    def plain_token(self, **changes: Any) -> dict[str, Any]:
        query = {
            "grant_type": "client_credential",
            "appid": self.config.appid,
            "secret": self.config.secret,
        }
        return self._json(self.client.get("/cgi-bin/token", query_string=query | changes))

    def login(self, code: str, **changes: Any) -> dict[str, Any]:
        query = {
            "appid": self.config.appid,
            "secret": self.config.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        return self._json(self.client.get("/sns/jscode2session", query_string=query | changes))

    def phone_number(self, code: str, **more: Any) -> dict[str, Any]:
        return self._json(
            self.client.post(
                "/wxa/business/getuserphonenumber",
                query_string={"access_token": self.token()},
                json={"code": code, **more},
            )
        )

    def send(self, token: str | None = None, **changes: Any) -> dict[str, Any]:
        """Send a good message to the chosen phone, but for the changes (None leaves out)."""
        values = {name: {"value": value} for name, value in DATA.items()}
        body = {"touser": self.openid(), "template_id": BOOKING.id, "data": values} | changes
        return self._json(
            self.client.post(
                "/cgi-bin/message/subscribe/send",
                query_string={"access_token": self.token() if token is None else token},
                json={name: value for name, value in body.items() if value is not None},
            )
        )

    def openid(self, number: int = 0) -> str:
        return str(self.people("get", "phones")["items"][number]["openid"])

    def code(self, kind: str = "login", **body: Any) -> str:
        return str(self.people("post", f"{kind}-codes", **body)["code"])

    def accept(self, template: Template = BOOKING) -> None:
        self.people("post", "subscriptions", answers={template.id: "accept"})

    def messages(self, phone: str = "") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.people("get", f"messages?phone={phone}")["items"]
        return items

    def people(self, method: str, path: str, /, **body: Any) -> dict[str, Any]:
        url = f"/sandbox/api/{path}"
        json = None if method == "get" else body
        return self._json(self.client.open(url, method=method.upper(), json=json))

    @staticmethod
    def _json(response: Any) -> dict[str, Any]:
        if response.status_code == 204:
            return {}
        result: dict[str, Any] = response.get_json(force=True)
        return result


def config_in(folder: Path, **changes: Any) -> SandboxConfig:
    return replace(CONFIG, var_dir=folder, **changes)
