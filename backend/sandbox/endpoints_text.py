"""wxa/msg_sec_check, version 2: WeChat's opinion of a text. errcode 0 says nothing about it.

What is risky here is a short list of harmless stand-ins; a real one nobody outside knows.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response

from backend.sandbox.errors import WireError
from backend.sandbox.phones import Phone
from backend.sandbox.state import sandbox
from backend.sandbox.wire import bp, caller, ok, posted

SCENES = frozenset({1, 2, 3, 4})  # 资料, 评论, 论坛, 社交日志
LONGEST = 2500  # characters of `content`
ACTIVE_SECONDS = 2 * 60 * 60  # since the person last opened the mini-program


@dataclass(frozen=True)
class Opinion:
    suggest: str
    label: int
    keyword: str | None = None


FINE = Opinion("pass", 100)
WORDS: Mapping[str, Opinion] = {
    "代开发票": Opinion("risky", 20008, "代开发票"),
    "赌博": Opinion("risky", 20006, "赌博"),
    "加微信领奶粉": Opinion("review", 10001, "加微信"),
    "笨蛋": Opinion("review", 20003, "笨蛋"),
}


@bp.route("/wxa/msg_sec_check", methods=["GET", "POST"])
def msg_sec_check() -> Response:
    here = sandbox()
    appid = caller()
    body = posted()
    check_form(body)
    openid = str(body.get("openid", ""))
    phone = here.phones.by_openid(openid, appid)
    if phone is None:
        raise WireError(43104 if here.phones.known(openid) else 40003)
    slow_down()
    check_active(phone, appid)
    texts = " ".join(str(body.get(name, "")) for name in ("content", "title", "nickname"))
    found = next((opinion for word, opinion in WORDS.items() if word in texts), FINE)
    return ok(
        result={"suggest": found.suggest, "label": found.label},
        detail=[
            {
                "strategy": "content_model",
                "errcode": 0,
                "suggest": found.suggest,
                "label": found.label,
                "prob": 90,
            },
            {"strategy": "keyword", "errcode": 0} | _keyword(found),
        ],
        trace_id=f"{secrets.token_hex(4)}-{secrets.token_hex(8)}",
    )


def _keyword(found: Opinion) -> dict[str, Any]:
    if found.keyword is None:
        return {}
    return {
        "suggest": found.suggest,
        "label": found.label,
        "keyword": found.keyword,
        "level": 90,
    }


def check_form(body: dict[str, Any]) -> None:
    """Raises WireError 40097, 40129, 44002, 45002 or 47001 for what WeChat cannot judge."""
    if body.get("version") != 2 or isinstance(body.get("version"), bool):
        raise WireError(40097)  # version 1 answers no new account since 2021-09-01
    if body.get("scene") not in SCENES or isinstance(body.get("scene"), bool):
        raise WireError(40129)
    content = body.get("content")
    if not isinstance(content, str):
        raise WireError(47001)
    if not content.strip():
        raise WireError(44002)
    if len(content) > LONGEST:
        raise WireError(45002)


def check_active(phone: Phone, appid: str) -> None:
    """Raises WireError 61010 two hours after the person last signed in."""
    here = sandbox()
    seen = here.phones.last_login(phone, appid)
    if seen is None or here.clock.now().timestamp() - seen > ACTIVE_SECONDS:
        raise WireError(61010)


def slow_down() -> None:
    """Raises WireError 45011 beyond WeChat's 4,000 a minute."""
    here = sandbox()
    minute = here.clock.now().strftime("%Y-%m-%dT%H:%M")
    with here.store.change():
        used = here.store.count("text_check", minute)
    if used > here.config.limits["text_checks_per_minute"]:
        raise WireError(45011)
