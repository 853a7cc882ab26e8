import logging
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.logs import RedactingFilter, redact, redact_event
from backend.kernel.privacy import (
    Unreadable,
    Vault,
    fold_name,
    mask_birth_date,
    mask_name,
    mask_phone,
)

OLD, NEW, LOOKUP = b"o" * 32, b"n" * 32, b"l" * 32


@given(text=st.text())
def test_what_is_sealed_opens_again_and_is_never_the_text(text: str) -> None:
    vault = Vault({"k1": OLD}, LOOKUP)
    sealed = vault.seal(text, "name")

    assert vault.open(sealed, "name") == text
    assert len(text) < 3 or text not in sealed


def test_sealing_twice_gives_two_different_values() -> None:
    vault = Vault({"k1": OLD}, LOOKUP)

    assert vault.seal("测试", "name") != vault.seal("测试", "name")


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    before = Vault({"k1": OLD}, LOOKUP).seal("测试", "name")
    rotated = Vault({"k2": NEW, "k1": OLD}, LOOKUP)

    assert rotated.open(before, "name") == "测试"
    assert rotated.seal("测试", "name").startswith("k2:")


def test_a_value_in_another_column_or_changed_or_without_its_key_does_not_open() -> None:
    vault = Vault({"k1": OLD}, LOOKUP)
    sealed = vault.seal("测试", "name")

    for wrong, purpose in [(sealed, "phone"), (sealed[:-4] + "AAA=", "name"), ("", "name")]:
        with pytest.raises(Unreadable):
            vault.open(wrong, purpose)
    with pytest.raises(Unreadable):
        Vault({"k2": NEW}, LOOKUP).open(sealed, "name")


def test_fingerprints_tell_purposes_and_borders_of_parts_apart() -> None:
    vault = Vault({"k1": OLD}, LOOKUP)

    assert vault.fingerprint("child", "a", "b") == vault.fingerprint("child", "a", "b")
    assert vault.fingerprint("child", "ab", "") != vault.fingerprint("child", "a", "b")
    assert vault.fingerprint("phone", "a", "b") != vault.fingerprint("child", "a", "b")
    assert "k1" not in repr(vault)


def test_a_name_typed_on_another_keyboard_is_the_same_name() -> None:
    assert fold_name("阿依·古丽 ") == fold_name("阿依・古丽") == fold_name("阿依古丽")
    assert fold_name("Ａnna") == "anna"


def test_masks_leave_enough_to_recognise_and_no_more() -> None:
    assert [mask_name(name) for name in ("一", "王一", "王小一", "欧阳小一")] == [
        "*",
        "王*",
        "王*一",
        "欧**一",
    ]
    assert mask_phone("13812345678") == "138****5678"
    assert mask_birth_date(date(2026, 4, 9)) == "2026年4月"


def test_logs_lose_secrets_and_phones() -> None:
    line = "GET /x?access_token=abc&secret=def&ok=1 for 13812345678"
    assert redact(line) == "GET /x?access_token=…&secret=…&ok=1 for 1**********"
    event = redact_event(None, "info", {"event": "x", "openid": "o-1", "booking_id": 7})
    assert event == {"event": "x", "openid": "…", "booking_id": 7}

    record = logging.LogRecord("x", 20, "f", 1, "url %s", ("?js_code=abc",), None)
    RedactingFilter().filter(record)
    assert record.getMessage() == "url ?js_code=…"
