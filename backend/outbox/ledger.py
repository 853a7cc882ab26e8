"""What WeChat lets us send: grants and uses per (appid, openid, template id).

`subscription_balances.balance` is the sum of the ledger's changes for its key, always, and the
database refuses to let it fall below zero. Both are written here and nowhere else.

Who says what:
- the client *reports* an acceptance. It may be invented or repeated, so it is provisional, and
  a key has one open report at most;
- WeChat's popup event is its word. It belongs to the report of the same moment, to one at most,
  and then adds nothing; a report within REPORT_WINDOW after it adds nothing either;
- a send that WeChat takes confirms an open report too, which still waits for its event;
- a refusal (popup, settings, 43101) takes all that was given before it.

Events come late and not in their order, so what counts is when a thing happened (WeChat's clock,
in seconds), not when it is handled: a yes from before a refusal is over, and a refusal leaves
what was given after it. An event that never comes leaves too little, never too much.

Lock order for everybody who writes messages and balances: parents by id, messages by id,
balances by (openid, template id), then new ledger rows.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Interval,
    and_,
    delete,
    func,
    literal,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from backend.kernel.clock import Clock
from backend.outbox import history
from backend.outbox.models import Balance, LedgerEntry, LedgerReason
from backend.people.models import ParentIdentity

REPORT_WINDOW = timedelta(minutes=10)
KEY_COLUMNS = ("appid", "openid", "template_id")
OPEN_REPORT = (LedgerEntry.reason == LedgerReason.REPORTED, LedgerEntry.confirmed.is_(False))


class Answer(StrEnum):
    """What `wx.requestSubscribeMessage` tells the client for each template."""

    ACCEPT = "accept"
    REJECT = "reject"
    BAN = "ban"  # the template was banned by WeChat
    FILTER = "filter"  # same title as another template


@dataclass(frozen=True, order=True)
class Key:
    """Whose balance. The openid stays out of logs."""

    appid: str
    openid: str
    template_id: str

    def __repr__(self) -> str:
        return f"Key({self.template_id})"


@dataclass(frozen=True)
class Use:
    """That a message wants to use one of a balance; None: one that is in no outbox (a trial).

    `lasting`: of a long-term template, where one permission lets any number of messages go.
    """

    message_id: int | None
    key: Key
    lasting: bool = False


def report(session: Session, clock: Clock, key: Key) -> None:
    """The client says that the parent accepted. Repeating it adds nothing."""
    _lock(session, [key])
    if _open_report(session, key) is None and not _told_by_wechat_just_now(session, clock, key):
        _enter(session, _row(key, clock, LedgerReason.REPORTED, change=1))


def popup_accepted(
    session: Session, clock: Clock, key: Key, happened_at: datetime | None = None
) -> None:
    """WeChat says that the parent accepted at that moment: this belongs to a report, or is a grant.

    Or neither, when the parent has refused since.
    """
    _lock(session, [key])
    moment = _moment(clock, happened_at)
    over = history.refused_after(session, key, moment)
    reported = not over and history.settle_nearest(session, key, moment, REPORT_WINDOW)
    history.give_up_reports(session, key, before=moment - REPORT_WINDOW)
    change = 0 if over or reported else 1
    _enter(session, _row(key, clock, LedgerReason.POPUP, change=change, happened_at=moment))


def refused(
    session: Session, clock: Clock, keys: Iterable[Key], happened_at: datetime | None = None
) -> None:
    """Nothing may be sent any more until the parent accepts again, or has since that moment.

    An entry is made even when nothing was left: a use that comes back later must not
    bring a refused permission to life again.
    """
    distinct = sorted(set(keys))
    left = _lock(session, distinct)
    moment = _moment(clock, happened_at)
    for key in distinct:
        taken = left[key]
        if happened_at is not None:
            taken -= history.given_since(session, key, moment, left[key])
        history.end_reports(session, key, moment)
        row = _row(key, clock, LedgerReason.REFUSED, change=-taken, happened_at=happened_at)
        _enter(session, row)


def allowed(session: Session, keys: Collection[Key]) -> set[Key]:
    """Those of these keys that have something left; locks the balances in their order."""
    return {key for key, left in _lock(session, keys, create=False).items() if left > 0}


def use(session: Session, clock: Clock, uses: Collection[Use]) -> None:
    """Take one for each message. The keys of one call are different, and `allowed` had them.

    The constraint of the balance refuses what was not there.
    """
    if uses:
        rows = [
            {"message_id": one.message_id, "taken": 0 if one.lasting else 1, **_fields(one.key)}
            for one in uses
        ]
        session.execute(USE, {"uses": json.dumps(rows), "now": clock.now()})


def give_back(session: Session, clock: Clock, uses: Collection[Use]) -> None:
    """These messages certainly did not go out: their latest use returns.

    Unless the parent has refused since: then nothing comes back. Nor of a lasting permission,
    of which nothing was taken.
    """
    if not uses:
        return
    _lock(session, [one.key for one in uses])
    later = aliased(LedgerEntry)
    latest = (
        select(func.max(LedgerEntry.id))
        .where(
            LedgerEntry.message_id.in_([one.message_id for one in uses]),
            LedgerEntry.reason == LedgerReason.SENT,
        )
        .group_by(LedgerEntry.message_id)
    )
    refused_since = (
        select(later.id)
        .where(
            *(getattr(later, name) == getattr(LedgerEntry, name) for name in KEY_COLUMNS),
            later.id > LedgerEntry.id,
            later.reason == LedgerReason.REFUSED,
            func.coalesce(later.happened_at, later.at) + literal(history.SECOND, Interval)
            > LedgerEntry.at,
        )
        .exists()
    )
    returned = session.execute(
        select(
            LedgerEntry.appid, LedgerEntry.openid, LedgerEntry.template_id, LedgerEntry.message_id
        )
        .where(LedgerEntry.id.in_(latest), LedgerEntry.change < 0, ~refused_since)
        .order_by(LedgerEntry.id)
    ).all()
    for appid, openid, template_id, message_id in returned:
        key = Key(appid, openid, template_id)
        _enter(session, _row(key, clock, LedgerReason.RETURNED, change=1, message_id=message_id))


def accepted_by_wechat(session: Session, keys: Iterable[Key]) -> None:
    """WeChat took messages for these keys, so what the client reported was true."""
    distinct = sorted(set(keys))
    if distinct:
        session.execute(CONFIRM_REPORTS, {"keys": _as_json(distinct)})


def balances(session: Session, *, appid: str, parent_id: int) -> dict[str, int]:
    """What may still be sent to a parent, by WeChat's template id; absent means none."""
    rows = session.execute(
        select(Balance.template_id, Balance.balance)
        .join(
            ParentIdentity,
            and_(ParentIdentity.appid == Balance.appid, ParentIdentity.openid == Balance.openid),
        )
        .where(ParentIdentity.parent_id == parent_id, Balance.appid == appid)
    )
    return {row.template_id: row.balance for row in rows}


def report_answers(
    session: Session, clock: Clock, *, appid: str, parent_id: int, answers: Mapping[str, Answer]
) -> None:
    """What a parent answered in the popup, as the client tells it, by WeChat's template id.

    `ban` and `filter` mean that nothing was asked, so they change nothing. A parent without
    an openid at this account has no balance and changes nothing either.
    """
    openid = session.scalar(
        select(ParentIdentity.openid).where(
            ParentIdentity.appid == appid, ParentIdentity.parent_id == parent_id
        )
    )
    if openid is None:
        return
    for template_id in sorted(answers):
        key = Key(appid, openid, template_id)
        if answers[template_id] is Answer.ACCEPT:
            report(session, clock, key)
        elif answers[template_id] is Answer.REJECT:
            refused(session, clock, [key])


def forget(session: Session, *, appid: str, openid: str) -> None:
    """Delete everything kept of an openid: for a parent who leaves."""
    for model in (LedgerEntry, Balance):
        session.execute(
            delete(model)
            .where(model.appid == appid, model.openid == openid)
            .execution_options(synchronize_session=False)
        )


def _keys_of(model: type[Balance | LedgerEntry], keys: Collection[Key]) -> ColumnElement[bool]:
    columns = tuple_(*(getattr(model, name) for name in KEY_COLUMNS))
    return columns.in_([(key.appid, key.openid, key.template_id) for key in keys])


def _lock(session: Session, keys: Collection[Key], *, create: bool = True) -> dict[Key, int]:
    """The balances of these keys, locked in their order; rows that are missing are made."""
    distinct = sorted(set(keys))
    if not distinct:
        return {}
    if create:
        rows = [{name: getattr(key, name) for name in KEY_COLUMNS} for key in distinct]
        session.execute(
            insert(Balance).values([{**row, "balance": 0} for row in rows]).on_conflict_do_nothing()
        )
    found = session.execute(LOCK, {"keys": _as_json(distinct)})
    return {Key(appid, openid, template_id): left for appid, openid, template_id, left in found}


def _open_report(session: Session, key: Key) -> int | None:
    return session.scalar(select(LedgerEntry.id).where(_keys_of(LedgerEntry, [key]), *OPEN_REPORT))


def _told_by_wechat_just_now(session: Session, clock: Clock, key: Key) -> bool:
    """Also true for a report that is repeated after its event: it was counted already."""
    recent = select(literal(1)).where(
        _keys_of(LedgerEntry, [key]),
        LedgerEntry.reason == LedgerReason.POPUP,
        func.coalesce(LedgerEntry.happened_at, LedgerEntry.at) > clock.now() - REPORT_WINDOW,
    )
    return session.scalar(recent.limit(1)) is not None


def _moment(clock: Clock, happened_at: datetime | None) -> datetime:
    """WeChat's clock may be ahead of ours; nothing happens in the future."""
    now = clock.now()
    return now if happened_at is None else min(happened_at, now)


def _as_json(keys: Collection[Key]) -> str:
    return json.dumps([_fields(key) for key in keys])


def _fields(key: Key) -> dict[str, str]:
    return {"appid": key.appid, "openid": key.openid, "template_id": key.template_id}


# Said for every group of messages, so written out: building them costs more than running them.
# The keys go as one JSON list; as a list a column each costs several times as much to write.
LOCK = text("""
    SELECT appid, openid, template_id, balance
      FROM subscription_balances
     WHERE (appid, openid, template_id) IN (
               SELECT appid, openid, template_id FROM jsonb_to_recordset(CAST(:keys AS jsonb))
                   AS wanted (appid text, openid text, template_id text))
     ORDER BY appid, openid, template_id
       FOR UPDATE
""")
USE = text("""
    WITH wanted AS (
        SELECT * FROM jsonb_to_recordset(CAST(:uses AS jsonb))
            AS wanted (appid text, openid text, template_id text, message_id bigint, taken int)
    ), used AS (
        UPDATE subscription_balances AS kept SET balance = kept.balance - wanted.taken
          FROM wanted
         WHERE kept.appid = wanted.appid AND kept.openid = wanted.openid
           AND kept.template_id = wanted.template_id
    )
    INSERT INTO subscription_ledger
           (appid, openid, template_id, change, reason, confirmed, message_id, at)
    SELECT appid, openid, template_id, -taken, 'sent', true, message_id, :now FROM wanted
""")
CONFIRM_REPORTS = text("""
    UPDATE subscription_ledger SET confirmed = true
     WHERE (appid, openid, template_id) IN (
               SELECT appid, openid, template_id FROM jsonb_to_recordset(CAST(:keys AS jsonb))
                   AS wanted (appid text, openid text, template_id text))
       AND reason = 'reported' AND NOT confirmed
""")


def _row(
    key: Key,
    clock: Clock,
    reason: LedgerReason,
    *,
    change: int,
    message_id: int | None = None,
    happened_at: datetime | None = None,
) -> dict[str, Any]:
    return {
        **{name: getattr(key, name) for name in KEY_COLUMNS},
        "change": change,
        "reason": reason,
        "confirmed": reason is not LedgerReason.REPORTED,
        "message_id": message_id,
        "at": clock.now(),
        "happened_at": happened_at,
    }


def _enter(session: Session, row: dict[str, Any]) -> None:
    """One ledger row and its change of the balance. Call with the balance locked."""
    session.execute(insert(LedgerEntry).values(row))
    if row["change"]:
        session.execute(
            update(Balance)
            .where(*(getattr(Balance, name) == row[name] for name in KEY_COLUMNS))
            .values(balance=Balance.balance + row["change"])
            .execution_options(synchronize_session=False)
        )
