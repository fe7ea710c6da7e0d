"""Rules, overrides, and when the store was seen to change"""

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('field_rule',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('rule_id', sa.String(length=36), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('created_at', UtcDateTime(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('rule_id', name=op.f('pk_field_rule'))
    )
    with op.batch_alter_table('field_rule', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_field_rule_shop_id_position'), ['shop_id', 'position'], unique=True)

    op.create_table('catalog_override',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('product_key', sa.String(length=512), nullable=False),
    sa.Column('path', sa.String(length=1024), nullable=False),
    sa.Column('value', sa.Text(), nullable=True),
    sa.Column('catalog_value', sa.Text(), nullable=True),
    sa.Column('since', UtcDateTime(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('shop_id', 'product_key', 'path', name=op.f('pk_catalog_override'))
    )
    with op.batch_alter_table('snapshot_product', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seen_changed', sa.Text(), server_default='{}', nullable=False))

    with op.batch_alter_table('sync_conflict', schema=None) as batch_op:
        batch_op.add_column(sa.Column('rule', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('suggestion', sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('sync_conflict', schema=None) as batch_op:
        batch_op.drop_column('suggestion')
        batch_op.drop_column('rule')

    with op.batch_alter_table('snapshot_product', schema=None) as batch_op:
        batch_op.drop_column('seen_changed')

    op.drop_table('catalog_override')
    with op.batch_alter_table('field_rule', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_field_rule_shop_id_position'))

    op.drop_table('field_rule')
