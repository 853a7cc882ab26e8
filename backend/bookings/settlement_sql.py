"""The verdicts of `settlement` by SQL, for any number of statements at once.

One pass over the sessions around the months, whatever the number of statements: what the same
child attended elsewhere in the city counts too. `settlement.settle` says the same in Python.
"""

from sqlalchemy import text

# A child is the registration that remains after merging. A session of another contract of the
# same institution and town is that contract's affair.
VERDICTS = """
WITH terms AS MATERIALIZED (
    SELECT statement.id AS statement_id, statement.month, contract.id AS contract_id,
           contract.institution_id, contract.town_code, contract.valid_from, contract.valid_until,
           contract.unit, contract.price_fen,
           CASE WHEN contract.ceiling_fen IS NOT NULL  -- GREATEST would take nothing for zero
                THEN GREATEST(0, contract.ceiling_fen - spent.fen) / contract.price_fen
           END AS reach
      FROM statements AS statement
      JOIN contracts AS contract ON contract.id = statement.contract_id
     CROSS JOIN LATERAL (
           SELECT COALESCE(sum(line.amount_fen), 0) AS fen
             FROM statements AS other
             JOIN statement_lines AS line ON line.statement_id = other.id
            WHERE other.contract_id = contract.id
              AND CASE WHEN other.id = statement.id THEN line.kind = 'correction'
                       ELSE other.month < statement.month
                         OR (statement.state IN ('draft', 'returned')
                             AND other.state IN ('accepted', 'paid')) END) AS spent
     WHERE statement.id = ANY(CAST(:statements AS bigint[]))
), held AS MATERIALIZED (
    SELECT slot.id AS slot_id, slot.starts_at, slot.ends_at,
           (slot.starts_at AT TIME ZONE :city)::date AS day,
           centre.institution_id, centre.town_code,
           EXISTS (SELECT FROM closures AS closure
                    WHERE (closure.centre_id = slot.centre_id OR closure.room_id = slot.room_id)
                      AND closure.starts_at < slot.ends_at
                      AND closure.ends_at > slot.starts_at) AS closed,
           slot.teacher_id IS NULL OR EXISTS (
               SELECT FROM teacher_certificates AS certificate
                WHERE certificate.teacher_id = slot.teacher_id
                  AND (slot.starts_at AT TIME ZONE :city)::date
                      BETWEEN certificate.valid_from AND certificate.valid_until) AS certified,
           (SELECT policy.eligible_under_months FROM booking_policies AS policy
             WHERE policy.effective_from <= slot.starts_at
             ORDER BY policy.effective_from DESC LIMIT 1) AS under_months
      FROM slots AS slot
      JOIN centres AS centre ON centre.id = slot.centre_id
     WHERE slot.starts_at >= :first AND slot.starts_at < :last
), near AS MATERIALIZED (
    SELECT booking.id, booking.quota_number, child.birth_date, held.*,
           CASE WHEN child.duplicate_state = 'same' THEN child.duplicate_of_id
                ELSE child.id END AS child,
           check_in.confirmed_at IS NOT NULL OR paper.booking_id IS NOT NULL AS confirmed,
           paid.statement_id AS paid_in,
           COALESCE(payer.state IN ('submitted', 'accepted', 'paid'), false) AS frozen
      FROM held
      JOIN bookings AS booking ON booking.slot_id = held.slot_id AND booking.state = 'attended'
      JOIN children AS child ON child.id = booking.child_id
      LEFT JOIN check_ins AS check_in ON check_in.booking_id = booking.id
      LEFT JOIN paper_confirmations AS paper ON paper.booking_id = booking.id
      LEFT JOIN statement_lines AS paid
             ON paid.booking_id = booking.id AND paid.kind = 'session'
      LEFT JOIN statements AS payer ON payer.id = paid.statement_id
), twice AS MATERIALIZED (
    SELECT DISTINCT one.id
      FROM near AS one
      JOIN near AS other
        ON other.child = one.child AND other.id <> one.id
       AND other.starts_at < one.ends_at AND other.ends_at > one.starts_at
       AND (NOT other.frozen, NOT other.confirmed, other.starts_at, other.id)
         < (NOT one.frozen, NOT one.confirmed, one.starts_at, one.id)
), judged AS (
    SELECT terms.statement_id, terms.price_fen, terms.reach, near.id, near.starts_at,
           CASE WHEN terms.unit = 'family' THEN near.child ELSE near.id END AS payee,
           CASE WHEN near.day NOT BETWEEN terms.valid_from AND terms.valid_until
                     THEN 'outside_contract'
                WHEN near.paid_in <> terms.statement_id THEN 'already_settled'
                WHEN near.closed THEN 'closed_centre'
                WHEN NOT near.certified THEN 'teacher_not_certified'
                WHEN twice.id IS NOT NULL THEN 'duplicate'
                WHEN near.day < near.birth_date THEN 'not_born'
                WHEN near.day >= near.birth_date + make_interval(months => near.under_months)
                     THEN 'over_age'
                WHEN near.quota_number IS NULL THEN 'over_quota'
                WHEN NOT near.confirmed THEN 'no_guardian_confirmation' END AS reason
      FROM near
      JOIN terms ON terms.institution_id = near.institution_id
                AND terms.town_code = near.town_code
                AND near.day >= terms.month AND near.day < terms.month + INTERVAL '1 month'
      LEFT JOIN twice ON twice.id = near.id
     WHERE near.day BETWEEN terms.valid_from AND terms.valid_until
        OR NOT EXISTS (SELECT FROM contracts AS other
                        WHERE other.institution_id = terms.institution_id
                          AND other.town_code = terms.town_code AND other.id <> terms.contract_id
                          AND near.day BETWEEN other.valid_from AND other.valid_until)
), payable AS (
    SELECT judged.*, row_number() OVER (PARTITION BY statement_id, payee
                                        ORDER BY starts_at, id) = 1 AS is_first
      FROM judged WHERE reason IS NULL
), running AS (
    SELECT payable.*, sum(is_first::integer) OVER (PARTITION BY statement_id
                                                   ORDER BY starts_at, id) AS units
      FROM payable
), numbered AS (
    SELECT running.*, min(units) OVER (PARTITION BY statement_id, payee) AS number FROM running
), verdict AS MATERIALIZED (
    SELECT statement_id, id AS booking_id, 'session' AS kind, '' AS reason,
           CASE WHEN is_first THEN price_fen ELSE 0 END AS amount_fen
      FROM numbered WHERE reach IS NULL OR number <= reach
    UNION ALL
    SELECT statement_id, id, 'deduction', 'above_ceiling', 0 FROM numbered WHERE number > reach
    UNION ALL
    SELECT statement_id, id, 'deduction', reason, 0 FROM judged WHERE reason IS NOT NULL
)
"""

# Only what differs is written: a line keeps its number and its time while its figure stands.
APPLY = text(f"""{VERDICTS}, changed AS (
    UPDATE statement_lines AS line
       SET kind = verdict.kind, reason = verdict.reason, amount_fen = verdict.amount_fen,
           created_at = :now, created_by = :actor
      FROM verdict
     WHERE line.statement_id = verdict.statement_id AND line.booking_id = verdict.booking_id
       AND line.kind <> 'correction'
       AND (line.kind, line.reason, line.amount_fen)
           IS DISTINCT FROM (verdict.kind, verdict.reason, verdict.amount_fen)
    RETURNING line.statement_id
), gone AS (
    DELETE FROM statement_lines AS line
     WHERE line.statement_id = ANY(CAST(:statements AS bigint[])) AND line.kind <> 'correction'
       AND NOT EXISTS (SELECT FROM verdict
                        WHERE verdict.statement_id = line.statement_id
                          AND verdict.booking_id = line.booking_id)
    RETURNING line.statement_id
), come AS (
    INSERT INTO statement_lines
           (statement_id, kind, booking_id, amount_fen, reason, note, created_at, created_by)
    SELECT statement_id, kind, booking_id, amount_fen, reason, '', :now, :actor
      FROM verdict
     WHERE NOT EXISTS (SELECT FROM statement_lines AS line
                        WHERE line.statement_id = verdict.statement_id
                          AND line.booking_id = verdict.booking_id AND line.kind <> 'correction')
    RETURNING statement_id
), written AS (
    SELECT statement_id, 1 AS come, 0 AS changed, 0 AS gone FROM come
    UNION ALL SELECT statement_id, 0, 1, 0 FROM changed
    UNION ALL SELECT statement_id, 0, 0, 1 FROM gone
)
SELECT statement_id, sum(come) AS come, sum(changed) AS changed, sum(gone) AS gone
  FROM written GROUP BY statement_id
""")  # noqa: S608  # our own text

# `paid`: what stands in the statement and in corrections since; nothing when it is not there.
DIFFERENCES = text(f"""{VERDICTS}, stands AS (
    SELECT line.statement_id, line.booking_id, line.amount_fen, line.kind, line.reason
      FROM statement_lines AS line
     WHERE line.statement_id = ANY(CAST(:statements AS bigint[])) AND line.kind <> 'correction'
)
SELECT statement_id, booking_id, stands.kind AS kind_before, stands.reason AS reason_before,
       verdict.kind AS kind_now, verdict.reason AS reason_now,
       COALESCE(stands.amount_fen, 0) AS paid_fen, COALESCE(verdict.amount_fen, 0) AS due_fen,
       COALESCE((SELECT sum(line.amount_fen) FROM statement_lines AS line
                  WHERE line.booking_id = booking_id_of.id AND line.kind = 'correction'), 0)
           AS corrected_fen
  FROM verdict FULL JOIN stands USING (statement_id, booking_id)
 CROSS JOIN LATERAL (SELECT booking_id AS id) AS booking_id_of
 WHERE (stands.kind, stands.reason, stands.amount_fen)
       IS DISTINCT FROM (verdict.kind, verdict.reason, verdict.amount_fen)
 ORDER BY booking_id
 LIMIT :most
""")  # noqa: S608  # our own text
