"""A token is renewed: its row is the whole chain, and counts its successors."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A process of the version before goes on writing rows without these: such a token was never renewed.
    op.add_column("tokens", sa.Column("generation", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("tokens", sa.Column("renewed_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tokens", schema=None) as batch_op:
        batch_op.drop_column("renewed_at")
        batch_op.drop_column("generation")
