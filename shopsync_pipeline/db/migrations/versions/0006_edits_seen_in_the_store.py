"""Edits seen in the store, and the ledger by run and by time"""

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('store_edit',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('edit_id', sa.String(length=36), nullable=False),
    sa.Column('product_id', sa.String(length=255), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('before', sa.Text(), nullable=True),
    sa.Column('after', sa.Text(), nullable=True),
    sa.Column('not_yet_at', UtcDateTime(), nullable=False),
    sa.Column('seen_at', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('edit_id', name=op.f('pk_store_edit'))
    )
    op.create_index('ix_store_edit_shop_id_product_id', 'store_edit', ['shop_id', 'product_id'])
    op.create_index('ix_ledger_shop_id_run_id', 'ledger', ['shop_id', 'run_id'])
    op.create_index('ix_ledger_shop_id_sent_at', 'ledger', ['shop_id', 'sent_at'])


def downgrade() -> None:
    op.drop_index('ix_ledger_shop_id_sent_at', 'ledger')
    op.drop_index('ix_ledger_shop_id_run_id', 'ledger')
    op.drop_table('store_edit')
