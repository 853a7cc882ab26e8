import pytest

from backend.config import Settings, WrongSettings, load_settings
from tests.conftest import key, make_settings

REAL = {
    "BACKEND_DATABASE_URL": "postgresql+psycopg://db/chengyu",
    "BACKEND_SECRET_KEY": "s" * 32,
    "BACKEND_FIELD_KEYS": f"k1:{key('f')}",
    "BACKEND_LOOKUP_KEY": key("l"),
    "BACKEND_PUBLIC_URL": "https://chengyu.example",
    "BACKEND_WECHAT_APPID": "wx0",
    "BACKEND_WECHAT_SECRET": "secret",
    "BACKEND_WECHAT_TOKEN": "token",
    "BACKEND_WECHAT_AES_KEY": "a" * 43,
}


def load(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> Settings:
    for name, value in {**REAL, **changes}.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    return load_settings()


def test_production_starts_with_real_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(monkeypatch).mode == "production"


@pytest.mark.parametrize("name", [n for n in REAL if n != "BACKEND_PUBLIC_URL"])
def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(WrongSettings, match=name):
        load(monkeypatch, **{name: None})


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongSettings, match="BACKEND_WECHAT_APPIDD: unknown setting"):
        load(monkeypatch, BACKEND_WECHAT_APPIDD="x")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKEND_CLOCK", "2026-11-23T10:00:00+08:00"),
        ("BACKEND_SANDBOX_URL", "http://127.0.0.1:8001"),
        ("BACKEND_DEMO_LOGINS", "var/logins.json"),
        ("BACKEND_WECHAT_API_BASE", "http://127.0.0.1:8001"),
        ("BACKEND_PUBLIC_URL", "http://chengyu.example"),
    ],
)
def test_a_demo_switch_in_production_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(WrongSettings, match=f"not allowed in production: {name}"):
        load(monkeypatch, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BACKEND_FIELD_KEYS", "k1:short"),
        ("BACKEND_FIELD_KEYS", f"k1:{key('a')},k1:{key('b')}"),
        ("BACKEND_LOOKUP_KEY", "not base64"),
        ("BACKEND_CLOCK", "noon"),
        ("BACKEND_PORT", "70000"),
    ],
)
def test_a_malformed_value_is_named_but_never_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(WrongSettings, match=name) as refusal:
        load(monkeypatch, **{name: value})

    assert value not in str(refusal.value) or name == "BACKEND_PORT"


def test_secrets_do_not_show_in_a_printout() -> None:
    assert "secret-of-tests" not in repr(make_settings("unused"))


def test_a_public_account_needs_its_own_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongSettings, match="BACKEND_WECHAT_PUBLIC_SECRET"):
        load(monkeypatch, BACKEND_WECHAT_PUBLIC_APPID="wx1")
    monkeypatch.setenv("BACKEND_WECHAT_PUBLIC_SECRET", "its-own")
    assert load(monkeypatch).wechat_public_appid == "wx1"
