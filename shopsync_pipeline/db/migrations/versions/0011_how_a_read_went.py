"""Which way a read of the whole store went"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('snapshot', sa.Column('way', sa.String(length=8), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('snapshot') as batch:
        batch.drop_column('way')
