"""What a push expects and what it may use: for its time left and its share of the limit."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ('estimate', 'restore_rate', 'bucket'):
        op.add_column('push_progress', sa.Column(name, sa.Float(), nullable=False, server_default='0'))
    op.add_column('push_progress', sa.Column('stopped', sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('push_progress') as table:
        for name in ('stopped', 'bucket', 'restore_rate', 'estimate'):
            table.drop_column(name)
