from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from backend.kernel.privacy import Vault
from backend.wechat.tokens import DatabaseTokenStore, StoredToken

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)


def test_a_token_is_kept_for_everybody_and_not_readable_in_the_table(
    sessions: sessionmaker[Session], vault: Vault
) -> None:
    DatabaseTokenStore(sessions, vault).put("wx1", "secret-token", NOON)

    assert DatabaseTokenStore(sessions, vault).get("wx1") == StoredToken("secret-token", NOON)
    with sessions.begin() as session:
        kept = session.execute(text("SELECT token_sealed FROM wechat_tokens")).scalar_one()
    assert "secret-token" not in kept


def test_the_newest_token_replaces_the_one_before(
    sessions: sessionmaker[Session], vault: Vault
) -> None:
    store = DatabaseTokenStore(sessions, vault)
    store.put("wx1", "old", NOON)
    store.put("wx1", "new", NOON + timedelta(hours=2))
    store.put("wx2", "other", NOON)

    assert store.get("wx1") == StoredToken("new", NOON + timedelta(hours=2))
    assert store.get("wx3") is None


def test_a_token_whose_key_is_gone_is_as_good_as_none(
    sessions: sessionmaker[Session], vault: Vault
) -> None:
    DatabaseTokenStore(sessions, vault).put("wx1", "token", NOON)
    stranger = Vault({"k9": b"9" * 32}, b"9" * 32)

    assert DatabaseTokenStore(sessions, stranger).get("wx1") is None
