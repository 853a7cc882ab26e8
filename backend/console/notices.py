"""What the next page says about what was just done, with a way back where there is one."""

from collections.abc import Mapping, Sequence

from flask import flash

MOST_NAMED = 12  # in one notice, which travels in a cookie


def done(text: str, *, undo: str | None = None) -> None:
    """`undo` is the address of a form that takes it back."""
    flash({"text": text, "undo": undo}, "success")  # type: ignore[arg-type]  # Flask keeps any JSON


def refused(text: str) -> None:
    flash({"text": text, "undo": None}, "warning")  # type: ignore[arg-type]  # as above


def refused_for(by_reason: Mapping[str, Sequence[str]], outcome: str = "没有成功") -> None:
    """Of many at once: whose were refused, by what was said."""
    for text, whose in by_reason.items():
        refused(f"{len(whose)} 个{outcome}（{some(whose)}）：{text}")


def some(named: Sequence[str], between: str = "、") -> str:
    """The first few names, and whether there are more."""
    return between.join(named[:MOST_NAMED]) + (" 等" if len(named) > MOST_NAMED else "")
