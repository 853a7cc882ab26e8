"""After a restore from a backup: what may have gone out meanwhile does not go out again.

The books end at the backup, the families' phones do not. So nothing is sent until the tasks that
were late have run (`hold`), and then whatever is due is listed as unknown (`settle`): it stands in
the app's list, and a person decides about the rest.
"""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.kernel.clock import Clock
from backend.outbox.models import PauseReason
from backend.outbox.pauses import WHOLE_ACCOUNT, pause, pauses, resume

ACTOR = "restore"
WHY = "从备份恢复：恢复前可能已经发出"

# A message that is due again only because of a later try was due before. By id, as the delivery
# locks them.
SETTLE = text("""
WITH held AS (
    SELECT id FROM messages
     WHERE state IN ('waiting', 'claimed', 'sending') AND due_at <= :now
     ORDER BY id FOR UPDATE
)
UPDATE messages SET state = 'unknown', not_before = NULL, problem = :why
 WHERE id IN (SELECT id FROM held)
""")


class NotHeld(Exception):
    """Nothing is paused: a worker might have sent some of it just now."""


def hold(session: Session, clock: Clock, appids: Iterable[str]) -> int:
    """No account sends until `settle`. Returns how many were not paused for good before."""
    return sum(
        pause(session, clock, (appid, WHOLE_ACCOUNT), reason=PauseReason.OPERATOR, by=ACTOR)
        for appid in appids
    )


def settle(session: Session, clock: Clock) -> int:
    """List what is due as unknown and let the accounts send again. Returns how many messages.

    Raises NotHeld.
    """
    ours = [one for one in pauses(session, clock) if one.paused_by == ACTOR]
    if not ours:
        raise NotHeld
    found = session.execute(SETTLE, {"now": clock.now(), "why": WHY})
    for one in ours:
        resume(session, clock, pause_id=one.id, by=ACTOR)
    return int(getattr(found, "rowcount", 0))
