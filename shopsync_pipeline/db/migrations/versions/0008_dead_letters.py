"""Dead letters"""

import sqlalchemy as sa
from alembic import op

from shopsync_pipeline.db.schema import UtcDateTime

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('dead_letter',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('letter_id', sa.String(length=36), nullable=False),
    sa.Column('product_key', sa.String(length=512), nullable=False),
    sa.Column('operation', sa.String(length=32), nullable=False),
    sa.Column('item_id', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('cause', sa.String(length=16), nullable=False),
    sa.Column('codes', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.Column('root_key', sa.String(length=16), nullable=False),
    sa.Column('root_cause', sa.Text(), nullable=False),
    sa.Column('named', sa.Boolean(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.Column('sent', sa.Text(), nullable=False),
    sa.Column('plan_id', sa.String(length=36), nullable=False),
    sa.Column('run_id', sa.String(length=64), nullable=True),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('first_refused', UtcDateTime(), nullable=False),
    sa.Column('last_refused', UtcDateTime(), nullable=False),
    sa.PrimaryKeyConstraint('letter_id', name=op.f('pk_dead_letter'))
    )
    op.create_index('ix_dead_letter_shop_id_product_key_operation_item_id', 'dead_letter',
                    ['shop_id', 'product_key', 'operation', 'item_id'], unique=True)
    op.create_index('ix_dead_letter_shop_id_state_root_key', 'dead_letter', ['shop_id', 'state', 'root_key'])
    op.create_table('dead_letter_action',
    sa.Column('shop_id', sa.String(length=255), nullable=False),
    sa.Column('letter_id', sa.String(length=36), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('at', UtcDateTime(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('by', sa.Text(), nullable=False),
    sa.Column('why', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('letter_id', 'seq', name=op.f('pk_dead_letter_action'))
    )


def downgrade() -> None:
    op.drop_table('dead_letter_action')
    op.drop_table('dead_letter')
