"""Monthly statements of a contract: lines with their evidence, and a lock after acceptance.

A session is paid once, whatever the month: a partial unique index. After acceptance the database
refuses every change but the payment; what was wrong comes as a correction in a later month. New
tables only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

STATES = ("draft", "submitted", "returned", "accepted", "paid")


def upgrade() -> None:
    op.create_table(
        "statements",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contract_id", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", _states("statementstate_known"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "EXTRACT(DAY FROM month) = 1", name=op.f("ck_statements_month_by_first_day")
        ),
        sa.ForeignKeyConstraint(
            ["contract_id"],
            ["contracts.id"],
            name=op.f("fk_statements_contract_id_contracts"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("contract_id", "month", name=op.f("uq_statements_contract_id_month")),
    )
    op.create_table(
        "statement_lines",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "session",
                "deduction",
                "correction",
                name="linekind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("amount_fen", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind <> 'session'"
            " OR (amount_fen >= 0 AND booking_id IS NOT NULL AND reason = ''))"
            " AND (kind <> 'deduction'"
            " OR (amount_fen = 0 AND booking_id IS NOT NULL AND reason <> ''))"
            " AND (kind <> 'correction' OR (amount_fen <> 0 AND note <> ''))",
            name=op.f("ck_statement_lines_fits_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["statements.id"],
            name=op.f("fk_statement_lines_statement_id_statements"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"],
            ["bookings.id"],
            name=op.f("fk_statement_lines_booking_id_bookings"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_lines")),
    )
    op.create_index(op.f("ix_statement_lines_statement_id"), "statement_lines", ["statement_id"])
    op.create_index(
        "uq_statement_lines_paid_once",
        "statement_lines",
        ["booking_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'session'"),
    )
    op.create_table(
        "statement_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("statement_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("before", _states("before_known"), nullable=True),
        sa.Column("after", _states("after_known"), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["statements.id"],
            name=op.f("fk_statement_log_statement_id_statements"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_log")),
    )
    op.create_index(op.f("ix_statement_log_statement_id"), "statement_log", ["statement_id"])
    op.execute(
        "CREATE TRIGGER statement_log_append_only BEFORE UPDATE OR DELETE ON statement_log"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    _lock_accepted()


def _states(name: str) -> sa.Enum:
    return sa.Enum(*STATES, name=name, native_enum=False, create_constraint=True, length=40)


def _lock_accepted() -> None:
    op.execute("""
        CREATE FUNCTION keep_accepted_statement() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF OLD.state = 'paid'
               OR (OLD.state = 'accepted'
                   AND (TG_OP = 'DELETE' OR NEW.state <> 'paid'
                        OR (NEW.contract_id, NEW.month, NEW.created_at)
                           IS DISTINCT FROM (OLD.contract_id, OLD.month, OLD.created_at))) THEN
                RAISE EXCEPTION 'statement % is accepted', OLD.id
                    USING ERRCODE = 'integrity_constraint_violation',
                          CONSTRAINT = 'lock_statements_accepted';
            END IF;
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER statements_lock BEFORE UPDATE OR DELETE ON statements"
        " FOR EACH ROW EXECUTE FUNCTION keep_accepted_statement()"
    )
    op.execute("""
        CREATE FUNCTION keep_accepted_lines() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            touched bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.statement_id
                                   ELSE NEW.statement_id END;
        BEGIN
            IF EXISTS (SELECT FROM statements
                       WHERE id IN (touched, CASE WHEN TG_OP = 'INSERT' THEN touched
                                                  ELSE OLD.statement_id END)
                         AND state IN ('accepted', 'paid') FOR SHARE) THEN
                RAISE EXCEPTION 'statement % is accepted', touched
                    USING ERRCODE = 'integrity_constraint_violation',
                          CONSTRAINT = 'lock_statements_accepted';
            END IF;
            RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
        END $$
    """)
    op.execute(
        "CREATE TRIGGER statement_lines_lock BEFORE INSERT OR UPDATE OR DELETE ON statement_lines"
        " FOR EACH ROW EXECUTE FUNCTION keep_accepted_lines()"
    )


def downgrade() -> None:
    op.drop_table("statement_log")
    op.drop_table("statement_lines")
    op.drop_table("statements")
    op.execute("DROP FUNCTION keep_accepted_lines()")
    op.execute("DROP FUNCTION keep_accepted_statement()")
