"""What may be written into the diary, and when it is too late to take a deletion back."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from backend.kernel.errors import Conflict, Invalid

LONGEST_NOTE = 500  # characters
UNDO = timedelta(minutes=10)  # a deleted entry comes back; then its photo goes


class DayOutOfRange(Invalid):
    code = "diary_day_out_of_range"
    message = "日期应在出生之后、今天或今天以前，请重新选择"


class NothingWritten(Invalid):
    code = "diary_empty"
    message = "写几个字，或者放一张照片"


class DayTaken(Conflict):
    code = "diary_day_taken"
    message = "这一天已经有记录，请打开那一天再改"


class ChangedMeanwhile(Conflict):
    code = "diary_changed"
    message = "这一天刚刚有人改过，请看过再改"


class TooLateToRestore(Conflict):
    code = "diary_gone"
    message = "删除已超过十分钟，找不回来了"


def check_day(day: date, birth_date: date, today: date) -> None:
    """Raises DayOutOfRange before the birth and after today."""
    if not birth_date <= day <= today:
        raise DayOutOfRange


def note_of(text: str | None) -> str | None:
    """The note as it is kept: without blanks around it; None for one that says nothing."""
    stripped = (text or "").strip()
    return stripped or None


def check_says_something(note: str | None, photo_key: str | None) -> None:
    """Raises NothingWritten for an entry without a note and without a photo."""
    if note is None and photo_key is None:
        raise NothingWritten


def check_seen(seen: int, version: int) -> None:
    """Raises ChangedMeanwhile unless what was seen is what stands here."""
    if seen != version:
        raise ChangedMeanwhile


def may_restore(removed_at: datetime, now: datetime) -> bool:
    return now - removed_at <= UNDO
