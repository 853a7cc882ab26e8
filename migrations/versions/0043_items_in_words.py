"""What is recorded and what has a day of its own, as bits of four words at each child.

Counting an audience asks a million children which of some forty items are open. With the words it
reads the children once, however full their books are. The database keeps the words itself, in the
transaction of the record, which holds the child locked. Fills them for all children who have
records: some seconds for a city, with the children locked meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

WORDS = ("recorded_doses", "recorded_checkups", "moved_doses", "moved_checkups")
DAYS = ("dose_days", "checkup_days")  # by bit; `infinity` where the item has no day of its own
KINDS = "kind IN ('vaccine', 'checkup')"

# Bits are never taken back. An item that comes when all 63 of its kind are gone has none.
NAME_BITS = """
    CREATE FUNCTION name_item_bits(ids text[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM unnest(ids) AS id
                        WHERE split_part(id, ':', 1) IN ('vaccine', 'checkup')
                          AND NOT EXISTS (SELECT FROM item_bits WHERE item_id = id)) THEN
            RETURN;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('item_bits'));
        INSERT INTO item_bits (item_id, kind, bit)
        SELECT id, kind, bit
          FROM (SELECT id, kind, row_number() OVER (PARTITION BY kind ORDER BY id) - 1
                       + (SELECT count(*) FROM item_bits AS given
                           WHERE given.kind = unnamed.kind) AS bit
                  FROM (SELECT DISTINCT id, split_part(id, ':', 1) AS kind
                          FROM unnest(ids) AS id) AS unnamed
                 WHERE kind IN ('vaccine', 'checkup')
                   AND NOT EXISTS (SELECT FROM item_bits WHERE item_id = id)) AS named
         WHERE bit <= 62;
    END $$
"""
# Read anew from the rows, not added to: whatever happened to them, the words are right again.
# What was recorded for a second registration of a child counts for the first one.
REFRESH = """
    CREATE FUNCTION refresh_item_words(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM children WHERE id = ANY(ids) ORDER BY id FOR NO KEY UPDATE;
        WITH recorded AS (
            SELECT id, bit_or(1::bigint << bit) FILTER (WHERE kind = 'vaccine') AS doses,
                   bit_or(1::bigint << bit) FILTER (WHERE kind = 'checkup') AS checkups
              FROM (SELECT child_id AS id, item_id FROM handbook_entries
                     WHERE child_id = ANY(ids)
                    UNION ALL
                    SELECT second.duplicate_of_id, item_id
                      FROM children AS second
                      JOIN handbook_entries AS entry ON entry.child_id = second.id
                     WHERE second.duplicate_of_id = ANY(ids)
                       AND second.duplicate_state = 'same') AS entry
              JOIN item_bits USING (item_id)
             GROUP BY id
        ), moved AS (
            SELECT own.child_id AS id, item.kind, max(item.bit) AS top,
                   bit_or(1::bigint << item.bit) AS word
              FROM item_dates AS own JOIN item_bits AS item USING (item_id)
             WHERE own.child_id = ANY(ids) GROUP BY own.child_id, item.kind
        ), days AS (
            SELECT moved.id, moved.kind,
                   array_agg(coalesce(own.due_on, 'infinity') ORDER BY place) AS days
              FROM moved
             CROSS JOIN generate_series(0, moved.top) AS place
              LEFT JOIN item_bits AS item ON item.kind = moved.kind AND item.bit = place
              LEFT JOIN item_dates AS own
                ON own.child_id = moved.id AND own.item_id = item.item_id
             GROUP BY moved.id, moved.kind
        ), fresh AS (
            SELECT id, coalesce(recorded.doses, 0) AS recorded_doses,
                   coalesce(recorded.checkups, 0) AS recorded_checkups,
                   coalesce(dose.word, 0) AS moved_doses, dose_days.days AS dose_days,
                   coalesce(checkup.word, 0) AS moved_checkups, checkup_days.days AS checkup_days
              FROM unnest(ids) AS id
              LEFT JOIN recorded USING (id)
              LEFT JOIN (SELECT * FROM moved WHERE kind = 'vaccine') AS dose USING (id)
              LEFT JOIN (SELECT * FROM days WHERE kind = 'vaccine') AS dose_days USING (id)
              LEFT JOIN (SELECT * FROM moved WHERE kind = 'checkup') AS checkup USING (id)
              LEFT JOIN (SELECT * FROM days WHERE kind = 'checkup') AS checkup_days USING (id)
        )
        UPDATE children AS child
           SET recorded_doses = fresh.recorded_doses,
               recorded_checkups = fresh.recorded_checkups,
               moved_doses = fresh.moved_doses, dose_days = fresh.dose_days,
               moved_checkups = fresh.moved_checkups, checkup_days = fresh.checkup_days
          FROM fresh
         WHERE child.id = fresh.id
           AND (child.recorded_doses, child.recorded_checkups, child.moved_doses,
                child.dose_days, child.moved_checkups, child.checkup_days)
               IS DISTINCT FROM (fresh.recorded_doses, fresh.recorded_checkups,
                                 fresh.moved_doses, fresh.dose_days, fresh.moved_checkups,
                                 fresh.checkup_days);
    END $$
"""
FOLLOW = """
    CREATE FUNCTION item_words_follow() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        touched bigint[]; items text[];
    BEGIN
        SELECT array_agg(DISTINCT child_id), array_agg(DISTINCT item_id)
          INTO touched, items FROM changed;
        IF touched IS NOT NULL THEN
            PERFORM name_item_bits(items);
            PERFORM refresh_item_words(touched || ARRAY(
                SELECT duplicate_of_id FROM children AS second
                 WHERE second.id = ANY(touched) AND duplicate_state = 'same'));
        END IF;
        RETURN NULL;
    END $$
"""
FOLLOW_JOINED = """
    CREATE FUNCTION item_words_follow_joined() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM refresh_item_words(array_remove(ARRAY[
            CASE WHEN TG_OP <> 'INSERT' THEN OLD.duplicate_of_id END,
            CASE WHEN TG_OP <> 'DELETE' THEN NEW.duplicate_of_id END], NULL));
        RETURN NULL;
    END $$
"""
FILL = """
    DO $$
    BEGIN
        PERFORM name_item_bits(coalesce(array_agg(DISTINCT item_id), '{}'))
           FROM (SELECT item_id FROM handbook_entries UNION SELECT item_id FROM item_dates) AS item;
        PERFORM refresh_item_words(coalesce(array_agg(DISTINCT child_id), '{}'))
           FROM (SELECT child_id FROM handbook_entries
                 UNION SELECT child_id FROM item_dates
                 UNION SELECT duplicate_of_id FROM children WHERE duplicate_state = 'same')
                AS child;
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "item_bits",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bit", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_item_bits_kind")),
        sa.CheckConstraint("bit BETWEEN 0 AND 62", name=op.f("ck_item_bits_bit")),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_item_bits")),
        sa.UniqueConstraint("kind", "bit", name=op.f("uq_item_bits_kind_bit")),
    )
    for word in WORDS:
        op.add_column(
            "children",
            sa.Column(word, sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        )
    for days in DAYS:
        op.add_column("children", sa.Column(days, sa.ARRAY(sa.Date()), nullable=True))
    for function in (NAME_BITS, REFRESH, FOLLOW, FOLLOW_JOINED, FILL):
        op.execute(function)
    for table in ("handbook_entries", "item_dates"):
        for what, changed in (
            ("INSERT", "NEW"),
            ("DELETE", "OLD"),
            ("UPDATE", "NEW"),
            ("UPDATE", "OLD"),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_words_{what.lower()}_{changed.lower()}"
                f" AFTER {what} ON {table} REFERENCING {changed} TABLE AS changed"
                " FOR EACH STATEMENT EXECUTE FUNCTION item_words_follow()"
            )
    op.execute(
        "CREATE TRIGGER children_words_joined AFTER UPDATE OF duplicate_of_id, duplicate_state"
        # Of the others nothing is joined, and who changes them has not locked the first one.
        " ON children FOR EACH ROW WHEN ((OLD.duplicate_state = 'same'"
        " OR NEW.duplicate_state = 'same') AND (OLD.duplicate_of_id, OLD.duplicate_state)"
        " IS DISTINCT FROM (NEW.duplicate_of_id, NEW.duplicate_state))"
        " EXECUTE FUNCTION item_words_follow_joined()"
    )
    for what, row in (("INSERT", "NEW"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER children_words_{what.lower()} AFTER {what} ON children"
            f" FOR EACH ROW WHEN ({row}.duplicate_state = 'same')"
            " EXECUTE FUNCTION item_words_follow_joined()"
        )


def downgrade() -> None:
    for when in ("joined", "insert", "delete"):
        op.execute(f"DROP TRIGGER children_words_{when} ON children")
    op.execute("DROP FUNCTION item_words_follow_joined()")
    for table in ("handbook_entries", "item_dates"):
        for when in ("insert_new", "delete_old", "update_new", "update_old"):
            op.execute(f"DROP TRIGGER {table}_words_{when} ON {table}")
    op.execute("DROP FUNCTION item_words_follow()")
    op.execute("DROP FUNCTION refresh_item_words(bigint[])")
    op.execute("DROP FUNCTION name_item_bits(text[])")
    for column in (*WORDS, *DAYS):
        op.drop_column("children", column)
    op.drop_table("item_bits")
