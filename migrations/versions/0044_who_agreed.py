"""Who has agreed to what every family does, as one column of the parent.

Whoever tells many families asks it of each, and it was two lookups in the largest table of the
city. The database keeps the column itself, in the transaction of the consent; the consents stay
what is proved by. Writes a row for each parent who agreed: a second for a city.
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

REFRESH = """
    CREATE FUNCTION refresh_agreed(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM FROM parents WHERE id = ANY(ids) ORDER BY id FOR NO KEY UPDATE;
        WITH fresh AS (
            SELECT id, coalesce(agreed, false) AS agreed
              FROM unnest(ids) AS id
              LEFT JOIN (SELECT parent_id AS id, count(DISTINCT purpose) = 2 AS agreed
                           FROM consents
                          WHERE parent_id = ANY(ids) AND withdrawn_at IS NULL
                            AND purpose IN ('privacy', 'children')
                          GROUP BY parent_id) AS standing USING (id)
        )
        UPDATE parents AS parent SET agreed = fresh.agreed
          FROM fresh WHERE parent.id = fresh.id AND parent.agreed <> fresh.agreed;
    END $$
"""
FOLLOW = """
    CREATE FUNCTION agreed_follows() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        touched bigint[];
    BEGIN
        SELECT array_agg(DISTINCT parent_id) INTO touched FROM changed
         WHERE purpose IN ('privacy', 'children');
        IF touched IS NOT NULL THEN
            PERFORM refresh_agreed(touched);
        END IF;
        RETURN NULL;
    END $$
"""
FILL = """
    DO $$ BEGIN
        PERFORM refresh_agreed(coalesce(array_agg(DISTINCT parent_id), '{}')) FROM consents;
    END $$
"""


def upgrade() -> None:
    op.add_column(
        "parents", sa.Column("agreed", sa.Boolean(), server_default="false", nullable=False)
    )
    for function in (REFRESH, FOLLOW, FILL):
        op.execute(function)
    for what, changed in (
        ("INSERT", "NEW"),
        ("DELETE", "OLD"),
        ("UPDATE", "NEW"),
        ("UPDATE", "OLD"),
    ):
        op.execute(
            f"CREATE TRIGGER consents_agreed_{what.lower()}_{changed.lower()}"
            f" AFTER {what} ON consents REFERENCING {changed} TABLE AS changed"
            " FOR EACH STATEMENT EXECUTE FUNCTION agreed_follows()"
        )


def downgrade() -> None:
    for when in ("insert_new", "delete_old", "update_new", "update_old"):
        op.execute(f"DROP TRIGGER consents_agreed_{when} ON consents")
    op.execute("DROP FUNCTION agreed_follows()")
    op.execute("DROP FUNCTION refresh_agreed(bigint[])")
    op.drop_column("parents", "agreed")
