"""What a plan needs to be complete: holds, dependencies, whose approval for what; and covering indexes for the diff"""

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('plan', sa.Column('approved_hash', sa.String(length=64), nullable=True))
    op.add_column('plan', sa.Column('continued_by', sa.Text(), nullable=True))
    op.add_column('plan', sa.Column('continued_at', UtcDateTime(), nullable=True))
    op.add_column('plan', sa.Column('continue_reason', sa.Text(), nullable=True))
    # An approval that was given before this revision was given for the plan as it is.
    op.execute("UPDATE plan SET approved_hash = hash WHERE approved_by IS NOT NULL")
    # What was planned before this revision counts as of the highest risk, and its catalog cannot be compared any more.
    op.add_column('plan_item', sa.Column('risk', sa.String(length=16), nullable=False, server_default='high'))
    op.add_column('plan_item', sa.Column('seen_local', sa.String(length=255), nullable=False, server_default=''))
    op.add_column('plan_item', sa.Column('hold', sa.String(length=16), nullable=True))
    op.create_table('sync_dependency',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('item_id', sa.String(length=64), nullable=False),
    sa.Column('depends_on', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('plan_id', 'item_id', 'depends_on', name=op.f('pk_sync_dependency'))
    )
    op.create_index('ix_catalog_product_digests', 'catalog_product', ['shop_id', 'product_key', 'digests'])
    op.create_index('ix_snapshot_product_digests', 'snapshot_product', ['shop_id', 'product_id', 'digests'])
    op.create_index('ix_base_product_seen_local', 'base_product', ['shop_id', 'product_key', 'seen_local'])
    op.create_index('ix_base_product_seen_remote', 'base_product', ['shop_id', 'product_id', 'seen_remote'])


def downgrade() -> None:
    op.drop_index('ix_base_product_seen_remote', table_name='base_product')
    op.drop_index('ix_base_product_seen_local', table_name='base_product')
    op.drop_index('ix_snapshot_product_digests', table_name='snapshot_product')
    op.drop_index('ix_catalog_product_digests', table_name='catalog_product')
    op.drop_table('sync_dependency')
    with op.batch_alter_table('plan_item') as table:
        table.drop_column('hold')
        table.drop_column('seen_local')
        table.drop_column('risk')
    for name in ('continue_reason', 'continued_at', 'continued_by', 'approved_hash'):
        op.drop_column('plan', name)
