"""Accounts as a clerk of the city would have entered them."""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from backend.accounts.keeping import AccountEntry, WholeAccount, add_account
from backend.accounts.models import AccountKind, Capability
from backend.accounts.rules import Keys
from backend.kernel.clock import Clock
from backend.kernel.privacy import Vault

APPID = "wxservice00000001"
KEYS = Keys("secret-of-service", "TokenOfService", "b" * 43)
TOWN = "320281001"


def whole(
    appid: str = APPID,
    kind: AccountKind = AccountKind.SERVICE,
    *,
    town: str | None = None,
    certified: bool = True,
    keys: Keys = KEYS,
) -> WholeAccount:
    return WholeAccount(appid, AccountEntry(kind, town, f"号{appid[-4:]}", certified), keys)


def add(
    sessions: sessionmaker[Session],
    clock: Clock,
    vault: Vault,
    new: WholeAccount,
    *,
    can: tuple[Capability, ...] = (),
    created_at: datetime | None = None,
) -> str:
    """Add an account that WeChat lets do what `can` says; its appid."""
    with sessions.begin() as session:
        row = add_account(session, clock, vault, new, actor="staff:1")
        for capability in can:
            setattr(row, f"can_{capability.value}", True)
        row.created_at = created_at or row.created_at
    return new.appid
