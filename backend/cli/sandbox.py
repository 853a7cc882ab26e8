"""How the WeChat sandbox is told what the product's settings say."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from backend.config import Settings
from backend.kernel.clock import clock_from
from backend.outbox.templates import Templates, load_templates
from backend.sandbox.config import Account, SandboxConfig, SandboxRefused, refuse_production
from backend.sandbox.server import serve
from backend.sandbox.templates import Template, TemplateField

MESSAGES = Path("messages/templates.yaml")
# Beside the settings' own accounts; all of them with the settings' keys.
TOWNS = {"wxsandboxtown0001": "青阳镇服务号（演示）", "wxsandboxtown0002": "华士镇服务号（演示）"}
CITY_NAME = "市妇幼服务号（演示）"
PAPER = Account("wxsandboxpaper001", "subscription", "育儿报订阅号（演示）")
APP = Path(__file__).parents[2] / "miniprogram/app/app.json"


def serve_sandbox(settings: Settings, var: Path) -> None:
    """Answer until the process is stopped. Raises SandboxRefused in production."""
    refuse_production()
    port = urlsplit(settings.sandbox_url or "").port
    if settings.mode == "production" or port is None:
        raise SandboxRefused("the WeChat sandbox needs BACKEND_SANDBOX_URL=http://127.0.0.1:PORT")
    public_appid = settings.wechat_public_appid or SandboxConfig.public_appid
    config = SandboxConfig(
        port=port,
        var_dir=var,
        appid=settings.wechat_appid,
        secret=settings.wechat_secret.get_secret_value(),
        token=settings.wechat_token.get_secret_value(),
        aes_key=settings.wechat_aes_key.get_secret_value(),
        webhook_url=f"http://127.0.0.1:{settings.port}/wechat/{{appid}}",
        templates=_templates(settings),
        public_appid=public_appid,
        accounts=(
            *(
                Account(appid, "service", name, templates=_public_templates(settings, appid))
                for appid, name in {public_appid: CITY_NAME, **TOWNS}.items()
            ),
            PAPER,
        ),
        pages=_pages(),
    )
    serve(config, clock_from(settings.clock))


def _pages() -> tuple[str, ...]:
    """The pages of the mini-program: WeChat refuses a message that opens another (41030)."""
    app = json.loads(APP.read_text(encoding="utf-8"))
    return tuple(app["pages"])


def _templates(settings: Settings) -> dict[str, Template]:
    """The templates that we have ids for, as WeChat knows them: titles and labels."""
    ours = load_templates(Path(settings.content_dir) / MESSAGES)
    known = {}
    for name, template_id in settings.wechat_template_ids.items():
        form = ours[name].wechat
        if form is not None:
            fields = tuple(TemplateField(key, field.label) for key, field in form.fields.items())
            known[template_id] = Template(template_id, form.title, fields)
    return known


def _public_templates(settings: Settings, appid: str) -> dict[str, Template]:
    """Each of our messages as a 模板消息 and as a 订阅通知 that a 服务号 has chosen."""
    known = {}
    ours = load_templates(Path(settings.content_dir) / MESSAGES)
    for name in ours:
        form = ours[name].wechat
        if form is None:
            continue
        fields = tuple(TemplateField(key, field.label) for key, field in form.fields.items())
        kinds: tuple[Literal["message", "once"], ...] = ("message", "once")
        for kind in kinds:
            template_id = _template_id(f"{appid}:{kind}:{name}")
            known[template_id] = Template(template_id, form.title, fields, kind)
    return known


def service_template_ids(ours: Templates, city: str) -> dict[str, dict[str, str]]:
    """The 模板消息 of each 服务号 of the sandbox, as a setting: appid → our name → WeChat's id."""
    names = [name for name in ours if ours[name].wechat is not None]
    return {
        appid: {name: _template_id(f"{appid}:message:{name}") for name in names}
        for appid in (city, *TOWNS)
    }


def _template_id(name: str) -> str:
    """As WeChat's look, the same at every start."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest())[:43].decode()
