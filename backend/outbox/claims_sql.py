"""The statements of a claim that is about to be sent: locks, questions, the mark, the outcome.

Said for every group, so written out: building such statements costs more than running them.
"""

from sqlalchemy import text

# Those whom no other worker is marking right now. NO KEY UPDATE: new messages may refer to the
# parent meanwhile; another mark may not.
LOCK_IDLE_PEOPLE = text(
    """
    SELECT id FROM parents WHERE id = ANY(CAST(:ids AS bigint[]))
     ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    """
)
LOCK_HELD = text(
    """
    SELECT id FROM messages
     WHERE id = ANY(CAST(:ids AS bigint[])) AND state = 'claimed'
       AND not_before = ANY(CAST(:leases AS timestamptz[]))
     ORDER BY id FOR UPDATE
    """
)
# Asked after the messages are locked, as `_claimed` asks it: an event that has come since then
# is seen, and one that comes later finds the message on the wire.
WELCOME = text(
    """
    SELECT m.id
      FROM messages AS m
      JOIN parents ON parents.id = m.parent_id
      LEFT JOIN children ON children.id = m.child_id
     WHERE m.id = ANY(CAST(:ids AS bigint[]))
       AND parents.deleted_at IS NULL
       AND children.deleted_at IS NULL AND children.departure IS NULL
       AND NOT EXISTS (
           SELECT FROM consents AS withdrawn
            WHERE withdrawn.parent_id = m.parent_id AND withdrawn.withdrawn_at IS NOT NULL
              AND withdrawn.purpose IN ('privacy', 'children')
              AND NOT EXISTS (
                  SELECT FROM consents AS standing
                   WHERE standing.parent_id = withdrawn.parent_id
                     AND standing.purpose = withdrawn.purpose
                     AND standing.withdrawn_at IS NULL))
    """
)
# Whom a message is on its way to. Asked after the parents are locked: in a statement of its own
# it sees what others committed before they let go of the lock.
BEING_TOLD = text(
    """
    SELECT parent_id FROM messages
     WHERE parent_id = ANY(CAST(:ids AS bigint[])) AND state = 'sending'
    """
)
MARK = text(
    """
    UPDATE messages
       SET state = 'sending', not_before = :until, attempts = attempts + 1,
           errcode = NULL, problem = NULL
     WHERE id = ANY(CAST(:ids AS bigint[]))
    """
)


STILL_SENDING = text(
    """
    SELECT EXISTS (SELECT 1 FROM messages
                    WHERE id = :id AND state = 'sending' AND attempts = :attempt)
    """
)

WRITE_BACK = text(
    """
    UPDATE messages AS m
       SET state = o.state, not_before = o.not_before, errcode = o.errcode,
           problem = o.problem, sent_at = o.sent_at
      FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS smallint[]),
                  CAST(:states AS text[]), CAST(:not_befores AS timestamptz[]),
                  CAST(:errcodes AS integer[]), CAST(:problems AS text[]),
                  CAST(:sent_ats AS timestamptz[]))
        AS o (id, attempts, state, not_before, errcode, problem, sent_at)
     WHERE m.id = o.id AND m.attempts = o.attempts AND m.state IN ('sending', 'unknown')
    RETURNING m.id
    """
)
