"""Access tokens shared by every process that speaks for an account, encrypted at rest."""

from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from backend.kernel.db import Base, UTCDateTime
from backend.kernel.privacy import Unreadable, Vault

PURPOSE = "wechat-token"


class StoredToken(NamedTuple):
    """A token and the instant from which it must not be used any more."""

    token: str
    expires_at: datetime


class TokenStore(Protocol):
    def get(self, key: str) -> StoredToken | None:
        """The token last put under `key` (an appid), expired or not."""

    def put(self, key: str, token: str, expires_at: datetime) -> None:
        """Keep a token, in place of the one before."""


class WechatToken(Base):
    """The one access token in use for an account."""

    __tablename__ = "wechat_tokens"

    appid: Mapped[str] = mapped_column(primary_key=True)
    token_sealed: Mapped[str]
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class DatabaseTokenStore:
    """Tokens in PostgreSQL: all processes of all machines share one, sealed by the vault.

    Each call is a short transaction of its own: a token is true whatever becomes of the
    work for which it was fetched.
    """

    def __init__(self, sessions: sessionmaker[Session], vault: Vault) -> None:
        self._sessions = sessions
        self._vault = vault

    def get(self, key: str) -> StoredToken | None:
        with self._sessions.begin() as session:
            row = session.get(WechatToken, key)
            if row is None:
                return None
            try:
                return StoredToken(self._vault.open(row.token_sealed, PURPOSE), row.expires_at)
            except Unreadable:  # its key is gone; a new token costs one request
                return None

    def put(self, key: str, token: str, expires_at: datetime) -> None:
        values = {"token_sealed": self._vault.seal(token, PURPOSE), "expires_at": expires_at}
        statement = insert(WechatToken).values(appid=key, **values)
        with self._sessions.begin() as session:
            session.execute(statement.on_conflict_do_update(index_elements=["appid"], set_=values))


class MemoryTokenStore:
    """Tokens of one process, for commands and tests without a database."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}

    def get(self, key: str) -> StoredToken | None:
        return self._tokens.get(key)

    def put(self, key: str, token: str, expires_at: datetime) -> None:
        self._tokens[key] = StoredToken(token, expires_at)
