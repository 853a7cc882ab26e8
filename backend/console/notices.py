"""What the next page says about what was just done, with a way back where there is one."""

from flask import flash


def done(text: str, *, undo: str | None = None) -> None:
    """`undo` is the address of a form that takes it back."""
    flash({"text": text, "undo": undo}, "success")  # type: ignore[arg-type]  # Flask keeps any JSON


def refused(text: str) -> None:
    flash({"text": text, "undo": None}, "warning")  # type: ignore[arg-type]  # as above
