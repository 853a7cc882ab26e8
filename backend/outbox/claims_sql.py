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
# Asked after the messages and the people are locked, in a statement of its own, so that it sees
# what others committed before they let go: an event that has come since the claim is heeded,
# and one that comes later finds the message on the wire. `busy`: another one is on its way to
# this person.
WELCOME = text(
    """
    SELECT m.id,
           parents.deleted_at IS NULL
           AND children.deleted_at IS NULL AND children.departure IS NULL
           AND NOT EXISTS (
               SELECT FROM consents AS withdrawn
                WHERE withdrawn.parent_id = m.parent_id AND withdrawn.withdrawn_at IS NOT NULL
                  AND withdrawn.purpose IN ('privacy', 'children')
                  AND NOT EXISTS (
                      SELECT FROM consents AS standing
                       WHERE standing.parent_id = withdrawn.parent_id
                         AND standing.purpose = withdrawn.purpose
                         AND standing.withdrawn_at IS NULL)) AS welcome,
           EXISTS (
               SELECT FROM messages AS other
                WHERE other.parent_id = m.parent_id AND other.state = 'sending') AS busy
      FROM messages AS m
      JOIN parents ON parents.id = m.parent_id
      LEFT JOIN children ON children.id = m.child_id
     WHERE m.id = ANY(CAST(:ids AS bigint[]))
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

# One parameter, since a list a column costs more to write down than the rows to find.
# The mark has emptied `problem`: one that stands there says that the message was overtaken or
# stopped while it was on the wire. If it did not go out, it does not go out later either.
WRITE_BACK = text(
    """
    UPDATE messages AS m
       SET state = CASE WHEN o.state = 'waiting' AND m.state = 'sending' AND m.problem IS NOT NULL
                        THEN 'in_app' ELSE o.state END,
           not_before = CASE WHEN m.state = 'sending' AND m.problem IS NOT NULL
                             THEN NULL ELSE o.not_before END,
           problem = CASE WHEN o.state IN ('waiting', 'in_app') AND m.state = 'sending'
                          THEN coalesce(m.problem, o.problem) ELSE o.problem END,
           errcode = o.errcode, sent_at = o.sent_at, wechat_id = o.wechat_id,
           uncounted_attempts = CASE WHEN o.uncounted THEN m.attempts
                                     ELSE m.uncounted_attempts END
      FROM jsonb_to_recordset(CAST(:outcomes AS jsonb))
        AS o (id bigint, attempts smallint, state text, not_before timestamptz, errcode integer,
              problem text, sent_at timestamptz, wechat_id bigint, uncounted boolean)
     WHERE m.id = o.id AND m.attempts = o.attempts AND m.state IN ('sending', 'unknown')
    RETURNING m.id, m.problem IS DISTINCT FROM o.problem AS stopped
    """
)

# The lanes that have open messages are found by skipping from one to the next in the index, and
# each that is not paused gives its oldest. So nothing that is paused is read, however much waits.
CLAIM = text(
    """
    WITH RECURSIVE lane AS (
        (SELECT account, template FROM messages WHERE state IN ('waiting', 'claimed')
          ORDER BY account, template LIMIT 1)
        UNION ALL
        SELECT later.account, later.template
          FROM lane
         CROSS JOIN LATERAL (
               SELECT account, template FROM messages
                WHERE state IN ('waiting', 'claimed')
                  AND (account, template) > (lane.account, lane.template)
                ORDER BY account, template LIMIT 1) AS later
    )
    SELECT found.id
      FROM lane
     CROSS JOIN LATERAL (
           SELECT id, due_at FROM messages
            WHERE state IN ('waiting', 'claimed')
              AND account = lane.account AND template = lane.template
              AND due_at <= :now AND (not_before IS NULL OR not_before <= :now)
            ORDER BY due_at, id LIMIT :limit
              FOR UPDATE SKIP LOCKED) AS found
     WHERE NOT EXISTS (
           SELECT FROM sending_pauses AS pause
            WHERE pause.ended_at IS NULL AND (pause.until IS NULL OR pause.until > :now)
              AND pause.appid = CASE lane.account WHEN '' THEN :appid ELSE lane.account END
              AND pause.template IN ('', lane.template))
     ORDER BY lane.template = ANY(CAST(:urgent AS text[])) DESC, found.due_at, found.id
     LIMIT :limit
    """
)
