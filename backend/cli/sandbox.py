"""How the WeChat sandbox is told what the product's settings say."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from backend.config import Settings
from backend.kernel.clock import clock_from
from backend.outbox.templates import load_templates
from backend.sandbox.config import SandboxConfig, SandboxRefused, refuse_production
from backend.sandbox.server import serve
from backend.sandbox.templates import Template, TemplateField

MESSAGES = Path("messages/templates.yaml")
APP = Path(__file__).parents[2] / "miniprogram/app/app.json"


def serve_sandbox(settings: Settings, var: Path) -> None:
    """Answer until the process is stopped. Raises SandboxRefused in production."""
    refuse_production()
    port = urlsplit(settings.sandbox_url or "").port
    if settings.mode == "production" or port is None:
        raise SandboxRefused("the WeChat sandbox needs BACKEND_SANDBOX_URL=http://127.0.0.1:PORT")
    config = SandboxConfig(
        port=port,
        var_dir=var,
        appid=settings.wechat_appid,
        secret=settings.wechat_secret.get_secret_value(),
        token=settings.wechat_token.get_secret_value(),
        aes_key=settings.wechat_aes_key.get_secret_value(),
        webhook_url=f"http://127.0.0.1:{settings.port}/wechat/{{appid}}",
        templates=_templates(settings),
        public_appid=settings.wechat_public_appid or SandboxConfig.public_appid,
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
