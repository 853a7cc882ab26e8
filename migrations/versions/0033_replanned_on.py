"""Remember the day on which a record last moved a child's plan.

The planner looks at what was told in a child's week only where the plan moved in that week: so
few that one question finds them. The column is added without a value, which rewrites nothing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("children", sa.Column("replanned_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("children", "replanned_on")
