"""Looking at signs: somebody says what he found. No step commits; nothing changes an amount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.bookings.changes import actor_name
from backend.bookings.rules import moment
from backend.bookings.settlement import NOTE_LENGTH
from backend.bookings.sign_models import SignCheck, SignKind, SignVerdict
from backend.kernel.clock import Clock
from backend.kernel.errors import Conflict, Invalid

VERDICT_TITLES: Mapping[SignVerdict, str] = {
    SignVerdict.CONFIRMED: "已核实",
    SignVerdict.HARMLESS: "无异常",
    SignVerdict.REOPENED: "待核对",
}


class SignAlreadyChecked(Conflict):
    """Somebody else was faster; the detail says who, when and what."""

    code = "sign_already_checked"
    message = "这一条刚刚有人核对过，请看过再写"


@dataclass(frozen=True)
class SignName:
    """Which sign: a kind, of a month, about somebody or something."""

    month: date
    kind: SignKind
    subject: str


@dataclass(frozen=True)
class Finding:
    """One word about a sign; the newest counts."""

    number: int
    verdict: SignVerdict
    note: str
    at: datetime
    who: str

    @property
    def title(self) -> str:
        return VERDICT_TITLES[self.verdict]


def check_finding(verdict: SignVerdict, note: str) -> str:
    """The note without surrounding blanks. Raises Invalid for an empty or endless one."""
    note = note.strip()
    if not note and verdict is not SignVerdict.REOPENED:
        raise Invalid("请写一句核对的结果，例如：已电话核实")
    if len(note) > NOTE_LENGTH:
        raise Invalid(f"说明请不超过 {NOTE_LENGTH} 字")
    return note


def check_sign(  # noqa: PLR0913  # one word about one sign is these facts
    session: Session,
    clock: Clock,
    *,
    sign: SignName,
    verdict: SignVerdict,
    note: str,
    seen: int,
    actor: str,
) -> SignCheck:
    """Add a word to the `seen` words that the page has shown.

    Raises Invalid, or SignAlreadyChecked when there are more by now.
    """
    note = check_finding(verdict, note)
    before = _latest(session, sign)
    if before is not None and before.number != seen:
        raise SignAlreadyChecked(
            f"{actor_name(session, before.actor)} 于 {moment(before.at)} 处理："
            f"{VERDICT_TITLES[before.verdict]}"
        )
    said = SignCheck(
        month=sign.month,
        kind=sign.kind,
        subject=sign.subject,
        number=(0 if before is None else before.number) + 1,
        verdict=verdict,
        note=note,
        at=clock.now(),
        actor=actor,
    )
    session.add(said)
    try:
        session.flush()
    except IntegrityError as error:  # at the same moment
        raise SignAlreadyChecked from error
    return said


def findings(session: Session, month: date) -> dict[tuple[SignKind, str], list[Finding]]:
    """What has been said of the month's signs, by kind and subject, the newest first."""
    rows: Sequence[SignCheck] = session.scalars(
        select(SignCheck).where(SignCheck.month == month).order_by(SignCheck.number.desc())
    ).all()
    names = {actor: actor_name(session, actor) for actor in {row.actor for row in rows}}
    found: dict[tuple[SignKind, str], list[Finding]] = {}
    for row in rows:
        said = Finding(row.number, row.verdict, row.note, row.at, names[row.actor])
        found.setdefault((row.kind, row.subject), []).append(said)
    return found


def _latest(session: Session, sign: SignName) -> SignCheck | None:
    return session.scalars(
        select(SignCheck)
        .where(
            SignCheck.month == sign.month,
            SignCheck.kind == sign.kind,
            SignCheck.subject == sign.subject,
        )
        .order_by(SignCheck.number.desc())
        .limit(1)
    ).one_or_none()
