"""The phones that one can act with, the ids by which WeChat knows their owners, their codes."""

import secrets
import sqlite3
from dataclasses import dataclass

from backend.kernel.clock import Clock
from backend.sandbox.config import SandboxConfig
from backend.sandbox.errors import WireError
from backend.sandbox.store import Store

CODE_SECONDS = 300  # wx.login and phone codes live five minutes and serve once


class NoSuchPhone(Exception):
    """The page or the preview named a phone or an account that does not exist."""


@dataclass(frozen=True)
class Phone:
    id: int
    name: str
    number: str
    high_risk: bool  # WeChat blocks the person's logins (40226)
    switch_off: bool  # the person's main switch for subscribe messages


class Phones:
    def __init__(self, store: Store, config: SandboxConfig, clock: Clock) -> None:
        self._store = store
        self._config = config
        self._clock = clock
        if store.setting("installed") is None:
            with store.change():
                store.set("installed", "1")
                for name in config.demo_phones:
                    self.add(name)

    def all(self) -> list[Phone]:
        return [_phone(row) for row in self._store.rows("SELECT * FROM phones ORDER BY id")]

    def get(self, phone_id: int | None) -> Phone:
        """The phone with this id, or the chosen one. Raises NoSuchPhone."""
        if phone_id is None:
            phone_id = int(self._store.setting("chosen") or 0)
        row = self._store.row("SELECT * FROM phones WHERE id = ?", phone_id)
        if row is None:
            raise NoSuchPhone
        return _phone(row)

    def add(self, name: str) -> Phone:
        """A new phone with an invented number (a prefix that no operator has given out)."""
        with self._store.change():
            row = self._store.row("SELECT COALESCE(MAX(id), 0) + 1 AS id FROM phones")
            phone_id = int(row["id"]) if row else 1
            self._store.write(
                "INSERT INTO phones (id, name, number) VALUES (?, ?, ?)",
                phone_id,
                name,
                f"1380000{phone_id:04d}",
            )
            if self._store.setting("chosen") is None:
                self._store.set("chosen", str(phone_id))
        return self.get(phone_id)

    def choose(self, phone_id: int) -> Phone:
        phone = self.get(phone_id)
        with self._store.change():
            self._store.set("chosen", str(phone.id))
        return phone

    def set_state(self, phone: Phone, *, high_risk: bool, switch_off: bool) -> None:
        with self._store.change():
            self._store.write(
                "UPDATE phones SET high_risk = ?, switch_off = ? WHERE id = ?",
                high_risk,
                switch_off,
                phone.id,
            )

    def openid(self, phone: Phone, appid: str) -> str:
        """28 random characters, different for each account, for ever the same for one."""
        if self._config.account(appid) is None:
            raise NoSuchPhone
        found = self._store.row(
            "SELECT openid FROM identities WHERE phone_id = ? AND appid = ?", phone.id, appid
        )
        if found is not None:
            return str(found["openid"])
        with self._store.change():
            self._store.write(
                "INSERT OR IGNORE INTO identities VALUES (?, ?, ?, NULL)",
                phone.id,
                appid,
                f"o{secrets.token_urlsafe(21)[:27]}",
            )
        return self.openid(phone, appid)  # another thread may have been first

    def by_openid(self, openid: object, appid: str) -> Phone | None:
        row = self._store.row(
            "SELECT phone_id FROM identities WHERE openid = ? AND appid = ?", str(openid), appid
        )
        return None if row is None else self.get(int(row["phone_id"]))

    def known(self, openid: object) -> bool:
        """Whether it is somebody's, for whichever account."""
        return self._store.row("SELECT 1 FROM identities WHERE openid = ?", str(openid)) is not None

    def followers(self, appid: str) -> list[str]:
        """The openids of those who follow an account, who came first standing first."""
        rows = self._store.rows(
            "SELECT openid FROM identities WHERE appid = ? AND followed_at IS NOT NULL"
            " ORDER BY followed_at, openid",
            appid,
        )
        return [str(row["openid"]) for row in rows]

    def unionid(self, phone: Phone) -> str | None:
        """One for the person across accounts, if these are bound to an open platform."""
        if not self._config.open_platform:
            return None
        key = f"unionid:{phone.id}"
        with self._store.change():
            if self._store.setting(key) is None:
                self._store.set(key, f"u{secrets.token_urlsafe(21)[:27]}")
        return self._store.setting(key)

    def follow(self, phone: Phone, appid: str, *, follow: bool) -> bool:
        """Follow or leave an account; False when it was so already."""
        openid = self.openid(phone, appid)
        followed = self.followed_at(openid) is not None
        moment = self._clock.now().timestamp() if follow else None
        with self._store.change():
            self._store.write(
                "UPDATE identities SET followed_at = ? WHERE openid = ?", moment, openid
            )
        return followed != follow

    def followed_at(self, openid: str) -> float | None:
        row = self._store.row("SELECT followed_at FROM identities WHERE openid = ?", openid)
        return None if row is None else row["followed_at"]

    def new_code(self, phone: Phone, appid: str, kind: str) -> str:
        """`kind`: login or phone; the one never does for the other."""
        self.openid(phone, appid)
        code = f"0{secrets.token_urlsafe(24)[:31]}"
        with self._store.change():
            self._store.write(
                "INSERT INTO codes VALUES (?, ?, ?, ?, ?, NULL)",
                code,
                kind,
                phone.id,
                appid,
                self._clock.now().timestamp(),
            )
        return code

    def last_login(self, phone: Phone, appid: str) -> float | None:
        """When the person last opened the account's mini-program; None for never."""
        row = self._store.row(
            "SELECT MAX(used_at) AS seen FROM codes"
            " WHERE phone_id = ? AND appid = ? AND kind = 'login'",
            phone.id,
            appid,
        )
        return None if row is None else row["seen"]

    def redeem(self, code: object, appid: str, kind: str, used_errcode: int) -> Phone:
        """The phone behind a code, once. Raises WireError 40029, or `used_errcode` if used."""
        now = self._clock.now().timestamp()
        with self._store.change():
            row = self._store.row("SELECT * FROM codes WHERE code = ?", str(code))
            if row is None or row["appid"] != appid or row["kind"] != kind:
                raise WireError(40029)
            if row["used_at"] is not None:
                raise WireError(used_errcode)
            if now >= row["issued_at"] + CODE_SECONDS:
                raise WireError(40029)
            self._store.write("UPDATE codes SET used_at = ? WHERE code = ?", now, code)
            return self.get(int(row["phone_id"]))


def _phone(row: sqlite3.Row) -> Phone:
    fields = dict(row)
    return Phone(
        id=int(fields["id"]),
        name=str(fields["name"]),
        number=str(fields["number"]),
        high_risk=bool(fields["high_risk"]),
        switch_off=bool(fields["switch_off"]),
    )
