"""Every setting, from environment variables with the prefix BACKEND_. Read once, at start."""

import base64
import os
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.kernel.clock import clock_from
from backend.kernel.privacy import Vault

PREFIX = "BACKEND_"
KEY_BYTES = 32  # AES-256, HMAC-SHA256


class WrongSettings(Exception):
    """The start stops here; the text names each variable and what is wrong with it."""


class Settings(BaseSettings):
    """Environment variables, all with the prefix BACKEND_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid")

    mode: Literal["demo", "test", "production"] = "production"
    database_url: str  # not PostgresDsn: that refuses a socket address
    secret_key: SecretStr = Field(min_length=32)
    field_keys: SecretStr  # "k2:base64,k1:base64", the first one seals
    lookup_key: SecretStr  # base64 of 32 bytes
    clock: str = "system"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = "http://127.0.0.1:8000"
    content_dir: str = "content"
    preview_dir: str = "miniprogram/preview/dist"
    photo_dir: str = "var/photos"  # of the diary; shared by all processes
    campaign_test_phone: SecretStr | None = None  # of the office's own family: 群发 to oneself
    review_grace_days: int = Field(default=90, ge=0, le=3650)  # shown after a signature ran out
    database_pool: int = Field(default=5, ge=1, le=50)

    wechat_api_base: str = "https://api.weixin.qq.com"
    wechat_appid: str
    wechat_public_appid: str | None = None  # a 公众号; others are added in the console
    wechat_public_secret: SecretStr | None = None  # its own; its pushes come with the same keys
    wechat_secret: SecretStr
    wechat_token: SecretStr
    wechat_aes_key: SecretStr = Field(min_length=43, max_length=43)
    wechat_template_ids: dict[str, str] = {}  # our template name -> WeChat's template id
    # appid of a 服务号 -> our template name -> WeChat's template id
    wechat_page_state: Literal["developer", "trial", "formal"] = "formal"

    # Of every process: how often it says that it lives, and after what silence it is dead.
    worker_heartbeat_seconds: float = Field(default=10, gt=0)
    worker_stalled_seconds: float = Field(default=30, gt=0)
    worker_concurrency: int = Field(default=4, ge=1, le=64)
    send_threads: int = Field(default=48, ge=1, le=128)
    # What the mini-program may be sent; see "Sending" in docs/operations.md.
    send_day_limit: int | None = Field(default=10_000_000, ge=1)
    send_minute_limit: int | None = Field(default=None, ge=1)
    send_service_day_limit: int | None = Field(default=100_000, ge=1)  # of each 服务号
    send_template_day_limits: dict[str, int] = {}  # our template name -> messages a day

    # Numbers for Prometheus: web on this port, scheduler on the next, workers from the one after.
    metrics_port: int | None = Field(default=None, ge=1, le=65525)
    metrics_host: str = "127.0.0.1"

    sandbox_url: str | None = None  # demo and test only
    demo_logins: str | None = None  # demo only: file with the passwords printed at start

    @field_validator("clock")
    @classmethod
    def _clock_is_readable(cls, value: str) -> str:
        try:
            clock_from(value)
        except ValueError as error:
            raise ValueError("write system, or an ISO instant with its offset") from error
        return value

    @field_validator("field_keys")
    @classmethod
    def _field_keys_are_readable(cls, value: SecretStr) -> SecretStr:
        parse_field_keys(value.get_secret_value())
        return value

    @field_validator("lookup_key")
    @classmethod
    def _lookup_key_is_readable(cls, value: SecretStr) -> SecretStr:
        parse_key(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _production_is_real(self) -> Self:
        if self.mode != "production":
            return self
        demo = {
            "BACKEND_CLOCK": self.clock != "system",
            "BACKEND_SANDBOX_URL": self.sandbox_url is not None,
            "BACKEND_DEMO_LOGINS": self.demo_logins is not None,
            "BACKEND_WECHAT_API_BASE": not self.wechat_api_base.startswith("https://"),
            "BACKEND_PUBLIC_URL": not self.public_url.startswith("https://"),
        }
        found = [name for name, wrong in demo.items() if wrong]
        if found:
            raise ValueError(f"not allowed in production: {', '.join(found)}")
        return self

    @model_validator(mode="after")
    def _public_account_is_whole(self) -> Self:
        if (self.wechat_public_appid is None) != (self.wechat_public_secret is None):
            raise ValueError(
                "BACKEND_WECHAT_PUBLIC_APPID and BACKEND_WECHAT_PUBLIC_SECRET go together"
            )
        return self

    @property
    def demo(self) -> bool:
        return self.mode == "demo"


def parse_key(text: str) -> bytes:
    key = base64.b64decode(text, validate=True)
    if len(key) != KEY_BYTES:
        raise ValueError("a key is the base64 text of 32 bytes")
    return key


def parse_field_keys(text: str) -> dict[str, bytes]:
    """`id:base64,id:base64` as a mapping in the same order."""
    pairs = [part.partition(":") for part in text.split(",")]
    keys = {key_id: parse_key(body) for key_id, colon, body in pairs if key_id and colon}
    if len(keys) != len(pairs):
        raise ValueError("field keys are written id:base64,id:base64 with different ids")
    return keys


def make_vault(settings: Settings) -> Vault:
    return Vault(
        parse_field_keys(settings.field_keys.get_secret_value()),
        parse_key(settings.lookup_key.get_secret_value()),
    )


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment.

    Raises WrongSettings naming every missing, malformed or misspelt variable; values are never
    repeated, because some of them are secret. (pydantic-settings lets unknown names pass.)
    """
    present = {name for name in (environ or os.environ) if name.startswith(PREFIX)}
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    problems = [f"{name}: unknown setting" for name in sorted(present - known)]
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        problems += [_problem(one["loc"], one["type"], one["msg"]) for one in error.errors()]
    if problems or settings is None:
        raise WrongSettings("\n".join(problems))
    return settings


def _problem(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    name = PREFIX + str(loc[0]).upper() if loc else "settings"
    return f"{name}: {'is not set' if kind == 'missing' else message}"
