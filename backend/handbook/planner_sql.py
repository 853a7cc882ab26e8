"""The statement that plans a day. Read from the bottom: what is said, to whom, of which child."""

from sqlalchemy import text

# `told`: a few hundred rows (birth date, item), however many children there are; the index on
# children.birth_date finds the families. `touched`: children with days of their own that have
# something due on one of the four days that tell anything; their items are grouped here.
# What is the mother's she alone is told, of twins once; where the family has no mother, everybody.
PLAN = text("""
WITH rule AS (
    SELECT * FROM unnest(CAST(:rule_items AS text[]), CAST(:rule_titles AS text[]),
                         CAST(:rule_places AS integer[]), CAST(:rule_cards AS boolean[]),
                         CAST(:rule_mothers AS boolean[]),
                         CAST(:close_months AS integer[]), CAST(:close_days AS integer[]),
                         CAST(:late_months AS integer[]), CAST(:late_days AS integer[]))
        AS rule (item_id, title, place, card, mother, close_months, close_days, late_months,
                 late_days)
), week_plan AS (
    SELECT * FROM unnest(CAST(:backs AS integer[]), CAST(:heres AS integer[]),
                         CAST(:followings AS integer[]), CAST(:opens AS integer[]),
                         CAST(:eves AS integer[]), CAST(:aheads AS integer[]),
                         CAST(:next_eves AS integer[]), CAST(:firsts AS integer[]),
                         CAST(:lasts AS integer[]))
        AS week_plan (back, here, following, open, eve, ahead, next_eve, first, last)
), near AS (
    SELECT * FROM unnest(CAST(:near_births AS date[]), CAST(:near_items AS text[]),
                         CAST(:near_days AS date[])) AS near (birth, item_id, due_date)
), touched AS (
    SELECT child.id AS child_id, child.birth_date AS birth
      FROM unnest(CAST(:touched_births AS date[])) AS born (birth)
      JOIN children AS child ON child.birth_date = born.birth
     WHERE EXISTS (SELECT FROM item_dates WHERE item_dates.child_id = child.id)
    UNION
    SELECT child.id, child.birth_date
      FROM item_dates
      JOIN children AS child ON child.id = item_dates.child_id
     WHERE item_dates.due_on = ANY(CAST(:natural_days AS date[]))
       AND child.birth_date <= CAST(:day AS date)
), own AS (
    SELECT touched.child_id, touched.birth, near.item_id, near.due_date, false AS moved
      FROM touched
      JOIN near ON near.birth = touched.birth
     WHERE NOT EXISTS (SELECT FROM item_dates WHERE item_dates.child_id = touched.child_id
                          AND item_dates.item_id = near.item_id)
    UNION ALL
    SELECT touched.child_id, touched.birth, item_dates.item_id, item_dates.due_on, true
      FROM touched
      JOIN item_dates ON item_dates.child_id = touched.child_id
     WHERE item_dates.due_on BETWEEN CAST(:first_day AS date) AND CAST(:last_day AS date)
), placed AS (
    SELECT own.*, rule.card, (due_date - birth) % 7 AS place,
           (due_date - birth) / 7 - (CAST(:day AS date) - birth) / 7 AS week,
           (CAST(:day AS date) - birth) % 7 AS today_place,
           (birth + make_interval(months => close_months))::date + close_days AS closes,
           (birth + make_interval(months => late_months))::date + late_days AS late
      FROM own
      JOIN rule ON rule.item_id = own.item_id
     WHERE due_date >= birth
), around AS (
    SELECT child_id,
           coalesce(min(place) FILTER (WHERE NOT card AND week = -2), -1) AS back,
           coalesce(min(place) FILTER (WHERE NOT card AND week = 0), -1) AS here,
           coalesce(min(place) FILTER (WHERE NOT card AND week = 1), -1) AS following,
           max(place) FILTER (WHERE card AND week = 0) AS last_card
      FROM placed
     GROUP BY child_id
), said AS (
    SELECT placed.child_id, placed.item_id, placed.due_date, placed.moved, placed.closes,
           placed.late,
           CASE WHEN card AND week = 0 THEN
                CASE WHEN today_place = CASE WHEN first IS NULL THEN last_card
                                             WHEN place <= first THEN first ELSE last END
                     THEN 'card' END
                WHEN card THEN NULL
                WHEN week = -2 AND today_place = open THEN 'open'
                WHEN week = 0 AND today_place = eve THEN 'eve'
                WHEN week = 1 AND today_place = ahead THEN 'ahead'
                WHEN week = 1 AND today_place = next_eve THEN 'eve'
           END AS say
      FROM placed
      JOIN around USING (child_id)
      JOIN week_plan USING (back, here, following)
), item AS (
    SELECT child.id AS child_id, told.item_id, told.due_date, told.say
      FROM unnest(CAST(:births AS date[]), CAST(:items AS text[]), CAST(:due_days AS date[]),
                  CAST(:says AS text[])) AS told (birth, item_id, due_date, say)
      JOIN children AS child ON child.birth_date = told.birth
     WHERE NOT EXISTS (SELECT FROM item_dates WHERE item_dates.child_id = child.id)
    UNION ALL
    SELECT child_id, item_id, due_date, say
      FROM said
     WHERE say IS NOT NULL
       AND CAST(:today AS date) < closes
       AND (say = 'open' OR moved OR CAST(:today AS date) < late)
), open_item AS (
    SELECT item.*, rule.title, rule.place, rule.mother
      FROM item
      JOIN rule ON rule.item_id = item.item_id
      LEFT JOIN handbook_entries AS entry
             ON entry.child_id = item.child_id AND entry.item_id = item.item_id
     WHERE entry.child_id IS NULL
       AND NOT EXISTS (SELECT FROM children AS second
                         JOIN handbook_entries AS known ON known.child_id = second.id
                        WHERE second.duplicate_of_id = item.child_id
                          AND second.duplicate_state = 'same' AND known.item_id = item.item_id)
       AND (NOT rule.mother OR NOT EXISTS (
            SELECT FROM guardians AS mine
              JOIN guardians AS theirs ON theirs.parent_id = mine.parent_id
              JOIN children AS twin ON twin.id = theirs.child_id
              JOIN children AS child ON child.id = mine.child_id
             WHERE mine.child_id = item.child_id AND twin.id < item.child_id
               AND twin.birth_date BETWEEN child.birth_date - 1 AND child.birth_date + 1
               AND twin.deleted_at IS NULL AND twin.departure IS NULL
               AND twin.duplicate_state IS DISTINCT FROM 'same'
               AND (mine.relation = 'mother' AND theirs.relation = 'mother' OR NOT EXISTS (
                    SELECT FROM guardians AS mother
                     WHERE mother.child_id IN (mine.child_id, theirs.child_id)
                       AND mother.relation = 'mother'))))
), child_told AS (
    SELECT child_id,
           jsonb_agg(jsonb_build_object('item_id', item_id, 'item_title', title,
                                        'due_date', due_date, 'say', say)
                     ORDER BY due_date, place) AS items,
           bool_or(mother) AS of_mother,
           jsonb_agg(jsonb_build_object('item_id', item_id, 'item_title', title,
                                        'due_date', due_date, 'say', say)
                     ORDER BY due_date, place) FILTER (WHERE NOT mother) AS own_items
      FROM open_item
     GROUP BY child_id
), guardian_child AS (
    SELECT guardian.parent_id, guardian.child_id, guardian.since,
           CASE WHEN NOT of_mother OR guardian.relation = 'mother' OR NOT EXISTS (
                     SELECT FROM guardians AS mother
                      WHERE mother.child_id = guardian.child_id AND mother.relation = 'mother')
                THEN items ELSE own_items END AS items
      FROM child_told
      JOIN guardians AS guardian ON guardian.child_id = child_told.child_id
), guardian_told AS (
    SELECT guardian.parent_id,
           CASE WHEN count(*) = 1 THEN min(child.id) END AS child_id,
           jsonb_agg(jsonb_build_object('child_id', child.id, 'items', guardian.items)
                     ORDER BY child.id) AS children
      FROM guardian_child AS guardian
      JOIN children AS child ON child.id = guardian.child_id
      JOIN parents AS parent ON parent.id = guardian.parent_id
     WHERE guardian.items IS NOT NULL
       AND child.deleted_at IS NULL
       AND child.departure IS NULL
       AND child.duplicate_state IS DISTINCT FROM 'same'
       AND child.created_at < :day_ends
       AND guardian.since < :day_ends
       AND parent.deleted_at IS NULL
       AND parent.agreed
     GROUP BY guardian.parent_id
)
INSERT INTO messages (key, parent_id, child_id, template, data, due_at, created_at)
SELECT 'handbook:' || parent_id || ':' || CAST(:day AS date), parent_id, child_id, :template,
       jsonb_build_object('children', children), :due_at, :now
  FROM guardian_told
ON CONFLICT (key) DO UPDATE
   SET child_id = EXCLUDED.child_id, data = EXCLUDED.data
 WHERE messages.state = 'waiting' AND messages.data IS DISTINCT FROM EXCLUDED.data
RETURNING id, child_id, (xmax = 0) AS added
""")

# KEY SHARE, as a row that refers to a child takes it: waits for whoever records something.
LOCK_CHILDREN = text("""
SELECT child.id FROM children AS child
 WHERE child.id IN (
       SELECT CAST(told ->> 'child_id' AS bigint)
         FROM messages CROSS JOIN LATERAL jsonb_array_elements(data -> 'children') AS told
        WHERE messages.id = ANY(CAST(:ids AS bigint[])))
 ORDER BY child.id FOR KEY SHARE
""")

# What PLAN could not see yet, a record or an event: of a whole city's messages these few.
RECORDED_MEANWHILE = text("""
SELECT DISTINCT messages.id
  FROM messages
 CROSS JOIN LATERAL jsonb_array_elements(data -> 'children') AS told
 CROSS JOIN LATERAL jsonb_array_elements(told -> 'items') AS item
 WHERE messages.id = ANY(CAST(:ids AS bigint[]))
   AND (EXISTS (SELECT FROM children AS child
                 WHERE child.id = CAST(told ->> 'child_id' AS bigint)
                   AND child.departure IS NOT NULL)
        OR EXISTS (SELECT FROM handbook_entries AS entry
                    WHERE entry.child_id = CAST(told ->> 'child_id' AS bigint)
                      AND entry.item_id = item ->> 'item_id')
        OR EXISTS (SELECT FROM item_dates AS own
                    WHERE own.child_id = CAST(told ->> 'child_id' AS bigint)
                      AND own.item_id = item ->> 'item_id'
                      AND own.due_on IS DISTINCT FROM CAST(item ->> 'due_date' AS date)))
""")

# Of days that are made good together the last one tells an item: told twice at once, it would
# be a mistake to read.
TOLD_AGAIN = text("""
WITH planned AS (
    SELECT id, parent_id, due_at, data FROM messages
     WHERE template = :template AND state = 'waiting'
       AND due_at = ANY(CAST(:due_ats AS timestamptz[]))
), item AS (
    SELECT planned.id, told.place AS child_place, told.value -> 'child_id' AS child_id,
           item.place, item.value,
           EXISTS (SELECT FROM planned AS later
                    WHERE later.parent_id = planned.parent_id AND later.due_at > planned.due_at
                      AND later.data @> jsonb_build_object('children', jsonb_build_array(
                          jsonb_build_object('child_id', told.value -> 'child_id', 'items',
                              jsonb_build_array(jsonb_build_object(
                                  'item_id', item.value -> 'item_id')))))) AS again
      FROM planned
     CROSS JOIN LATERAL jsonb_array_elements(data -> 'children') WITH ORDINALITY
             AS told (value, place)
     CROSS JOIN LATERAL jsonb_array_elements(told.value -> 'items') WITH ORDINALITY
             AS item (value, place)
), left_child AS (
    SELECT id, child_id, child_place, jsonb_agg(value ORDER BY place) AS items
      FROM item WHERE NOT again
     GROUP BY id, child_id, child_place
), left_message AS (
    SELECT id, CASE WHEN count(*) = 1 THEN CAST(min(child_id #>> '{}') AS bigint) END AS child_id,
           jsonb_agg(jsonb_build_object('child_id', child_id, 'items', items)
                     ORDER BY child_place) AS children
      FROM left_child
     GROUP BY id
), gone AS (
    DELETE FROM messages
     WHERE id IN (SELECT id FROM planned EXCEPT SELECT id FROM left_message)
    RETURNING id
), changed AS (
    UPDATE messages
       SET data = jsonb_build_object('children', left_message.children),
           child_id = left_message.child_id
      FROM left_message
     WHERE messages.id = left_message.id
       AND messages.id IN (SELECT id FROM item WHERE again)
    RETURNING messages.id
)
SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM changed) AS changed
""")
