"""The diary: a note or a photo per day; the home checks; photos whose file has to go.

New tables; the consents' purposes get one more value, which checks the rows of `consents`.
The trigger lists the key of every photo whose row goes, however it goes: edited, deleted,
with its child.
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

PURPOSES = "purpose IN ('privacy', 'children', 'priority', 'address', 'pregnancy', 'diary')"
PURPOSES_BEFORE = "purpose IN ('privacy', 'children', 'priority', 'address', 'pregnancy')"

LIST_PHOTO = """
    CREATE FUNCTION diary_photo_dropped() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO dropped_photos (photo_key) VALUES (OLD.photo_key) ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$
"""


def upgrade() -> None:
    _purposes(PURPOSES)
    op.create_table(
        "diary_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note_sealed", sa.Text(), nullable=True),
        sa.Column("photo_key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(note_sealed, photo_key) >= 1",
            name=op.f("ck_diary_entries_says_something"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_diary_entries_version_from_one")),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_diary_entries_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["parents.id"],
            name=op.f("fk_diary_entries_recorded_by_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diary_entries")),
        sa.UniqueConstraint("child_id", "day", name=op.f("uq_diary_entries_child_id_day")),
        sa.UniqueConstraint("photo_key", name=op.f("uq_diary_entries_photo_key")),
    )
    op.create_index(op.f("ix_diary_entries_removed_at"), "diary_entries", ["removed_at"])
    op.create_table(
        "dropped_photos",
        sa.Column("photo_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("photo_key", name=op.f("pk_dropped_photos")),
    )
    op.execute(LIST_PHOTO)
    op.execute(
        "CREATE TRIGGER diary_entries_photo_gone AFTER DELETE ON diary_entries"
        " FOR EACH ROW WHEN (OLD.photo_key IS NOT NULL) EXECUTE FUNCTION diary_photo_dropped()"
    )
    op.execute(
        "CREATE TRIGGER diary_entries_photo_replaced AFTER UPDATE OF photo_key ON diary_entries"
        " FOR EACH ROW WHEN (OLD.photo_key IS DISTINCT FROM NEW.photo_key"
        " AND OLD.photo_key IS NOT NULL) EXECUTE FUNCTION diary_photo_dropped()"
    )
    op.create_table(
        "home_checks",
        sa.Column("child_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("answers_sealed", sa.Text(), nullable=False),
        sa.Column("list_version", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["children.id"],
            name=op.f("fk_home_checks_child_id_children"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["parents.id"],
            name=op.f("fk_home_checks_recorded_by_parents"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("child_id", "day", name=op.f("pk_home_checks")),
    )


def downgrade() -> None:
    op.drop_table("home_checks")
    op.drop_table("diary_entries")
    op.drop_table("dropped_photos")
    op.execute("DROP FUNCTION diary_photo_dropped()")
    op.execute("DELETE FROM consents WHERE purpose = 'diary'")
    _purposes(PURPOSES_BEFORE)


def _purposes(rule: str) -> None:
    op.execute(
        "-- squawk-ignore ban-drop-constraint\n"
        "ALTER TABLE consents DROP CONSTRAINT ck_consents_purpose_known"
    )
    op.execute(
        "-- squawk-ignore constraint-missing-not-valid\n"
        f"ALTER TABLE consents ADD CONSTRAINT ck_consents_purpose_known CHECK ({rule})"
    )
