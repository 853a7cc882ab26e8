"""What waits in the outbox is brought in line with what is so now; nothing wrong goes out.

Asked by whoever changes something (a record, an event), in that transaction, and once more by
the delivery before words are chosen and before they leave.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.orm import Session

# Leaves out what was done, moved or is not wanted, and children who are no business of the
# parent any more; a message of which nothing is left is deleted. A changed one waits again, so
# that a worker who holds it under old words loses it. What is on the wire is left alone.
SETTLE = text("""
WITH asked AS (
    SELECT id, parent_id, data -> 'children' AS children
      FROM messages
     WHERE id = ANY(CAST(:ids AS bigint[])) AND state IN ('waiting', 'claimed')
       AND data ? 'children'
), item AS (
    SELECT asked.id, asked.parent_id, told.place AS child_place, item.place, item.value,
           CAST(told.value ->> 'child_id' AS bigint) AS child_id,
           item.value ->> 'item_id' AS item_id,
           CAST(item.value ->> 'due_date' AS date) AS due_date
      FROM asked
     CROSS JOIN LATERAL jsonb_array_elements(children) WITH ORDINALITY AS told (value, place)
     CROSS JOIN LATERAL jsonb_array_elements(told.value -> 'items') WITH ORDINALITY
             AS item (value, place)
), judged AS (
    SELECT item.*,
           EXISTS (SELECT FROM children AS child
                     JOIN guardians AS guardian ON guardian.child_id = child.id
                    WHERE child.id = item.child_id AND guardian.parent_id = item.parent_id
                      AND child.deleted_at IS NULL
                      AND child.departure IS NULL
                      AND child.duplicate_state IS DISTINCT FROM 'same')
           AND item.item_id <> ALL (CAST(:without AS text[]))
           AND NOT EXISTS (SELECT FROM handbook_entries AS entry
                            WHERE entry.child_id = item.child_id AND entry.item_id = item.item_id)
           AND NOT EXISTS (SELECT FROM item_dates AS own
                            WHERE own.child_id = item.child_id AND own.item_id = item.item_id
                              AND own.due_on IS DISTINCT FROM item.due_date)
           AND NOT EXISTS (SELECT FROM children AS second
                             JOIN handbook_entries AS known ON known.child_id = second.id
                            WHERE second.duplicate_of_id = item.child_id
                              AND second.duplicate_state = 'same'
                              AND known.item_id = item.item_id) AS stands
      FROM item
), child_told AS (
    SELECT id, child_id, child_place, bool_and(stands) AS whole,
           jsonb_agg(value ORDER BY place) FILTER (WHERE stands) AS items
      FROM judged
     GROUP BY id, child_id, child_place
), wrong AS (
    SELECT id, jsonb_agg(jsonb_build_object('child_id', child_id, 'items', items)
                         ORDER BY child_place) FILTER (WHERE items IS NOT NULL) AS children,
           CASE WHEN count(items) = 1
                THEN min(child_id) FILTER (WHERE items IS NOT NULL) END AS child_id
      FROM child_told
     GROUP BY id
    HAVING NOT bool_and(whole)
), gone AS (
    DELETE FROM messages
     WHERE id IN (SELECT id FROM wrong WHERE children IS NULL)
       AND state IN ('waiting', 'claimed')
    RETURNING id
), changed AS (
    UPDATE messages
       SET data = jsonb_build_object('children', wrong.children), child_id = wrong.child_id,
           state = 'waiting', not_before = NULL
      FROM wrong
     WHERE messages.id = wrong.id AND wrong.children IS NOT NULL
       AND messages.state IN ('waiting', 'claimed')
    RETURNING messages.id
)
SELECT id, true AS gone FROM gone UNION ALL SELECT id, false FROM changed
""")
WAITING_ABOUT = text("""
SELECT message.id
  FROM guardians AS guardian
  JOIN messages AS message ON message.parent_id = guardian.parent_id
 WHERE guardian.child_id = ANY(CAST(:children AS bigint[]))
   AND message.state IN ('waiting', 'claimed') AND message.data ? 'children'
""")
# Whatever became of the message: what was told of a child goes with the child.
FORGET = text("""
WITH told AS (
    SELECT message.id, jsonb_agg(told.value ORDER BY told.place) FILTER (
               WHERE told.value ->> 'child_id' <> ALL (CAST(:children AS text[]))) AS children
      FROM messages AS message
     CROSS JOIN LATERAL jsonb_array_elements(message.data -> 'children') WITH ORDINALITY
             AS told (value, place)
     WHERE message.parent_id = ANY(CAST(:parents AS bigint[])) AND message.child_id IS NULL
       AND message.data ? 'children'
     GROUP BY message.id
    HAVING bool_or(told.value ->> 'child_id' = ANY (CAST(:children AS text[])))
), gone AS (
    DELETE FROM messages WHERE id IN (SELECT id FROM told WHERE children IS NULL)
)
UPDATE messages
   SET data = jsonb_build_object('children', told.children),
       child_id = CASE WHEN jsonb_array_length(told.children) = 1
                       THEN CAST(told.children -> 0 ->> 'child_id' AS bigint) END,
       state = CASE WHEN state = 'claimed' THEN 'waiting' ELSE state END,
       not_before = CASE WHEN state = 'claimed' THEN NULL ELSE not_before END
  FROM told
 WHERE messages.id = told.id AND told.children IS NOT NULL
""")


def settle(
    session: Session, ids: Collection[int], *, without: Collection[str] = ()
) -> dict[int, bool]:
    """Bring these messages in line, `without` these items in any case.

    Returns those that changed, and whether they are gone.
    """
    if not ids:
        return {}
    rows = session.execute(SETTLE, {"ids": list(ids), "without": list(without)})
    return {row.id: row.gone for row in rows}


def settle_children(
    session: Session, child_ids: Collection[int], *, without: Collection[str] = ()
) -> None:
    """Something about these children has changed: call it after the change, the child locked.

    `without`: items whose day has moved, in whatever direction; the next plan tells them anew.
    """
    ids = session.scalars(WAITING_ABOUT, {"children": list(child_ids)}).all()
    settle(session, ids, without=without)


def forget_children(
    session: Session, *, child_ids: Collection[int], parent_ids: Collection[int]
) -> None:
    """These parents keep no message about several children that tells of these ones."""
    session.execute(
        FORGET, {"children": [str(one) for one in child_ids], "parents": list(parent_ids)}
    )
