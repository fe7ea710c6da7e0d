"""Whether a shop is served by Shopify, is left alone after faults, or is paused"""

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('shop_health',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('phase', sa.String(length=16), nullable=False),
    sa.Column('paused', sa.Boolean(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('since', UtcDateTime(), nullable=True),
    sa.Column('rest_seconds', sa.Float(), nullable=False),
    sa.Column('probe_at', UtcDateTime(), nullable=True),
    sa.Column('prober', sa.String(length=36), nullable=True),
    sa.Column('resumed_by', sa.Text(), nullable=True),
    sa.Column('resumed_for', sa.Text(), nullable=True),
    sa.Column('resumed_at', UtcDateTime(), nullable=True),
    sa.Column('changed_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', name=op.f('pk_shop_health'))
    )


def downgrade() -> None:
    op.drop_table('shop_health')
