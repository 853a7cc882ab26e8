"""P6: WeChat gives bad answers to three in ten; what becomes of messages, template and account.

Asserted: every code has its own path, nothing is lost, no balance falls below zero, and each is
what its ledger adds up to. Measured: how long a bulk goes on against an account that answers badly.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, text

from backend.outbox.delivery import deliver
from backend.outbox.models import MessageState, PauseReason
from tests.bench.bench_delivery import TEMPLATE, Outbox, stub
from tests.bench.database import open_database
from tests.bench.rows import Measures, Row

FULL = 20_000  # messages of each kind of trouble
GOAL_SECONDS = 15
SENT, IN_APP, FAILED, UNKNOWN, WAITING = (
    MessageState.SENT.value,
    MessageState.IN_APP.value,
    MessageState.FAILED.value,
    MessageState.UNKNOWN.value,
    MessageState.WAITING.value,
)


@dataclass(frozen=True)
class Trouble:
    """`ends`: the states that messages may be in; `pause`: what it must set off."""

    what: str
    ends: frozenset[str]
    pause: PauseReason | None = None


TROUBLES = (
    Trouble("43101", frozenset({SENT, IN_APP})),
    Trouble("47003", frozenset({SENT, FAILED})),
    Trouble("45009", frozenset({SENT, WAITING}), PauseReason.DAY_QUOTA),
    Trouble("45011", frozenset({SENT, WAITING}), PauseReason.MINUTE_RATE),
    Trouble("40037", frozenset({SENT, WAITING}), PauseReason.CONFIG),
    Trouble("503", frozenset({SENT, WAITING}), PauseReason.OUTAGE),
    Trouble("502", frozenset({SENT, WAITING, UNKNOWN}), PauseReason.OUTAGE),
    Trouble("slow", frozenset({SENT, WAITING, UNKNOWN}), PauseReason.OUTAGE),
)
GRANT = """
    INSERT INTO subscription_balances (appid, openid, template_id, balance)
    SELECT appid, openid, :template_id, 1 FROM parent_identities
"""
IN_THE_LEDGER = """
    INSERT INTO subscription_ledger
           (appid, openid, template_id, change, reason, confirmed, at)
    SELECT appid, openid, :template_id, 1, 'popup', true, now() FROM parent_identities
"""
WRONG_BALANCES = """
    SELECT count(*) FROM subscription_balances AS kept
     WHERE template_id LIKE 'trouble-%' AND (balance < 0 OR balance <> (
           SELECT sum(change) FROM subscription_ledger AS entry
            WHERE entry.appid = kept.appid AND entry.openid = kept.openid
              AND entry.template_id = kept.template_id))
"""


def p6(scale: float) -> Sequence[Row]:
    """Each kind of trouble in turn, on messages of its own."""
    with open_database() as database, stub() as port:
        outbox = Outbox(database, port, max(400, round(FULL * scale)))
        return [_measure(outbox, trouble) for trouble in TROUBLES]


def _measure(outbox: Outbox, trouble: Trouble) -> Row:
    template_id = f"trouble-{trouble.what}"
    with outbox.engine.begin() as connection:
        connection.execute(text("DELETE FROM sending_pauses"))
        connection.execute(text("DELETE FROM messages"))
        for statement in (GRANT, IN_THE_LEDGER):
            connection.execute(text(statement), {"template_id": template_id})
        outbox.put(connection)
    parts = replace(outbox.parts, template_ids={TEMPLATE: template_id})
    started = time.perf_counter()
    done = deliver(parts, in_all=outbox.families)
    seconds = time.perf_counter() - started
    states = outbox.states()
    with outbox.engine.connect() as connection:
        assert connection.execute(text(WRONG_BALANCES)).scalar_one() == 0
        assert _paused(connection) == ([] if trouble.pause is None else [trouble.pause.value])
    assert set(states) <= trouble.ends, states
    assert sum(states.values()) == outbox.families
    said = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    if trouble.pause is None:
        return Row("P6", round(done.sent / seconds), "messages/s", beside=f"{trouble.what}: {said}")
    return Row("P6", round(seconds, 1), "s until it stopped", f"≤ {GOAL_SECONDS}",
               seconds <= GOAL_SECONDS, beside=f"{trouble.what}: {said}")  # fmt: skip


def _paused(connection: Connection) -> list[str]:
    return list(connection.scalars(text("SELECT reason FROM sending_pauses")))


MEASURES: Measures = {"P6": p6}
