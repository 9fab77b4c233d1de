"""A subtask may wait for any of its user's devices that has some labels."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A process of the version before goes on writing rows without these: they go to one device, or to the cloud.
    op.add_column("subtasks", sa.Column("labels", sa.LargeBinary(), nullable=True))
    op.add_column("subtasks", sa.Column("folder", sa.Text(), nullable=True))
    waits = sa.text("labels IS NOT NULL AND device IS NULL")
    op.create_index(
        "subtasks_for_any",
        "subtasks",
        ["user_id", "state", "position"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.create_table(
        "wanted_labels",
        sa.Column("subtask_id", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["subtask_id"], ["subtasks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("subtask_id", "label"),
    )


def downgrade() -> None:
    op.drop_table("wanted_labels")
    op.drop_index("subtasks_for_any", "subtasks")
    with op.batch_alter_table("subtasks", schema=None) as batch_op:
        batch_op.drop_column("folder")
        batch_op.drop_column("labels")
